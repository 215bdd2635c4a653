"""Limits for JSON that is shown, stored and sent."""

from collections.abc import Iterable
from json.encoder import encode_basestring_ascii
import math
import re
from typing import Any, NamedTuple

MAX_INTEGER = 2**53 - 1
"""The largest integer that JavaScript, and so the frontend, represents exactly."""

MAX_TEXT = 255
"""Maximum length of a state in Home Assistant."""

MAX_THREADS = 4096
"""Maximum number of CPU threads, several times as many as today's largest computers
have."""

MAX_TIME = 32503680000
"""The end of the year 2999 in seconds since 1970. Far later times are no dates."""

MAX_CARDS = 256
"""Maximum number of graphics cards per backend. Each becomes a device."""

MAX_DEPTH = 32
"""Maximum depth of objects and lists. XMRig's own documents have six levels."""

_MAX_FLOAT = 25
"""Maximum size in bytes of a float as rapidjson prints it: a sign, `0.00000` and 17
digits, or up to 21 digits before the point (XMRig
src/3rdparty/rapidjson/internal/dtoa.h)."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


class JsonError(ValueError):
    """A value that cannot be stored or sent as JSON."""

    path: tuple[str, ...] = ()
    """The path of the value, or of the object that has the key."""


class Extent(NamedTuple):
    """The size of a JSON document."""

    members: int
    """The members of all its objects."""
    size: int
    """Maximum size in bytes as XMRig prints it, with each value on its own line."""


def clean_text(value: str) -> str:
    """Return a text that can be encoded and shown on one line."""
    if value.isprintable():
        return value.strip()
    return _CONTROL.sub(" ", _encodable(value)).strip()


def clean_json(value: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON document that can be stored and sent.

    Null replaces numbers that are not finite or have more than 64 bits, and values that
    are nested deeper than MAX_DEPTH.
    """
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if _has_64_bits(value) else None
    if isinstance(value, dict | list) and depth == MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {
            _encodable(key): clean_json(item, depth + 1) for key, item in value.items()
        }
    if isinstance(value, list):
        return [clean_json(item, depth + 1) for item in value]
    return value


def extent(value: Any, depth: int = 0) -> Extent:
    """Return how large a JSON document is.

    Raises JsonError for anything other than JSON, and for JSON that cannot be stored or
    sent: a text that cannot be encoded, a number that is not finite or has more than 64
    bits, or values that are nested deeper than MAX_DEPTH.
    """
    if not isinstance(value, dict | list):
        return Extent(0, _scalar_size(value))
    if depth == MAX_DEPTH:
        raise JsonError("values that are nested too deeply")
    # Its brackets, of which the second is on its own line
    members, size = 0, 3 + 4 * depth
    items: Iterable[tuple[Any, Any]] = enumerate(value)
    if isinstance(value, dict):
        members = len(value)
        size += sum(map(_key_size, value))
        items = value.items()
    # With a comma, a line break and the indentation
    size += len(value) * (6 + 4 * depth)
    for key, item in items:
        try:
            if isinstance(item, dict | list):
                inner = extent(item, depth + 1)
                members += inner.members
                size += inner.size
            else:
                size += _scalar_size(item)
        except JsonError as err:
            err.path = (str(key), *err.path)
            raise
    return Extent(members, size)


def check(value: Any, depth: int = 0) -> None:
    """Raise JsonError for what cannot be stored or sent.

    As `extent` does, at a quarter of its cost: all stored values are checked when they
    are loaded.
    """
    items: Iterable[Any] = value
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str or not key.isascii():
                _key_size(key)
        items = value.values()
    elif not isinstance(value, list):
        _scalar_size(value)
        return
    if depth == MAX_DEPTH:
        raise JsonError("values that are nested too deeply")
    for item in items:
        kind = type(item)
        if kind is int:
            if -MAX_INTEGER <= item <= MAX_INTEGER:
                continue
        elif kind is str:
            if item.isascii():
                continue
        elif item is None or kind is bool:
            continue
        check(item, depth + 1)


def _key_size(key: Any) -> int:
    """Return the maximum size in bytes of the name of a member."""
    if not isinstance(key, str):
        raise JsonError("a key that is not text")
    return _scalar_size(key) + 2


def _scalar_size(value: Any) -> int:
    """Return the maximum size in bytes of a text, number, boolean or null."""
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise JsonError("text that cannot be encoded")
        return len(encode_basestring_ascii(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JsonError("a number that is not finite")
        return _MAX_FLOAT
    if isinstance(value, int) and not _has_64_bits(value):
        raise JsonError("an integer of more than 64 bits")
    if value is not None and not isinstance(value, int):
        raise JsonError("a value that is not JSON")
    return len(repr(value))


def _encodable(value: str) -> str:
    """Return a text with unpaired surrogates replaced."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)


def _has_64_bits(value: int) -> bool:
    """Return whether an integer fits into 64 bits, signed or unsigned."""
    return -(2**63) <= value < 2**64
