"""Reading values that may be missing, or something else than they should be."""

from collections.abc import Iterable, Mapping
import math
from typing import Any


def text(value: Any) -> str | None:
    """Return a string that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: Any) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def integer(value: Any) -> int | None:
    """Return an integer that fits into 64 bits; XMRig's counters may fill them."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**63) <= value < 2**64 else None


def boolean(value: Any) -> bool | None:
    """Return a boolean."""
    return value if isinstance(value, bool) else None


def items(value: Any) -> list[Any]:
    """Return a list, empty if it is something else."""
    return value if isinstance(value, list) else []


def members(value: Any) -> Mapping[str, Any]:
    """Return an object, empty if it is something else."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> tuple[str, ...]:
    """Return the strings of a list."""
    return tuple(item for item in items(value) if isinstance(item, str))


def reading(value: Any) -> float | None:
    """Return a health reading, of which 0 means that it could not be read.

    The structures behind it are zero-initialised (XMRig src/backend/cuda/wrappers/
    CudaDevice.cpp:119, src/backend/opencl/OclThread.cpp:110).
    """
    return number(value) or None


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum, None if there is nothing to add or a part is missing."""
    total = None
    for value in values:
        if value is None:
            return None
        total = value + (total or 0)
    return total
