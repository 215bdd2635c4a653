"""Commands to computers that sleep, without Home Assistant and a computer."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import (
    CONF_IDLE_POWER,
    CONF_POWER_SENSOR,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
)
from custom_components.xmrig_miner.fleet import sleep_commands
from custom_components.xmrig_miner.fleet.sleep_commands import (
    SleepCommands,
    async_answers,
)
from custom_components.xmrig_miner.manager import Phase, Sleep, SleepAction
from tests.stand_ins import Entry, Hass

MAC = "aa:bb:cc:dd:ee:ff"
PLUG = "switch.plug"
METER = "sensor.plug"


def call(action: str, entity_id: str) -> Any:
    """Return the call of an action of an entity."""
    return (action, (ATTR_ENTITY_ID, entity_id))


LEAVING = Sleep(phase=Phase.FALLING_ASLEEP, offline_since=0)
ON = call("switch.turn_on", PLUG)
OFF = call("switch.turn_off", PLUG)
WOKEN = ("wake_on_lan.send_magic_packet", (CONF_MAC, MAC))


class Bench:
    """The commands to the computer of one miner, next to another miner."""

    def __init__(self) -> None:
        """Start with a computer that does not answer, and one that is awake."""
        self.entry = Entry("manager", "manager")
        self.miner = Entry("rig-1")
        self.miner.data |= {CONF_HOST: "192.0.2.1", CONF_PORT: 8080}
        self.other = Entry("rig-2")
        self.hass = Hass(self.entry, self.miner, self.other)
        self.sleeps = {"rig-1": LEAVING}
        self.off: list[str] = []
        """Members that were reported as switched off."""
        self.answers: bool | None = False
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while the computer is asked whether it answers."""
        self.has_wake_on_lan = True
        self.model = SimpleNamespace(watts=lambda threads: 100 if threads == 0 else 0)
        power = SimpleNamespace(meter=SimpleNamespace(model=self.model))
        self.miner.runtime_data = SimpleNamespace(power=power)
        self.commands = SleepCommands(
            cast(Any, self.hass),
            cast(Any, self.entry),
            self.off.append,
            self.sleeps.get,
        )

    async def do(self, action: SleepAction, **options: Any) -> list[Any]:
        """Return what is done for an action with options of the miner."""
        self.miner.options = options
        self.hass.calls.clear()
        self.off.clear()
        self.commands.async_do("rig-1", action)
        await self.commands.async_close()
        return [*self.hass.calls, *self.off]

    async def cut(self, **options: Any) -> list[Any]:
        """Return what is done to switch off the plug."""
        return await self.do(SleepAction.CUT, sleep_plug=PLUG, **options)

    async def _answers(self, host: str, port: int) -> bool | None:
        assert (host, port) == ("192.0.2.1", 8080)
        self.meanwhile()
        return self.answers

    async def _sleep(self, delay: float) -> None:
        self.hass.calls.append(f"{delay:g} s")

    async def _set_up(self, hass: Any, component: str, config: Any) -> bool:
        assert (hass, component, config) == (self.hass, "wake_on_lan", {})
        return self.has_wake_on_lan

    @contextmanager
    def stand_in(self) -> Iterator[None]:
        """Answer for the network, the clock, and the other integration."""
        with (
            patch.object(sleep_commands, "async_answers", self._answers),
            patch.object(asyncio, "sleep", self._sleep),
            patch.object(sleep_commands, "async_setup_component", self._set_up),
        ):
            yield


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the commands."""
    bench = Bench()
    with bench.stand_in():
        yield bench


# --- Waking -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity_id", "action"),
    [
        ("button.wake", "button.press"),
        ("input_button.wake", "input_button.press"),
        ("script.wake", "script.turn_on"),
        ("switch.wake", "switch.turn_on"),
        ("input_boolean.wake", "input_boolean.turn_on"),
    ],
)
async def test_what_wakes_a_computer(bench: Bench, entity_id: str, action: str) -> None:
    """By an action of its kind of entity."""
    done = await bench.do(SleepAction.WAKE, **{CONF_WAKE_ENTITY: entity_id})
    assert done == [call(action, entity_id)]


async def test_wake_on_lan(bench: Bench) -> None:
    """By Home Assistant's own integration, if that can be set up."""
    assert await bench.do(SleepAction.WAKE, **{CONF_WAKE_MAC: MAC}) == [WOKEN]
    options = {CONF_WAKE_MAC: MAC, CONF_WAKE_ENTITY: "button.wake"}
    pressed = call("button.press", "button.wake")
    assert await bench.do(SleepAction.WAKE, **options) == [pressed, WOKEN]
    bench.has_wake_on_lan = False
    assert await bench.do(SleepAction.WAKE, **options) == [pressed]


