"""Miners that sleep: the manager with a simulated one, buttons and a plug."""

import asyncio
from collections.abc import AsyncGenerator
import logging
import socket
from typing import Any, NoReturn
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.xmrig_miner.const import (
    CONF_SLEEP_AFTER,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
    DOMAIN,
)
from custom_components.xmrig_miner.fleet.sleep_commands import async_answers
from custom_components.xmrig_miner.fleet.sleep_options import SleepOptions
from custom_components.xmrig_miner.fleet.sleep_watch import is_told
from custom_components.xmrig_miner.issues import async_raise_issue, issue_id
from custom_components.xmrig_miner.storage import learned_store
from simulator import Simulator
from tests.common import Rig, entry_for
from tests.watts import METER, NUMBERS, PLUG, choose, threads_hashing

from .house import IDLE, THREAD, House

WAKE = "input_button.wake"
SLEEP = "input_button.sleep"
SWITCH = "input_boolean.plug"
SLEEP_COMMANDS = "custom_components.xmrig_miner.fleet.sleep_commands"
MAC = "aa:bb:cc:dd:ee:ff"
REST = 660
"""Seconds, longer than a computer is awake at least."""
STARTS_UP = 100

RESTS = {**NUMBERS, CONF_SLEEP_AFTER: REST // 60}
BUTTONS = {**RESTS, CONF_WAKE_ENTITY: WAKE, CONF_SLEEP_ENTITY: SLEEP}
WITH_PLUG = {**BUTTONS, CONF_SLEEP_PLUG: SWITCH}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of a miner without cards."""
    return {"gpus": 0}


class Bedroom(House):
    """A house with one miner, whose computer has two buttons and a plug."""

    obeys = True
    rings = 0
    """How often it was woken."""
    is_on = True
    is_silent = False
    """Whether the computer's network sleeps too; otherwise, it refuses connections."""

    def __init__(self, hass: HomeAssistant, rigs: list[Rig]) -> None:
        """Initialize the house with a computer that is on."""
        super().__init__(hass, rigs)
        self._silence: list[socket.socket] = []

    @property
    def rig(self) -> Rig:
        """Return the miner."""
        return self.rigs[0]

    async def furnish(self, options: dict[str, Any]) -> None:
        """Add the buttons and the plug, and select them."""
        config: dict[str, Any] = {
            "input_button": {"wake": {}, "sleep": {}},
            "input_boolean": {"plug": {"initial": True}},
        }
        for domain, entities in config.items():
            assert await async_setup_component(self.hass, domain, {domain: entities})
        await self.choose(options)
        self._shown = self.shown()

    async def choose(self, options: dict[str, Any]) -> None:
        """Set the options of the miner."""
        self.hass.config_entries.async_update_entry(self.rig.entry, options=options)
        await self.rig.reload_or_fail()

    def shown(self) -> list[str | None]:
        """Return the states of the buttons and the plug."""
        states = [self.hass.states.get(entity) for entity in (WAKE, SLEEP, SWITCH)]
        return [state.state if state else None for state in states]

    async def turn_on(self) -> None:
        """Start the computer."""
        while self._silence:
            self._silence.pop().close()
        await self.rig.simulator.go_online()
        self.rig.simulator.restart()
        self.is_on = True

    async def turn_off(self) -> None:
        """Shut the computer down."""
        await self.rig.simulator.go_offline()
        self.is_on = False
        if self.is_silent:
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Make the address silent: a closed port would refuse connections.

        A port with a full queue does not answer.
        """
        address = (self.rig.simulator.host, self.rig.simulator.port)
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.listen(0)
        self._silence.append(server)
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            self._silence.append(client)

    @property
    def mined(self) -> float:
        """Return the power of the computer in W."""
        return super().mined + IDLE if self.is_on else 0

    async def pass_time(self, seconds: int) -> None:
        """Let time pass; the computer executes its commands."""
        for _ in range(seconds // 10):
            await super().pass_time(10)
            wake, sleep, plug = self.shown()
            if sleep and self.obeys and self._shown[1] not in (None, sleep):
                await self.turn_off()
            if wake and self._shown[0] not in (None, wake):
                self.rings += 1
                if self.obeys and plug != "off":
                    self._shown = self.shown()
                    await super().pass_time(STARTS_UP)
                    await self.turn_on()
            self._shown = self.shown()

    @property
    def sleeps(self) -> str:
        """Return the state of the sensor."""
        return self.manager.state(f"sensor.sleep_{self.rig.entry.entry_id}")

    @property
    def issues(self) -> set[str]:
        """Return the active repairs by their placeholders."""
        return {
            issue.translation_key or ""
            for issue in ir.async_get(self.hass).issues.values()
            if issue.domain == DOMAIN and issue.active
        }

    async def fall_asleep(self) -> None:
        """Let the sun set, and the computer go to sleep."""
        self.sun = 0
        await self.pass_time(REST + 180)

    async def call(self, action: str, entity_id: str) -> None:
        """Call an action like the user."""
        domain = entity_id.partition(".")[0]
        await self.hass.services.async_call(
            domain, action, {"entity_id": entity_id}, blocking=True
        )


@pytest.fixture
async def bedroom(hass: HomeAssistant, running: Rig) -> Bedroom:
    """Return a house with a miner that may sleep."""
    bedroom = Bedroom(hass, [running])
    await bedroom.furnish(BUTTONS)
    return bedroom


@pytest.fixture
async def silent(bedroom: Bedroom) -> AsyncGenerator[None]:
    """Make the computer's network sleep too."""
    bedroom.is_silent = True
    yield
    if not bedroom.is_on:
        await bedroom.turn_on()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as a warning or worse."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
    ]


