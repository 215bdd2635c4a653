"""Sensors that count across restarts of the miner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity

from .api.restart import LifetimeCounter
from .api.snapshot import Snapshot
from .entity import XmrigEntity
from .runtime import XmrigRuntimeData


@dataclass(frozen=True, kw_only=True)
class XmrigLifetimeSensorEntityDescription(SensorEntityDescription):
    """Describes a count that continues across restarts."""

    count_fn: Callable[[Snapshot], int | None]
    max_step: int
    """The largest plausible increase between two polls."""


LIFETIME_DESCRIPTIONS = (
    XmrigLifetimeSensorEntityDescription(
        key="shares_accepted_total",
        translation_key="shares_accepted_total",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        count_fn=lambda snapshot: snapshot.summary.results.shares_good,
        max_step=100_000,
    ),
    XmrigLifetimeSensorEntityDescription(
        key="hashes_total",
        translation_key="hashes_total",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        count_fn=lambda snapshot: snapshot.summary.results.hashes_total,
        # The hashes of a 10 MH/s rig in a day
        max_step=10**12,
    ),
)


class XmrigLifetimeSensor(XmrigEntity, SensorEntity, RestoreEntity):
    """A count that continues across restarts."""

    entity_description: XmrigLifetimeSensorEntityDescription

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: XmrigLifetimeSensorEntityDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description)
        self._counter = LifetimeCounter()

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the count."""
        await super().async_added_to_hass()
        if (restored := await self.async_get_last_extra_data()) is not None:
            self._counter = LifetimeCounter.from_json(restored.as_dict())
        self._handle_coordinator_update()

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Return the data to continue the count."""
        return RestoredExtraData(self._counter.as_json())

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Add the increase since the last poll."""
        if self.coordinator.last_update_success:
            self._counter.update(
                self.entity_description.count_fn(self.snapshot),
                restarted=self.coordinator.restarted,
                max_step=self.entity_description.max_step,
            )
        super()._handle_coordinator_update()

    @property
    @override
    def native_value(self) -> int | None:
        """Return the count."""
        return None if self._counter.last is None else self._counter.total
