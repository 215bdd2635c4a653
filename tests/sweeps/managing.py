"""The manager, whose switch of a miner is a command too."""

from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.fleet.house import CONF_SOURCES
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from tests.common import Rig

from .trial import VirtualRig

MANAGED = "switch.managed"
MANAGER = "manager"


async def set_up_manager(rig: VirtualRig) -> None:
    """Add the manager, and let all miners rest, which needs no meter."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Manager",
        entry_id=MANAGER,
        unique_id=MANAGER_ID,
        data={CONF_KIND: EntryKind.MANAGER.value, CONF_SOURCES: {}},
    )
    entry.add_to_hass(rig.hass)
    await Rig(rig.hass, rig.simulator, entry, rig.freezer).set_up()
    await select_mode(STATE_OFF, rig)


async def select_mode(mode: str, rig: VirtualRig) -> None:
    """Select a mode of the manager, and wait until it has done what follows."""
    registry = er.async_get(rig.hass)
    entity_id = registry.async_get_entity_id("select", DOMAIN, f"{MANAGER}_mode")
    data = {ATTR_ENTITY_ID: entity_id, "option": mode}
    await rig.hass.services.async_call("select", "select_option", data, blocking=True)
    await rig.settled()


async def switch_managed(rig: VirtualRig, *, on: bool) -> None:
    """Turn the switch, and wait until the manager has done what follows."""
    await rig.turn(MANAGED, on=on)
    await rig.settled()
