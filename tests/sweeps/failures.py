"""A command under a single failure, and whether what came of it is right."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.exceptions import HomeAssistantError

from custom_components.xmrig_miner.api.document import json_equal
from simulator.base import BaseSimulator
from simulator.jsonvalue import Json
from tests.controls import config_of, restore

from .caught import Reads
from .commands import COMMANDS, Command, nothing
from .comparison import differences, unlike
from .folding import Request, Swept, before_poll, is_folded
from .home import Home
from .kinds import (
    ALIKE,
    ALIKE_IF_CAUGHT,
    AS_LATE,
    KINDS,
    NO_ERROR,
    Kind,
    is_true,
    key_of,
)
from .trial import Trial, VirtualRig, is_paused
from .view import View, controls, look

PATIENCE = 900
"""Seconds after which a command has not ended at all."""

SHOWN = 8
"""How many problems of a combination are listed."""


@dataclass
class Outcome:
    """What came of a command."""

    error: Exception | None
    requests: list[Request]
    """Those of the command, with the poll at its end."""
    took_effect: bool
    """Whether the miner was changed when the command ended."""
    views: list[View]
    """What could be seen after one poll, and after two."""
    is_changed_late: bool = True
    """Whether the miner changed while the request waited that is late."""
    log: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What is wrong in any outcome."""


@dataclass(frozen=True)
class Clean:
    """A command without a failure."""

    command: Command
    before: list[View]
    """What may be seen at the same time if there is no command."""
    after: list[View]
    """What may be seen after it."""
    requests: list[Request]


_clean: dict[tuple[str, bool], Clean] = {}


async def clean(home: Home, name: str) -> Clean:
    """Return what comes of a command without a failure."""
    key = name, home.all_entities
    if key not in _clean:
        command = COMMANDS[name]
        idle = replace(command, run=wait_a_moment)
        before = await attempt(home, idle, polls=command.polls)
        with (reads := Reads()).watched():
            after = await attempt(home, command, polls=command.polls, reads=reads)
        for outcome in (before, after):
            assert outcome.error is None, outcome.error
            assert not (outcome.log or outcome.problems), outcome
        _clean[key] = Clean(COMMANDS[name], before.views, after.views, after.requests)
    return _clean[key]


async def wait_a_moment(_: VirtualRig) -> None:
    """Let about as much time pass as a command takes."""
    await asyncio.sleep(2)


async def attempt(
    home: Home,
    command: Command,
    kind: Kind | None = None,
    position: int = 0,
    *,
    polls: int = 1,
    reads: Reads | None = None,
) -> Outcome:
    """Do a command, of which the request at a position fails, and look what came of it.

    The position of the first request is 1.
    """
    home.log.found.clear()
    async with home.trial(
        options=command.options, stays_registered=True, reads=reads, **command.miner
    ) as trial:
        original = config_of(trial.simulator)
        await prepare(trial, command)
        began = datetime.now(UTC).timestamp()
        before = _written(trial.simulator)
        if kind:
            trial.fail(position, kind.name)
        error = await _run(trial, command)
        took_effect = _written(trial.simulator) != before
        outcome = Outcome(error, list(trial.requests), took_effect, [])
        outcome.is_changed_late = trial.is_changed_late
        if kind and len(outcome.requests) < position:
            outcome.problems.append("the request that was to fail was never sent")
        for _ in range(polls):
            await trial.wait_for_poll()
            outcome.views.append(look(trial, began))
        outcome.problems += _wrong_controls(trial, outcome.views[-1])
        if error and command.can_restore and not command.options:
            outcome.problems += [
                f"not restored: {problem}" async for problem in _lost(trial, original)
            ]
    outcome.log += home.log.found
    return outcome


async def prepare(trial: Trial, command: Command) -> None:
    """Make true what a command needs, right after a poll, and forget what led to it."""
    if command.prepare is not nothing:
        await command.prepare(trial.rig)
        await trial.wait_for_poll()
    trial.forget()


def _written(simulator: BaseSimulator[Any]) -> tuple[str, bool]:
    """Return what is changed at once, not only when a config is applied."""
    return simulator.surroundings.disk, is_paused(simulator)


async def _run(trial: Trial, command: Command) -> Exception | None:
    """Do a command, and return the error that it raised."""
    try:
        async with asyncio.timeout(PATIENCE):
            await command.run(trial.rig)
    except Exception as error:  # noqa: BLE001  Which ones are right is judged later
        return error
    return None


