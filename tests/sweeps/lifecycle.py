"""A command while its entry is reloaded, unloaded or removed, or Home Assistant stops."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from custom_components.xmrig_miner.api.exceptions import Command as ConfirmedCommand
from custom_components.xmrig_miner.const import SCAN_INTERVAL
from simulator import Fault
from simulator.http import Reply, Request
from simulator.miner import SimulatedMiner

from .commands import COMMANDS, Command
from .comparison import unlike
from .failures import Clean, clean, prepare, summary, unlike_miner, wait_a_moment
from .folding import Swept
from .home import ENTRY_ID, Home, booted, temporary_directory
from .kinds import key_of
from .moments import Moment, moments, saving
from .resources import Resources
from .trial import Trial, VirtualRig
from .view import View, look

PATIENCE = 600
"""Seconds after which a command, or what is done to its entry, has not ended at all."""

HOLD = 0.05
"""Seconds for which a request waits, so that what is done to the entry comes first."""

AFTERWARDS = 30
"""Seconds for which is watched what is still sent to the miner."""

WATCHED = 20
"""Seconds at the end of it in which there are only polls."""

NOT_STORED = {"events"}
"""What does not outlast the end of an instance."""

UNTRUE = {
    *("cannot_connect", "not_xmrig", "invalid_auth", "token_not_expected"),
    *("invalid_certificate", "read_only", "refused", "no_device", "unsafe_config"),
    *("config_too_large", "conflict", "another_miner", "limited", "not_stored"),
    *(f"not_confirmed_{command}" for command in ConfirmedCommand),
    "calibration_disturbed",
}
"""Errors that blame the miner, with which nothing is wrong here."""

type Operation = Callable[[VirtualRig], Awaitable[Any]]

OPERATIONS: dict[str, Operation] = {
    "reload": lambda rig: rig.hass.config_entries.async_reload(rig.entry.entry_id),
    "unload": lambda rig: rig.hass.config_entries.async_unload(rig.entry.entry_id),
    "remove": lambda rig: rig.hass.config_entries.async_remove(rig.entry.entry_id),
    "stop": lambda rig: rig.hass.async_stop(),
}


@dataclass
class Course:
    """What happened in the course of a command."""

    error: BaseException | None = None
    view: View | None = None
    """What is seen once the entry is set up again; None if it was removed."""
    problems: list[str] = field(default_factory=list)


class _Starter:
    """Starts an operation on the entry at a given moment."""

    def __init__(
        self, trial: Trial, operation: Operation, moment: Moment | None
    ) -> None:
        self._trial = trial
        self._operation = operation
        self._moment = moment
        self._left = moment.number if moment else 0
        self.task: asyncio.Task[Any] | None = None
        if moment and moment.at == "received":
            trial.simulator.on_request = self._receive
        elif moment and moment.at == "acted":
            fault = Fault("waits for the entry", distort=self._act, delay=HOLD)
            trial.simulator.fail_next(moment.number, fault)

    def start(self) -> None:
        """Start now."""
        self.task = asyncio.create_task(self._do())

    async def _do(self) -> None:
        await self._operation(self._trial.rig)

    async def _receive(self, request: Request) -> None:
        self._trial.note(request)
        self._left -= 1
        if self._left == 0:
            self.start()
            await asyncio.sleep(HOLD)

    def _act(self, _miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        self.start()
        return reply

    async def save(self, _: Store[Any]) -> None:
        """Start if this is the file to be written; without waiting, as it is written."""
        if self._moment and self._moment.at == "stored":
            self._left -= 1
            if self._left == 0:
                self.start()
                # Far enough to be waiting for something
                await asyncio.sleep(0)


async def attempt(
    trial: Trial, command: Command, operation: str, moment: Moment | None
) -> Course:
    """Do something to the entry in the middle of a command, and see both to their end."""
    course = Course()
    starter = _Starter(trial, OPERATIONS[operation], moment)
    running = asyncio.create_task(_as_coroutine(command.run(trial.rig)))
    requests: dict[str, int] = {}
    running.add_done_callback(
        lambda _: requests.setdefault("command", len(trial.requests))
    )
    with saving(starter.save):
        await asyncio.wait([running], timeout=PATIENCE)
        if starter.task is None:
            if moment:
                course.problems.append("the moment never came")
            starter.start()
        assert starter.task
        starter.task.add_done_callback(
            lambda _: requests.setdefault("operation", len(trial.requests))
        )
        await asyncio.wait([starter.task], timeout=PATIENCE)
    for what, work in (("command", running), (operation, starter.task)):
        if not work.done():
            work.cancel()
            course.problems.append(f"{what} never ended")
    course.error = _error(running)
    if error := _error(starter.task):
        course.problems.append(f"{operation} raised {error!r}")
    # The process ends soon after Home Assistant stopped, and after the request that waits
    await asyncio.sleep(2 * HOLD if operation == "stop" else AFTERWARDS)
    course.problems += _sent_too_late(trial, operation, requests)
    return course


async def _as_coroutine(work: Awaitable[Any]) -> None:
    await work


def _error(command: asyncio.Task[Any]) -> BaseException | None:
    if command.cancelled():
        return asyncio.CancelledError()
    return command.exception() if command.done() else None


def _sent_too_late(
    trial: Trial, operation: str, requests: dict[str, int]
) -> Iterator[str]:
    """Yield requests of an instance that has ended."""
    ended = requests.get("operation", 0)
    late = trial.received[ended:]
    if operation == "reload":
        late = trial.received[ended : requests.get("command", 0)]
        polls = sum(
            request.name == "GET /2/summary" and request.at > trial.now - WATCHED
            for request in trial.requests
        )
        if polls > WATCHED / SCAN_INTERVAL.total_seconds():
            yield f"{polls} polls in {WATCHED} s: more than one instance polls"
    if late:
        yield f"{len(late)} requests after the {operation}: {', '.join(late[:5])}"


async def sweep(home: Home, name: str) -> Swept:
    """Do each thing to the entry at each moment of a command."""
    swept = Swept()
    for operation in OPERATIONS:
        if operation in COMMANDS[name].refused:
            continue
        await _sweep(home, name, operation, swept)
    return swept


async def _sweep(home: Home, name: str, operation: str, swept: Swept) -> None:
    command = COMMANDS[name]
    expected = await clean(home, name)
    before = await _operate(home, replace(command, run=wait_a_moment), operation)
    after = await _operate(home, command, operation)
    for course in (before, after):
        assert course.error is None, course.error
        assert not course.problems, course.problems
    expected = Clean(
        command,
        # Something may be known only until the entry is set up again, such as a card
        [*expected.before, *([before.view] if before.view else [])],
        [*expected.after, *([after.view] if after.view else [])],
        expected.requests,
    )
    found, every = await moments(home, name)
    swept.every += every
    if operation == "unload":
        # While the command reads, a reload and a removal begin with the same
        found = [moment for moment in found if not moment.is_read]
    if command.like and not command.is_in_background:
        # The other one is ended in the same way; how the errors are raised may differ
        found = [moment for moment in found if moment.at == "acted"]
    swept.ran += len(found)
    for moment in found:
        result = await _operate(home, command, operation, moment)
        problems = result.problems
        if result.view:
            problems += judge(expected, operation, result.error, result.view)
        if problems:
            at = f"{operation} when {moment}"
            swept.wrong.append(summary(at, list(dict.fromkeys(problems))))


async def _operate(
    home: Home, command: Command, operation: str, moment: Moment | None = None
) -> Course:
    """Do something to the entry at a moment of a command, or afterwards; then undo it."""
    before: list[Resources] = []
    async with AsyncExitStack() as stack:
        config_dir = stack.enter_context(temporary_directory())
        if operation == "stop":
            home = await stack.enter_async_context(booted(home.clock, config_dir))
        home.log.found.clear()
        trial = await stack.enter_async_context(
            home.trial(
                options=command.options,
                before_set_up=lambda _: before.append(Resources()),
                **command.miner,
            )
        )
        await prepare(trial, command)
        began = datetime.now(UTC).timestamp()
        course = await attempt(trial, command, operation, moment)
        left: list[str] = []
        if operation != "reload":
            left += Resources().left_since(before[0])
        if operation == "unload":
            await trial.rig.set_up()
        elif operation == "stop":
            again = await stack.enter_async_context(booted(home.clock, config_dir))
            trial.home = again
            data = trial.rig.entry.data
            trial.rig = again.rig_for(trial.simulator, command.options, data)
            await trial.rig.set_up()
        if operation in ("unload", "stop"):
            await trial.wait_for_poll()
        if operation != "remove":
            course.view = look(trial, began)
            await trial.rig.remove()
        course.problems += _left_behind(trial)
        await trial.wait_until_quiet()
        course.problems += left or Resources().left_since(before[0])
        logs = {id(log): log for log in (home.log, trial.home.log)}
        course.problems += (
            f"log: {line}" for log in logs.values() for line in log.found
        )
    return course


def _left_behind(trial: Trial) -> Iterator[str]:
    """Yield what is left of an entry that was removed."""
    for name in trial.home.stored(ENTRY_ID):
        yield f"file left: {name}"
    for domain, issue_id in ir.async_get(trial.rig.hass).issues:
        if ENTRY_ID in issue_id:
            yield f"issue left: {domain} {issue_id}"
    for name in trial.rig.entities:
        yield f"entity left: {name}"


def judge(
    expected: Clean, operation: str, error: BaseException | None, view: View
) -> list[str]:
    """Return what is wrong once the entry is set up again.

    What was on disk is what is shown then, so it has to be what the command brought
    about; or the command failed, and what is shown fits the miner.
    """
    wrong = []
    key = key_of(error)
    # Home Assistant ends what still runs when it stops
    is_ended = isinstance(error, asyncio.CancelledError) and operation == "stop"
    if error and not is_ended:
        if not isinstance(error, HomeAssistantError) or key in UNTRUE:
            wrong.append(f"untrue error {key or error!r}")
    command = expected.command
    # A calibration that is ended returns what it measured until then, and what is ended
    # in the background raises no error
    if error or command.ignored_after_error or command.is_in_background:
        return wrong + unlike_miner(expected, view, ignored=NOT_STORED)
    return wrong + unlike(expected.after, view, ignored=NOT_STORED)
