"""The entities of the manager without Home Assistant and a house."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.number import NumberMode
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType
from homeassistant.helpers.entity import EntityDescription
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.fleet import (
    button,
    event,
    number,
    select,
    sensor,
    sleep_entities,
    switch,
)
from custom_components.xmrig_miner.fleet.data import FleetData
from custom_components.xmrig_miner.fleet.entity import FleetEntity
from custom_components.xmrig_miner.fleet.sensor import FleetSensorEntityDescription
from custom_components.xmrig_miner.manager import (
    Caution,
    Figures,
    Inputs,
    MemberEvent,
    MemberEventType,
    Meters,
    Mode,
    Phase,
    Prices,
    Reason,
    Settings,
    Sleep,
)
from tests.stand_ins import Entry

ONE, TWO = (EntityDescription(key=key) for key in ("one", "two"))


def member(threads: int) -> Any:
    """Return a member of the decision."""
    return SimpleNamespace(threads=threads)


class Bench:
    """Stand-ins for the manager and the registries."""

    def __init__(self) -> None:
        """Start with a decision that nothing is left over."""
        self.calls: list[Any] = []
        """What was called, in order."""
        self.added: list[Any] = []
        """Entities that were added, for each time."""
        self.listeners: list[Any] = []
        self.now = 1000.0
        self.entry = Entry("manager", "manager")
        self.plan = SimpleNamespace(reason=Reason.NO_SURPLUS, surplus=0.0)
        self.data = FleetData(
            inputs=Inputs(meters=Meters(grid=None), members=(member(0),)),
            plan=cast(Any, self.plan),
            figures=(),
            work=cast(Any, None),
            earnings=None,
            account=cast(Any, SimpleNamespace(total=0.0)),
        )
        self.coordinator = SimpleNamespace(
            hass=SimpleNamespace(config=SimpleNamespace(currency="CHF")),
            config_entry=self.entry,
            data=self.data,
            name="Manager",
            last_update_success=True,
            async_add_listener=self._listen,
            async_wake=lambda entry_id: self.calls.append(("wake", entry_id)),
        )
        self.runtime: Any = SimpleNamespace(
            coordinator=self.coordinator,
            settings=Settings(),
            async_change=self._change,
        )
        self.entry.runtime_data = self.runtime
        self.registered: dict[str, str] = {}
        """Entity IDs by unique ID."""
        self.devices: dict[str, Any] = {}
        """Devices of miners, by config entry ID."""

    def _listen(self, listener: Any) -> Any:
        self.listeners.append(listener)
        return "stop listening"

    async def _change(self, **changes: Any) -> None:
        self.calls.append(changes)

    def add(self, entities: Any) -> None:
        """Add entities."""
        self.added.append(list(entities))

    def decide(self, **changes: Any) -> FleetData:
        """Decide anew."""
        self.data = replace(self.data, **changes)
        self.coordinator.data = self.data
        return self.data

    def sleepers(self, **phases: Phase | None) -> None:
        """Decide that miners sleep; None is a miner that may not."""
        self.decide(
            figures=tuple(
                Figures(
                    id=key,
                    name=key,
                    is_online=True,
                    sleep=Sleep(phase=phase) if phase else None,
                )
                for key, phase in phases.items()
            )
        )

    def shown(self, entity: Any) -> Any:
        """Return an entity that notes when its state is written."""
        written = self.calls.append
        entity.async_write_ha_state = lambda: written("written")
        return entity

    # Registries

    def entries(self, registry: Any, entry_id: str) -> Any:
        """Return the registered entities of the manager."""
        assert (registry, entry_id) == (self, "manager")
        return [
            SimpleNamespace(unique_id=unique_id, entity_id=entity_id)
            for unique_id, entity_id in self.registered.items()
        ]

    def async_remove(self, entity_id: str) -> None:
        """Remove an entity."""
        self.calls.append(("remove", entity_id))
        self.registered = {
            key: value for key, value in self.registered.items() if value != entity_id
        }

    def devices_of(self, registry: Any, entry_id: str) -> list[Any]:
        """Return the devices of a miner: a card, and its own if there is one."""
        assert registry is self
        card = SimpleNamespace(identifiers={(DOMAIN, f"{entry_id}_card")})
        return [card, *filter(None, [self.devices.get(entry_id)])]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins of which clock and registries are in place."""
    bench = Bench()

    def registry(hass: Any) -> Bench:
        assert hass is bench.coordinator.hass
        return bench

    with ExitStack() as stack:
        for module, name, stand_in in (
            (er, "async_get", registry),
            (er, "async_entries_for_config_entry", bench.entries),
            (dr, "async_get", registry),
            (dr, "async_entries_for_config_entry", bench.devices_of),
            (sensor, "time", SimpleNamespace(monotonic=lambda: bench.now)),
        ):
            stack.enter_context(patch.object(cast(Any, module), name, stand_in))
        yield bench