def _wrong_controls(trial: Trial, view: View) -> list[str]:
    """Return what the controls show other than the miner does."""
    expected = controls(trial.simulator)
    shown = {name: view.entities.get(name, {}).get("state") for name in expected}
    return [
        f"{name} shows {shown[name]}, but the miner has {value}"
        for name, value in expected.items()
        if shown[name] not in (value, STATE_UNAVAILABLE, None)
    ]


async def _lost(trial: Trial, original: Json) -> AsyncIterator[str]:
    """Yield what cannot be restored any more."""
    try:
        await restore(trial.rig)
    except HomeAssistantError as error:
        yield repr(error)
    config = trial.simulator.config
    if not json_equal(config, original):
        for difference in differences(original, config):
            yield difference


def judge(clean: Clean, outcome: Outcome, kind: Kind) -> list[str]:
    """Return what is wrong with an outcome; nothing if it is right.

    Either everything is as without the failure, or the error is true and what is shown
    fits the miner.
    """
    view = outcome.views[-1]
    wrong = [*outcome.problems, *(f"log: {line}" for line in outcome.log)]
    if outcome.error is None:
        parts = clean.command.ignored
        ignored = {name for name in view.all if any(part in name for part in parts)}
        return wrong + unlike(clean.after, view, ignored=ignored)
    key = key_of(outcome.error)
    if key not in clean.command.errors and not is_true(
        key, kind, took_effect=outcome.took_effect
    ):
        state = "took" if outcome.took_effect else "did not take"
        wrong.append(f"untrue error {key or outcome.error!r}: the miner {state} it")
    return wrong + unlike_miner(clean, view)


def unlike_miner(
    clean: Clean, view: View, *, ignored: Collection[str] = ()
) -> list[str]:
    """Return what is shown that does not fit the miner after an error.

    That is what is shown of a miner that took the command, or of one that did not. Where
    it did so in part, each value has to be one of the two.
    """
    both = [*clean.before, *clean.after]
    alike = [one for one in both if not differences(one.miner, view.miner)] or both
    parts = clean.command.ignored_after_error
    names = {name for one in (*alike, view) for name in one.shown}
    halfway = {name for name in names if any(part in name for part in parts)}
    never_shown = view.all.keys() - view.shown.keys()
    return unlike(alike, view, ignored={*ignored, *halfway, *never_shown})


def summary(name: str, problems: list[str]) -> str:
    """Return what is wrong with a combination, in a few lines."""
    left = len(problems) - SHOWN
    more = [f"and {left} more"] if left > 0 else []
    return "\n    ".join([f"{name}:", *problems[:SHOWN], *more])


def _alike_from(first: Clean, second: Clean) -> int:
    """Return from which request on a command asks for what another one ends with.

    Both leave the miner as the same.
    """
    pairs = zip(reversed(first.requests), reversed(second.requests), strict=False)
    same = takewhile(lambda pair: pair[0].name == pair[1].name, pairs)
    assert first.after[-1].miner == second.after[-1].miner
    return len(first.requests) - len(list(same))


async def sweep(home: Home, name: str) -> Swept:
    """Fail each request of a command in turn, in each way."""
    command, expected = COMMANDS[name], await clean(home, name)
    alike_from = len(expected.requests)
    if command.like:
        alike_from = _alike_from(expected, await clean(home, command.like))
    swept = Swept(len(expected.requests) * len(KINDS))
    for index, request in enumerate(expected.requests):
        if is_folded(expected.requests, index):
            continue
        folded = set(ALIKE[request.name])
        if request.is_caught and not command.tries_all:
            folded |= ALIKE_IF_CAUGHT[request.name].keys()
        seen: set[frozenset[str]] = {NO_ERROR}
        for kind in KINDS.values():
            if kind.name in folded:
                continue
            if index >= alike_from:
                if request.is_caught or kind.errors in seen:
                    continue
                seen.add(kind.errors)
            swept.ran += 1
            is_poll = command.is_poll or index >= before_poll(expected.requests)
            outcome = await attempt(
                home, command, kind, index + 1, polls=command.polls + is_poll
            )
            if problems := judge(expected, outcome, kind):
                at = f"{kind.name} at {index + 1} ({request.name})"
                swept.wrong.append(summary(at, problems))
            is_alike = not (outcome.is_changed_late or command.tries_all)
            if request.is_read and is_alike:
                folded.add(AS_LATE[kind.name])
    return swept
