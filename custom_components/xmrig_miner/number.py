"""Numbers of a miner: CPU threads and the power limit."""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityCapabilityAttribute,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import XmrigEntity, async_remove_entities, async_setup_entities
from .fleet.number import check_number, setup_numbers
from .fleet.runtime import FLEET, async_change_member, member_settings
from .fleet.settings import MAX_PRIORITY
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .power.control import PowerControl
from .power.meter import PowerMeter
from .power.model import MAX_WATTS
from .readings import displayed_maximum

# A slider sends many values in a row. They are passed on in parallel, so that the miner
# can skip values that are outdated when it is their turn.
PARALLEL_UPDATES = 0

CPU_THREADS = NumberEntityDescription(
    key="cpu_threads",
    translation_key="cpu_threads",
    mode=NumberMode.SLIDER,
    native_min_value=1,
    native_step=1,
)


@dataclass(frozen=True, kw_only=True)
class XmrigPowerNumberEntityDescription(NumberEntityDescription):
    """Describes a number that limits the power."""

    base_fn: Callable[[PowerMeter], float | None]
    """Power of the computer in W that its 0 corresponds to."""


# Each accepts any value: more than the full load means no limit
POWER_LIMITS = (
    XmrigPowerNumberEntityDescription(
        key="power_limit",
        translation_key="power_limit",
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_min_value=0,
        native_max_value=MAX_WATTS,
        native_step=1,
        base_fn=lambda _: 0,
    ),
    # For optimisers that set 0 W to turn a load off. It has no device class, so that
    # forms that ask for a power limit do not offer it.
    XmrigPowerNumberEntityDescription(
        key="mining_power",
        translation_key="mining_power",
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_min_value=0,
        native_max_value=MAX_WATTS,
        native_step=1,
        base_fn=lambda meter: meter.model.watts(0),
    ),
)

PRIORITY = NumberEntityDescription(
    key="priority",
    translation_key="priority",
    entity_category=EntityCategory.CONFIG,
    native_min_value=-MAX_PRIORITY,
    native_max_value=MAX_PRIORITY,
    native_step=1,
    mode=NumberMode.BOX,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers of a config entry."""
    if entry_kind(entry) is EntryKind.MANAGER:
        setup_numbers(entry, async_add_entities)
        return
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigPriorityNumber,
        lambda _: [(PRIORITY, None)] if FLEET in hass.data else [],
        controls=True,
    )
    if entry.runtime_data.power.is_configured:
        async_setup_entities(
            entry,
            async_add_entities,
            XmrigPowerLimitNumber,
            lambda _: [(description, None) for description in POWER_LIMITS],
            controls=True,
        )
    else:
        async_remove_entities(entry.runtime_data.coordinator, POWER_LIMITS)
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigThreadsNumber,
        lambda _: [(CPU_THREADS, None)],
        controls=True,
    )


class XmrigNumber(XmrigEntity, NumberEntity):
    """A number of a miner."""

    def _check(self, value: float) -> None:
        """Raise ServiceValidationError for NaN."""
        check_number(value, self.coordinator.name)


class XmrigThreadsNumber(XmrigNumber):
    """The number of CPU threads that run while mining."""

    shows = ("available", "native_value", "native_max_value")

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the number is unknown."""
        return super().available and self.native_value is not None

    @property
    @override
    def native_max_value(self) -> float:
        """Return the number of threads that the user set up."""
        return self.snapshot.user_threads or 1

    @property
    @override
    def native_value(self) -> float | None:
        """Return the number of threads."""
        return self.snapshot.threads

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the number of threads; a paused miner stays paused.

        Raises ServiceValidationError for NaN.
        """
        self._check(value)
        await self.runtime.power.limit.async_set_threads(int(value))


class XmrigPowerLimitNumber(XmrigNumber):
    """The maximum power that a miner may draw."""

    entity_description: XmrigPowerNumberEntityDescription
    _maximum: float | None = None

    @property
    def _power(self) -> PowerControl:
        """Return the power control."""
        return self.runtime.power

    @property
    def _base(self) -> float | None:
        """Return the power of the computer in W at 0; None while unknown."""
        return self.entity_description.base_fn(self._power.meter)

    @property
    def _full(self) -> float | None:
        """Return the value that means no limit; None while unknown."""
        full_load, base = self._power.meter.full_load, self._base
        return None if full_load is None or base is None else max(0, full_load - base)

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the full load is unknown."""
        return super().available and self._full is not None

    @property
    @override
    def capability_attributes(self) -> dict[str, Any]:
        """Return the range of a slider, which ends where there is no limit."""
        maximum = self._convert_to_state_value(
            self._displayed_maximum, _rounded_up, self.device_class
        )
        return super().capability_attributes | {
            NumberEntityCapabilityAttribute.MAX: maximum
        }

    @property
    def _displayed_maximum(self) -> float:
        """Return the end of the slider."""
        if (full := self._full) is not None:
            self._maximum = displayed_maximum(full, self._maximum)
        return self._maximum or 0

    @property
    @override
    def native_value(self) -> float | None:
        """Return the limit; without one, the end of the slider."""
        limit, base = self._power.limit.set_watts, self._base
        if limit is None or base is None:
            return self._displayed_maximum
        return min(max(0, round(limit - base)), self._displayed_maximum)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the limit, which stays set if it could not be applied yet.

        Raises ServiceValidationError for NaN.
        """
        self._check(value)
        # Without any reading at rest, the idle power is assumed too high: 0 would still
        # leave threads, or be no limit at all
        watts = value + (self._base or 0) if value else 0
        try:
            await self._power.limit.async_set(watts)
        finally:
            self.async_write_ha_state()


def _rounded_up(value: float, precision: float = 0) -> float:
    """Return a value in the user's unit, rounded up to some decimals.

    Home Assistant's own function moved in 2026.11.
    """
    factor = 10**precision
    return math.ceil(value * factor) / factor


class XmrigPriorityNumber(XmrigNumber):
    """The order in which the manager serves miners: a higher number comes first.

    It is a setting of the manager, so it is available while the miner is offline.
    """

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a manager."""
        return self.native_value is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the priority."""
        settings = member_settings(self.hass, self.coordinator.config_entry.entry_id)
        return None if settings is None else settings.priority

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the priority.

        Raises ServiceValidationError for what is not a number.
        """
        self._check(value)
        entry_id = self.coordinator.config_entry.entry_id
        await async_change_member(self.hass, entry_id, priority=int(value))
        self.async_write_ha_state()