def test_an_entity(bench: Bench) -> None:
    """It is on the device of the manager."""
    shown = FleetEntity(bench.runtime, ONE)
    assert shown.runtime is bench.runtime
    assert shown.coordinator is cast(Any, bench.coordinator)
    assert shown.entity_description is ONE
    assert shown.unique_id == "manager_one"
    assert shown.has_entity_name
    assert shown.device_info == {
        "entry_type": DeviceEntryType.SERVICE,
        "identifiers": {(DOMAIN, "manager")},
        "manufacturer": "XMRig",
        "name": "Title of manager",
    }
    assert shown.settings is bench.runtime.settings
    assert shown.price_unit("kWh") == "CHF/kWh"


# --- Sensors ------------------------------------------------------------------


def test_a_power(bench: Bench) -> None:
    """In whole W; when the reason or the threads change, it is shown at once."""
    found = sensor._power("one", lambda data: data.plan.surplus)  # noqa: SLF001
    assert (found.key, found.translation_key) == ("one", "one")
    assert found.device_class is SensorDeviceClass.POWER
    assert found.state_class is SensorStateClass.MEASUREMENT
    assert found.native_unit_of_measurement == "W"
    bench.plan.surplus = 12.6
    shown = bench.shown(sensor.FleetSensor(bench.runtime, found))
    assert shown.native_value == 13
    bench.plan.surplus = 32.7
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 13
    bench.decide(inputs=replace(bench.data.inputs, members=(member(1),)))
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 33
    bench.plan.surplus = 13
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 33
    bench.plan.reason = Reason.PRICE
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 13
    bench.now += 59
    bench.plan.surplus = 14
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 13
    bench.now += 1
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 14
    bench.plan.surplus = None
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value is None
    assert bench.calls == ["written"] * 4


def test_a_count(bench: Bench) -> None:
    """Each change is shown at once."""
    found = sensor._count("one", lambda data: len(data.members))  # noqa: SLF001
    assert (found.key, found.translation_key) == ("one", "one")
    assert found.entity_category is EntityCategory.DIAGNOSTIC
    assert found.state_class is SensorStateClass.MEASUREMENT
    shown = bench.shown(sensor.FleetSensor(bench.runtime, found))
    assert shown.native_value == 1
    shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls == []
    bench.decide(inputs=replace(bench.data.inputs, members=(member(1),) * 2))
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 2
    assert bench.calls == ["written"]
    assert shown.native_unit_of_measurement is None


@pytest.mark.parametrize("category", [None, EntityCategory.DIAGNOSTIC])
def test_an_energy(bench: Bench, category: EntityCategory | None) -> None:
    """In kWh; one that is only of interest in a fault is disabled."""
    options: dict[str, Any] = {"category": category} if category else {}
    found = sensor._energy("one", lambda data: data.account.total, **options)  # noqa: SLF001
    assert (found.key, found.translation_key) == ("one", "one")
    assert found.device_class is SensorDeviceClass.ENERGY
    assert found.state_class is SensorStateClass.TOTAL_INCREASING
    assert found.suggested_display_precision == 2
    assert found.entity_category is category
    assert found.entity_registry_enabled_default is (category is None)
    assert found.has_fn(bench.data)
    bench.decide(account=SimpleNamespace(total=1.23456))
    shown = sensor.FleetSensor(bench.runtime, found)
    assert shown.native_value == 1.235
    assert shown.native_unit_of_measurement == "kWh"


def test_an_energy_that_not_every_house_has(bench: Bench) -> None:
    """It is there with its source."""
    found = sensor._energy(  # noqa: SLF001
        "one", lambda _: 0, has_fn=lambda data: data.earnings is not None
    )
    assert not found.has_fn(bench.data)
    assert found.has_fn(bench.decide(earnings=0.0))


def test_a_rate(bench: Bench) -> None:
    """With the currency; a change of a price or of the earnings is shown at once."""
    found = sensor._rate("one", "d", lambda data: data.plan.surplus)  # noqa: SLF001
    assert (found.key, found.translation_key) == ("one", "one")
    assert found.state_class is SensorStateClass.MEASUREMENT
    assert found.suggested_display_precision == 2
    assert not found.has_fn(bench.data)
    assert found.has_fn(bench.decide(earnings=0.0))
    bench.plan.surplus = 1.234567
    shown = bench.shown(sensor.FleetSensor(bench.runtime, found))
    assert shown.native_value == 1.2346
    assert shown.native_unit_of_measurement == "CHF/d"
    for value, changes in (
        (1.24, {"earnings": 1.0}),
        (1.25, {"inputs": replace(bench.data.inputs, prices=Prices(importing=0.3))}),
    ):
        before, bench.plan.surplus = shown.native_value, value
        shown._handle_coordinator_update()  # noqa: SLF001
        assert shown.native_value == before
        bench.decide(**changes)
        shown._handle_coordinator_update()  # noqa: SLF001
        assert shown.native_value == value
    bench.plan.surplus = 1.26
    bench.now += 299
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 1.25
    bench.now += 1
    shown._handle_coordinator_update()  # noqa: SLF001
    assert shown.native_value == 1.26
    assert bench.calls == ["written"] * 3