async def test_a_day(bedroom: Bedroom, caplog: pytest.LogCaptureFixture) -> None:
    """Asleep is a state: no error in the log, no repair, nothing in trouble."""
    bedroom.sun = 1000
    await bedroom.set_up()
    await bedroom.pass_time(120)
    assert bedroom.sleeps == "awake"
    assert bedroom.threads == [4]
    caplog.clear()
    bedroom.sun = 0
    await bedroom.pass_time(REST)
    assert bedroom.is_on
    await bedroom.pass_time(60)
    assert not bedroom.is_on
    assert bedroom.sleeps == "falling_asleep"
    await bedroom.pass_time(120)
    assert bedroom.sleeps == "asleep"
    await bedroom.pass_time(1800)
    assert bedroom.rings == 0
    assert bedroom.issues == set()
    assert bedroom.manager.state("sensor.miners_in_trouble") == "0"
    assert bedroom.manager.state("sensor.mining_power") == "0"
    assert bedroom.rig.state("sensor.status") == STATE_UNAVAILABLE
    bedroom.sun = IDLE + THREAD
    await bedroom.pass_time(320)
    assert bedroom.rings == 1
    await bedroom.pass_time(120)
    assert bedroom.sleeps == "awake"
    assert bedroom.threads == [1]
    assert not warnings(caplog)


