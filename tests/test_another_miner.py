"""Tests of the repair for a different miner at an address."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_PORT,
    CONF_SSL,
    EVENT_STATE_CHANGED,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.const import (
    CONF_MINER_ID,
    CONF_WORKER_ID,
    DOMAIN,
    SCAN_INTERVAL,
)
from custom_components.xmrig_miner.identity_issue import async_update_identity_issue
from simulator import FAULTS, Fault, Simulator
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner

from .common import ALWAYS_AVAILABLE, Rig, connection, entry_for, move
from .controls import act
from .fixing import Fix, issues
from .forms import submit

pytestmark = pytest.mark.usefixtures("few_sensors")

STRANGER = "0123456789abcdef"


async def poll(*rigs: Rig) -> None:
    """Poll all miners: their time is one."""
    await rigs[0].poll()


def raised(hass: HomeAssistant) -> dict[str, dict[str, str]]:
    """Return the placeholders of the issues by config entry."""
    return {
        issue_id.removeprefix("another_miner_entry_of_"): (
            issue.translation_placeholders or {}
        )
        for issue_id, issue in issues(hass).items()
        if issue.translation_key == "another_miner"
    }


@pytest.fixture
def fix(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Open the dialog of the only issue."""

    async def start() -> Fix:
        [issue] = [
            issue
            for issue in issues(hass).values()
            if issue.translation_key == "another_miner"
        ]
        return await Fix.start(hass, hass_client, issue)

    return start


def assert_right(*rigs: Rig) -> None:
    """Check that each entry shows its own miner, without issues."""
    for rig in rigs:
        assert rig.is_loaded
        assert rig.entry.data[CONF_PORT] == rig.simulator.port
        assert rig.entry.data[CONF_ACCESS_TOKEN] == "s3cret"
        assert rig.entry.runtime_data.coordinator.last_update_success
        summary = rig.entry.runtime_data.coordinator.data.summary
        assert summary.worker_id == rig.simulator.config["api"]["worker-id"]
    assert raised(rigs[0].hass) == {}


