"""Odd values in place of those that a miner sends, and what they must not do."""

from collections.abc import Callable, Iterator
import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
import json
from typing import Any

from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    restore_state,
)
from homeassistant.helpers.json import json_bytes

from custom_components.xmrig_miner.const import DOMAIN
from simulator import Fault, api
from simulator.base import BaseSimulator
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner
from tests.watts import NUMBERS

from .failures import summary
from .folding import Swept
from .home import Home
from .trial import Trial
from .view import look, unlike

type Place = tuple[str | int, ...]
"""The place of a value in a document."""

DOCUMENTS: dict[str, Callable[[SimulatedMiner], Any]] = {
    "/2/summary": lambda miner: api.summary(miner, 2),
    "/2/backends": api.backends,
    "/2/config": lambda miner: miner.config,
}

MINER: dict[str, Any] = {"gpus": 1}
FIRST = 3
"""Values of a list that are looked at, the rest being alike; windows are three."""

ALONE = {"id", "kind", "type"}
"""Keys of values that decide whether others are looked at."""

SIBLINGS = 4
"""Odd values at a time in one object or list, when an entry is set up."""

PAUSED: Place = ("paused",)

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

NOT_COMPARED = {"events", f"stored.{DOMAIN}.*.power"}
"""What may be another one afterwards: a miner that names another pool is believed, and
what was learned is written in time."""

BELIEVED = {"issues", f"stored.{DOMAIN}.*"}
"""What comes of a value that is not odd to a reader: the pools that a miner has when it
is set up are accepted as the user's, and a pause is a pause."""


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


def damage(trial: Trial) -> Iterator[str]:
    """Yield what an odd value did to Home Assistant, or had done to the miner."""
    hass = trial.rig.hass
    yield from (f"log: {line}" for line in trial.home.log.found)
    trial.home.log.found.clear()
    saved: dict[str, Callable[[], list[Any]]] = {
        "states": lambda: [state.as_dict() for state in hass.states.async_all()],
        "entities": lambda: [
            entity.as_storage_fragment
            for entity in er.async_get(hass).entities.values()
        ],
        "devices": lambda: [
            device.as_storage_fragment for device in dr.async_get(hass).devices
        ],
        "restored states": lambda: [
            state.as_dict()
            for state in restore_state.async_get(hass).async_get_stored_states()
        ],
    }
    for name, make in saved.items():
        try:
            json_bytes(make())
        except Exception as error:  # noqa: BLE001  Whatever it is, it is damage
            yield f"the {name} cannot be saved: {error!r}"
    for request in trial.received:
        if not request.startswith("GET "):
            yield f"the miner was sent {request}"
    trial.requests.clear()


async def sweep_polls(home: Home, value: str) -> Swept:
    """Poll with an odd value at each place of each document.

    Several at a time, as long as nothing is wrong with them.
    """
    groups: list[list[Odd]] = []
    swept = Swept()
    while not swept.every or groups:
        # A new miner after each problem, so that the next value starts from a clean one
        async with home.trial(options=NUMBERS, **MINER) as trial:
            if not swept.every:
                every = odd_values(trial.simulator.process, value)
                groups = _apart(every)
                swept = _swept(trial, every)
            await trial.rig.poll()
            trial.requests.clear()
            began = datetime.now(UTC).timestamp()
            before = look(trial, began)
            while groups:
                odd = groups.pop()
                problems = await _poll(trial, odd)
                is_pause = any(one.place == PAUSED for one in odd)
                ignored = NOT_COMPARED | (BELIEVED if is_pause else set())
                problems += unlike([before], look(trial, began), ignored=ignored)
                if problems:
                    groups += _report(odd, problems, swept)
                if problems or is_pause:
                    break
    return swept


def _swept(trial: Trial, odd: list[Odd]) -> Swept:
    """Return how many places the documents have, and how many of them are tried."""
    miner = trial.simulator.process
    return Swept(sum(size(make(miner)) - 1 for make in DOCUMENTS.values()), len(odd))


async def _poll(trial: Trial, odd: list[Odd]) -> list[str]:
    """Poll once with odd values and once without; return what is wrong then."""
    cause(trial.simulator, odd)
    await trial.rig.poll()
    problems = list(damage(trial))
    problems += _hidden(trial, odd)
    await trial.rig.poll()
    return problems + list(damage(trial))


def _hidden(trial: Trial, odd: list[Odd]) -> list[str]:
    """Return a problem if one of several values let the others go unseen."""
    states = trial.rig.states
    is_refused = len(trial.rig.unavailable) >= len(states) / 2
    return ["one hides the others"] if len(odd) > 1 and is_refused else []


def _report(odd: list[Odd], problems: list[str], swept: Swept) -> list[list[Odd]]:
    """Note what is wrong with an odd value; return those to be looked at by themselves."""
    if len(odd) > 1:
        return [[one] for one in odd]
    swept.wrong.append(summary(str(odd[0]), problems))
    return []


async def sweep_set_up(home: Home, value: str) -> Swept:
    """Set an entry up with an odd value at each place of each document.

    Several at a time, as long as nothing is wrong with them.
    """
    async with home.trial(options=NUMBERS, **MINER) as trial:
        began = datetime.now(UTC).timestamp()
        await _wait_for_polls(trial)
        before = look(trial, began)
        every = odd_values(trial.simulator.process, value)
        swept = _swept(trial, every)
    groups = [
        *_apart([odd for odd in every if _is_believed(odd)], SIBLINGS),
        *_apart([odd for odd in every if not _is_believed(odd)], SIBLINGS),
    ]
    while groups:
        odd = groups.pop()
        began = datetime.now(UTC).timestamp()
        async with home.trial(
            options=NUMBERS, before_set_up=partial(cause, odd=odd), **MINER
        ) as trial:
            problems = list(damage(trial))
            problems += _hidden(trial, odd)
            await _wait_for_polls(trial)
            problems += damage(trial)
            ignored = NOT_COMPARED | (BELIEVED if _is_believed(odd[0]) else set())
            problems += unlike([before], look(trial, began), ignored=ignored)
        if problems:
            groups += _report(odd, problems, swept)
    return swept


async def _wait_for_polls(trial: Trial) -> None:
    """Wait for two polls: a card is added once two replies list it."""
    for _ in range(2):
        await trial.wait_for_poll()


def _is_believed(odd: Odd) -> bool:
    """Return whether a value is not odd to a reader, or a pool is missing.

    Those of a pool may be any. One that is missing when the miner is set up was added
    externally afterwards, which is a repair.
    """
    is_missing = ODD_VALUES[odd.value] is None and len(odd.place) == 2
    is_pool = odd.place[:1] == ("pools",) and (is_missing or len(odd.place) > 2)
    return is_pool or odd.place == PAUSED


def _apart(every: list[Odd], siblings: int = 1) -> list[list[Odd]]:
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
