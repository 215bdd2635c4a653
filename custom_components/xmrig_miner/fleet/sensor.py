"""Sensors of the manager."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..manager import Reason
from ..readings import rounded
from .coordinator import FleetData
from .entity import FleetEntity
from .runtime import FleetConfigEntry


@dataclass(frozen=True, kw_only=True)
class FleetSensorEntityDescription(SensorEntityDescription):
    """A value of the manager."""

    value_fn: Callable[[FleetData], StateType]


def _power(
    key: str, value_fn: Callable[[FleetData], float | None]
) -> FleetSensorEntityDescription:
    """Describe a power in whole W."""
    return FleetSensorEntityDescription(
        key=key,
        translation_key=key,
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
    _count("miners", lambda data: len(data.members)),
    _count("miners_online", lambda data: sum(item.is_online for item in data.members)),
    _count(
        "miners_mining",
        lambda data: sum(
            item.is_online and bool(item.threads) for item in data.members
        ),
    ),
)


def setup_sensors(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of the manager."""
    async_add_entities(
        FleetSensor(entry.runtime_data, description) for description in DESCRIPTIONS
    )


class FleetSensor(FleetEntity, SensorEntity):
    """A value of the manager."""

    entity_description: FleetSensorEntityDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value."""
        return self.entity_description.value_fn(self.coordinator.data)
