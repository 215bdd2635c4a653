"""Compares and changes JSON documents. No function changes its arguments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

type Path = tuple[str, ...]

MISSING: Any = object()
"""Marks a value that a document does not have, unlike null."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value that differs between two documents."""

    path: Path
    old: Any = field(repr=False)
    new: Any = field(repr=False)


def diff(old: Any, new: Any, path: Path = ()) -> Iterator[Change]:
    """Yield the changes between two documents; a list is compared as one value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield from diff(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    elif not json_equal(old, new):
        yield Change(path=path, old=old, new=new)


def json_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON, in which true is not 1."""
    if one is other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            json_equal(value, other[key]) for key, value in one.items()
        )
    return bool(one == other)


def json_contains(value: Any, part: Any) -> bool:
    """Return whether a value contains another; its objects may have more members."""
    if isinstance(value, dict) and isinstance(part, dict):
        return all(
            key in value and json_contains(value[key], inner)
            for key, inner in part.items()
        )
    if isinstance(value, list) and isinstance(part, list):
        return len(value) == len(part) and all(
            map(json_contains, value, part, strict=True)
        )
    return json_equal(value, part)


def value_at(document: Any, path: Path) -> Any:
    """Return the value at a path, or MISSING."""
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return MISSING
        document = document[key]
    return document


def with_values(
    document: dict[str, Any], values: Iterable[tuple[Path, Any]]
) -> dict[str, Any]:
    """Return a document with the values at these paths set, or removed for MISSING.

    They are set in order. Each object along the paths is copied only once.
    """
    changed = dict(document)
    copies: dict[Path, dict[str, Any]] = {}
    for path, value in values:
        target = changed
        for length, name in enumerate(path[:-1], 1):
            inner = target.get(name)
            copy = copies.get(path[:length], MISSING)
            # Another value may have replaced it meanwhile
            if copy is not inner:
                copy = dict(inner) if isinstance(inner, dict) else {}
                copies[path[:length]] = target[name] = copy
            target = copy
        if value is MISSING:
            target.pop(path[-1], None)
        else:
            target[path[-1]] = value
    return changed


def merge_patch(document: Any, patch: Any) -> Any:
    """Return a document with a JSON merge patch applied to it (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