class TestSwapped:
    """Two miners have swapped addresses."""

    async def test_one_click_swaps_the_addresses(
        self, trio: list[Rig], fix: Any
    ) -> None:
        """Only one of the two entries has the issue; it fixes both."""
        first, second, third = trio
        ports = first.simulator.port, second.simulator.port
        await move(first.simulator, second.simulator)
        await poll(*trio)
        [(name, facts)] = raised(first.hass).items()
        assert name in ("rig-one", "rig-two")
        assert facts["name"] == name
        assert first.unavailable == first.states.keys() - ALWAYS_AVAILABLE
        assert second.unavailable == second.states.keys() - ALWAYS_AVAILABLE
        await poll(*trio)
        assert list(raised(first.hass)) == [name]

        dialog = await fix()
        assert dialog.step["step_id"] == "swapped"
        facts = dialog.step["description_placeholders"]
        assert {facts["name"], facts["other"]} == {"rig-one", "rig-two"}
        assert facts["expected"].startswith(f"{facts['name']} (")
        assert facts["found"].startswith(f"{facts['other']} (")
        assert {facts["address"], facts["other_address"]} == {
            f"127.0.0.1:{port}" for port in ports
        }
        await dialog.choose("swap")
        assert dialog.step["type"] == "create_entry"
        assert_right(first, second, third)
        await poll(*trio)
        assert_right(first, second, third)

    async def test_a_command_is_not_sent_to_the_other_miner(
        self, trio: list[Rig]
    ) -> None:
        """Even before the next poll, while the entities are still available."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        assert not first.unavailable
        with pytest.raises(HomeAssistantError) as error:
            await first.turn("switch.mining", on=False)
        assert error.value.translation_key == "another_miner"
        assert error.value.translation_placeholders == {
            "name": "rig-one",
            "found": f"rig-two ({second.simulator.miner.identity})",
        }
        assert first.unavailable == first.states.keys() - ALWAYS_AVAILABLE
        assert list(raised(first.hass)) == ["rig-one"]
        await poll(*trio)
        for rig in (first, second):
            assert {request.method for request in rig.simulator.requests} == {"GET"}

    async def test_it_is_resolved_by_itself(self, trio: list[Rig]) -> None:
        """The old addresses are restored."""
        first, second, third = trio
        await move(first.simulator, second.simulator)
        await poll(*trio)
        assert len(raised(first.hass)) == 1
        await move(first.simulator, second.simulator)
        await poll(*trio)
        assert_right(first, second, third)

    async def test_it_is_raised_when_set_up_is_retried(
        self, trio: list[Rig], fix: Any
    ) -> None:
        """Home Assistant started after the addresses changed."""
        first, second, third = trio
        await move(first.simulator, second.simulator)
        for rig in (first, second):
            await rig.hass.config_entries.async_reload(rig.entry.entry_id)
            assert rig.entry.state is ConfigEntryState.SETUP_RETRY
            assert rig.entry.error_reason_translation_key == "another_miner"
        assert list(raised(first.hass)) == ["rig-one"]
        dialog = await fix()
        await dialog.choose("swap")
        assert_right(first, second, third)

    async def test_each_miner_keeps_its_token(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """The second one has none, and accepts what the first one sends."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        await first.refresh()
        data = {**second.entry.data, CONF_ACCESS_TOKEN: "of the second"}
        hass.config_entries.async_update_entry(second.entry, data=data)
        dialog = await fix()
        await dialog.choose("swap")
        assert first.entry.data[CONF_ACCESS_TOKEN] == "s3cret"
        assert second.entry.data[CONF_ACCESS_TOKEN] == "of the second"

    @pytest.mark.parametrize("options", [{"tls": True}])
    async def test_a_token_without_tls_is_asked_about(
        self, running: Rig, fix: Any, hass: HomeAssistant
    ) -> None:
        """One of the two was reached over TLS."""
        first = running
        async with Simulator(worker_id="rig-two", tls=True, watch_delay=0) as simulator:
            entry = entry_for(simulator, ssl=True, verification="none")
            second = Rig(hass, simulator, entry, first.freezer)
            await second.set_up()
            assert second.is_loaded
            before = dict(second.entry.data)
            await move(first.simulator, second.simulator)
            await first.refresh()
            assert list(raised(hass)) == ["rig-one"]
            dialog = await fix()
            assert dialog.step["step_id"] == "swapped"
            await dialog.choose("swap")
            assert dialog.step["step_id"] == "token_in_clear"
            assert dialog.step["description_placeholders"] == {"names": "rig-two"}
            assert second.entry.data == before
            await dialog.choose("swap")
            assert dialog.step["type"] == "create_entry"
            assert second.entry.data[CONF_SSL] is False
            assert first.entry.data[CONF_SSL] is True
            assert_right(first, second)

    async def test_the_other_miner_is_off(self, trio: list[Rig], fix: Any) -> None:
        """Its entry has the address of the first one."""
        first, second, third = trio
        ports = first.simulator.port, second.simulator.port
        await first.simulator.go_offline()
        await move(second.simulator, first.simulator)
        await first.simulator.go_offline()
        await poll(*trio)
        assert list(raised(first.hass)) == ["rig-one"]
        dialog = await fix()
        await dialog.choose("swap")
        assert first.entry.data[CONF_PORT] == ports[1]
        assert first.entry.state is ConfigEntryState.SETUP_RETRY
        assert_right(second, third)

    async def test_the_other_entry_is_disabled(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """It stays disabled, and works once it is enabled."""
        first, second, third = trio
        await hass.config_entries.async_set_disabled_by(
            second.entry.entry_id, ConfigEntryDisabler.USER
        )
        await move(first.simulator, second.simulator)
        await poll(*trio)
        assert list(raised(hass)) == ["rig-one"]
        dialog = await fix()
        await dialog.choose("swap")
        assert_right(first, third)
        assert second.entry.state is ConfigEntryState.NOT_LOADED
        await hass.config_entries.async_set_disabled_by(second.entry.entry_id, None)
        assert_right(first, second, third)

    async def test_the_other_entry_is_removed_meanwhile(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """The miner no longer has an entry, which is another situation."""
        first, second, third = trio
        await move(first.simulator, second.simulator)
        await first.refresh()
        dialog = await fix()
        before = dict(first.entry.data)
        await hass.config_entries.async_remove(second.entry.entry_id)
        await dialog.choose("swap")
        assert dialog.step["step_id"] == "unknown_miner"
        assert first.entry.data == before
        assert third.is_loaded

    async def test_the_other_entry_is_removed_while_its_miner_is_asked(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """The removed entry is not changed."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        await first.refresh()
        dialog = await fix()
        before = dict(first.entry.data)

        async def remove(_: Request) -> None:
            first.simulator.on_request = None
            await hass.config_entries.async_remove(second.entry.entry_id)

        first.simulator.on_request = remove
        await dialog.choose("swap")
        assert dialog.step["step_id"] == "unknown_miner"
        assert first.entry.data == before

    @pytest.mark.parametrize("option", ["swap", "address"])
    async def test_the_entry_is_removed_meanwhile(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant, option: str
    ) -> None:
        """Its issue is deleted, and the other entry gets one."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        await first.refresh()
        await poll(*trio)
        assert list(raised(hass)) == ["rig-one"]
        dialog = await fix()
        before = dict(second.entry.data)
        await hass.config_entries.async_remove(first.entry.entry_id)
        assert raised(hass) == {}
        await dialog.choose(option)
        assert dialog.step["reason"] == "entry_removed"
        assert second.entry.data == before
        await second.poll()
        assert list(raised(hass)) == ["rig-two"]

    async def test_the_entry_is_disabled_meanwhile(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """While it was loaded, or while its set-up was retried."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        await first.reload_or_fail()
        assert list(raised(hass)) == ["rig-one"]
        dialog = await fix()
        await hass.config_entries.async_set_disabled_by(
            first.entry.entry_id, ConfigEntryDisabler.USER
        )
        assert raised(hass) == {}
        await dialog.choose("swap")
        assert dialog.step["reason"] == "entry_removed"

    async def test_it_was_right_again_before_the_click(
        self, trio: list[Rig], fix: Any, hass: HomeAssistant
    ) -> None:
        """Nothing is swapped; an entry that waits for a retry is retried at once."""
        first, second, third = trio
        await move(first.simulator, second.simulator)
        await first.reload_or_fail()
        dialog = await fix()
        await move(first.simulator, second.simulator)
        await dialog.choose("swap")
        assert dialog.step["reason"] == "resolved"
        assert_right(first, second, third)

    async def test_nothing_answers_when_it_is_clicked(
        self, trio: list[Rig], fix: Any
    ) -> None:
        """The situation may have changed."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        await first.refresh()
        dialog = await fix()
        before = dict(first.entry.data)
        await second.simulator.go_offline()
        await dialog.choose("swap")
        assert dialog.step["reason"] == "cannot_check"
        assert first.entry.data == before
        assert list(raised(first.hass)) == ["rig-one"]


async def test_three_miners_rotated(trio: list[Rig], fix: Any) -> None:
    """One entry has the issue, and two swaps fix it."""
    await move(*(rig.simulator for rig in trio))
    await poll(*trio)
    await poll(*trio)
    for _ in range(2):
        assert len(raised(trio[0].hass)) == 1
        dialog = await fix()
        assert dialog.step["step_id"] == "swapped"
        await dialog.choose("swap")
        await poll(*trio)
    assert_right(*trio)


@pytest.fixture
async def namesakes(
    hass: HomeAssistant, rig: Rig, enable_custom_integrations: None
) -> AsyncGenerator[list[Rig]]:
    """Return two miners of one name; the second one was added without its ID."""
    await rig.set_up()
    async with Simulator(worker_id="rig-one", watch_delay=0) as simulator:
        entry = entry_for(simulator, entry_id="entry_of_other", miner_id=None)
        other = Rig(hass, simulator, entry, rig.freezer)
        simulator.surroundings.identity = ""
        await other.set_up()
        assert other.is_loaded
        simulator.surroundings.identity = STRANGER
        yield [rig, other]


async def test_miners_of_one_name_swapped(namesakes: list[Rig], fix: Any) -> None:
    """One of them had no network when it was added, and has an ID since then."""
    first, other = namesakes
    await move(first.simulator, other.simulator)
    for rig in namesakes:
        with pytest.raises(HomeAssistantError, match="different miner"):
            await rig.turn("switch.mining", on=False)
        assert rig.unavailable == rig.states.keys() - ALWAYS_AVAILABLE
    assert not any(rig.simulator.miner.is_paused for rig in namesakes)
    dialog = await fix()
    assert dialog.step["step_id"] == "swapped"
    await dialog.choose("swap")
    for rig in namesakes:
        assert rig.is_loaded
        assert rig.entry.data[CONF_PORT] == rig.simulator.port
    assert raised(first.hass) == {}


async def test_an_id_that_a_miner_has_later_is_stored(namesakes: list[Rig]) -> None:
    """At the next poll, so that it decides from then on."""
    _, other = namesakes
    other.simulator.restart()
    await other.poll()
    assert not other.unavailable
    assert other.entry.data[CONF_MINER_ID] == STRANGER
    other.simulator.surroundings.identity = "fedcba9876543210"
    other.simulator.restart()
    await other.poll()
    assert list(raised(other.hass)) == ["other"]


async def test_two_pairs_are_two_situations(
    trio: list[Rig], hass: HomeAssistant
) -> None:
    """One address has an unknown miner, two are swapped."""
    first, second, third = trio
    await move(first.simulator, second.simulator)
    third.simulator.surroundings.identity = STRANGER
    await poll(*trio)
    assert len(raised(hass)) == 2
    assert raised(hass)["rig-three"]["found"] == f"rig-three ({STRANGER})"


class TestUnknownMiner:
    """The miner that responds has no other entry."""

    @pytest.fixture
    async def stranger(self, running: Rig) -> Rig:
        """Return a miner whose ID changed."""
        running.simulator.surroundings.identity = STRANGER
        await running.poll()
        assert list(raised(running.hass)) == ["rig-one"]
        return running

    async def test_it_is_accepted(self, stranger: Rig, fix: Any) -> None:
        """A new network card, for example."""
        before = dict(stranger.entry.data)
        dialog = await fix()
        assert dialog.step["step_id"] == "unknown_miner"
        assert dialog.step["description_placeholders"] == {
            "name": "rig-one",
            "expected": "rig-one (8614647678496211)",
            "address": f"127.0.0.1:{stranger.simulator.port}",
            "found": f"rig-one ({STRANGER})",
        }
        await dialog.choose("accept")
        assert dialog.step["type"] == "create_entry"
        assert stranger.entry.data == before | {CONF_MINER_ID: STRANGER}
        assert_right(stranger)
        await stranger.poll()
        assert_right(stranger)

    async def test_only_the_one_that_was_shown_is_accepted(
        self, stranger: Rig, fix: Any
    ) -> None:
        """It changed once more while the menu was open."""
        before = dict(stranger.entry.data)
        dialog = await fix()
        stranger.simulator.surroundings.identity = "fedcba9876543210"
        await dialog.choose("accept")
        assert dialog.step["step_id"] == "unknown_miner"
        facts = dialog.step["description_placeholders"]
        assert facts["found"] == "rig-one (fedcba9876543210)"
        assert stranger.entry.data == before
        await dialog.choose("accept")
        assert dialog.step["type"] == "create_entry"
        assert_right(stranger)

    async def test_a_reply_without_its_id_is_no_miner(
        self, stranger: Rig, fix: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is truncated, so its sender is unknown."""

        def cut(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
            return with_body(reply, b'{"kind": "miner", "id": ')

        monkeypatch.setitem(FAULTS, "cut", Fault("ends before the id", distort=cut))
        before = dict(stranger.entry.data)
        dialog = await fix()
        stranger.simulator.fault = "cut"
        await dialog.choose("accept")
        assert dialog.step["reason"] == "cannot_check"
        assert stranger.entry.data == before

    async def test_the_address_is_changed(self, stranger: Rig, fix: Any) -> None:
        """In the normal form."""
        hass = stranger.hass
        async with Simulator(miner_id="8614647678496211", watch_delay=0) as moved:
            dialog = await fix()
            await dialog.choose("address")
            assert dialog.step["reason"] == "reconfigure"
            kind, flow_id = dialog.step["next_flow"]
            assert kind == "config_flow"
            # Opened, as in the browser: only then are its fields known
            form = await hass.config_entries.flow.async_configure(flow_id)
            assert form["step_id"] == "reconfigure"
            assert list(raised(hass)) == ["rig-one"]
            result = await submit(hass, form, connection(moved))
            assert result["reason"] == "reconfigure_successful"
            assert stranger.is_loaded
            assert raised(hass) == {}

    async def test_it_is_removed_before_it_is_accepted(
        self, stranger: Rig, fix: Any
    ) -> None:
        """Even while the miner is asked again."""
        hass, simulator = stranger.hass, stranger.simulator
        dialog = await fix()

        async def remove(_: Request) -> None:
            simulator.on_request = None
            await hass.config_entries.async_remove(stranger.entry.entry_id)

        simulator.on_request = remove
        await dialog.choose("accept")
        assert dialog.step["reason"] == "entry_removed"
        assert issues(hass) == {}

    async def test_an_ignored_one_stays_ignored_until_another_one_comes(
        self, stranger: Rig
    ) -> None:
        """The user ignored one specific miner."""
        registry = ir.async_get(stranger.hass)
        [issue_id] = issues(stranger.hass)
        registry.async_ignore(DOMAIN, issue_id, True)
        await stranger.poll()
        assert issues(stranger.hass)[issue_id].dismissed_version
        stranger.simulator.surroundings.identity = "fedcba9876543210"
        await stranger.poll()
        assert issues(stranger.hass)[issue_id].dismissed_version is None

    async def test_a_late_reply_raises_nothing(self, stranger: Rig) -> None:
        """The entry was unloaded or removed in the meantime."""
        hass, entry = stranger.hass, stranger.entry
        found = MinerIdentity(id=STRANGER, worker_id="rig-one")
        await hass.config_entries.async_unload(entry.entry_id)
        assert issues(hass) == {}
        async_update_identity_issue(hass, entry, found)
        assert issues(hass) == {}
        await hass.config_entries.async_remove(entry.entry_id)
        async_update_identity_issue(hass, entry, found)
        assert issues(hass) == {}

    async def test_a_name_cannot_be_a_link(self, stranger: Rig) -> None:
        """It may come from an unknown device."""
        found = MinerIdentity(id=None, worker_id="`[fix](x)`\n\n# now")
        async_update_identity_issue(stranger.hass, stranger.entry, found)
        assert raised(stranger.hass)["rig-one"]["found"] == "'[fix](x)' # now"


async def test_a_renamed_copy_is_accepted(trio: list[Rig], fix: Any) -> None:
    """Copies of a container share an ID; one got the name of the other."""
    hass = trio[0].hass
    first, second, _ = trio
    for rig in (first, second):
        rig.simulator.surroundings.identity = STRANGER
        data = {**rig.entry.data, CONF_MINER_ID: STRANGER}
        hass.config_entries.async_update_entry(rig.entry, data=data)
    await poll(*trio)
    assert raised(hass) == {}
    first.simulator.edit_config(
        lambda config: config["api"].update({"worker-id": "rig-two"})
    )
    first.simulator.restart()
    await poll(*trio)
    assert list(raised(hass)) == ["rig-one"]
    dialog = await fix()
    assert dialog.step["step_id"] == "twin"
    facts = dialog.step["description_placeholders"]
    assert facts["other"] == "rig-two"
    assert facts["other_address"] == f"127.0.0.1:{second.simulator.port}"
    await dialog.choose("accept")
    assert first.entry.data[CONF_WORKER_ID] == "rig-two"
    assert_right(*trio)


async def test_a_copy_that_was_renamed_before_it_moved(trio: list[Rig]) -> None:
    """Its new name is known since the last poll: none is taken for the other."""
    hass = trio[0].hass
    first, second, _ = trio
    for rig in (first, second):
        rig.simulator.surroundings.identity = STRANGER
        data = {**rig.entry.data, CONF_MINER_ID: STRANGER}
        hass.config_entries.async_update_entry(rig.entry, data=data)
    first.simulator.edit_config(
        lambda config: config["api"].update({"worker-id": "renamed"})
    )
    first.simulator.restart()
    await poll(*trio)
    assert first.entry.data[CONF_WORKER_ID] == "renamed"
    assert not first.unavailable
    await move(first.simulator, second.simulator)
    for rig in (first, second):
        with pytest.raises(HomeAssistantError, match="different miner"):
            await rig.turn("switch.mining", on=False)
    assert not any(rig.simulator.miner.is_paused for rig in trio)


async def test_what_a_cut_reply_lacks_is_not_forgotten(running: Rig) -> None:
    """Neither the ID nor the name."""
    before = dict(running.entry.data)

    def cut(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return with_body(reply, reply.text().partition(b'"worker_id"')[0])

    running.simulator.fail(Fault("ends before", distort=cut, path="/summary"))
    await running.poll()
    assert running.entry.data == before
    await running.reload()
    assert running.is_loaded
    assert running.entry.data == before


async def test_two_addresses_of_one_miner(
    trio: list[Rig], fix: Any, hass: HomeAssistant
) -> None:
    """A swap would not help: the other entry is correct."""
    first, second, _ = trio
    data = {**first.entry.data, CONF_PORT: second.simulator.port}
    hass.config_entries.async_update_entry(first.entry, data=data)
    await first.reload_or_fail()
    dialog = await fix()
    assert dialog.step["step_id"] == "twin"


async def test_its_replies_are_not_kept(running: Rig) -> None:
    """Once the right miner is back, values it does not report are unknown."""
    simulator = running.simulator
    simulator.fault = "other_miner"
    await running.poll()
    simulator.fault = None

    def fail(request: Request) -> None:
        if not request.path.endswith("/summary"):
            simulator.fail_next(1, "http_500")

    simulator.on_request = fail
    await running.poll()
    snapshot = running.entry.runtime_data.coordinator.data
    assert (snapshot.config, snapshot.backends) == (None, None)
    assert running.state("number.cpu_threads") == "unavailable"


async def test_replies_beside_a_lost_summary_are_not_kept(running: Rig) -> None:
    """They may be from another miner: only the summary says which one responds."""
    simulator = running.simulator

    def lose(request: Request) -> None:
        is_summary = request.path.endswith("/summary")
        simulator.fail_next(1, "http_500" if is_summary else "other_miner")

    def fail(request: Request) -> None:
        if not request.path.endswith("/summary"):
            simulator.fail_next(1, "http_500")

    simulator.on_request = lose
    await running.poll()
    assert not running.entry.runtime_data.coordinator.last_update_success
    simulator.on_request = fail
    await running.poll()
    snapshot = running.entry.runtime_data.coordinator.data
    assert (snapshot.config, snapshot.backends) == (None, None)
    assert running.state("number.cpu_threads") == "unavailable"


async def test_it_stays_unavailable_while_its_entry_is_unloaded(
    hass: HomeAssistant, running: Rig
) -> None:
    """A poll that still waits then ends without a result: it shows nothing."""
    running.simulator.fault = "other_miner"
    await running.poll()
    mining = running.entity_id("switch.mining")
    assert running.state("switch.mining") == "unavailable"
    shown: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == mining and (state := event.data["new_state"]):
            shown.append(state.state)

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    running.simulator.fail_next(1, "hang")
    command = hass.async_create_task(act(running, "set_config", config={"retries": 7}))
    await asyncio.sleep(SCAN_INTERVAL.total_seconds() - 1)
    coordinator = running.entry.runtime_data.coordinator
    poll = hass.async_create_task(coordinator.async_refresh_once())
    await asyncio.sleep(0)
    await hass.config_entries.async_unload(running.entry.entry_id)
    await asyncio.gather(command, poll, return_exceptions=True)
    assert set(shown) <= {"unavailable"}
