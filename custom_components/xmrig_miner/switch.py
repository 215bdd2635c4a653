"""Switches of a miner: mining, backends, and pause rules."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.miner import Miner
from .api.models import BackendType, PauseRule
from .api.snapshot import Snapshot
from .entity import XmrigEntity, async_setup_entities
from .fleet.runtime import FLEET, async_change_member, member_settings
from .fleet.switch import setup_switches
from .kinds import AnyConfigEntry, EntryKind, entry_kind

# The miner queues commands: if it becomes unreachable, all waiting ones fail together
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class XmrigSwitchEntityDescription(SwitchEntityDescription):
    """Describes a switch. Unavailable while the state is unknown."""

    has_fn: Callable[[Snapshot], bool] = lambda _: True
    """Whether the miner supports it, which may become known later."""
    is_on_fn: Callable[[Snapshot], bool | None]
    set_fn: Callable[[Miner, bool], Awaitable[Any]]


def _backend(backend: BackendType) -> XmrigSwitchEntityDescription:
    """Describe the switch of a backend."""
    return XmrigSwitchEntityDescription(
        key=f"{backend}_backend",
        translation_key=f"{backend}_backend",
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda snapshot: snapshot.has_hardware(backend),
        is_on_fn=lambda snapshot: snapshot.is_enabled(backend),
        set_fn=lambda miner, is_on: miner.set_backend(backend, enabled=is_on),
    )


def _pause_rule(key: str, rule: PauseRule) -> XmrigSwitchEntityDescription:
    """Describe the switch of a rule by which the miner pauses itself."""
    return XmrigSwitchEntityDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        is_on_fn=lambda snapshot: (
            rule in snapshot.pause_rules if snapshot.config else None
        ),
        set_fn=lambda miner, is_on: miner.set_pause_rule(rule, enabled=is_on),
    )


DESCRIPTIONS = (
    XmrigSwitchEntityDescription(
        key="mining",
        translation_key="mining",
        # Blueprints distinguish it from the other switches by this
        device_class=SwitchDeviceClass.SWITCH,
        is_on_fn=lambda snapshot: snapshot.is_mining,
        set_fn=lambda miner, is_on: miner.start() if is_on else miner.pause(),
    ),
    *map(_backend, BackendType),
    _pause_rule("pause_on_battery", PauseRule.BATTERY),
    _pause_rule("pause_on_activity", PauseRule.ACTIVITY),
)


MANAGED = SwitchEntityDescription(
    key="managed", translation_key="managed", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a config entry."""
    if entry_kind(entry) is EntryKind.MANAGER:
        setup_switches(entry, async_add_entities)
        return
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigManagedSwitch,
        lambda _: [(MANAGED, None)] if FLEET in hass.data else [],
        controls=True,
    )
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigSwitch,
        lambda _: [(description, None) for description in DESCRIPTIONS],
        controls=True,
        has_value=lambda snapshot, description, _: description.has_fn(snapshot),
    )


class XmrigSwitch(XmrigEntity, SwitchEntity):
    """A switch of a miner."""

    entity_description: XmrigSwitchEntityDescription
    shows = ("available", "is_on")

    @property
    @override
    def available(self) -> bool:
        """Return whether the state is known."""
        return super().available and self.is_on is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.entity_description.is_on_fn(self.snapshot)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        async with self.runtime.commands.run() as miner:
            await self.entity_description.set_fn(miner, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        async with self.runtime.commands.run() as miner:
            await self.entity_description.set_fn(miner, False)


class XmrigManagedSwitch(XmrigEntity, SwitchEntity):
    """Whether the manager decides when a miner mines, and with how many threads.

    It is a setting of the manager, so it is available while the miner is offline.
    """

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a manager."""
        return self.is_on is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        settings = member_settings(self.hass, self.coordinator.config_entry.entry_id)
        return None if settings is None else settings.is_managed

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self._async_set(is_on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off: the miner gets all of its threads back."""
        await self._async_set(is_on=False)

    async def _async_set(self, *, is_on: bool) -> None:
        """Turn it on or off."""
        entry_id = self.coordinator.config_entry.entry_id
        await async_change_member(self.hass, entry_id, is_managed=is_on)
        self.async_write_ha_state()
