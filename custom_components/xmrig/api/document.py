"""Comparing JSON documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MISSING: Any = object()
"""Stands where a document has no value at all, which is something else than null."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value that differs between two documents."""

    path: tuple[str, ...]
    old: Any
    new: Any


def changes(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Change]:
    """Yield what differs, object by object; a list is one value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield from changes(
                old.get(key, MISSING), new.get(key, MISSING), (*path, key)
            )
    elif old != new:
        yield Change(path=path, old=old, new=new)


def value_at(document: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path, MISSING if there is none."""
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return MISSING
        document = document[key]
    return document
