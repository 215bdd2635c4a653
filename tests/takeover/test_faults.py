"""What may come between an import and its end."""

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.another_miner import async_situation
from custom_components.xmrig_miner.takeover.record import import_of
from simulator import ProxySimulator
from tests.common import connection
from tests.fixing import issues
from tests.forms import choose, submit

from . import other
from .conftest import Miners
from .stored import KELLER, OPEN, RIG_ONE, Home, started
from .test_candidates import only
from .test_import import registered


async def test_a_read_only_miner_gives_back_the_switch_that_it_cannot_have(
    miners: Miners,
) -> None:
    """Controls are removed while an API is read-only."""
    miners.keller.edit_config(lambda config: config["http"].update(restricted=True))
    async with started(miners.stored, other.install) as home:
        er.async_get(home.hass).async_update_entity(
            "switch.keller_xmrig_keller_mining",
            new_entity_id="switch.dig",
            name="Dig",
            icon="mdi:shovel",
        )
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        assert home.hass.states.get("switch.dig") is None
        await home.undo("Keller")
        assert registered(home, KELLER) == before
        assert home.hass.states.get("switch.dig")


async def test_a_read_only_miner_that_is_deleted_gives_it_back_too(
    miners: Miners,
) -> None:
    """As a miner that is not read-only."""
    miners.keller.edit_config(lambda config: config["http"].update(restricted=True))
    async with started(miners.stored, other.install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        await home.hass.config_entries.async_set_disabled_by(KELLER, None)
        await home.wait()
        assert registered(home, KELLER) == before


async def test_a_miner_is_no_longer_read_only(miners: Miners) -> None:
    """It has the switch that it took over, under its entity ID."""
    miners.keller.edit_config(lambda config: config["http"].update(restricted=True))
    async with started(miners.stored, other.install) as home:
        await home.import_miners(KELLER)
        miners.keller.edit_config(
            lambda config: config["http"].update(restricted=False)
        )
        await home.wait(60)
        state = home.hass.states.get("switch.keller_xmrig_keller_mining")
        assert state
        assert state.state == "on"


@pytest.mark.parametrize("has_failed", [False, True], ids=["fails now", "has failed"])
async def test_the_other_integration_cannot_be_unloaded(
    miners: Miners, has_failed: bool
) -> None:
    """Its entities end when they are disabled, or else at the next start."""

    def install(hass: HomeAssistant) -> None:
        other.install(hass, unload=other.async_refuse_unload)

    async with started(only(miners.stored, KELLER), install) as home:
        await home.wait(30)
        before = registered(home, KELLER)
        if has_failed:
            await home.hass.config_entries.async_unload(KELLER)
            assert home.old(KELLER).state is ConfigEntryState.FAILED_UNLOAD
        await home.import_miners(KELLER)
        assert home.old(KELLER).disabled_by is ConfigEntryDisabler.USER
        entry = home.miners["Keller"]
        if has_failed:
            assert entry.state is ConfigEntryState.SETUP_RETRY
            assert entry.reason
            assert "Restart Home Assistant" in entry.reason
            assert registered(home, KELLER) == before
        else:
            assert entry.state is ConfigEntryState.LOADED
        stored = dict(home.stored)
        await home.undo("Keller")
        assert registered(home, KELLER) == before
    async with started(stored, install) as home:
        await home.wait(300)
        assert home.miners["Keller"].state is ConfigEntryState.LOADED
        assert "sensor.mining_power" in home.rows(home.miners["Keller"])
        await home.undo("Keller")
        assert registered(home, KELLER) == before


def refused_moves() -> AbstractContextManager[Any]:
    """Let no entity be moved to another platform, as while it is loaded."""
    return patch.object(
        er.EntityRegistry,
        "async_update_entity_platform",
        side_effect=ValueError("is loaded"),
    )


async def test_entities_that_are_loaded_are_not_given_back(
    miners: Miners, caplog: pytest.LogCaptureFixture
) -> None:
    """The undoing waits for the next start, which is logged."""
    async with started(only(miners.stored, KELLER)) as home:
        await home.import_miners(KELLER)
        with refused_moves():
            await home.undo("Keller")
        assert list(home.miners) == ["Keller"]
        assert "goes on after a restart" in caplog.text
        stored = dict(home.stored)
    async with started(stored) as home:
        await home.wait(300)
        assert not home.miners
        assert len(home.rows(home.old(KELLER))) == 8


async def test_a_miner_is_deleted_whose_entities_are_loaded(
    miners: Miners, caplog: pytest.LogCaptureFixture
) -> None:
    """It is deleted all the same."""
    async with started(only(miners.stored, KELLER)) as home:
        await home.import_miners(KELLER)
        with refused_moves():
            await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        assert "An entity of Keller was not returned" in caplog.text
        assert not home.miners


async def undo_import(home: Home) -> None:
    """Undo the import of the miner by its form."""
    confirm = await choose(home.hass, await home.reconfigure("Keller"), "undo_import")
    await home.hass.config_entries.flow.async_configure(confirm["flow_id"], {})


async def test_a_miner_is_deleted_while_its_import_is_undone(miners: Miners) -> None:
    """Everything was returned before."""
    async with started(only(miners.stored, KELLER)) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        await undo_import(home)
        await home.wait(5)
        await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        await home.wait(30)
        assert not home.miners
        assert registered(home, KELLER) == before


async def test_a_miner_is_deleted_while_the_other_integration_is_unloaded(
    miners: Miners,
) -> None:
    """Its user has enabled it again, and it takes long to end."""

    def install(hass: HomeAssistant) -> None:
        other.install(hass, unload=other.async_unload_late)

    async with started(only(miners.stored, KELLER), install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        await home.hass.config_entries.async_set_disabled_by(KELLER, None)
        await home.wait(3)
        await undo_import(home)
        await home.wait(3)
        await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        await home.wait(60)
        assert not home.miners
        assert registered(home, KELLER) == before
        assert home.old(KELLER).state is ConfigEntryState.LOADED


async def test_an_import_is_undone_in_two_windows(miners: Miners) -> None:
    """Both confirm it: the other integration is not ended again."""
    async with started(only(miners.stored, KELLER), other.install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        flows = home.hass.config_entries.flow
        windows = [
            await choose(home.hass, await home.reconfigure("Keller"), "undo_import")
            for _ in range(2)
        ]
        await flows.async_configure(windows[0]["flow_id"], {})
        await home.wait(5)
        assert home.old(KELLER).state is ConfigEntryState.LOADED
        ended: list[ConfigEntryDisabler | None] = []
        home.old(KELLER).async_on_unload(
            lambda: ended.append(home.old(KELLER).disabled_by)
        )
        result = await flows.async_configure(windows[1]["flow_id"], {})
        assert result["reason"] == "import_undone"
        await home.wait(60)
        assert not ended
        assert not home.miners
        assert registered(home, KELLER) == before


async def test_a_miner_is_deleted_before_it_is_to_be_undone(miners: Miners) -> None:
    """The form says so."""
    async with started(only(miners.stored, KELLER)) as home:
        await home.import_miners(KELLER)
        confirm = await choose(
            home.hass, await home.reconfigure("Keller"), "undo_import"
        )
        await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        result = await submit(home.hass, confirm, {})
        assert result["reason"] == "entry_removed"


async def test_an_old_entry_is_deleted_while_the_form_is_open(miners: Miners) -> None:
    """The others are imported; if none is left, the form says what there is."""
    async with started(only(miners.stored, RIG_ONE, KELLER)) as home:
        form, later = await home.form(), await home.form()
        await home.hass.config_entries.async_remove(RIG_ONE)
        result = await submit(home.hass, form, {"miners": [RIG_ONE, KELLER]})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["description_placeholders"] == {"miners": "Keller"}
        await home.wait(30)
        assert list(home.miners) == ["Keller"]
        result = await submit(home.hass, later, {"miners": [RIG_ONE, KELLER]})
        assert result["reason"] == "nothing_to_import"


async def test_the_old_entry_is_deleted_before_the_import_is_done(
    miners: Miners,
) -> None:
    """There is nothing left to take at the next start."""
    async with started(only(miners.stored, KELLER)) as home:
        form = await home.form()
        flows = home.hass.config_entries.flow
        await flows.async_configure(form["flow_id"], {"miners": [KELLER]})
        await home.hass.config_entries.async_remove(KELLER)
        await home.wait(3)
        stored = dict(home.stored)
    async with started(stored) as home:
        await home.wait(300)
        assert home.miners["Keller"].state is ConfigEntryState.LOADED


async def test_the_old_entry_is_deleted_while_the_import_is_undone(
    miners: Miners,
) -> None:
    """The miner is removed all the same, as it was said."""
    async with started(only(miners.stored, KELLER)) as home:
        await home.import_miners(KELLER)
        await undo_import(home)
        await home.hass.config_entries.async_remove(KELLER)
        await home.wait(3)
        stored = dict(home.stored)
    async with started(stored) as home:
        await home.wait(300)
        assert not home.miners


async def test_two_imports_do_not_disturb_each_other(miners: Miners) -> None:
    """Nor does the undoing of one."""
    async with started(miners.stored, other.install) as home:
        before = registered(home, RIG_ONE)
        form = await home.form()
        again = await home.form()
        await submit(home.hass, form, {"miners": [RIG_ONE]})
        await submit(home.hass, again, {"miners": [KELLER]})
        await home.wait(30)
        await home.undo("Rig One")
        assert list(home.miners) == ["Keller"]
        assert registered(home, RIG_ONE) == before
        assert "sensor.mining_power" in home.rows(home.miners["Keller"])


async def test_a_proxy_took_the_address_of_an_imported_miner(miners: Miners) -> None:
    """It was off during the import: nothing is commanded, and the import is undone."""
    await miners.keller.go_offline()
    async with started(only(miners.stored, KELLER), other.install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        async with ProxySimulator(
            token=miners.keller.token, port=miners.keller.port
        ) as proxy:
            await home.wait(600)
            [entry] = home.miners.values()
            assert entry.state is ConfigEntryState.SETUP_RETRY
            assert entry.reason
            assert "A different miner, proxy-one" in entry.reason
            [issue] = issues(home.hass).values()
            assert issue.translation_key == "another_miner"
            situation = await async_situation(home.hass, entry.entry_id)
            assert situation.step_id == "another_kind"
            assert {request.method for request in proxy.requests} == {"GET"}
            await home.undo("Keller")
        assert registered(home, KELLER) == before


@pytest.mark.parametrize("old_id", [KELLER, OPEN], ids=["with a token", "without"])
async def test_a_read_only_miner_says_so(miners: Miners, old_id: str) -> None:
    """The import does not ask, so that a repair tells why there are no controls."""
    miners.keller.edit_config(lambda config: config["http"].update(restricted=True))
    async with started(only(miners.stored, old_id), other.install) as home:
        await home.import_miners(old_id)
        [entry] = home.miners.values()
        assert entry.state is ConfigEntryState.LOADED
        assert not {"switch", "number", "button"} & {
            row.domain for row in home.rows(entry).values()
        }
        [issue] = issues(home.hass).values()
        assert issue.translation_key == "read_only"
        # Reconfigured, it is asked about, and agreed to
        form = await home.reconfigure(entry.title)
        form = await choose(home.hass, form, "miner")
        simulator = miners.keller if old_id == KELLER else miners.open
        result = await submit(home.hass, form, connection(simulator))
        assert result["step_id"] == "read_only"
        result = await choose(home.hass, result, "agree")
        assert result["reason"] == "reconfigure_successful"
        await home.wait(30)
        assert not issues(home.hass)
        assert import_of(entry)
