"""The numbers of a miner, without Home Assistant and a miner."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.number import NumberDeviceClass, NumberMode
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner import number as module
from custom_components.xmrig_miner.fleet.runtime import FLEET
from custom_components.xmrig_miner.number import (
    CPU_THREADS,
    POWER_LIMITS,
    PRIORITY,
    XmrigPowerLimitNumber,
    XmrigPriorityNumber,
    XmrigThreadsNumber,
)

from .stand_ins import Entry, Hass

LIMIT, MINING_POWER = POWER_LIMITS


class Bench:
    """A miner that draws 60 W at rest and 140 W at full load."""

    def __init__(self) -> None:
        """Start without a limit."""
        self.entry = Entry("entry-1")
        self.hass = Hass(self.entry)
        self.calls = self.hass.calls
        self.snapshot = SimpleNamespace(threads=3, user_threads=4)
        self.coordinator = SimpleNamespace(
            hass=self.hass,
            config_entry=self.entry,
            data=self.snapshot,
            name="rig-one",
            last_update_success=True,
        )
        self.idle: float | None = 60.0
        self.meter = SimpleNamespace(
            full_load=140.0,
            model=SimpleNamespace(watts=lambda count: None if count else self.idle),
        )
        self.error: Exception | None = None
        """The error of commands."""
        self.limit = SimpleNamespace(
            set_watts=None,
            async_set=self.note("limit"),
            async_set_threads=self.note("threads"),
        )
        self.power = SimpleNamespace(
            meter=self.meter, limit=self.limit, is_configured=True
        )
        self.runtime: Any = SimpleNamespace(
            coordinator=self.coordinator, power=self.power
        )
        self.entry.runtime_data = self.runtime
        self.settings: Any = SimpleNamespace(priority=3)
        """The manager's settings for the miner."""

    def note(self, *what: Any) -> Any:
        """Return a coroutine function that notes its calls."""

        async def call(*arguments: Any, **details: Any) -> None:
            self.calls.append((*what, *arguments, *details.items()))
            if self.error:
                raise self.error

        return call

    def make(self, kind: Any, description: Any) -> Any:
        """Return a number that notes when its state is written."""
        number = kind(self.runtime, description)
        number.hass = self.hass
        # Without it, the text of the unit would be needed
        number._number_option_unit_of_measurement = UnitOfPower.WATT  # noqa: SLF001
        number.async_write_ha_state = lambda: self.calls.append("written")
        return number

    def settings_of(self, hass: Any, entry_id: str) -> Any:
        """Return the manager's settings for a miner."""
        assert (hass, entry_id) == (self.hass, "entry-1")
        return self.settings


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a miner."""
    bench = Bench()
    with (
        patch.object(module, "member_settings", bench.settings_of),
        patch.object(module, "async_change_member", bench.note("change")),
    ):
        yield bench


# --- Threads ------------------------------------------------------------------


async def test_the_threads(bench: Bench) -> None:
    """Up to those that the user set up."""
    number = bench.make(XmrigThreadsNumber, CPU_THREADS)
    assert number.available
    assert number.native_value == 3
    assert (number.native_min_value, number.native_max_value) == (1, 4)
    assert (number.native_step, number.mode) == (1, NumberMode.SLIDER)
    assert number.unique_id == "entry-1_cpu_threads"
    assert number.translation_key == "cpu_threads"
    await number.async_set_native_value(2.0)
    assert bench.calls == [("threads", 2)]
    assert isinstance(bench.calls[0][1], int)
    bench.snapshot.threads = cast(Any, None)
    bench.snapshot.user_threads = cast(Any, None)
    assert not number.available
    assert number.native_max_value == 1


async def test_the_threads_of_a_miner_that_is_away(bench: Bench) -> None:
    """They are unavailable."""
    bench.coordinator.last_update_success = False
    assert not bench.make(XmrigThreadsNumber, CPU_THREADS).available


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        (XmrigThreadsNumber, CPU_THREADS),
        (XmrigPowerLimitNumber, LIMIT),
        (XmrigPriorityNumber, PRIORITY),
    ],
)
async def test_what_is_not_a_number(bench: Bench, kind: Any, description: Any) -> None:
    """It is refused by the name of the miner."""
    with pytest.raises(ServiceValidationError) as error:
        await bench.make(kind, description).async_set_native_value(float("nan"))
    assert error.value.translation_key == "not_a_number"
    assert error.value.translation_placeholders == {"name": "rig-one"}
    assert bench.calls == []


# --- The power limit ----------------------------------------------------------


def test_how_the_limits_are_described() -> None:
    """The second one is for optimisers, which set 0 W to turn a load off."""
    for description, key in ((LIMIT, "power_limit"), (MINING_POWER, "mining_power")):
        assert (description.key, description.translation_key) == (key, key)
        assert description.native_unit_of_measurement == UnitOfPower.WATT
        assert description.native_min_value == 0
        assert description.native_max_value == 100_000
        assert description.native_step == 1
    assert LIMIT.device_class is NumberDeviceClass.POWER
    assert LIMIT.entity_registry_enabled_default
    assert MINING_POWER.device_class is None
    assert not MINING_POWER.entity_registry_enabled_default


@pytest.mark.parametrize(
    ("description", "limit", "value"),
    [
        (LIMIT, None, 140),
        (LIMIT, 0, 0),
        (LIMIT, 99.6, 100),
        (LIMIT, 140, 140),
        (LIMIT, 500, 140),
        (MINING_POWER, None, 80),
        (MINING_POWER, 0, 0),
        (MINING_POWER, 59, 0),
        (MINING_POWER, 61.4, 1),
        (MINING_POWER, 500, 80),
    ],
)
def test_the_value_of_a_limit(
    bench: Bench, description: Any, limit: float | None, value: float
) -> None:
    """Without a limit, or with one above the full load, it is the end of the slider."""
    bench.limit.set_watts = cast(Any, limit)
    number = bench.make(XmrigPowerLimitNumber, description)
    assert number.available
    assert number.native_value == value
    assert number.capability_attributes["max"] == (
        80 if description is MINING_POWER else 140
    )


@pytest.mark.parametrize("unknown", ["full", "idle", "reply"])
@pytest.mark.parametrize("description", POWER_LIMITS)
def test_a_limit_that_is_unavailable(
    bench: Bench, description: Any, unknown: str
) -> None:
    """While the full load is unknown, or what its 0 corresponds to."""
    match unknown:
        case "full":
            bench.meter.full_load = cast(Any, None)
        case "idle":
            bench.idle = None
        case _:
            bench.coordinator.last_update_success = False
    number = bench.make(XmrigPowerLimitNumber, description)
    needs_idle = description is MINING_POWER
    assert number.available is (unknown == "idle" and not needs_idle)
    bench.limit.set_watts = cast(Any, 50)
    if unknown == "full" or (unknown == "idle" and needs_idle):
        assert number.native_value == 0
        assert number.capability_attributes["max"] == 0


def test_the_end_of_the_slider(bench: Bench) -> None:
    """It is kept while the full load changes a little, and while it is unknown."""
    number = bench.make(XmrigPowerLimitNumber, LIMIT)
    for full, maximum in (
        (131.0, 140),
        (140.0, 140),
        (129.0, 140),
        (None, 140),
        (141.0, 150),
        (60.0, 60),
    ):
        bench.meter.full_load = cast(Any, full)
        assert number.native_value == maximum
        assert number.capability_attributes["max"] == maximum
    # More at rest than at full load
    number = bench.make(XmrigPowerLimitNumber, MINING_POWER)
    bench.meter.full_load = 59.5
    assert number.available
    assert number.native_value == 0


def test_the_slider_in_another_unit(bench: Bench) -> None:
    """Its end is rounded up: no limit can be set, too."""
    number = bench.make(XmrigPowerLimitNumber, LIMIT)
    bench.meter.full_load = 1234.0
    number._number_option_unit_of_measurement = "kW"  # noqa: SLF001
    attributes = number.capability_attributes
    assert attributes == {"min": 0, "max": 2, "step": 1, "mode": NumberMode.AUTO}
    assert module._rounded_up(1.21, 1) == 1.3  # noqa: SLF001
    assert module._rounded_up(1.2) == 2  # noqa: SLF001


@pytest.mark.parametrize(
    ("description", "idle", "value", "watts"),
    [
        (LIMIT, 60.0, 100.0, 100.0),
        (LIMIT, 60.0, 0.0, 0),
        (MINING_POWER, 60.0, 40.0, 100.0),
        (MINING_POWER, 60.0, 0.0, 0),
        (MINING_POWER, None, 40.0, 40.0),
    ],
)
async def test_setting_a_limit(
    bench: Bench, description: Any, idle: float | None, value: float, watts: float
) -> None:
    """It is of the whole computer; 0 is off. It shows even if it could not be applied."""
    bench.idle = idle
    number = bench.make(XmrigPowerLimitNumber, description)
    await number.async_set_native_value(value)
    assert bench.calls == [("limit", watts), "written"]
    bench.calls.clear()
    bench.error = HomeAssistantError("offline")
    with pytest.raises(HomeAssistantError):
        await number.async_set_native_value(value)
    assert bench.calls == [("limit", watts), "written"]


# --- The priority -------------------------------------------------------------


async def test_the_priority(bench: Bench) -> None:
    """It is a setting of the manager, and there while the miner is offline."""
    assert (PRIORITY.key, PRIORITY.translation_key) == ("priority", "priority")
    assert PRIORITY.entity_category is EntityCategory.CONFIG
    assert PRIORITY.mode is NumberMode.BOX
    assert PRIORITY.native_step == 1
    bench.coordinator.last_update_success = False
    number = bench.make(XmrigPriorityNumber, PRIORITY)
    assert (number.native_min_value, number.native_max_value) == (-10, 10)
    assert number.available
    assert number.native_value == 3
    bench.settings.priority = 0
    assert number.available
    assert number.native_value == 0
    await number.async_set_native_value(5.0)
    change = ("change", bench.hass, "entry-1", ("priority", 5))
    assert bench.calls == [change, "written"]
    assert isinstance(bench.calls[0][-1][1], int)
    bench.settings = None
    assert not number.available
    assert number.native_value is None


# --- The platform -------------------------------------------------------------


async def set_up(bench: Bench) -> list[Any]:
    """Return how the numbers of the config entry are set up."""
    done: list[Any] = []

    def setup(entry: Any, add: Any, kind: Any, find: Any, *, controls: bool) -> None:
        assert (entry, add, controls) == (bench.entry, "add", True)
        done.append((kind, [*find(None)]))

    with ExitStack() as stack:
        for name, stand_in in (
            ("async_setup_entities", setup),
            ("async_remove_entities", lambda *what: done.append(("remove", *what))),
            ("setup_numbers", lambda *what: done.append(what)),
        ):
            stack.enter_context(patch.object(module, name, stand_in))
        await module.async_setup_entry(
            cast(Any, bench.hass), cast(Any, bench.entry), cast(Any, "add")
        )
    return done


@pytest.mark.parametrize("is_configured", [True, False])
@pytest.mark.parametrize("is_managed", [True, False])
async def test_the_numbers_of_a_miner(
    bench: Bench, *, is_managed: bool, is_configured: bool
) -> None:
    """Those of its power need a known power, the priority needs a manager."""
    bench.power.is_configured = is_configured
    if is_managed:
        bench.hass.data[FLEET] = "manager"
    limits = [(each, None) for each in POWER_LIMITS]
    assert await set_up(bench) == [
        (XmrigPriorityNumber, [(PRIORITY, None)] if is_managed else []),
        (XmrigPowerLimitNumber, limits)
        if is_configured
        else ("remove", bench.coordinator, POWER_LIMITS),
        (XmrigThreadsNumber, [(CPU_THREADS, None)]),
    ]


async def test_the_numbers_of_the_manager(bench: Bench) -> None:
    """They are its own."""
    bench.entry.data["kind"] = "manager"
    assert await set_up(bench) == [(bench.entry, "add")]
