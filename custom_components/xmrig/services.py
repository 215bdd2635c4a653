"""Actions for what no entity is made for."""

from collections.abc import Iterable

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_register_admin_service,
)
import voluptuous as vol

from .api.document import MISSING, Change, merged
from .api.models import Config
from .const import DOMAIN
from .coordinator import XmrigConfigEntry, XmrigCoordinator
from .diagnostics import without_secrets
from .power_control import PowerControl

ATTR_CONFIG = "config"
ATTR_DRY_RUN = "dry_run"

ENTRY_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})

SET_CONFIG_SCHEMA = ENTRY_SCHEMA.extend(
    {
        vol.Required(ATTR_CONFIG): dict,
        vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        "get_data",
        _async_get_data,
        schema=ENTRY_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        "set_config",
        _async_set_config,
        schema=SET_CONFIG_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        "restore_config",
        _async_restore_config,
        schema=ENTRY_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )

    hass.services.async_register(
        DOMAIN,
        "calibrate",
        _async_calibrate,
        schema=ENTRY_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(
        DOMAIN,
        "cancel_calibration",
        _async_cancel_calibration,
        schema=ENTRY_SCHEMA,
    )


async def _async_get_data(call: ServiceCall) -> ServiceResponse:
    """Return all that the miner says, as it says it, without the secrets."""
    coordinator = _coordinator(call)
    await coordinator.async_refresh()
    if not coordinator.last_update_success and coordinator.last_exception:
        raise coordinator.last_exception
    snapshot = coordinator.data
    config = snapshot.config
    return {
        "summary": dict(snapshot.summary.document),
        "backends": list(snapshot.backends.document) if snapshot.backends else None,
        "config": without_secrets(config.document) if config else None,
    }


async def _async_set_config(call: ServiceCall) -> ServiceResponse:
    """Merge a patch into the config, and return what that changes."""
    coordinator = _coordinator(call, controls=True)

    def change(config: Config) -> Config:
        return Config(merged(config.document, call.data[ATTR_CONFIG]))

    async with coordinator.command() as miner:
        if call.data[ATTR_DRY_RUN]:
            made = await miner.preview(change)
        else:
            made = await miner.edit(change)
    return _response(made)


async def _async_restore_config(call: ServiceCall) -> ServiceResponse:
    """Undo what was changed in the config from here, and return what that changes."""
    async with _coordinator(call, controls=True).command() as miner:
        return _response(await miner.restore())


async def _async_calibrate(call: ServiceCall) -> ServiceResponse:
    """Measure each number of threads, and return what it draws and hashes."""
    rows = await _power(call).async_calibrate()
    known = [row for row in rows if row.efficiency]
    best = max(known, key=lambda row: row.efficiency or 0, default=None)
    return {
        "table": [
            {
                "threads": row.threads,
                "hashrate": row.hashrate,
                "power": round(row.power, 1),
                "efficiency": row.efficiency and round(row.efficiency, 3),
            }
            for row in rows
        ],
        "most_efficient": best.threads if best else None,
    }


async def _async_cancel_calibration(call: ServiceCall) -> None:
    """End a calibration; what was measured by then is its result."""
    _power(call).calibration.cancel()


def _power(call: ServiceCall) -> PowerControl:
    """Return the power control of the miner that an action is for."""
    coordinator = _coordinator(call, controls=True)
    if coordinator.power is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_power_sensor",
            translation_placeholders={"name": coordinator.name},
        )
    return coordinator.power


def _coordinator(call: ServiceCall, *, controls: bool = False) -> XmrigCoordinator:
    """Return the coordinator of the miner that an action is for."""
    entry: XmrigConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    if controls and entry.runtime_data.data.restricted:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="read_only",
            translation_placeholders={"name": entry.title},
        )
    return entry.runtime_data


def _response(made: Iterable[Change]) -> ServiceResponse:
    """Return changes without the secrets; what is not there has no value."""
    return {
        "changes": [
            {"path": ".".join(change.path)}
            | {
                key: without_secrets({change.path[-1]: value})[change.path[-1]]
                for key, value in (("old", change.old), ("new", change.new))
                if value is not MISSING
            }
            for change in made
        ]
    }
