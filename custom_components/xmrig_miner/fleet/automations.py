"""Automations that use surplus power for a miner, as created from the blueprints."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from homeassistant.components.automation import (
    DATA_COMPONENT,
    DOMAIN as AUTOMATION_DOMAIN,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_VARIABLES,
    SERVICE_TURN_OFF,
    STATE_ON,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import ConfigType

from ..addresses import miner_entries
from ..const import DOMAIN, LOGGER
from ..manager import Mode
from ..power.model import MAX_WATTS
from ..runtime import XmrigRuntimeData
from .runtime import FLEET, FleetRuntimeData

POWER_LIMIT = "power_limit"
MINING = "mining"
METERS = ("grid_power", "grid_export")
"""Inputs of the blueprints, available as automation variables of the same name."""


@dataclass(frozen=True, kw_only=True)
class SurplusAutomation:
    """An automation that uses the surplus seen by a meter for a miner."""

    entity_id: str
    name: str
    miner: str
    """The ID of the miner's config entry."""
    meters: frozenset[str]
    """Entity IDs of the sensors that it reads."""
    sets_limit: bool
    """Whether it sets the power limit instead of turning the miner on and off."""
    is_on: bool


@callback
def async_surplus_automations(hass: HomeAssistant) -> list[SurplusAutomation]:
    """Return the automations that use surplus for a miner, sorted by entity ID.

    They are recognized by their variables, so the name of the blueprint's file does not
    matter, and automations that the user has taken control of are found too.
    """
    if DATA_COMPONENT not in hass.data:
        return []
    found = (
        _surplus_automation(hass, automation.entity_id, automation.raw_config or {})
        for automation in hass.data[DATA_COMPONENT].entities
    )
    return sorted(filter(None, found), key=lambda automation: automation.entity_id)


def _surplus_automation(
    hass: HomeAssistant, entity_id: str, config: ConfigType
) -> SurplusAutomation | None:
    """Return the automation; None if it does not use surplus for an enabled miner."""
    variables = config.get(CONF_VARIABLES)
    if not isinstance(variables, dict):
        return None
    meters = frozenset(_entities(variables, METERS))
    control = next(_entities(variables, (POWER_LIMIT, MINING)), None)
    entity = er.async_get(hass).async_get(control) if control else None
    if not meters or entity is None or entity.platform != DOMAIN:
        return None
    miner = hass.config_entries.async_get_entry(entity.config_entry_id or "")
    if miner is None or miner.disabled_by:
        return None
    state = hass.states.get(entity_id)
    return SurplusAutomation(
        entity_id=entity_id,
        name=state.name if state else entity_id,
        miner=miner.entry_id,
        meters=meters,
        sets_limit=POWER_LIMIT in variables,
        is_on=state is not None and state.state == STATE_ON,
    )


def competing(
    automations: Collection[SurplusAutomation], managed: Collection[str]
) -> tuple[SurplusAutomation, ...]:
    """Return the automations that compete with each other or with the manager.

    Two automations compete if they are on and read the same meter. One that is on also
    competes with the manager if its miner is in `managed`, the config entry IDs of the
    miners that the manager controls.
    """
    running = [automation for automation in automations if automation.is_on]
    return tuple(
        automation
        for automation in running
        if automation.miner in managed
        or any(
            automation.meters & other.meters
            for other in running
            if other is not automation
        )
    )


@callback
def async_managed_miners(hass: HomeAssistant) -> frozenset[str]:
    """Return the config entry IDs of the miners that the manager controls."""
    runtime = async_active_manager(hass)
    if runtime is None:
        return frozenset()
    members = runtime.coordinator.settings
    return frozenset(
        entry.entry_id
        for entry in miner_entries(hass)
        if members.member(entry.entry_id).is_managed
    )


@callback
def async_active_manager(hass: HomeAssistant) -> FleetRuntimeData | None:
    """Return the manager; None if there is none, or if its mode is manual."""
    runtime = hass.data.get(FLEET)
    is_active = runtime is not None and runtime.settings.mode is not Mode.MANUAL
    return runtime if is_active else None


async def async_hand_over(
    hass: HomeAssistant,
    runtime: FleetRuntimeData,
    automations: Iterable[SurplusAutomation],
) -> None:
    """Let the manager control the miners of automations, and turn these off.

    Raises HomeAssistantError if the settings of the manager cannot be saved.
    """
    for automation in automations:
        # First, as this may fail: nothing would control the miner
        if not runtime.coordinator.settings.member(automation.miner).is_managed:
            await runtime.async_change_member(automation.miner, is_managed=True)
        await hass.services.async_call(
            AUTOMATION_DOMAIN,
            SERVICE_TURN_OFF,
            {ATTR_ENTITY_ID: automation.entity_id},
            blocking=True,
        )
        try:
            await _async_release(hass, automation)
        except HomeAssistantError as error:
            # The manager already paused it, or it is offline
            LOGGER.debug("%s left its miner as it is: %s", automation.name, error)


async def _async_release(hass: HomeAssistant, automation: SurplusAutomation) -> None:
    """Undo the last action of an automation.

    The manager would otherwise treat it as set by the user. Raises HomeAssistantError
    if the command fails.
    """
    entry = hass.config_entries.async_get_known_entry(automation.miner)
    if entry.state is not ConfigEntryState.LOADED:
        return
    runtime: XmrigRuntimeData = entry.runtime_data
    if automation.sets_limit:
        await runtime.power.limit.async_set(MAX_WATTS)
        return
    async with runtime.commands.run() as miner:
        await miner.start()


def _entities(variables: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Yield the entity IDs in the named variables; an unused input is an empty list."""
    for name in names:
        if isinstance(value := variables.get(name), str):
            yield value
