"""Odd values in place of those that a miner sends, and what they must not do."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    restore_state,
)
from homeassistant.helpers.json import json_bytes

from custom_components.xmrig_miner.const import DOMAIN
from tests.watts import NUMBERS

from .comparison import unlike
from .failures import summary
from .folding import Swept
from .home import Home
from .odd import DOCUMENTS, ODD_VALUES, Odd, Place, apart, cause, odd_values, size
from .trial import Trial
from .view import look

MINER: dict[str, Any] = {"gpus": 1}

SIBLINGS = 4
"""Odd values at a time in one object or list, when an entry is set up."""

PAUSED: Place = ("paused",)

NOT_COMPARED = {"events", f"stored.{DOMAIN}.*.power"}
"""What may be another one afterwards: a miner that names another pool is believed, and
what was learned is written in time."""

BELIEVED = {"issues", f"stored.{DOMAIN}.*"}
"""What comes of a value that is not odd to a reader: the pools that a miner has when it
is set up are accepted as the user's, and a pause is a pause."""


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
                groups = apart(every)
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
        *apart([odd for odd in every if _is_believed(odd)], SIBLINGS),
        *apart([odd for odd in every if not _is_believed(odd)], SIBLINGS),
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
