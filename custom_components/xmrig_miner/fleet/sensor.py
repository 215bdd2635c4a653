"""Sensor entities of the manager."""

from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..const import UNIT_EFFICIENCY
from ..manager import Reason, SleepState, efficiency, hashrate, hottest
from ..readings import (
    LONG_INTERVAL,
    SHORT_INTERVAL,
    SteadyReading,
    rounded,
    significant,
)
from .data import FleetData
from .entity import FleetEntity
from .runtime import FleetConfigEntry, FleetRuntimeData
from .sleep_entities import SleepSensor, setup_sleep_entities

SMALL_POWER = 20
"""Changes in W up to this count as noise: the load of a house varies that much."""


@dataclass(frozen=True, kw_only=True)
class FleetSensorEntityDescription(SensorEntityDescription):
    """Describes a sensor of the manager."""

    value_fn: Callable[[FleetData], StateType]
    has_fn: Callable[[FleetData], bool] = lambda _: True
    """Whether there is a value to show. Once added, the sensor stays."""
    interval: int = 0
    """Seconds before a small change is published; 0 publishes every change."""
    least: float = 0
    """Changes up to this one count as small, no matter how small the value is."""
    occasion_fn: Callable[[FleetData], object] = lambda _: None
    """When its result changes, even a small change of the value is published."""
    unit_fn: Callable[[FleetEntity], str] | None = None
    """Returns the unit if it contains the currency."""


def _power(
    key: str, value_fn: Callable[[FleetData], float | None]
) -> FleetSensorEntityDescription:
    """Describe a power, rounded to whole W.

    Meters jitter from report to report, so small changes are delayed. When the reason
    or the threads change, all powers are published immediately, so that they match.
    """
    return FleetSensorEntityDescription(
        key=key,
        translation_key=key,
        interval=SHORT_INTERVAL,
        least=SMALL_POWER,
        occasion_fn=lambda data: (
            data.plan.reason,
            [member.threads for member in data.members],
        ),
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data: rounded(value_fn(data)),
    )


def _count(
    key: str, value_fn: Callable[[FleetData], int]
) -> FleetSensorEntityDescription:
    """Describe a number of members."""
    return FleetSensorEntityDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=value_fn,
    )


def _energy(
    key: str,
    value_fn: Callable[[FleetData], float],
    *,
    has_fn: Callable[[FleetData], bool] = lambda _: True,
    category: EntityCategory | None = None,
) -> FleetSensorEntityDescription:
    """Describe an energy used for mining, in kWh; it is updated once a minute."""
    return FleetSensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=category,
        entity_registry_enabled_default=category is None,
        suggested_display_precision=2,
        has_fn=has_fn,
        value_fn=lambda data: rounded(value_fn(data), 3),
    )


def _rate(
    key: str, per: str, value_fn: Callable[[FleetData], float | None]
) -> FleetSensorEntityDescription:
    """Describe an amount of money per `per`, added once the earnings are known."""
    return FleetSensorEntityDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        interval=LONG_INTERVAL,
        occasion_fn=lambda data: (data.inputs.prices.importing, data.earnings),
        unit_fn=lambda entity: entity.price_unit(per),
        has_fn=lambda data: data.earnings is not None,
        value_fn=lambda data: rounded(value_fn(data), 4),
    )


