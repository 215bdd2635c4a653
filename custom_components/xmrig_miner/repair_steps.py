"""Steps that repair flows have in common."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow

from .const import DOMAIN
from .runtime import XmrigConfigEntry


def active_entry(hass: HomeAssistant, entry_id: str) -> XmrigConfigEntry:
    """Return a config entry; raises AbortFlow if it was removed or disabled."""
    entry: XmrigConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.disabled_by:
        raise AbortFlow("entry_removed")
    return entry


async def async_reconfigure(flow: RepairsFlow, entry_id: str) -> RepairsFlowResult:
    """Continue in the form that changes a config entry."""
    entries = flow.hass.config_entries
    if entries.async_get_entry(entry_id) is None:
        return flow.async_abort(reason="entry_removed")
    form = await entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry_id}
    )
    return flow.async_abort(
        reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, form["flow_id"])
    )
