"""Runtime data of the manager's config entry."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..manager import Settings
from ..storage import XmrigStore
from .coordinator import FleetCoordinator
from .learned import LearnedFile
from .settings import FleetSettings, MemberSettings

type FleetConfigEntry = ConfigEntry[FleetRuntimeData]

FLEET: HassKey[FleetRuntimeData] = HassKey(f"{DOMAIN}_fleet")
"""The runtime data of the manager, while it is loaded."""


@dataclass(frozen=True, kw_only=True)
class FleetRuntimeData:
    """What the platforms and actions of the manager use."""

    coordinator: FleetCoordinator
    store: XmrigStore
    learned: LearnedFile
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while settings change: each change starts from the one before it."""

    async def async_change(self, **changes: Any) -> None:
        """Save changed settings of the manager, then apply them.

        Raises HomeAssistantError if they cannot be saved, or if the manager was unloaded.
        """
        await self._async_set(
            lambda settings: replace(
                settings, settings=replace(settings.settings, **changes)
            )
        )

    async def async_change_member(self, entry_id: str, **changes: Any) -> None:
        """Save changed settings of a member, then apply them.

        Raises HomeAssistantError if they cannot be saved, or if the manager was unloaded.
        """

        def change(settings: FleetSettings) -> FleetSettings:
            member = replace(settings.member(entry_id), **changes)
            return settings.with_member(entry_id, member)

        await self._async_set(change)

    async def _async_set(
        self, change: Callable[[FleetSettings], FleetSettings]
    ) -> None:
        async with self._lock:
            self.coordinator.check_is_open()
            settings = change(self.coordinator.settings)
            await self.store.async_save(settings.as_json())
            self.coordinator.async_set_settings(settings)

    async def async_close(self) -> None:
        """Stop deciding, wait for running commands, and save what was learned.

        Settings that are being saved are waited for, too: written later, the file of a
        removed manager would stay on the disk.
        """
        async with self._lock:
            await self.coordinator.async_close()
        await self.learned.async_close()

    @property
    def settings(self) -> Settings:
        """Return the settings of the manager."""
        return self.coordinator.settings.settings


async def async_change_member(
    hass: HomeAssistant, entry_id: str, **changes: Any
) -> None:
    """Change the user's settings for a member; do nothing without a manager.

    Raises HomeAssistantError if they cannot be saved.
    """
    if runtime := hass.data.get(FLEET):
        await runtime.async_change_member(entry_id, **changes)


def member_settings(hass: HomeAssistant, entry_id: str) -> MemberSettings | None:
    """Return the user's settings for a member; None without a manager."""
    runtime = hass.data.get(FLEET)
    return runtime.coordinator.settings.member(entry_id) if runtime else None
