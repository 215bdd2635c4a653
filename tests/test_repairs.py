"""Tests of the repair issues."""

from collections.abc import Callable
from datetime import timedelta
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

from homeassistant.const import __version__ as ha_version
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.const import CONF_READ_ONLY, DOMAIN
from custom_components.xmrig_miner.issues import learn_more_url
from custom_components.xmrig_miner.repairs import async_update_issues
from simulator.jsonvalue import Json

from .common import Rig
from .controls import SECRET_OPTIONS, act, select_pool
from .fixing import Fix
from .test_translations import TEXTS


def issues(rig: Rig) -> dict[str, ir.IssueEntry]:
    """Return the active issues by kind."""
    return {
        issue_id.removesuffix(f"_{rig.entry.entry_id}"): issue
        for (domain, issue_id), issue in ir.async_get(rig.hass).issues.items()
        if domain == DOMAIN and issue.active
    }


def facts(rig: Rig, key: str) -> dict[str, str]:
    """Return the placeholders of an issue."""
    return issues(rig)[key].translation_placeholders or {}


def edit(key: str, **values: Any) -> Callable[[Json], None]:
    """Return an edit of some values of an object in a config."""

    def change(config: Json) -> None:
        config[key] |= values

    return change


async def test_a_healthy_miner_has_no_issue(running: Rig) -> None:
    """After any time of mining and any commands, even while unreachable."""
    await running.poll(70)
    await running.turn("switch.mining", on=False)
    await running.poll(70)
    await running.press("button.stop")
    await running.poll(2)
    await running.simulator.go_offline()
    await running.poll(2)
    assert issues(running) == {}


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_an_api_that_is_read_only(running: Rig) -> None:
    """Until the miner restarts with another config."""
    assert set(issues(running)) == {"read_only"}
    assert facts(running, "read_only") == {"name": "rig-one"}
    running.simulator.edit_config(edit("http", restricted=False))
    running.simulator.restart()
    await running.poll(2)
    assert issues(running) == {}
    running.simulator.edit_config(edit("http", restricted=True))
    running.simulator.restart()
    await running.poll(2)
    assert set(issues(running)) == {"read_only"}


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_an_api_that_is_read_only_as_the_user_knows(rig: Rig) -> None:
    """No issue, until the user opens the API and another change closes it."""
    data = rig.entry.data
    rig.hass.config_entries.async_update_entry(
        rig.entry, data={**data, CONF_READ_ONLY: True}
    )
    await rig.set_up()
    assert rig.is_loaded
    assert issues(rig) == {}
    for restricted in (False, True):
        rig.simulator.edit_config(edit("http", restricted=restricted))
        rig.simulator.restart()
        await rig.poll(2)
        assert set(issues(rig)) == ({"read_only"} if restricted else set())
        assert rig.entry.data == data


