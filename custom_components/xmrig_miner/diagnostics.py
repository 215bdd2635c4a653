"""What a user may attach to a bug report."""

from typing import Any

from homeassistant.core import HomeAssistant

from .redaction import (
    Audience,
    shown_backends,
    shown_config,
    shown_entry,
    shown_summary,
)
from .runtime import XmrigConfigEntry


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> dict[str, Any]:
    """Return what the miner reported last, without what identifies the user."""
    diagnostics: dict[str, Any] = {"entry": shown_entry(entry.data)}
    if (runtime := getattr(entry, "runtime_data", None)) is None:
        return diagnostics
    coordinator = runtime.coordinator
    snapshot = coordinator.data
    backends, config = snapshot.backends, snapshot.config
    return diagnostics | {
        "last_update_success": coordinator.last_update_success,
        "status": snapshot.status,
        "restricted": snapshot.restricted,
        "summary_complete": snapshot.summary.complete,
        "summary": shown_summary(snapshot.summary.document, Audience.PUBLIC),
        "backends": shown_backends(backends.document, Audience.PUBLIC)
        if backends
        else None,
        "config": shown_config(config.document, Audience.PUBLIC) if config else None,
    }