async def test_nothing_deprecated_is_called(
    bedroom: Bedroom, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant logs it as a warning, and ends it later."""
    await bedroom.set_up()
    assert bedroom.sleeps == "awake"
    assert not [text for text in warnings(caplog) if "deprecated" in text]


async def test_events_are_reported(bedroom: Bedroom) -> None:
    """By events, in the place of offline and back."""
    await bedroom.set_up()
    seen: list[str] = []
    entity_id = bedroom.manager.entity_id("event.miners")

    def add(event: Any) -> None:
        kind = event.data["new_state"].attributes.get("event_type")
        if event.data["entity_id"] == entity_id and kind:
            seen.append(kind)

    bedroom.hass.bus.async_listen("state_changed", add)
    await bedroom.fall_asleep()
    bedroom.sun = 1000
    await bedroom.pass_time(600)
    assert bedroom.is_on
    assert seen == ["asleep", "awake"]


async def test_a_plug_waits_until_the_computer_is_gone(
    bedroom: Bedroom, silent: None
) -> None:
    """And is switched on again before the computer is woken."""
    await bedroom.choose(WITH_PLUG)
    await bedroom.set_up()
    bedroom.sun = 0
    await bedroom.pass_time(REST + 40)
    assert not bedroom.is_on
    assert bedroom.shown()[2] == "on"
    await bedroom.pass_time(180)
    assert bedroom.shown()[2] == "off"
    assert bedroom.sleeps == "asleep"
    bedroom.sun = 1000
    await bedroom.pass_time(1200)
    assert bedroom.shown()[2] == "on"
    assert bedroom.sleeps == "awake"
    assert bedroom.threads == [4]


async def test_a_plug_stays_on_while_the_computer_answers(bedroom: Bedroom) -> None:
    """Its miner ended, but it refuses connections: it is on. That is reported."""
    await bedroom.choose(WITH_PLUG)
    await bedroom.set_up()
    await bedroom.fall_asleep()
    await bedroom.pass_time(600)
    assert bedroom.shown()[2] == "on"
    assert bedroom.sleeps == "asleep"
    assert bedroom.issues == {"sleep_failed"}
    # It is woken nevertheless, which resolves the repair
    bedroom.sun = 1000
    await bedroom.pass_time(1200)
    assert bedroom.sleeps == "awake"
    await bedroom.pass_time(20)
    assert bedroom.issues == set()


async def test_a_plug_that_feeds_another_computer_stays_on(
    bedroom: Bedroom, silent: None
) -> None:
    """It would lose its power. Once it is off too, the plug is switched off."""
    async with Simulator(worker_id="rig-two", gpus=0, watch_delay=0) as simulator:
        other = Rig(bedroom.hass, simulator, entry_for(simulator), bedroom.rig.freezer)
        await other.set_up()
        await choose(other, {**RESTS, CONF_WAKE_MAC: MAC, CONF_SLEEP_PLUG: SWITCH})
        await bedroom.choose(WITH_PLUG)
        await bedroom.set_up()
        await other.turn("switch.managed", on=False)
        await bedroom.fall_asleep()
        assert not bedroom.is_on
        assert threads_hashing(simulator) == 4
        assert bedroom.shown()[2] == "on"
        assert bedroom.sleeps == "asleep"
        assert bedroom.issues == set()
        await other.turn("switch.managed", on=True)
        await bedroom.pass_time(REST + 60)
        assert bedroom.shown()[2] == "on"
        with patch(f"{SLEEP_COMMANDS}.async_answers", return_value=False):
            await simulator.go_offline()
            await bedroom.pass_time(180)
            assert bedroom.shown()[2] == "off"
        await simulator.go_online()


async def test_a_plug_stays_on_while_it_draws(bedroom: Bedroom, silent: None) -> None:
    """Half of the idle power is not asleep, even if the miner is unreachable."""
    await bedroom.choose({**WITH_PLUG, **METER})
    power = {"unit_of_measurement": "W", "device_class": "power"}
    bedroom.hass.states.async_set(PLUG, "45", power)
    await bedroom.set_up()
    await bedroom.fall_asleep()
    assert not bedroom.is_on
    assert bedroom.shown()[2] == "on"
    bedroom.hass.states.async_set(PLUG, "2", power)
    await bedroom.pass_time(60)
    assert bedroom.shown()[2] == "off"
    assert bedroom.sleeps == "asleep"


async def test_a_plug_alone(bedroom: Bedroom, silent: None) -> None:
    """The computer shuts down by itself, and the plug wakes it again."""
    await bedroom.choose({**RESTS, CONF_SLEEP_PLUG: SWITCH, CONF_WAKE_ENTITY: SWITCH})
    await bedroom.set_up()
    await bedroom.pass_time(REST + 600)
    assert bedroom.sleeps == "falling_asleep"
    await bedroom.turn_off()
    await bedroom.pass_time(180)
    assert bedroom.shown()[2] == "off"
    assert bedroom.sleeps == "asleep"
    bedroom.sun = 1000
    await bedroom.pass_time(940)
    assert bedroom.shown()[2] == "on"
    await bedroom.turn_on()
    await bedroom.pass_time(60)
    assert bedroom.sleeps == "awake"


async def test_wake_on_lan(bedroom: Bedroom) -> None:
    """By Home Assistant's own integration, which is set up for it."""
    bedroom.hass.config.components.add("wake_on_lan")
    calls = async_mock_service(bedroom.hass, "wake_on_lan", "send_magic_packet")
    await bedroom.choose({**RESTS, CONF_SLEEP_ENTITY: SLEEP, CONF_WAKE_MAC: MAC})
    await bedroom.set_up()
    await bedroom.fall_asleep()
    bedroom.sun = 1000
    await bedroom.pass_time(900)
    assert [call.data for call in calls] == [{"mac": MAC}]


async def test_a_computer_that_does_not_wake(bedroom: Bedroom) -> None:
    """It is tried twice, and then reported until it answers."""
    await bedroom.set_up()
    await bedroom.fall_asleep()
    bedroom.obeys = False
    bedroom.sun = 1000
    await bedroom.pass_time(3600)
    assert bedroom.rings == 2
    assert bedroom.issues == {"wake_failed"}
    assert bedroom.sleeps == "offline"
    assert bedroom.manager.state("sensor.miners_in_trouble") == "1"
    await bedroom.turn_on()
    await bedroom.pass_time(60)
    assert bedroom.issues == set()
    assert bedroom.sleeps == "awake"
    assert bedroom.threads == [4]


async def test_a_computer_that_does_not_fall_asleep(bedroom: Bedroom) -> None:
    """It is tried twice, and then reported until another mode is chosen."""
    bedroom.obeys = False
    await bedroom.set_up()
    await bedroom.pass_time(3 * REST + 1200)
    assert bedroom.issues == {"sleep_failed"}
    assert bedroom.sleeps == "awake"
    bedroom.obeys = True
    await bedroom.manager.call("select", "select_option", "select.mode", option="off")
    await bedroom.pass_time(REST + 180)
    assert bedroom.sleeps == "asleep"
    assert bedroom.issues == set()


@pytest.mark.parametrize("entity_id", [SLEEP, SWITCH])
async def test_what_the_user_put_to_sleep_is_left_alone(
    bedroom: Bedroom, entity_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Until the next change of mode."""
    await bedroom.choose(WITH_PLUG)
    bedroom.sun = 1000
    await bedroom.set_up()
    await bedroom.pass_time(60)
    caplog.clear()
    await bedroom.call("press" if entity_id == SLEEP else "turn_off", entity_id)
    if entity_id == SWITCH:
        await bedroom.turn_off()
    await bedroom.pass_time(1800)
    assert bedroom.rings == 0
    assert bedroom.sleeps == "asleep"
    assert bedroom.issues == set()
    assert not warnings(caplog)
    await bedroom.manager.call("select", "select_option", "select.mode", option="full")
    await bedroom.pass_time(120)
    assert bedroom.sleeps == "awake"


async def test_what_the_user_woke_is_left_alone(bedroom: Bedroom) -> None:
    """It mines, but is not put to sleep until the next change of mode."""
    await bedroom.set_up()
    await bedroom.fall_asleep()
    assert bedroom.sleeps == "asleep"
    await bedroom.turn_on()
    await bedroom.pass_time(3 * REST)
    assert bedroom.is_on
    await bedroom.manager.call("select", "select_option", "select.mode", option="off")
    await bedroom.pass_time(REST + 180)
    assert bedroom.sleeps == "asleep"


async def test_it_is_woken_by_its_button(
    bedroom: Bedroom, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, and only while it sleeps. As with any other way, it is then left alone."""
    button = f"button.wake_up_{bedroom.rig.entry.entry_id}"
    await bedroom.set_up()
    await bedroom.manager.call("button", "press", button)
    await bedroom.pass_time(20)
    assert bedroom.rings == 0
    assert bedroom.sleeps == "awake"
    await bedroom.fall_asleep()
    caplog.clear()
    bedroom.obeys = False
    for _ in range(2):
        await bedroom.manager.call("button", "press", button)
    await bedroom.pass_time(10)
    assert bedroom.sleeps == "waking"
    bedroom.obeys = True
    await bedroom.turn_on()
    await bedroom.pass_time(REST + 120)
    assert bedroom.rings == 1
    assert bedroom.is_on
    assert bedroom.sleeps == "awake"
    assert not warnings(caplog)


async def test_a_computer_that_was_shut_down_is_woken_by_its_button(
    bedroom: Bedroom,
) -> None:
    """Not before it counts as gone: the button may be that of its power supply."""
    button = f"button.wake_up_{bedroom.rig.entry.entry_id}"
    await bedroom.set_up()
    await bedroom.turn_off()
    await bedroom.pass_time(30)
    assert bedroom.sleeps == "offline"
    await bedroom.manager.call("button", "press", button)
    await bedroom.pass_time(10)
    assert bedroom.rings == 0
    await bedroom.pass_time(60)
    await bedroom.manager.call("button", "press", button)
    await bedroom.pass_time(30)
    assert bedroom.rings == 1
    assert bedroom.sleeps == "awake"


@pytest.mark.parametrize("mode", ["smart", "manual"])
async def test_it_is_woken_by_its_button_while_it_falls_asleep(
    bedroom: Bedroom, mode: str
) -> None:
    """As soon as it is asleep: before that, it could not hear it."""
    button = f"button.wake_up_{bedroom.rig.entry.entry_id}"
    bedroom.sun = 0
    await bedroom.set_up()
    await bedroom.pass_time(REST + 60)
    assert bedroom.sleeps == "falling_asleep"
    if mode == "manual":
        await bedroom.manager.call(
            "select", "select_option", "select.mode", option=mode
        )
    await bedroom.manager.call("button", "press", button)
    if mode == "smart":
        # That it was pressed is saved, though nothing was decided since
        await bedroom.manager.reload()
    assert bedroom.rings == 0
    await bedroom.pass_time(120)
    assert bedroom.rings == 1
    await bedroom.pass_time(2 * REST)
    assert bedroom.is_on
    assert bedroom.sleeps == "awake"


async def test_without_a_way_to_sleep_there_is_nothing_of_it(bedroom: Bedroom) -> None:
    """Neither sensor nor button."""
    await bedroom.set_up()
    entities = er.async_get(bedroom.hass)

    def shown() -> set[str]:
        suffix = f"_{bedroom.rig.entry.entry_id}"
        found = er.async_entries_for_config_entry(entities, bedroom.entry.entry_id)
        return {
            item.translation_key or "" for item in found if suffix in item.unique_id
        }

    assert {"sleep", "wake_up"} <= shown()
    await bedroom.choose(NUMBERS)
    await bedroom.pass_time(20)
    assert not {"sleep", "wake_up"} & shown()


async def test_home_assistant_restarts_while_it_sleeps(
    bedroom: Bedroom, hass_storage: dict[str, Any]
) -> None:
    """Killed, even: it is saved at once. The miner cannot be set up, and is woken."""
    await bedroom.set_up()
    await bedroom.fall_asleep()
    key = learned_store(bedroom.hass, bedroom.entry.entry_id).key
    on_disk = hass_storage[key]["data"]["sleepers"]
    assert on_disk[bedroom.rig.entry.entry_id]["phase"] == "asleep"
    for rig in (bedroom.rig, bedroom.manager):
        assert await bedroom.hass.config_entries.async_unload(rig.entry.entry_id)
    await bedroom.rig.set_up()
    await bedroom.manager.set_up()
    assert bedroom.rig.entry.state is ConfigEntryState.SETUP_RETRY
    await bedroom.pass_time(600)
    assert bedroom.sleeps == "asleep"
    assert bedroom.manager.state("sensor.miners_in_trouble") == "0"
    bedroom.sun = IDLE + THREAD
    await bedroom.pass_time(600)
    assert bedroom.rings == 1
    assert bedroom.sleeps == "awake"
    assert bedroom.threads == [1]


async def test_a_miner_is_removed_while_it_falls_asleep(
    bedroom: Bedroom, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is left, and nothing more is done with its plug."""
    await bedroom.choose(WITH_PLUG)
    await bedroom.set_up()
    await bedroom.pass_time(REST + 60)
    assert bedroom.sleeps == "falling_asleep"
    caplog.clear()
    await bedroom.hass.config_entries.async_remove(bedroom.rig.entry.entry_id)
    await bedroom.pass_time(900)
    assert bedroom.shown()[2] == "on"
    assert not any("sleep" in name for name in bedroom.manager.entities)
    state = bedroom.entry.runtime_data.coordinator.data.plan.state
    assert state.sleepers == {}
    assert not warnings(caplog)


@pytest.mark.parametrize("gone", [WAKE, SLEEP])
async def test_a_button_that_is_removed(bedroom: Bedroom, gone: str) -> None:
    """The computer stays on: it might not wake again. A repair names the button."""
    await bedroom.set_up()
    er.async_get(bedroom.hass).async_remove(gone)
    await bedroom.pass_time(REST + 300)
    assert bedroom.is_on
    assert bedroom.sleeps == "awake"
    assert bedroom.issues == {"sleep_entities_missing"}
    assert bedroom.manager.state("sensor.miners_in_trouble") == "1"
    other = SLEEP if gone == WAKE else WAKE
    await bedroom.choose(
        {key: other if value == gone else value for key, value in BUTTONS.items()}
    )
    await bedroom.pass_time(20)
    assert bedroom.issues == set()


async def test_a_button_that_is_renamed(bedroom: Bedroom) -> None:
    """It is followed, and pressed by its new name."""
    await bedroom.set_up()
    renamed = f"{SLEEP}_2"
    er.async_get(bedroom.hass).async_update_entity(SLEEP, new_entity_id=renamed)
    await bedroom.pass_time(REST + 180)
    assert bedroom.sleeps == "falling_asleep"
    assert (state := bedroom.hass.states.get(renamed))
    assert state.state != "unknown"
    assert bedroom.issues == set()


async def test_the_last_option_is_removed(bedroom: Bedroom) -> None:
    """The sensor goes with it, and comes back with the next one."""
    await bedroom.set_up()
    assert bedroom.sleeps == "awake"
    await bedroom.choose(NUMBERS)
    await bedroom.pass_time(20)
    assert not any("sleep" in name for name in bedroom.manager.entities)
    await bedroom.choose(BUTTONS)
    await bedroom.pass_time(20)
    assert bedroom.sleeps == "awake"


async def test_the_sensor_is_on_the_device_of_the_miner(bedroom: Bedroom) -> None:
    """Although it belongs to the manager, and goes with that, like its repairs."""
    await bedroom.set_up()
    miner = bedroom.rig.entry
    entity = bedroom.manager.entities[f"sensor.sleep_{miner.entry_id}"]
    assert entity.device_id == bedroom.rig.devices["miner"].id
    assert entity.translation_key == "sleep"
    async_raise_issue(bedroom.hass, "wake_failed", miner, {}, is_fixable=False)
    issues = ir.async_get(bedroom.hass)
    ignored = (DOMAIN, issue_id("wake_failed", miner.entry_id))
    ir.async_ignore_issue(bedroom.hass, *ignored, ignore=True)
    await bedroom.hass.config_entries.async_unload(bedroom.entry.entry_id)
    assert issues.async_get_issue(*ignored)
    await bedroom.hass.config_entries.async_remove(bedroom.entry.entry_id)
    assert not issues.async_get_issue(*ignored)
    await bedroom.hass.async_block_till_done(wait_background_tasks=True)
    assert bedroom.hass.states.get(entity.entity_id) is None
    assert not bedroom.rig.entry.runtime_data.coordinator.may_sleep


async def test_whether_a_computer_answers(
    bedroom: Bedroom, silent: None, hass: HomeAssistant
) -> None:
    """Accepted and refused is on, silence is off, and no name is no answer."""
    simulator = bedroom.rig.simulator
    assert await async_answers(simulator.host, simulator.port)
    with socket.socket() as free:
        free.bind((simulator.host, 0))
        assert await async_answers(simulator.host, free.getsockname()[1])
    await bedroom.turn_off()
    assert await async_answers(simulator.host, simulator.port) is False


async def test_no_such_hostname_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its computer is on is unknown."""

    async def resolve(host: str, *_: object, **__: object) -> NoReturn:
        host.encode("idna")
        raise socket.gaierror

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    for host in ("rig.invalid", "rig..invalid"):
        assert await async_answers(host, 1) is None


RUN = {"last_triggered": "2026-11-01"}
RUN_AGAIN = {"last_triggered": "2026-11-02"}


@pytest.mark.parametrize(
    ("entity_id", "old", "new", "expected"),
    [
        ("button.sleep", State("button.sleep", "unknown"), "2026-11-01", True),
        ("button.sleep", State("button.sleep", "2026-11-01"), "2026-11-01", False),
        ("button.sleep", State("button.sleep", "unavailable"), "2026-11-01", False),
        ("button.sleep", State("button.sleep", "2026-11-01"), "unavailable", False),
        ("button.sleep", None, "2026-11-01", False),
        ("script.sleep", State("script.sleep", "off"), "off", True),
        ("script.sleep", State("script.sleep", "off", RUN_AGAIN), "off", False),
        ("script.sleep", State("script.sleep", "off", RUN), "on", True),
        ("switch.plug", State("switch.plug", "on"), "off", True),
        ("switch.plug", State("switch.plug", "off"), "on", False),
        ("switch.plug", State("switch.plug", "unknown"), "off", False),
    ],
)
def test_what_the_user_does_with_it(
    entity_id: str, old: State | None, new: str, expected: bool
) -> None:
    """A button that was pressed, a script that ran, a plug that was switched off."""
    assert is_told(entity_id, old, State(entity_id, new, RUN_AGAIN)) is expected
    assert not is_told(entity_id, old, None)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (False, False)),
        ({CONF_WAKE_ENTITY: WAKE}, (True, False)),
        ({CONF_WAKE_MAC: MAC}, (True, False)),
        ({CONF_WAKE_MAC: "aa-bb:cc"}, (False, False)),
        ({CONF_WAKE_MAC: 5}, (False, False)),
        ({CONF_WAKE_ENTITY: "sensor.wake"}, (False, False)),
        ({CONF_WAKE_ENTITY: None}, (False, False)),
        ({CONF_SLEEP_ENTITY: SLEEP}, (False, True)),
        ({CONF_SLEEP_PLUG: SWITCH}, (False, True)),
        ({CONF_SLEEP_PLUG: "nothing"}, (False, False)),
    ],
)
def test_what_is_stored(
    hass: HomeAssistant, options: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    """Absurd values count as none, and half of it is not enough."""
    read = SleepOptions.from_options({**options, CONF_SLEEP_AFTER: "long"})
    assert (read.wakes, read.sleeps) == expected
    assert read.after == 30
    assert read.rules(hass) is None
