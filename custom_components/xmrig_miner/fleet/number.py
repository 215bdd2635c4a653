"""Number entities of the manager."""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfRatio
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN
from ..manager import Settings
from .entity import FleetEntity
from .runtime import FleetConfigEntry
from .settings import MAX_EARNINGS, MAX_PRICE, MAX_RESERVE


@dataclass(frozen=True, kw_only=True)
class FleetNumberEntityDescription(NumberEntityDescription):
    """Describes a number; its key is the name of the setting."""

    value_fn: Callable[[Settings], float | None]
    per: str | None = None
    """The denominator of a price's unit; None if the number is not a price."""


def _charge(
    key: str, value_fn: Callable[[Settings], float]
) -> FleetNumberEntityDescription:
    """Describe a battery level threshold, in %."""
    return FleetNumberEntityDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
        value_fn=value_fn,
    )


DESCRIPTIONS = (
    FleetNumberEntityDescription(
        key="reserve",
        translation_key="reserve",
        entity_category=EntityCategory.CONFIG,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_min_value=-MAX_RESERVE,
        native_max_value=MAX_RESERVE,
        native_step=1,
        mode=NumberMode.BOX,
        value_fn=lambda settings: settings.reserve,
    ),
    FleetNumberEntityDescription(
        key="price_limit",
        translation_key="price_limit",
        entity_category=EntityCategory.CONFIG,
        native_min_value=-MAX_PRICE,
        native_max_value=MAX_PRICE,
        native_step=0.001,
        mode=NumberMode.BOX,
        per="kWh",
        value_fn=lambda settings: settings.price_limit,
    ),
    FleetNumberEntityDescription(
        key="earnings",
        translation_key="earnings",
        entity_category=EntityCategory.CONFIG,
        native_min_value=0,
        native_max_value=MAX_EARNINGS,
        native_step=0.000001,
        mode=NumberMode.BOX,
        per="kH/s/d",
        value_fn=lambda settings: settings.earnings,
    ),
    _charge("battery_priority", lambda settings: settings.battery_priority),
    _charge("battery_start", lambda settings: settings.battery_start),
)


def setup_numbers(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the number entities of the manager."""
    async_add_entities(
        FleetNumber(entry.runtime_data, description) for description in DESCRIPTIONS
    )


class FleetNumber(FleetEntity, NumberEntity):
    """A numeric setting of the manager."""

    entity_description: FleetNumberEntityDescription

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit, which contains the currency if the number is a price."""
        description = self.entity_description
        if description.per is None:
            return description.native_unit_of_measurement
        return self.price_unit(description.per)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the setting."""
        return self.entity_description.value_fn(self.settings)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change the setting.

        Raises ServiceValidationError for NaN, HomeAssistantError if it cannot be saved.
        """
        check_number(value, self.coordinator.name)
        await self.runtime.async_change(**{self.entity_description.key: value})


def check_number(value: float, name: str) -> None:
    """Raise ServiceValidationError for NaN; `name` is that of the miner or manager.

    Home Assistant accepts it: it is neither below the minimum nor above the maximum.
    """
    if math.isnan(value):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_a_number",
            translation_placeholders={"name": name},
        )
