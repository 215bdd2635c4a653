"""Diagnostics, which users attach to bug reports."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant

from .coordinator import XmrigCoordinator
from .fleet.diagnostics import manager_diagnostics
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .power.table import as_response
from .proxy.coordinator import ProxyCoordinator
from .proxy.runtime import ProxyConfigEntry
from .redaction import (
    Audience,
    shown_backends,
    shown_config,
    shown_entry,
    shown_summary,
)
from .runtime import XmrigConfigEntry


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AnyConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of a config entry.

    One that is not set up has no runtime data.
    """
    diagnostics = {"entry": shown_entry(entry.data)}
    if hasattr(entry, "runtime_data"):
        diagnostics |= _DIAGNOSTICS[entry_kind(entry)](entry)
    return diagnostics


def _miner_diagnostics(entry: XmrigConfigEntry) -> dict[str, Any]:
    """Return the last replies of the miner, without what identifies the user."""
    snapshot = entry.runtime_data.coordinator.data
    backends = snapshot.backends
    return {
        **_process_diagnostics(entry.runtime_data.coordinator),
        "summary_complete": snapshot.summary.complete,
        "backends": shown_backends(backends.document, Audience.PUBLIC)
        if backends
        else None,
        "calibration": as_response(entry.runtime_data.power.calibration.results),
    }


def _proxy_diagnostics(entry: ProxyConfigEntry) -> dict[str, Any]:
    """Return the last replies of the proxy; names of workers may be wallets."""
    coordinator = entry.runtime_data.coordinator
    workers = coordinator.data.workers
    return {
        **_process_diagnostics(coordinator),
        "chosen_workers": len(entry.subentries),
        "lost_workers": len(coordinator.lost_workers),
        "workers": {
            "mode": workers.mode,
            "known": len(workers.rows),
            "online": len(workers.online),
        }
        if workers
        else None,
    }


def _process_diagnostics(
    coordinator: XmrigCoordinator | ProxyCoordinator,
) -> dict[str, Any]:
    """Return what the diagnostics of a miner and of a proxy share."""
    snapshot = coordinator.data
    config = snapshot.config
    return {
        "last_update_success": coordinator.last_update_success,
        "status": snapshot.status,
        "restricted": snapshot.restricted,
        "summary": shown_summary(snapshot.summary.document, Audience.PUBLIC),
        "config": shown_config(config.document, Audience.PUBLIC) if config else None,
    }


_DIAGNOSTICS: dict[EntryKind, Callable[[AnyConfigEntry], dict[str, Any]]] = {
    EntryKind.MINER: _miner_diagnostics,
    EntryKind.MANAGER: manager_diagnostics,
    EntryKind.PROXY: _proxy_diagnostics,
}