@pytest.mark.parametrize(
    ("hashrate", "shown"), [(None, None), (0, 0), (12345.6, 12.35)]
)
def test_a_hashrate(hashrate: float | None, shown: float | None) -> None:
    """In kH/s."""
    assert sensor._in_khs(hashrate) == shown  # noqa: SLF001


def described(key: str, **options: Any) -> FleetSensorEntityDescription:
    """Return the description of a sensor that shows the earnings."""
    return FleetSensorEntityDescription(
        key=key, value_fn=lambda data: data.earnings, **options
    )


def test_sensors_that_are_added_later(bench: Bench) -> None:
    """Once they have something to show, or if they had it before."""
    later: dict[str, Any] = {"has_fn": lambda data: data.earnings is not None}
    descriptions = (
        described("one"),
        described("two", **later),
        described("three", **later),
        described("four", **later),
    )
    bench.registered = {"manager_three": "sensor.three", "other_two": "sensor.two"}
    asleep: list[Any] = []
    with (
        patch.object(sensor, "DESCRIPTIONS", descriptions),
        patch.object(sensor, "setup_sleep_entities", lambda *what: asleep.append(what)),
    ):
        sensor.setup_sensors(cast(Any, bench.entry), cast(Any, bench.add))
    assert asleep == [
        (bench.entry, bench.add, sleep_entities.SleepSensor, sensor.SLEEP)
    ]

    def added() -> list[list[str]]:
        return [[each.entity_description.key for each in new] for new in bench.added]

    assert added() == [["one", "three"]]
    assert all(each.runtime is bench.runtime for each in bench.added[0])
    [update] = bench.listeners
    assert bench.entry.unloading == ["stop listening"]
    update()
    assert len(bench.added) == 1
    bench.decide(earnings=1.0)
    update()
    bench.decide(earnings=None)
    update()
    assert added() == [["one", "three"], ["two", "four"]]


# --- Settings -----------------------------------------------------------------


async def test_the_numbers(bench: Bench) -> None:
    """Each shows and changes the setting of its name."""
    number.setup_numbers(cast(Any, bench.entry), cast(Any, bench.add))
    [numbers] = bench.added
    settings = Settings(
        reserve=1, price_limit=2, earnings=3, battery_priority=4, battery_start=5
    )
    bench.runtime.settings = settings
    shown = {each.entity_description.key: each for each in numbers}
    units = {key: each.native_unit_of_measurement for key, each in shown.items()}
    assert units == {
        "reserve": "W",
        "price_limit": "CHF/kWh",
        "earnings": "CHF/kH/s/d",
        "battery_priority": "%",
        "battery_start": "%",
    }
    for key, each in shown.items():
        assert each.native_value == getattr(settings, key)
        await each.async_set_native_value(7.0)
        assert bench.calls.pop() == {key: 7.0}


async def test_a_number_that_is_none(bench: Bench) -> None:
    """Home Assistant accepts NaN; nothing is changed."""
    shown = number.FleetNumber(bench.runtime, number.DESCRIPTIONS[0])
    with pytest.raises(ServiceValidationError) as raised:
        await shown.async_set_native_value(float("nan"))
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "not_a_number"
    assert raised.value.translation_placeholders == {"name": "Manager"}
    assert bench.calls == []


def test_the_number_of_a_charge() -> None:
    """A slider in percent."""
    found = number._charge("one", lambda settings: settings.battery_start)  # noqa: SLF001
    assert (found.key, found.translation_key) == ("one", "one")
    assert found.entity_category is EntityCategory.CONFIG
    assert found.native_unit_of_measurement == "%"
    assert (found.native_min_value, found.native_max_value) == (0, 100)
    assert found.native_step == 1
    assert found.mode is NumberMode.SLIDER
    assert found.value_fn(Settings(battery_start=5)) == 5


