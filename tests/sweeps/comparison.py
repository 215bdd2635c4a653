"""How two views of a miner and of its entry differ, apart from what changes with time."""

from collections.abc import Collection, Iterator
import math
from typing import Any

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)

from custom_components.xmrig_miner.readings import NOTICEABLE

from .view import Moment, View

PASSED = 60
"""Seconds by which the moments of two runs may differ, counted from their beginnings: a
failure may take as long as a time-out and what follows it."""

STATUS = "sensor.status"
HASHING = {"starting", "mining"}
HASHES = ("H/s", "H/J")
ROUGH_UNITS = {
    "H/s": 0.3,
    "H/J": 0.3,
    "kWh": 1,
    "s": 1,
    "h": 1,
    "min": 1,
    **dict.fromkeys(("%", "W", "°C", "rpm", "MHz", "ms", "shares"), NOTICEABLE),
}
"""Units of values that change by themselves, or whose small changes show only later, and
by how much of them."""

LONG_WINDOWS = ("_1m", "_15m")
"""Ends of the names of entities that show a mean over so long that it keeps changing,
as does what is stored of the power that was measured."""

MANY = 20
"""Entities that are unavailable together are not listed one by one."""


type Difference = tuple[tuple[Any, ...], Any, Any]
"""Where it is, what is expected, and what is found."""


def unlike(
    expected: list[View], found: View, *, ignored: Collection[str] = ()
) -> list[str]:
    """Return what is seen that is in none of the views that are expected.

    A miner that does not know its hashrate yet is shown as starting, which is right.
    """
    wrong = []
    names = {name for view in (*expected, found) for name in view.all}
    for name in sorted(names - set(ignored)):
        each = [_unlike(view, found, name) for view in expected]
        if all(each):
            wrong += each[-1]
    return shorter(wrong)


def _unlike(expected: View, found: View, name: str) -> list[Difference]:
    """Return in what a part of two views differs."""
    first, second = expected.all.get(name), found.all.get(name)
    if isinstance(first, dict) and isinstance(second, dict):
        states = first.get("state"), second.get("state")
        is_unknown = (
            found.is_warming_up
            and states[1] == STATE_UNKNOWN
            and second.get(ATTR_UNIT_OF_MEASUREMENT) in HASHES
        )
        is_starting = (
            (found.is_warming_up or expected.is_warming_up)
            and name == STATUS
            and HASHING.issuperset(states)
        )
        if is_unknown or is_starting:
            first = {**first, "state": states[1]}
    return list(_differences(first, second, (name,), None))


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return in what two documents differ, apart from what changes with time."""
    return shorter(list(_differences(expected, found, (), None)))


def shorter(differing: list[Difference]) -> list[str]:
    """Return differences as text; entities that are unavailable together as one."""
    away = [path for path, _, found in differing if found == STATE_UNAVAILABLE]
    is_away = len(away) > MANY
    return [
        *([f"{len(away)} entities are unavailable"] if is_away else []),
        *(
            f"{'.'.join(map(str, path))}: {_short(found)} instead of {_short(expected)}"
            for path, expected, found in differing
            if not (is_away and found == STATE_UNAVAILABLE)
        ),
    ]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _differences(
    expected: Any, found: Any, path: tuple[Any, ...], unit: str | None
) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        unit = expected.get(ATTR_UNIT_OF_MEASUREMENT, unit)
        for key in sorted(expected.keys() | found.keys()):
            yield from _differences(
                expected.get(key), found.get(key), (*path, key), unit
            )
    elif (
        isinstance(expected, list)
        and isinstance(found, list)
        and len(expected) == len(found)
    ):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _differences(*pair, (*path, index), unit)
    elif not _alike(expected, found, _roughness(path, expected, unit)):
        yield path, expected, found


def _roughness(path: tuple[Any, ...], expected: Any, unit: str | None) -> float:
    """Return by how much of it a value may differ."""
    if path and (str(path[0]).endswith(LONG_WINDOWS) or "meter" in path):
        return 1
    return ROUGH_UNITS.get(unit or "", 0.3 if isinstance(expected, float) else 0)


def _alike(expected: Any, found: Any, share: float) -> bool:
    if expected == found:
        return type(expected) is type(found)
    if isinstance(expected, Moment) and isinstance(found, Moment):
        return abs(expected.seconds - found.seconds) <= PASSED
    if share and expected == STATE_UNKNOWN and _number(found):
        # It takes a while until it is known, and a failure takes time too
        return True
    first, second = _number(expected), _number(found)
    if first is None or second is None:
        return False
    return math.isclose(first, second, rel_tol=share)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except TypeError, ValueError:
        return None
