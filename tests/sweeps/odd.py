"""Odd values, and the places of documents in which they stand."""

from collections.abc import Callable, Iterator
import copy
from dataclasses import dataclass
import json
from typing import Any

from simulator import Fault, api
from simulator.base import BaseSimulator
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner

type Place = tuple[str | int, ...]
"""The place of a value in a document."""

DOCUMENTS: dict[str, Callable[[SimulatedMiner], Any]] = {
    "/2/summary": lambda miner: api.summary(miner, 2),
    "/2/backends": api.backends,
    "/2/config": lambda miner: miner.config,
}

FIRST = 3
"""Values of a list that are looked at, the rest being alike; windows are three."""

ALONE = {"id", "kind", "type"}
"""Keys of values that decide whether others are looked at."""

DEPTH = 3000
DIGITS = 5000
LENGTH = 10_000

PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"

ODD_VALUES: dict[str, str | None] = {
    "missing": None,
    "null": "null",
    "true": "true",
    "an empty text": '""',
    "a text": '"odd"',
    "an empty list": "[]",
    "an empty object": "{}",
    "a list of null": "[null]",
    "negative": "-1",
    "a fraction": "0.5",
    "2^63": str(2**63),
    "2^64-1": str(2**64 - 1),
    "10^30": str(10**30),
    "1.7e308": "1.7e308",
    "not a number": "NaN",
    "infinite": "1e999",
    "5,000 digits": "9" * DIGITS,
    "half a surrogate pair": r'"\ud800"',
    "10,000 characters": json.dumps("x" * LENGTH),
    "3,000 levels": "[" * DEPTH + "]" * DEPTH,
}
"""As they stand in the text of a response; None for nothing at all."""


@dataclass(frozen=True)
class Odd:
    """An odd value at a place of a document."""

    document: str
    place: Place
    value: str

    def __str__(self) -> str:
        """Return it as a problem is reported."""
        return f"{self.document} {'.'.join(map(str, self.place))} is {self.value}"


def places(document: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every value of a document.

    Of alike values in a list, and of alike lists in an object, the first are enough.
    """
    if place:
        yield place
    if isinstance(document, dict):
        shapes: set[str] = set()
        for key, value in document.items():
            shape = _shape(value)
            if isinstance(value, list) and shape in shapes:
                yield (*place, key)
            else:
                shapes.add(shape)
                yield from places(value, (*place, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            is_first = index == 0 or not isinstance(value, dict | list)
            if (is_first and index < FIRST) or "type" in _keys(value):
                yield from places(value, (*place, index))


def size(document: Any) -> int:
    """Return how many values a document has, with itself."""
    values = document.values() if isinstance(document, dict) else document
    return 1 + sum(map(size, values)) if isinstance(document, dict | list) else 1


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return f"[{_shape(value[0]) if value else ''}]"
    return f"{{{sorted(value)}}}" if isinstance(value, dict) else "value"


def _keys(value: Any) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def odd_values(simulated: SimulatedMiner, value: str) -> list[Odd]:
    """Return an odd value at every place of every document."""
    return [
        Odd(document, place, value)
        for document, make in DOCUMENTS.items()
        for place in places(make(simulated))
    ]


def fault(document: str, odd: list[Odd]) -> Fault:
    """Return the fault that puts odd values into a response."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        changed = copy.deepcopy(reply.document)
        # From the end, so that what is deleted moves none of the others
        for one in reversed(odd):
            target = changed
            for key in one.place[:-1]:
                target = target[key]
            if ODD_VALUES[one.value] is None:
                del target[one.place[-1]]
            else:
                target[one.place[-1]] = PLACEHOLDER + one.value
        text = json.dumps(changed, ensure_ascii=False)
        for one in odd:
            if (raw := ODD_VALUES[one.value]) is not None:
                text = text.replace(
                    json.dumps(PLACEHOLDER + one.value, ensure_ascii=False), raw
                )
        return with_body(reply, text.encode())

    return Fault("odd values", distort=distort, path=document, methods=("GET",))


def cause(simulator: BaseSimulator[Any], odd: list[Odd]) -> None:
    """Let the next responses hold odd values."""
    for document in DOCUMENTS:
        if here := [one for one in odd if one.document == document]:
            simulator.fail(fault(document, here))


def apart(every: list[Odd], siblings: int = 1) -> list[list[Odd]]:
    """Return odd values in groups, so many at most from one object or list.

    None of a group holds another one of it.
    """
    groups: list[list[Odd]] = []
    for odd in every:
        for group in groups:
            if not any(_is_within(odd, other) for other in group) and (
                sum(_is_beside(odd, other) for other in group) < siblings
            ):
                group.append(odd)
                break
        else:
            groups.append([odd])
    return groups


def _is_within(one: Odd, other: Odd) -> bool:
    """Return whether one place is in the other, or may decide whether that is seen."""
    if ALONE & {one.place[-1], other.place[-1]}:
        return True
    first, second = sorted((one.place, other.place), key=len)
    return one.document == other.document and second[: len(first)] == first


def _is_beside(one: Odd, other: Odd) -> bool:
    """Return whether two places are in one object or list."""
    return one.document == other.document and one.place[:-1] == other.place[:-1]
