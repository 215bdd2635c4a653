"""Actions of the integration."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

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

from .api.document import Change, Path
from .api.limits import MAX_DEPTH, JsonError
from .api.models import Config
from .api.privacy import redacted_path
from .config_patch import RedactedValueError, parsed, patched, replaced
from .const import DOMAIN
from .group_actions import async_setup_group_actions
from .kinds import AnyConfigEntry, EntryKind, entry_kind, is_miner
from .power.control import PowerControl
from .power.table import as_response
from .proxy.coordinator import ProxyCoordinator
from .proxy.workers import workers_response
from .redaction import (
    Audience,
    shown_backends,
    shown_change,
    shown_config,
    shown_summary,
)
from .runtime import XmrigRuntimeData

ATTR_CONFIG = "config"
ATTR_DRY_RUN = "dry_run"
ATTR_ONLY_ONLINE = "only_online"
ATTR_REPLACE = "replace"

ENTRY_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})

WORKERS_SCHEMA = ENTRY_SCHEMA.extend(
    {vol.Optional(ATTR_ONLY_ONLINE, default=False): cv.boolean}
)

SET_CONFIG_SCHEMA = ENTRY_SCHEMA.extend(
    {
        # Checked by `parsed`, whose errors are translated.
        vol.Required(ATTR_CONFIG): object,
        vol.Optional(ATTR_REPLACE, default=False): cv.boolean,
        vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions.

    The actions for one miner require an administrator if a user calls them: they show
    or change the whole config, or take over the miner for minutes. Automations have no
    user.
    """
    only, optional = SupportsResponse.ONLY, SupportsResponse.OPTIONAL
    async_setup_group_actions(hass)
    for name, action, schema, supports_response in (
        ("get_data", _async_get_data, ENTRY_SCHEMA, only),
        ("get_workers", _async_get_workers, WORKERS_SCHEMA, only),
        ("set_config", _async_set_config, SET_CONFIG_SCHEMA, optional),
        ("restore_config", _async_restore_config, ENTRY_SCHEMA, optional),
        ("calibrate", _async_calibrate, ENTRY_SCHEMA, optional),
        (
            "cancel_calibration",
            _async_cancel_calibration,
            ENTRY_SCHEMA,
            SupportsResponse.NONE,
        ),
    ):
        async_register_admin_service(
            hass, DOMAIN, name, action, schema, supports_response
        )


async def _async_get_data(call: ServiceCall) -> ServiceResponse:
    """Return the current replies of a miner or proxy, without secrets."""
    entry = _entry(call)
    coordinator = entry.runtime_data.coordinator
    # Shared and shielded: cancelled, it would leave the entities unavailable
    await coordinator.async_refresh_once()
    if not coordinator.last_update_success and coordinator.last_exception:
        raise coordinator.last_exception
    snapshot = coordinator.data
    config = snapshot.config
    data: dict[str, Any] = {
        "summary": shown_summary(snapshot.summary.document, Audience.USER)
    }
    if is_miner(entry):
        backends = snapshot.backends
        data["backends"] = (
            shown_backends(backends.document, Audience.USER) if backends else None
        )
    return data | {
        "config": shown_config(config.document, Audience.USER) if config else None
    }


async def _async_get_workers(call: ServiceCall) -> ServiceResponse:
    """Return the current workers of a proxy."""
    entry = _entry(call)
    if entry_kind(entry) is not EntryKind.PROXY:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_a_proxy",
            translation_placeholders={"name": entry.title},
        )
    coordinator: ProxyCoordinator = entry.runtime_data.coordinator
    snapshot = await coordinator.async_read_workers()
    return await call.hass.async_add_executor_job(
        partial(workers_response, snapshot, only_online=call.data[ATTR_ONLY_ONLINE])
    )


async def _async_set_config(call: ServiceCall) -> ServiceResponse:
    """Merge a patch into the config, or replace it, and return the changes."""
    runtime = _entry(call, controls=True).runtime_data
    document = _document(call.data[ATTR_CONFIG])
    apply = replaced if call.data[ATTR_REPLACE] else patched

    def change(config: Config) -> Config:
        return apply(config, document)

    try:
        async with runtime.commands.run() as process:
            if call.data[ATTR_DRY_RUN]:
                changes = await process.preview(change)
            else:
                changes = await process.edit(change)
    except RedactedValueError as error:
        raise _invalid("redacted_value", path=error.path) from error
    return _response(changes)


async def _async_restore_config(call: ServiceCall) -> ServiceResponse:
    """Revert all config changes made from here, and return the changes.

    This also removes the power limit.
    """
    entry = _entry(call, controls=True)
    if is_miner(entry):
        return _response(await entry.runtime_data.power.limit.async_restore_config())
    async with entry.runtime_data.commands.run() as proxy:
        changes = await proxy.restore()
    return _response(changes)


async def _async_calibrate(call: ServiceCall) -> ServiceResponse:
    """Measure several numbers of threads, and return their power and hashrate."""
    return as_response(await _power(call).async_calibrate())


async def _async_cancel_calibration(call: ServiceCall) -> None:
    """Cancel a calibration; it returns what was measured so far."""
    _power(call).calibration.cancel()


def _power(call: ServiceCall) -> PowerControl:
    """Return the power control of an action's miner."""
    entry = _entry(call, controls=True)
    if not is_miner(entry):
        raise _not_a_miner(entry)
    runtime: XmrigRuntimeData = entry.runtime_data
    if not runtime.power.is_configured:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_power_sensor",
            translation_placeholders={"name": runtime.coordinator.name},
        )
    return runtime.power


def _entry(call: ServiceCall, *, controls: bool = False) -> AnyConfigEntry:
    """Return the config entry of an action's miner or proxy."""
    entry: AnyConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    if entry_kind(entry) is EntryKind.MANAGER:
        raise _not_a_miner(entry)
    if controls and entry.runtime_data.coordinator.data.restricted:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="read_only",
            translation_placeholders={"name": entry.title},
        )
    return entry


def _not_a_miner(entry: AnyConfigEntry) -> ServiceValidationError:
    """Return the error for an action that a config entry cannot perform."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_miner",
        translation_placeholders={"name": entry.title},
    )


def _document(given: Any) -> dict[str, Any]:
    """Return a config or a patch as plain JSON, or raise an error for invalid input."""
    if not isinstance(given, Mapping):
        raise _invalid("config_not_object")
    try:
        return parsed(given)
    except JsonError as error:
        raise _invalid(
            "config_not_json", path=error.path, max_depth=str(MAX_DEPTH)
        ) from error


def _invalid(
    key: str, *, path: Path | None = None, **placeholders: str
) -> ServiceValidationError:
    """Return the error for a config or a patch that cannot be used."""
    if path is not None:
        # The patch itself has no path.
        placeholders["path"] = redacted_path(path) or ATTR_CONFIG
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _response(changes: Iterable[Change]) -> ServiceResponse:
    """Return changes as the user may see them."""
    return {"changes": [shown_change(change) for change in changes]}
