"""Validates what a user sends to change a config, and applies it.

What `get_data` shows can be sent back. A redacted value means "unchanged": it is
replaced by the current value, and if that is uncertain, the patch is rejected. The
marker of redacted values is never written.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping
import json
from typing import Any

from .api.document import Path, json_equal, merge_patch
from .api.limits import MAX_DEPTH, extent
from .api.models import Config
from .api.privacy import REDACTED
from .redaction import Audience, shown_config


class RedactedValueError(ValueError):
    """It is uncertain which current value a redacted value is meant to be."""

    def __init__(self, path: Path) -> None:
        """Initialize the error; `path` leads to the redacted value."""
        super().__init__("A redacted value cannot be matched")
        self.path = path


def parsed(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a copy of the input as plain JSON.

    Raises JsonError for anything that cannot be stored and sent as JSON.
    """
    plain: dict[str, Any] = _plain(given)
    extent(plain)
    return plain


def patched(config: Config, patch: dict[str, Any]) -> Config:
    """Return a config with a merge patch applied to it (RFC 7386).

    Raises RedactedValueError.
    """
    current = config.document
    patch = _restored(patch, current)
    return Config(_with_nulls_of(current, merge_patch(current, patch)))


def replaced(config: Config, document: dict[str, Any]) -> Config:
    """Return a config replaced by another document.

    Raises RedactedValueError.
    """
    current = config.document
    return Config(_with_nulls_of(current, _restored(document, current)))


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a copy with plain types: YAML and templates use types of their own."""
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {
            str(key) if isinstance(key, str) else key: _plain(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return value


def _with_nulls_of(before: Any, after: Any) -> Any:
    """Return a document with nulls in the same places as before, and nowhere else.

    To XMRig, null is the same as a missing key, and it shows null for many missing
    keys, so neither is a change. In a list, this applies to pools that kept their
    place.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        nulls = {key for key, value in before.items() if value is None}
        return {
            key: _with_nulls_of(before.get(key), value)
            for key, value in after.items()
            if value is not None or key in nulls
        } | {key: None for key in before if key in nulls and key not in after}
    if isinstance(before, list) and isinstance(after, list):
        if len(before) == len(after):
            return [
                _with_nulls_of(old, new) if _url_of(old) == _url_of(new) else new
                for old, new in zip(before, after, strict=True)
            ]
    return after


# --- Redacted values ----------------------------------------------------------


def _restored(given: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """Return the input with redacted values replaced by current ones."""
    shown = shown_config(current, Audience.USER)
    restored: dict[str, Any] = _unredacted(given, shown, current, ())
    return restored


def _unredacted(given: Any, shown: Any, current: Any, path: Path) -> Any:
    """Return a value, or the current one if its redacted form was given.

    Without a current one, `shown` is None, which no redacted value equals.
    """
    if not _is_redacted(given):
        return given
    if json_equal(given, shown):
        return current
    if isinstance(given, dict):
        return _unredacted_members(given, shown, current, path)
    if isinstance(given, list):
        return _unredacted_entries(given, shown, current, path)
    raise RedactedValueError(path)


def _unredacted_members(
    given: dict[str, Any], shown: Any, current: Any, path: Path
) -> dict[str, Any]:
    """Return an object; each redacted member is the current one with the same key."""
    if not isinstance(current, dict) or not isinstance(shown, dict):
        shown, current = {}, {}
    keys = dict(zip(shown, current, strict=True))
    restored = {}
    for key, value in given.items():
        if REDACTED not in key:
            restored[key] = _unredacted(
                value, shown.get(key), current.get(key), (*path, key)
            )
        elif key in keys and json_equal(value, shown[key]):
            restored[keys[key]] = current[keys[key]]
        else:
            raise RedactedValueError((*path, key))
    return restored


def _unredacted_entries(
    given: list[Any], shown: Any, current: Any, path: Path
) -> list[Any]:
    """Return a list; `_matches` finds the current entry for each redacted one."""
    if not isinstance(current, list) or not isinstance(shown, list):
        shown, current = [], []
    matches = _matches(given, shown)
    restored = []
    for index, entry in enumerate(given):
        shown_entry = current_entry = None
        if (match := matches.get(index)) is not None:
            shown_entry, current_entry = shown[match], current[match]
        restored.append(
            _unredacted(entry, shown_entry, current_entry, (*path, str(index)))
        )
    return restored


def _matches(given: list[Any], shown: list[Any]) -> dict[int, int]:
    """Return which entries of a list stand for which entries of the current one.

    First those that are shown exactly so: if there are several of a kind, in order,
    and only if there are as many as before. Then the one with the same `url` and the
    most other values in common; of several such the one at the same position, as long
    as the list is as long as before. No entry stands for two.
    """
    matches: dict[int, int] = {}
    alike = _grouped(shown, _text_of)
    for kind, indexes in _grouped(given, _text_of).items():
        if len(indexes) == len(alike.get(kind, ())):
            matches.update(zip(indexes, alike[kind], strict=True))
    left = _grouped(shown, _url_of, without=set(matches.values()))
    members = [*map(_members_of, shown)]
    likely: dict[int, int] = {}
    for url, indexes in _grouped(given, _url_of, without=matches).items():
        for index in indexes:
            own = _members_of(given[index])
            common = {i: len(own & members[i]) for i in left.get(url, ())}
            most = max(common.values(), default=0)
            best = [i for i, number in common.items() if number == most]
            if len(best) > 1 and len(given) == len(shown):
                best = [i for i in best if i == index]
            if len(best) == 1:
                likely[index] = best[0]
    count = Counter(likely.values())
    return matches | {index: i for index, i in likely.items() if count[i] == 1}


def _members_of(entry: Any) -> set[tuple[str, str]]:
    """Return the members of an object in a form that can be compared quickly."""
    if not isinstance(entry, dict):
        return set()
    return {(key, _text_of(value)) for key, value in entry.items()}


def _grouped(
    entries: list[Any], key: Callable[[Any], str], without: Container[int] = ()
) -> dict[str, list[int]]:
    """Return the positions of entries, grouped by a key."""
    groups: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        if index not in without:
            groups.setdefault(key(entry), []).append(index)
    return groups


def _text_of(entry: Any) -> str:
    """Return a text that is the same for the same JSON."""
    return json.dumps(entry, sort_keys=True)


def _url_of(entry: Any) -> str:
    """Return the address in an entry of a list, which is a pool; or an empty text."""
    return str(entry.get("url")) if isinstance(entry, dict) else ""


def _is_redacted(value: Any) -> bool:
    """Return whether the marker of redacted values is anywhere in a value."""
    if isinstance(value, str):
        return REDACTED in value
    if isinstance(value, dict):
        return any(map(_is_redacted, (*value, *value.values())))
    return isinstance(value, list) and any(map(_is_redacted, value))
