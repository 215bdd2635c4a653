"""Raises and deletes repair issues."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

REPAIRS_PAGE = "https://github.com/ha-xmrig/ha-xmrig/blob/main/docs/repairs.md"
"""The page that explains each repair, in a section named after its key."""


def issue_id(key: str, entry_id: str | None) -> str:
    """Return the ID of an issue; `entry_id` is None if it is about no entry."""
    return f"{key}_{entry_id}" if entry_id else key


def learn_more_url(key: str) -> str:
    """Return the URL of the section that explains an issue."""
    return f"{REPAIRS_PAGE}#{key.replace('_', '-')}"


@callback
def async_raise_issue(
    hass: HomeAssistant,
    key: str,
    entry: ConfigEntry[Any] | None,
    placeholders: Mapping[str, str],
    *,
    is_fixable: bool = True,
    is_persistent: bool = False,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
) -> None:
    """Raise an issue about a config entry, or about none, or update the one there is."""
    entry_id = entry.entry_id if entry else None
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(key, entry_id),
        data={"entry_id": entry_id} if entry_id else None,
        is_fixable=is_fixable,
        is_persistent=is_persistent,
        learn_more_url=learn_more_url(key),
        severity=severity,
        translation_key=key,
        translation_placeholders=dict(placeholders),
    )


@callback
def async_delete_unless_ignored(
    hass: HomeAssistant, issue_id: str, *, ignored: bool = False
) -> None:
    """Delete an issue unless the user ignored it; with `ignored`, delete it anyway."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue and (ignored or issue.dismissed_version is None):
        ir.async_delete_issue(hass, DOMAIN, issue_id)