async def test_the_selects(bench: Bench) -> None:
    """Mode and caution, one of theirs each."""
    select.setup_selects(cast(Any, bench.entry), cast(Any, bench.add))
    [[mode, caution]] = bench.added
    bench.runtime.settings = Settings(mode=Mode.FULL, caution=Caution.CALM)
    assert (mode.current_option, caution.current_option) == ("full", "calm")
    await mode.async_select_option("off")
    await caution.async_select_option("eager")
    assert bench.calls == [{"mode": Mode.OFF}, {"caution": Caution.EAGER}]
    assert isinstance(bench.calls[0]["mode"], Mode)


async def test_the_switch(bench: Bench) -> None:
    """It keeps one thread of each miner running."""
    switch.setup_switches(cast(Any, bench.entry), cast(Any, bench.add))
    [[shown]] = bench.added
    assert shown.unique_id == "manager_keep_mining"
    assert shown.is_on is False
    bench.runtime.settings = Settings(keep_mining=True)
    assert shown.is_on is True
    await shown.async_turn_on()
    await shown.async_turn_off()
    assert bench.calls == [{"keep_mining": True}, {"keep_mining": False}]


# --- Events -------------------------------------------------------------------


def test_the_events_of_miners(bench: Bench) -> None:
    """Each once, however often a decision is reported."""
    event.setup_events(cast(Any, bench.entry), cast(Any, bench.add))
    [[shown]] = bench.added
    assert shown.unique_id == "manager_miners"

    def write() -> None:
        attributes = shown.state_attributes
        bench.calls.append((attributes["event_type"], attributes["name"]))

    shown.async_write_ha_state = write
    shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls == []
    events = [
        MemberEvent(MemberEventType.OFFLINE, "one"),
        MemberEvent(MemberEventType.BACK, "two"),
    ]
    bench.decide(events=tuple(events))
    for _ in range(2):
        shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls == [("offline", "one"), ("back", "two")]
    bench.decide(events=tuple(events[:1]))
    shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls[2:] == [("offline", "one")]


# --- Miners that sleep --------------------------------------------------------


def sleep_ids(bench: Bench) -> list[list[str]]:
    """Return the unique IDs of entities that were added."""
    return [[each.unique_id for each in added] for added in bench.added]


def test_entities_of_miners_that_may_sleep(bench: Bench) -> None:
    """They come and go with the option, and wait for the device."""
    a, b, c = (SimpleNamespace(identifiers={(DOMAIN, name)}) for name in "abc")
    bench.devices = {"a": a, "b": b}
    bench.sleepers(a=Phase.AWAKE, b=None, c=Phase.ASLEEP)
    bench.registered = {
        "manager_wake_up_a": "button.a",
        "manager_wake_up_b": "button.b",
        "manager_sleep_b": "sensor.b",
    }
    button.setup_buttons(cast(Any, bench.entry), cast(Any, bench.add))
    assert bench.calls == [("remove", "button.b")]
    assert sleep_ids(bench) == [["manager_wake_up_a"]]
    [[shown]] = bench.added
    assert isinstance(shown, button.WakeButton)
    assert shown.device_entry is cast(Any, a)
    assert shown.device_info is None
    [update] = bench.listeners
    assert bench.entry.unloading == ["stop listening"]
    bench.devices["c"] = c
    update()
    update()
    assert sleep_ids(bench)[1:] == [["manager_wake_up_c"]]
    bench.sleepers(a=None, c=Phase.ASLEEP)
    update()
    bench.sleepers(a=Phase.AWAKE, c=Phase.ASLEEP)
    update()
    assert bench.calls[1:] == [("remove", "button.a")]
    assert sleep_ids(bench)[2:] == [["manager_wake_up_a"]]


async def test_the_button(bench: Bench) -> None:
    """It wakes its miner; a decision changes nothing of it."""
    shown = bench.shown(
        button.WakeButton(bench.runtime, button.WAKE_UP, "a", cast(Any, "device"))
    )
    shown._handle_coordinator_update()  # noqa: SLF001
    await shown.async_press()
    assert bench.calls == [("wake", "a")]


def test_the_sensor_of_a_miner_that_may_sleep(bench: Bench) -> None:
    """It keeps its last state until it is removed."""
    bench.sleepers(a=Phase.AWAKE, b=Phase.ASLEEP)
    shown = bench.shown(
        sleep_entities.SleepSensor(
            bench.runtime, sensor.SLEEP, "a", cast(Any, "device")
        )
    )
    assert shown.unique_id == "manager_sleep_a"
    assert shown.device_entry == "device"
    assert shown.native_value == "awake"
    shown._handle_coordinator_update()  # noqa: SLF001
    bench.sleepers(b=Phase.ASLEEP)
    shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls == []
    assert shown.native_value == "awake"
    bench.sleepers(a=Phase.ASLEEP)
    shown._handle_coordinator_update()  # noqa: SLF001
    assert bench.calls == ["written"]
    assert shown.native_value == "asleep"
