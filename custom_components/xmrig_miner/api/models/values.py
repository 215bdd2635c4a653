"""Reads values that may be missing, absurd, or of an unexpected type.

All of these count as missing, so that no other code has to deal with them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..limits import MAX_INTEGER, MAX_TEXT, MAX_THREADS, clean_text


def text(value: Any) -> str | None:
    """Return a text that can be shown: one line of 1 to 255 characters."""
    if not isinstance(value, str):
        return None
    return clean_text(value[:MAX_TEXT]) or None


def number(value: Any, maximum: float = MAX_INTEGER) -> float | None:
    """Return a number from 0 to a maximum."""
    if type(value) not in (int, float):
        return None
    # Also false for NaN
    return float(value) if 0 <= value <= maximum else None


def integer(value: Any, maximum: int = MAX_INTEGER, *, minimum: int = 0) -> int | None:
    """Return an integer between two bounds.

    XMRig's counters have 64 bits. A count that JavaScript cannot represent exactly
    counts as missing, because a rounded count would be wrong.
    """
    if type(value) is not int:
        return None
    return value if minimum <= value <= maximum else None


def boolean(value: Any) -> bool | None:
    """Return a boolean."""
    return value if isinstance(value, bool) else None


def thread_number(value: Any) -> int | None:
    """Return a number of CPU threads."""
    return integer(value, MAX_THREADS)


def thread_cap(value: Any) -> int | None:
    """Return a number of CPU threads to mine with: at least one."""
    return integer(value, MAX_THREADS, minimum=1)


def stored[ValueT](value: Any, read: Callable[[Any], ValueT | None]) -> ValueT:
    """Return a value from a stored file, read by a function of this module.

    Raises ValueError if it counts as missing: the file is damaged.
    """
    if (found := read(value)) is None:
        raise ValueError("a value of another shape than was stored")
    return found


def stored_or_none[ValueT](
    value: Any, read: Callable[[Any], ValueT | None]
) -> ValueT | None:
    """Return a value from a stored file like `stored`, or None for null."""
    return None if value is None else stored(value, read)


def items(value: Any) -> list[Any]:
    """Return a list; empty for anything else."""
    return value if isinstance(value, list) else []


def members(value: Any) -> Mapping[str, Any]:
    """Return a JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts from a list."""
    return tuple(filter(None, map(text, items(value))))


def reading(value: Any, maximum: float) -> float | None:
    """Return a reading of a GPU sensor; None for 0, which means unknown.

    XMRig initializes these structures with zeros (src/backend/cuda/wrappers/
    CudaDevice.cpp:119, src/backend/opencl/OclThread.cpp:110).
    """
    return number(value, maximum) or None


def total(values: Iterable[float | None]) -> float | None:
    """Return the total; None if there are no values or any is missing."""
    total = None
    for value in values:
        if value is None:
            return None
        total = value + (total or 0)
    return number(total)