async def test_a_computer_without_power_is_woken_later(bench: Bench) -> None:
    """Its network card needs some seconds after the plug was turned on."""
    options = {CONF_WAKE_MAC: MAC, CONF_SLEEP_PLUG: PLUG}
    for state in ("on", "unavailable"):
        bench.hass.show(PLUG, state)
        assert await bench.do(SleepAction.WAKE, **options) == [WOKEN]
    bench.hass.show(PLUG, "off")
    assert await bench.do(SleepAction.WAKE, **options) == [ON, "10 s", WOKEN]


async def test_a_plug_that_wakes(bench: Bench) -> None:
    """It is turned on once, without a delay."""
    options = {CONF_WAKE_ENTITY: PLUG, CONF_SLEEP_PLUG: PLUG}
    bench.hass.show(PLUG, "off")
    assert await bench.do(SleepAction.WAKE, **options) == [ON]


# --- Falling asleep -----------------------------------------------------------


async def test_what_puts_a_computer_to_sleep(bench: Bench) -> None:
    """Nothing is done without a way, as with a plug that is switched off later."""
    options = {CONF_SLEEP_ENTITY: "script.sleep", CONF_SLEEP_PLUG: PLUG}
    done = await bench.do(SleepAction.SLEEP, **options)
    assert done == [call("script.turn_on", "script.sleep")]
    assert await bench.do(SleepAction.SLEEP, **{CONF_SLEEP_PLUG: PLUG}) == []
    assert await bench.do(SleepAction.CUT) == []


async def test_a_plug_of_a_computer_that_is_gone(bench: Bench) -> None:
    """It is switched off, and then reported."""
    bench.hass.show(PLUG, "on")
    assert await bench.cut() == [OFF]
    bench.hass.show(PLUG, "off")
    assert await bench.cut() == ["rig-1"]


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("is_asleep", [True, False])
async def test_a_plug_with_another_computer(
    bench: Bench, *, is_shared: bool, is_asleep: bool
) -> None:
    """It stays on until that computer is asleep, too: this one is done."""
    bench.other.options = {CONF_SLEEP_PLUG: PLUG if is_shared else "switch.other"}
    bench.sleeps["rig-2"] = Sleep(phase=Phase.ASLEEP) if is_asleep else LEAVING
    stays = is_shared and not is_asleep
    assert await bench.cut() == (["rig-1"] if stays else [OFF])


@pytest.mark.parametrize(
    ("watts", "idle", "answers", "is_gone"),
    [
        # Without a power, only the network counts
        (None, None, False, True),
        (None, None, True, False),
        (None, None, None, False),
        (None, 40, False, True),
        # Both have to agree
        (20, 40, False, True),
        (20, 40, True, False),
        (21, 40, False, False),
        # Only the power counts if the hostname is not found
        (20, 40, None, True),
        (21, 40, None, False),
        # At rest, it draws 100 W according to what was learned
        (50, None, None, True),
        (51, None, None, False),
    ],
)
async def test_whether_a_computer_is_gone(
    bench: Bench,
    *,
    watts: int | None,
    idle: int | None,
    answers: bool | None,
    is_gone: bool,
) -> None:
    """By its network and by its power."""
    bench.answers = answers
    bench.hass.show(
        METER, "unknown" if watts is None else str(watts), unit_of_measurement="W"
    )
    done = await bench.cut(**{CONF_POWER_SENSOR: METER, CONF_IDLE_POWER: idle})
    assert done == ([OFF] if is_gone else [])


async def test_a_computer_that_starts_while_it_is_asked(bench: Bench) -> None:
    """It keeps its power, as do another one on its plug and a miner with other options."""
    bench.other.options = {CONF_SLEEP_PLUG: PLUG}
    asleep = Sleep(phase=Phase.ASLEEP)

    def answer() -> None:
        bench.sleeps["rig-1"] = Sleep(phase=Phase.FALLING_ASLEEP)

    def wake_other() -> None:
        bench.sleeps["rig-2"] = Sleep(phase=Phase.WAKING)

    def remove() -> None:
        bench.sleeps.pop("rig-1")

    def choose_another_plug() -> None:
        bench.miner.options = {CONF_SLEEP_PLUG: "switch.other"}

    for happens in (answer, wake_other, remove, choose_another_plug):
        bench.sleeps.update({"rig-1": LEAVING, "rig-2": asleep})
        bench.meanwhile = happens
        assert await bench.cut() == []


@pytest.mark.parametrize("is_loaded", [True, False])
async def test_the_power_at_rest_of_a_miner_that_is_not_loaded(
    bench: Bench, *, is_loaded: bool
) -> None:
    """It is unknown, and so is whether the computer draws it."""
    bench.answers = None
    bench.hass.show(METER, "0", unit_of_measurement="W")
    if not is_loaded:
        bench.miner.state = ConfigEntryState.SETUP_RETRY
    done = await bench.cut(**{CONF_POWER_SENSOR: METER})
    assert done == ([OFF] if is_loaded else [])