DESCRIPTIONS = (
    FleetSensorEntityDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=list(Reason),
        value_fn=lambda data: data.plan.reason,
    ),
    _power("surplus", lambda data: data.plan.surplus),
    _power("budget", lambda data: data.plan.budget),
    _power("mining_power", lambda data: data.plan.draw),
    _energy("energy", lambda data: data.account.total),
    _energy("energy_solar", lambda data: data.account.energy.solar),
    _energy("energy_grid", lambda data: data.account.energy.grid),
    _energy(
        "energy_battery",
        lambda data: data.account.energy.battery,
        has_fn=lambda data: data.inputs.meters.has_battery,
    ),
    _energy(
        "energy_unknown",
        lambda data: data.account.energy.unknown,
        category=EntityCategory.DIAGNOSTIC,
    ),
    FleetSensorEntityDescription(
        key="solar_share",
        translation_key="solar_share",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data: rounded(data.account.today.solar_share),
    ),
    FleetSensorEntityDescription(
        key="cost",
        translation_key="cost",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        unit_fn=lambda entity: entity.coordinator.hass.config.currency,
        has_fn=lambda data: data.inputs.prices.importing is not None,
        value_fn=lambda data: (
            None
            if data.inputs.prices.importing is None
            else rounded(data.account.cost, 3)
        ),
    ),
    _rate("break_even_price", "kWh", lambda data: data.inputs.prices.break_even),
    _rate(
        "profit",
        "d",
        lambda data: data.work.profit(data.earnings, data.inputs.prices.importing),
    ),
    # In kH/s, like the earnings
    FleetSensorEntityDescription(
        key="hashrate",
        translation_key="hashrate",
        native_unit_of_measurement="kH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        interval=SHORT_INTERVAL,
        value_fn=lambda data: _in_khs(hashrate(data.figures)),
    ),
    FleetSensorEntityDescription(
        key="efficiency",
        translation_key="efficiency",
        native_unit_of_measurement=UNIT_EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        interval=SHORT_INTERVAL,
        value_fn=lambda data: rounded(efficiency(data.figures), 2),
    ),
    FleetSensorEntityDescription(
        key="hottest",
        translation_key="hottest",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=0,
        interval=SHORT_INTERVAL,
        has_fn=lambda data: hottest(data.figures) is not None,
        value_fn=lambda data: hottest(data.figures),
    ),
    _count("miners", lambda data: len(data.figures)),
    _count(
        "miners_online", lambda data: sum(bool(item.is_online) for item in data.figures)
    ),
    _count(
        "miners_mining",
        lambda data: sum(
            item.is_online and bool(item.threads) for item in data.members
        ),
    ),
    _count(
        "miners_in_trouble",
        lambda data: sum(item.is_in_trouble for item in data.figures),
    ),
)


SLEEP = SensorEntityDescription(
    key="sleep",
    translation_key="sleep",
    device_class=SensorDeviceClass.ENUM,
    options=list(SleepState),
)


def _in_khs(value: float | None) -> float | None:
    """Convert H/s to kH/s."""
    return None if value is None else significant(value / 1000)


def setup_sensors(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of the manager, each as soon as it has something to show."""
    runtime = entry.runtime_data
    registered = {
        item.unique_id
        for item in er.async_entries_for_config_entry(
            er.async_get(runtime.coordinator.hass), entry.entry_id
        )
    }
    waiting = list(DESCRIPTIONS)

    @callback
    def update() -> None:
        data = runtime.coordinator.data
        found = [
            description
            for description in waiting
            if description.has_fn(data)
            or f"{entry.entry_id}_{description.key}" in registered
        ]
        for description in found:
            waiting.remove(description)
        if found:
            async_add_entities(
                FleetSensor(runtime, description) for description in found
            )

    update()
    entry.async_on_unload(runtime.coordinator.async_add_listener(update))
    setup_sleep_entities(entry, async_add_entities, SleepSensor, SLEEP)


class FleetSensor(FleetEntity, SensorEntity):
    """A sensor of the manager."""

    entity_description: FleetSensorEntityDescription

    def __init__(
        self, runtime: FleetRuntimeData, description: FleetSensorEntityDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description)
        self._steady = SteadyReading(description.interval, least=description.least)
        self._attr_native_value = self._value

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit, which may contain the currency."""
        description = self.entity_description
        if description.unit_fn is None:
            return description.native_unit_of_measurement
        return description.unit_fn(self)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it changed: there may be a decision every second."""
        value = self._value
        if value != self._attr_native_value:
            self._attr_native_value = value
            self.async_write_ha_state()

    @property
    def _value(self) -> StateType:
        """Return the value to publish."""
        description, data = self.entity_description, self.coordinator.data
        value = description.value_fn(data)
        return self._steady.publish(
            value, time.monotonic(), description.occasion_fn(data)
        )
