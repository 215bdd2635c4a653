"""Reads members of a JSON object like XMRig (base/io/json/Json.cpp).

A member of the wrong type counts as missing; nothing is ever converted.
"""

from typing import Any, TypeGuard

type Json = dict[str, Any]


def get_bool(obj: Any, key: str, default: bool = False) -> bool:
    """Return a boolean member."""
    value = get_value(obj, key)
    return value if isinstance(value, bool) else default


def get_int(obj: Any, key: str, default: int = 0) -> int:
    """Return a signed 32 bit member."""
    value = get_value(obj, key)
    return value if is_int(value) else default


def get_uint(obj: Any, key: str, default: int = 0) -> int:
    """Return an unsigned 32 bit member."""
    value = get_value(obj, key)
    return value if is_uint(value) else default


def get_string(obj: Any, key: str, default: str | None = None) -> str | None:
    """Return a string member."""
    value = get_value(obj, key)
    return value if isinstance(value, str) else default


def get_value(obj: Any, key: str) -> Any:
    """Return any member; None when there is none."""
    return obj.get(key) if isinstance(obj, dict) else None


def is_int(value: Any) -> TypeGuard[int]:
    """Whether the value is a whole number of 32 bits."""
    return type(value) is int and -(2**31) <= value < 2**31


def is_uint(value: Any) -> TypeGuard[int]:
    """Whether the value is a whole number of 32 bits, not negative."""
    return type(value) is int and 0 <= value < 2**32
