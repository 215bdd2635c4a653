"""Redacts what diagnostics and actions show, according to the allow-list."""

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any

from .allow_list import BACKENDS, CONFIG, ENTRY, SUMMARY
from .allow_list_rules import Members, Own, Rule
from .api.document import MISSING, Change, Path
from .api.privacy import REDACTED, may_show_key, redacted_path


class Audience(Enum):
    """Who the values are shown to."""

    USER = auto()
    """An administrator: names and pools are shown, but no wallet, password or token."""
    PUBLIC = auto()
    """Everyone: diagnostics are attached to bug reports. Also hides what identifies a
    person or a network, such as entity IDs, which are made of names."""


def shown_entry(data: Mapping[str, Any]) -> Any:
    """Return a config entry's data as diagnostics show it."""
    return _shown(dict(data), ENTRY, ("entry",), Audience.PUBLIC)


def shown_summary(document: Mapping[str, Any], audience: Audience) -> Any:
    """Return a summary as an audience may see it."""
    return _shown(dict(document), SUMMARY, ("summary",), audience)


def shown_backends(document: Iterable[Any], audience: Audience) -> Any:
    """Return the backends as an audience may see them."""
    return _shown(list(document), BACKENDS, ("backends",), audience)


def shown_config(document: dict[str, Any], audience: Audience) -> Any:
    """Return a config as an audience may see it."""
    return _shown(document, CONFIG, (), audience)


def shown_change(change: Change) -> dict[str, Any]:
    """Return a change of the config as an administrator may see it.

    `path` is the changed key, with dots as separators; `old` is omitted if the key is
    new, `new` if it was removed.
    """
    rule: Rule | None = CONFIG
    for key in change.path:
        rule = rule.rule(key) if isinstance(rule, Members) else None
    return {"path": redacted_path(change.path)} | {
        key: _shown(value, rule, change.path, Audience.USER)
        for key, value in (("old", change.old), ("new", change.new))
        if value is not MISSING
    }


def _shown(value: Any, rule: Rule | None, parents: Path, audience: Audience) -> Any:
    """Return a value as an audience may see it; null is shown as it is."""
    if value is None or value == "":
        return value
    if isinstance(rule, Members):
        if isinstance(value, list):
            return [_shown_item(item, rule, parents, audience) for item in value]
        return _shown_item(value, rule, parents, audience)
    if isinstance(rule, Own):
        return rule.form(value) if audience is Audience.USER else REDACTED
    return rule(value) if rule else REDACTED


def _shown_item(value: Any, rule: Members, parents: Path, audience: Audience) -> Any:
    """Return an object, or the value in its place, as an audience may see it.

    The members stay in their order, so that a hidden key can be found again.
    """
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        hidden = 0
        for key, member in value.items():
            if may_show_key(parents, key):
                shown_key = key
            else:
                hidden += 1
                shown_key = f"{REDACTED} {hidden}"
            members[shown_key] = _shown(
                member, rule.rule(key), (*parents, key), audience
            )
        return members
    if value is None or value == "":
        return value
    return rule.otherwise(value) if rule.otherwise else REDACTED
