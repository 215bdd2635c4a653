"""Offer the manager to users who can benefit from it."""

from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import discovery_flow

from ..addresses import miner_entries
from ..const import CONF_READ_ONLY, DOMAIN
from ..kinds import MANAGER_ID
from ..power.options import PowerOptions
from .house import House


@callback
def async_discover_manager(hass: HomeAssistant, house: House) -> None:
    """Offer the manager if the house has a grid meter, and a miner power options.

    Read-only miners do not count: the manager could not control them.

    Do nothing if the manager exists, or if the user ignored the offer.
    """
    if hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, MANAGER_ID):
        return
    has_watts = any(
        PowerOptions.from_options(entry.options).is_complete
        and not entry.disabled_by
        and not entry.data.get(CONF_READ_ONLY)
        for entry in miner_entries(hass)
    )
    if has_watts and house.has_grid:
        discovery_flow.async_create_flow(
            hass, DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data={}
        )