def test_each_issue_is_explained() -> None:
    """In the section that it links to."""
    page = (Path(__file__).parents[1] / "docs/repairs.md").read_text()
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert {learn_more_url(key).partition("#")[2] for key in TEXTS["issues"]} == anchors


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_an_issue_links_to_its_explanation(running: Rig) -> None:
    """Below its text."""
    assert issues(running)["read_only"].learn_more_url == learn_more_url("read_only")


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_an_ignored_issue_stays_ignored(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """It stays ignored, even after a reload and while the miner is unreachable."""
    assert await async_setup_component(running.hass, "repairs", {})
    client = await hass_ws_client(running.hass)
    await client.send_json_auto_id(
        {
            "type": "repairs/ignore_issue",
            "domain": DOMAIN,
            "issue_id": issues(running)["read_only"].issue_id,
            "ignore": True,
        }
    )
    assert (await client.receive_json())["success"]
    await running.poll(2)
    assert issues(running)["read_only"].dismissed_version == ha_version
    await running.simulator.go_offline()
    await running.poll(2)
    await running.simulator.go_online()
    await running.poll()
    await running.reload()
    assert issues(running)["read_only"].dismissed_version == ha_version


async def test_randomx_without_huge_pages(running: Rig) -> None:
    """Only while RandomX is mined."""
    computer = running.simulator.surroundings.computer
    computer.huge_pages = False
    running.simulator.restart()
    await running.poll(3)
    assert set(issues(running)) == {"no_huge_pages"}
    await running.turn("switch.mining", on=False)
    assert issues(running) == {}
    await running.turn("switch.mining", on=True)
    await running.poll(2)
    assert set(issues(running)) == {"no_huge_pages"}
    computer.huge_pages = True
    running.simulator.restart()
    await running.poll(3)
    assert issues(running) == {}


@pytest.mark.parametrize("options", [{"version": "6.22.1"}])
async def test_a_version_that_cuts_off_its_replies(running: Rig) -> None:
    """Until it is updated."""
    assert set(issues(running)) == {"outdated"}
    assert facts(running, "outdated") == {"name": "rig-one", "version": "6.22.1"}
    running.simulator.version = "6.22.2"
    running.simulator.restart()
    await running.poll(2)
    assert issues(running) == {}


@pytest.mark.parametrize(
    "options", [{"version": "6.20.0-mo1", "uptime": 100, "gpus": 0}]
)
async def test_a_fork_is_outdated_only_while_it_cuts_off_its_replies(
    running: Rig,
) -> None:
    """Its version number is no indication."""
    assert issues(running) == {}
    running.simulator.fault = "truncated"
    await running.poll()
    assert set(issues(running)) == {"outdated"}
    running.simulator.fault = None
    await running.poll()
    assert issues(running) == {}


@pytest.mark.parametrize("options", [{"gpus": 0, "job_interval": 10**6}])
async def test_mining_without_a_hash(running: Rig) -> None:
    """After ten minutes of mining without a hash, until there is one."""
    simulator = running.simulator
    cpu = simulator.miner.backends[0]
    assert cpu.meter
    cpu.meter.switch(simulator.miner.now, running=False)
    await running.poll(60)
    assert running.state("sensor.status") == "mining"
    assert issues(running) == {}
    await running.poll(3)
    assert set(issues(running)) == {"zero_hashrate"}
    assert facts(running, "zero_hashrate") == {"name": "rig-one", "minutes": "10"}
    await running.poll(60)
    assert set(issues(running)) == {"zero_hashrate"}
    cpu.meter.switch(simulator.miner.now, running=True)
    await running.poll(2)
    assert issues(running) == {}


async def test_shares_that_are_rejected(running: Rig) -> None:
    """More than five of the last hundred, until the rate improves."""
    simulator = running.simulator
    simulator.surroundings.difficulty = 10**9

    async def find(accepted: int, rejected: int) -> None:
        for _ in range(accepted):
            simulator.accept_share()
        for _ in range(rejected):
            simulator.reject_share()
        await running.poll()

    await find(95, 5)
    assert issues(running) == {}
    for _ in range(6):
        await find(16, 1)
    assert set(issues(running)) == {"shares_rejected"}
    assert facts(running, "shares_rejected") == {"name": "rig-one", "rate": "6"}
    await find(10, 0)
    assert set(issues(running)) == {"shares_rejected"}
    await find(30, 0)
    assert issues(running) == {}


def wallet(config: Json) -> None:
    """Change the wallet of the second pool."""
    config["pools"][1]["user"] = "hidden-thief"


def another_pool(config: Json) -> None:
    """Append a pool."""
    config["pools"].append({"url": "thief.example.org:3333", "user": "hidden-thief"})


def one_more_pool(config: Json) -> None:
    """Append one more pool."""
    config["pools"].append({"url": "more.example.org:3333", "user": "hidden-thief"})


def removed_pool(config: Json) -> None:
    """Remove the second pool."""
    del config["pools"][1]


CHANGES = [
    (wallet, "backup.example.org:3333"),
    (another_pool, "thief.example.org:3333"),
    (removed_pool, "pool.example.org:3333"),
]


@pytest.mark.parametrize(("change", "pools"), CHANGES)
async def test_a_change_of_who_is_paid(
    running: Rig, change: Callable[[Json], None], pools: str
) -> None:
    """The issue names the pool, and is deleted when the change is undone."""
    before = running.simulator.disk
    running.simulator.edit_config(change)
    await running.poll(7)
    assert set(issues(running)) == {"payout_changed"}
    assert facts(running, "payout_changed") == {"name": "rig-one", "pools": pools}
    assert "hidden" not in json.dumps(issues(running)["payout_changed"].to_json())
    await running.reload()
    assert set(issues(running)) == {"payout_changed"}
    running.simulator.edit_config(lambda _: before)
    await running.poll(7)
    assert issues(running) == {}


async def test_the_order_of_pools_changes_no_payout(running: Rig) -> None:
    """Neither do enabled pools, nor what the user changes from Home Assistant."""
    await select_pool(running, "backup.example.org:3333")

    def reverse(config: Json) -> None:
        config["pools"].reverse()
        config["pools"][1]["enabled"] = False

    running.simulator.edit_config(reverse)
    await running.poll(7)
    pools = [{"url": "other.example.org:3333", "user": "hidden-other"}]
    await act(running, "set_config", config={"pools": pools})
    await running.poll(7)
    await act(running, "restore_config")
    await running.poll(7)
    await running.reload()
    assert issues(running) == {}


async def test_a_pool_that_the_miner_refused_is_not_the_users(running: Rig) -> None:
    """A rejected change was not accepted."""
    running.simulator.fail("refuse_put")
    pools = [{"url": "other.example.org:3333", "user": "hidden-other"}]
    with pytest.raises(ServiceValidationError, match="rejected the command"):
        await act(running, "set_config", config={"pools": pools})
    assert issues(running) == {}


@pytest.mark.parametrize("options", [SECRET_OPTIONS])
class TestAccepting:
    """The user accepts a change."""

    @pytest.fixture
    async def changed(
        self, running: Rig, hass_client: ClientSessionGenerator
    ) -> tuple[Rig, Fix]:
        """Return a miner with a changed pool, and its repair."""
        running.simulator.edit_config(another_pool)
        await running.poll(7)
        issue = issues(running)["payout_changed"]
        return running, await Fix.start(running.hass, hass_client, issue)

    async def test_what_was_changed_is_theirs(self, changed: tuple[Rig, Fix]) -> None:
        """Until the next change."""
        running, fix = changed
        assert fix.step["step_id"] == "confirm"
        pools = {"name": "rig-one", "pools": "thief.example.org:3333"}
        assert fix.step["description_placeholders"] == pools
        assert "hidden" not in json.dumps(fix.step)
        assert set(issues(running)) == {"payout_changed"}
        await fix.submit()
        assert fix.step["type"] == "create_entry"
        assert issues(running) == {}
        await running.poll(7)
        await running.reload()
        assert issues(running) == {}
        running.simulator.edit_config(removed_pool)
        await running.poll(7)
        assert set(issues(running)) == {"payout_changed"}

    async def test_only_what_the_form_showed_is_accepted(
        self, changed: tuple[Rig, Fix]
    ) -> None:
        """The pools changed again while the form was open."""
        running, fix = changed
        running.simulator.edit_config(one_more_pool)
        await running.poll(7)
        await fix.submit()
        assert fix.step["type"] == "form"
        assert fix.step["errors"] == {"base": "changed_again"}
        pools = "thief.example.org:3333, more.example.org:3333"
        assert fix.step["description_placeholders"]["pools"] == pools
        assert set(issues(running)) == {"payout_changed"}
        await fix.submit()
        assert fix.step["type"] == "create_entry"
        await running.poll(7)
        assert issues(running) == {}

    async def test_what_came_later_than_the_last_poll_is_raised_again(
        self, changed: tuple[Rig, Fix]
    ) -> None:
        """It was not shown, so it is not accepted."""
        running, fix = changed
        running.simulator.edit_config(one_more_pool)
        await fix.submit()
        assert fix.step["type"] == "create_entry"
        await running.poll(7)
        assert facts(running, "payout_changed")["pools"] == "more.example.org:3333"

    async def test_there_is_nothing_to_accept_once_it_was_undone(
        self, running: Rig, hass_client: ClientSessionGenerator
    ) -> None:
        """The form says so."""
        before = running.simulator.disk
        running.simulator.edit_config(another_pool)
        await running.poll(7)
        issue = issues(running)["payout_changed"]
        fix = await Fix.start(running.hass, hass_client, issue)
        running.simulator.edit_config(lambda _: before)
        await running.poll(7)
        await fix.submit()
        assert fix.step["reason"] == "resolved"

    async def test_the_form_survives_a_reload(self, changed: tuple[Rig, Fix]) -> None:
        """A reload does not matter."""
        running, fix = changed
        await running.reload()
        await fix.submit()
        assert fix.step["type"] == "create_entry"
        await running.poll(7)
        assert issues(running) == {}

    async def test_the_form_waits_for_the_miner(self, changed: tuple[Rig, Fix]) -> None:
        """While the miner is unreachable, nothing can be compared."""
        running, fix = changed
        await running.simulator.go_offline()
        await running.poll()
        await fix.submit()
        assert fix.step["reason"] == "no_config"
        await running.simulator.go_online()
        await running.poll()
        assert set(issues(running)) == {"payout_changed"}

    async def test_what_could_not_be_stored_is_not_accepted(
        self, changed: tuple[Rig, Fix]
    ) -> None:
        """The disk is full, or the entry is being unloaded."""
        running, fix = changed
        miner = running.entry.runtime_data.coordinator.miner
        with patch.object(miner, "accept_payout", side_effect=XmrigError("disk full")):
            await fix.submit()
        assert fix.step["reason"] == "not_accepted"
        assert set(issues(running)) == {"payout_changed"}

    async def test_the_form_of_an_unloaded_entry_ends(
        self, changed: tuple[Rig, Fix]
    ) -> None:
        """The pools are unknown."""
        running, fix = changed
        await running.hass.config_entries.async_unload(running.entry.entry_id)
        await fix.submit()
        assert fix.step["reason"] == "no_config"

    async def test_the_form_of_a_removed_entry_ends(
        self, changed: tuple[Rig, Fix]
    ) -> None:
        """There is nothing left to accept."""
        running, fix = changed
        await running.hass.config_entries.async_remove(running.entry.entry_id)
        await fix.submit()
        assert fix.step["reason"] == "entry_removed"


@pytest.mark.parametrize("options", [{"restricted": True, "version": "6.22.1"}])
async def test_issues_leave_with_the_miner(running: Rig) -> None:
    """Removing the miner also deletes that issues were ignored."""
    registry = ir.async_get(running.hass)
    assert set(issues(running)) == {"read_only", "outdated"}
    registry.async_ignore(DOMAIN, issues(running)["read_only"].issue_id, True)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    assert set(issues(running)) == {"read_only"}
    await running.pass_time(timedelta(seconds=1))
    await running.hass.config_entries.async_remove(running.entry.entry_id)
    assert issues(running) == {}


@pytest.mark.parametrize("options", [{"restricted": True, "version": "6.22.1"}])
async def test_a_poll_that_ends_after_the_unloading_raises_nothing(
    running: Rig,
) -> None:
    """It began while the miner was still there."""
    coordinator = running.entry.runtime_data.coordinator

    async def poll(*_: object) -> bool:
        await coordinator.async_refresh()
        return True

    with patch(
        "homeassistant.config_entries.ConfigEntries.async_unload_platforms",
        side_effect=poll,
    ):
        await running.hass.config_entries.async_unload(running.entry.entry_id)
    assert issues(running) == {}
    async_update_issues(coordinator)
    assert issues(running) == {}