@pytest.mark.parametrize("sensor", [None, "sensor.gone"])
async def test_a_power_that_is_not_measured(bench: Bench, sensor: str | None) -> None:
    """Only the network counts."""
    options = {CONF_POWER_SENSOR: sensor, CONF_IDLE_POWER: 40}
    assert await bench.cut(**options) == [OFF]
    bench.answers = None
    assert await bench.cut(**options) == []


# --- One at a time ------------------------------------------------------------


async def test_one_action_at_a_time(bench: Bench) -> None:
    """Of each computer."""
    for miner in (bench.miner, bench.other):
        miner.options = {CONF_WAKE_ENTITY: f"button.{miner.entry_id[-1]}"}
        for _ in range(2):
            bench.commands.async_do(miner.entry_id, SleepAction.WAKE)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "xmrig_miner sleep" in names
    await bench.commands.async_close()
    assert bench.hass.calls == [
        call("button.press", "button.1"),
        call("button.press", "button.2"),
    ]
    bench.commands.async_do("rig-1", SleepAction.WAKE)
    await bench.commands.async_close()
    assert len(bench.hass.calls) == 3


async def test_a_computer_is_woken_while_its_plug_is_switched_off(bench: Bench) -> None:
    """The manager tells it once, so it waits for its turn."""

    def wake() -> None:
        for _ in range(2):
            bench.commands.async_do("rig-1", SleepAction.WAKE)

    bench.meanwhile = wake
    assert await bench.cut(wake_mac=MAC) == [OFF, WOKEN]


async def test_a_computer_is_woken_once(bench: Bench) -> None:
    """The next time that it is put to sleep, it stays asleep."""
    bench.miner.options = {
        CONF_WAKE_ENTITY: "button.wake",
        CONF_SLEEP_ENTITY: "script.sleep",
    }
    bench.commands.async_do("rig-1", SleepAction.SLEEP)
    bench.commands.async_do("rig-1", SleepAction.WAKE)
    await bench.commands.async_close()
    slept = call("script.turn_on", "script.sleep")
    woken = call("button.press", "button.wake")
    assert bench.hass.calls == [slept, woken]
    bench.commands.async_do("rig-1", SleepAction.SLEEP)
    await bench.commands.async_close()
    assert bench.hass.calls == [slept, woken, slept]


async def test_an_action_that_fails(bench: Bench) -> None:
    """It may be tried again."""
    bench.hass.failing = HomeAssistantError("no such action")
    options = {CONF_WAKE_ENTITY: "button.wake"}
    for _ in range(2):
        done = await bench.do(SleepAction.WAKE, **options)
        assert done == [call("button.press", "button.wake")]
    # A bug is not hidden, but ends nothing else
    bench.hass.failing = ValueError("bug")
    for _ in range(2):
        assert await bench.do(SleepAction.WAKE, **options)


async def test_a_miner_that_is_removed(bench: Bench) -> None:
    """Nothing is done with its computer."""
    bench.hass.entries.remove(bench.miner)
    assert await bench.do(SleepAction.WAKE, **{CONF_WAKE_ENTITY: "button.wake"}) == []
    assert not bench.commands._tasks  # noqa: SLF001


# --- The network --------------------------------------------------------------


class _Writer:
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("error", "answers"),
    [
        (None, True),
        (ConnectionRefusedError(), True),
        (ConnectionResetError(), True),
        (OSError("no route to host"), False),
        (TimeoutError(), False),
    ],
)
async def test_whether_a_computer_answers(
    error: OSError | None, *, answers: bool
) -> None:
    """Accepted and refused is on, anything else is off."""
    writer = _Writer()

    async def connect(host: str, port: int) -> Any:
        assert (host, port) == ("192.0.2.1", 8080)
        if error:
            raise error
        return None, writer

    with patch.object(asyncio, "open_connection", connect):
        assert await async_answers("192.0.2.1", 8080) is answers
    assert writer.is_closed is (error is None)


async def test_a_computer_that_is_silent(time_limit: list[float | None]) -> None:
    """It is given 5 s."""

    async def connect(*_: object) -> None:
        raise TimeoutError

    with patch.object(asyncio, "open_connection", connect):
        assert await async_answers("192.0.2.1", 8080) is False
    assert time_limit == [5]


@pytest.fixture
def time_limit() -> Iterator[list[float | None]]:
    """Return the timeouts that are set."""
    limits: list[float | None] = []
    timeout = asyncio.timeout

    def note(delay: float | None) -> asyncio.Timeout:
        limits.append(delay)
        return timeout(delay)

    with patch.object(asyncio, "timeout", note):
        yield limits
