"""How issues are raised and deleted, without Home Assistant."""

from collections.abc import Iterator
from typing import Any, cast

from homeassistant.helpers.issue_registry import IssueSeverity
import pytest

from custom_components.xmrig_miner.issues import (
    REPAIRS_PAGE,
    async_delete_unless_ignored,
    async_raise_issue,
)

from .stand_ins import Entry, Hass, Issues

HASS = cast(Any, Hass())


@pytest.fixture
def issues() -> Iterator[Issues]:
    """Return the issues."""
    issues = Issues()
    with issues.in_use():
        yield issues


@pytest.mark.parametrize("is_about_entry", [True, False])
def test_an_issue(issues: Issues, *, is_about_entry: bool) -> None:
    """It is about a config entry, or about none."""
    entry = cast(Any, Entry("rig-1")) if is_about_entry else None
    async_raise_issue(HASS, "a_b", entry, {"name": "Rig"})
    assert issues == {
        "a_b_rig-1" if entry else "a_b": {
            "data": {"entry_id": "rig-1"} if entry else None,
            "is_fixable": True,
            "is_persistent": False,
            "learn_more_url": f"{REPAIRS_PAGE}#a-b",
            "severity": IssueSeverity.WARNING,
            "translation_key": "a_b",
            "translation_placeholders": {"name": "Rig"},
        }
    }


def test_another_kind_of_issue(issues: Issues) -> None:
    """It cannot be fixed, and outlasts a restart."""
    severity = IssueSeverity.ERROR
    async_raise_issue(
        HASS, "a", None, {}, is_fixable=False, is_persistent=True, severity=severity
    )
    details = issues["a"]
    assert (details["is_fixable"], details["is_persistent"]) == (False, True)
    assert details["severity"] is severity


def test_an_ignored_issue(issues: Issues) -> None:
    """It is only deleted if that is asked for."""
    for key in ("a", "b"):
        async_raise_issue(HASS, key, None, {})
    issues.ignored.add("b")
    for key in ("a", "b", "c"):
        async_delete_unless_ignored(HASS, key)
    assert issues.keys() == {"b"}
    async_delete_unless_ignored(HASS, "b", ignored=True)
    assert issues == {}
