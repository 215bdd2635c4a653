"""Sensors for what limits a miner."""

from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory

from .api.pause_reason import PauseReason, pause_reason
from .entity import XmrigEntity

PAUSE_REASON = SensorEntityDescription(
    key="pause_reason",
    translation_key="pause_reason",
    device_class=SensorDeviceClass.ENUM,
    entity_category=EntityCategory.DIAGNOSTIC,
    options=list(PauseReason),
)

MAX_THREADS = SensorEntityDescription(
    key="max_threads",
    translation_key="max_threads",
    entity_category=EntityCategory.DIAGNOSTIC,
)


class XmrigPauseReasonSensor(XmrigEntity, SensorEntity):
    """Why a miner does not mine."""

    shows = ("available", "state")

    @property
    @override
    def native_value(self) -> PauseReason | None:
        """Return the reason."""
        is_managed = self.runtime.power.limit.is_rest_managed
        return pause_reason(self.snapshot, is_managed=is_managed)


class XmrigMaxThreadsSensor(XmrigEntity, SensorEntity):
    """The user's maximum number of CPU threads; a limit may leave fewer."""

    @property
    @override
    def native_value(self) -> int | None:
        """Return the number of threads; unknown without a config."""
        return self.runtime.max_threads
