"""Move entities and a device to this integration, and back.

The registry entry of an entity is moved, so the entity keeps its entity ID, name, icon,
labels, options and recorded history. A device keeps its ID, name and area.
"""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from .mapping import key_for
from .record import Import, Phase, TakenEntity


def plan_import(hass: HomeAssistant, old: ConfigEntry[Any]) -> Import:
    """Return what an import will move from an entry of another integration."""
    rows = er.async_entries_for_config_entry(er.async_get(hass), old.entry_id)
    keys = {
        row.id: key
        for row in rows
        if (key := key_for(old.domain, row.domain, old.entry_id, row.unique_id))
    }
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), old.entry_id)
    used = {row.device_id for row in rows if row.id in keys}
    device = next(
        (device for device in devices if device.id in used), next(iter(devices), None)
    )
    return Import(
        old_entry_id=old.entry_id,
        domain=old.domain,
        was_enabled=old.disabled_by is None,
        phase=Phase.IMPORTING,
        entities=tuple(
            TakenEntity(registry_id=row.id, unique_id=row.unique_id, key=keys[row.id])
            for row in rows
            if row.id in keys
        ),
        left=tuple(
            row.id
            for row in rows
            if row.id not in keys and device and row.device_id == device.id
        ),
        device_id=device.id if device else None,
        identifiers=tuple(device.identifiers) if device else (),
    )


@callback
def async_take(hass: HomeAssistant, plan: Import, entry: ConfigEntry[Any]) -> None:
    """Move entities and device to the miner; has no effect if that is already done.

    Raises ValueError if an entity is still loaded.
    """
    entities, devices = er.async_get(hass), dr.async_get(hass)
    for taken in plan.entities:
        row = entities.async_get(taken.registry_id)
        if row and row.platform == plan.domain:
            _async_move_entity(entities, row, DOMAIN, _own_id(entry, taken), entry)
    device = devices.async_get(plan.device_id) if plan.device_id else None
    if device is None or device.config_entry_id != plan.old_entry_id:
        return
    for row in er.async_entries_for_config_entry(entities, plan.old_entry_id):
        if row.device_id == device.id:
            # Moving the device would remove the entity
            entities.async_update_entity(row.entity_id, device_id=None)
    devices.async_update_device(
        device.id,
        new_config_entry_id=entry.entry_id,
        new_identifiers={(DOMAIN, entry.entry_id)},
    )


@callback
def async_give_back(
    hass: HomeAssistant, plan: Import, entry: ConfigEntry[Any], old: ConfigEntry[Any]
) -> None:
    """Move entities and device back to the old entry; has no effect if already done.

    Raises ValueError if an entity is still loaded.
    """
    entities, devices = er.async_get(hass), dr.async_get(hass)
    for taken in plan.entities:
        row = _taken_row(entities, taken, old)
        if row and row.platform == DOMAIN:
            _async_move_entity(entities, row, plan.domain, taken.unique_id, old)
    device = devices.async_get(plan.device_id) if plan.device_id else None
    if device is None:
        return
    left = [row for item in plan.left if (row := entities.async_get(item))]
    if device.config_entry_id == entry.entry_id:
        _async_remove_remade(hass, plan, left)
        devices.async_update_device(
            device.id,
            new_config_entry_id=old.entry_id,
            new_identifiers=set(plan.identifiers),
        )
    for row in left:
        entities.async_update_entity(row.entity_id, device_id=device.id)


def _taken_row(
    registry: er.EntityRegistry, taken: TakenEntity, old: ConfigEntry[Any]
) -> er.RegistryEntry | None:
    """Return the registry entry of an entity, restoring it if it was removed.

    This integration removes controls while the API of a miner is read-only.
    """
    for gone in registry.deleted_entities.values():
        if gone.id == taken.registry_id and gone.platform == DOMAIN:
            return registry.async_get_or_create(
                gone.domain, DOMAIN, gone.unique_id, config_entry=old
            )
    return registry.async_get(taken.registry_id)


@callback
def _async_remove_remade(
    hass: HomeAssistant, plan: Import, left: list[er.RegistryEntry]
) -> None:
    """Remove the device that the old entry created if the user has enabled it since."""
    entities, devices = er.async_get(hass), dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, plan.old_entry_id):
        if device.identifiers & set(plan.identifiers):
            for row in left:
                # Removing the device would remove the entity
                entities.async_update_entity(row.entity_id, device_id=None)
            devices.async_remove_device(device.id)


@callback
def _async_move_entity(
    registry: er.EntityRegistry,
    row: er.RegistryEntry,
    domain: str,
    unique_id: str,
    entry: ConfigEntry[Any],
) -> None:
    """Move a registry entry to another integration.

    An entity that was created there in the meantime is removed. The registry disables
    the moved entity if the new entry is disabled, and otherwise enables it again unless
    the user disabled it. Raises ValueError if it is loaded.
    """
    if remade := registry.async_get_entity_id(row.domain, domain, unique_id):
        registry.async_remove(remade)
    registry.async_update_entity_platform(
        row.entity_id,
        domain,
        new_config_entry_id=entry.entry_id,
        new_unique_id=unique_id,
    )


def _own_id(entry: ConfigEntry[Any], taken: TakenEntity) -> str:
    """Return the unique ID of an imported entity; see `entity_unique_id`."""
    return f"{entry.entry_id}_{taken.key}"
