"""The manager, whose switch of a miner is a command too."""

from homeassistant.const import STATE_OFF
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.fleet.house import CONF_SOURCES
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from tests.common import Rig

from .trial import VirtualRig

MANAGED = "switch.managed"
MODE = "select.mode"


async def set_up_manager(rig: VirtualRig) -> None:
    """Add the manager, and let all miners rest, which needs no meter."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Manager",
        entry_id="manager",
        unique_id=MANAGER_ID,
        data={CONF_KIND: EntryKind.MANAGER.value, CONF_SOURCES: {}},
    )
    entry.add_to_hass(rig.hass)
    manager = Rig(rig.hass, rig.simulator, entry, rig.freezer)
    await manager.set_up()
    await manager.call("select", "select_option", MODE, option=STATE_OFF)
    await rig.settled()


async def switch_managed(rig: VirtualRig, *, on: bool) -> None:
    """Turn the switch, and wait until the manager has done what follows."""
    await rig.turn(MANAGED, on=on)
    await rig.settled()
