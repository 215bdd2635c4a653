"""Every command that there is, and what has to be true before it.

Also what is done without one: what is due after a restart, or once a time is over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID

from custom_components.xmrig_miner.const import DOMAIN
from simulator import DEFAULT_POOLS
from tests.controls import MINING, act, restore, select_pool, set_threads
from tests.watts import METER, NUMBERS, set_limit

from .background import (
    go_on_battery,
    pause_briefly,
    plug_in,
    restart,
    set_up,
    shut_down,
    wait_for_action,
)
from .managing import (
    SLEEPING,
    put_to_sleep,
    select_mode,
    set_up_manager,
    switch_managed,
    wake,
)
from .repairing import (
    change_certificate,
    change_identity,
    change_wallet,
    fix_certificate,
    fix_identity,
    fix_payout,
)
from .trial import VirtualRig

type Action = Callable[[VirtualRig], Awaitable[Any]]

BACKUP = str(DEFAULT_POOLS[1]["url"])
HALF = 100
"""W at which two of four threads run: each draws 20 W on top of 60 W."""
FULL = NUMBERS["full_power"]

PATCH = {
    "pools": [{**DEFAULT_POOLS[0], "user": "NEW_WALLET"}, DEFAULT_POOLS[1]],
    "retries": 7,
}
"""Also changes who is paid, which is a repair unless it is the user's own doing."""


async def nothing(rig: VirtualRig) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Command:
    """Something that a user asks for."""

    run: Action
    prepare: Action = nothing
    """Makes true what the command needs. Polls follow before the command."""
    miner: dict[str, Any] = field(default_factory=dict)
    """What the simulated miner is like, where that matters, or that it is a proxy."""
    options: dict[str, Any] = field(default_factory=dict)
    """The options of the entry."""
    ignored_after_error: tuple[str, ...] = ()
    """Parts of the names of entities that an error leaves half way."""
    ignored: tuple[str, ...] = ()
    """Parts of the names of entities that show for how long a failure delays it."""
    errors: frozenset[str] = frozenset()
    """Keys of errors that are true of it whenever a request fails."""
    polls: int = 1
    """After how many polls it is over. What failed in the background is repeated at the
    next one, and shows at the one after; a hashrate takes one more."""
    refused: frozenset[str] = frozenset()
    """What Home Assistant itself refuses to do to the entry meanwhile, or what the
    command undoes."""
    is_poll: bool = False
    """Whether it is no command at all, but a poll like any other."""
    like: str | None = None
    """The command that does the same to the miner at its end, by the same code below
    what raises its errors, so that only errors that differ are tried there."""
    can_restore: bool = True
    """Whether an action can restore all that it changes."""
    tries_all: bool = False
    """Whether reads fail even in ways that only what reads them could tell apart, which
    is the same for the others: where every failure is caught, and a little later of a
    miner that did not change but for its age."""

    @property
    def is_in_background(self) -> bool:
        """Return whether it goes on after the action."""
        return self.polls > 1


def turn(name: str, *, on: bool) -> Action:
    """Return the action of a switch."""
    return lambda rig: rig.turn(name, on=on)


def press(name: str) -> Action:
    """Return the action of a button."""
    return lambda rig: rig.press(name)


def limit(watts: float) -> Action:
    """Return the action that sets the power limit."""
    return lambda rig: set_limit(rig, watts)


def several(*actions: Action) -> Action:
    """Return the action that does one after the other."""

    async def run(rig: VirtualRig) -> None:
        for action in actions:
            await action(rig)

    return run


async def settle(rig: VirtualRig) -> None:
    """Wait, with the poll that follows, until the power limit may add threads.

    In that time a miner that was stopped has also left its pool.
    """
    await rig.poll()


def threads(number: int) -> Action:
    """Return the action that sets the number of threads."""
    return lambda rig: set_threads(rig, number)


def pool(label: str) -> Action:
    """Return the action that selects a pool."""
    return lambda rig: select_pool(rig, label)


async def pause_for(rig: VirtualRig) -> None:
    """Pause for longer than a test takes."""
    data = {"duration": {"hours": 5}}
    await rig.hass.services.async_call(DOMAIN, "pause_for", data, blocking=True)


async def get_workers(rig: VirtualRig) -> None:
    """Read the workers of a proxy."""
    workers = (await act(rig, "get_workers"))["workers"]
    assert len(workers) == 2


async def get_data(rig: VirtualRig) -> None:
    """Read the miner."""
    data = await act(rig, "get_data")
    assert data["summary"]["worker_id"] == rig.simulator.config["api"]["worker-id"]


def run_all(command: str, **data: Any) -> Action:
    """Return the action that does something to all miners, of which there is one."""
    data["command"] = command
    return lambda rig: rig.hass.services.async_call(
        DOMAIN, "run_all", data, blocking=True
    )


FIRST_STEP = 60
"""Seconds after which a calibration has measured all threads, and set fewer."""


async def begin_calibration(rig: VirtualRig) -> None:
    """Calibrate until a part of the threads is measured."""
    rig.work = asyncio.create_task(act(rig, "calibrate"))
    # Where it is not waited for, its error is not looked at
    rig.work.add_done_callback(lambda work: work.cancelled() or work.exception())
    await asyncio.sleep(FIRST_STEP)


async def cancel_calibration(rig: VirtualRig) -> None:
    """Cancel a calibration, and wait until it is over."""
    data = {ATTR_CONFIG_ENTRY_ID: rig.entry.entry_id}
    await rig.hass.services.async_call(
        DOMAIN, "cancel_calibration", data, blocking=True
    )
    assert rig.work
    await rig.work


def managed(threads: int | None) -> Action:
    """Return what the manager does for a number of threads; None for all."""
    return lambda rig: rig.entry.runtime_data.power.limit.async_set_managed(threads)


CUDA = "switch.cuda_backend"
ON_BATTERY = "switch.pause_on_battery"
CARD: dict[str, Any] = {"gpus": 1}
PROXY: dict[str, Any] = {"is_proxy": True}
LIMITED: dict[str, Any] = {
    "options": NUMBERS,
    # The limit itself stays, by both of its names, and is tried again
    "ignored_after_error": ("power_limit", "mining_power"),
}

COMMANDS = {
    "poll": Command(
        lambda _: asyncio.sleep(12), miner=CARD, is_poll=True, tries_all=True
    ),
    "pause": Command(turn(MINING, on=False), miner=CARD),
    "resume": Command(turn(MINING, on=True), turn(MINING, on=False), tries_all=True),
    "stop": Command(press("button.stop"), miner=CARD),
    "start": Command(
        press("button.start"), several(press("button.stop"), settle), miner=CARD
    ),
    "threads": Command(threads(2), tries_all=True),
    "pool": Command(pool(BACKUP)),
    "backend_off": Command(turn(CUDA, on=False), miner=CARD),
    "backend_on": Command(turn(CUDA, on=True), turn(CUDA, on=False), miner=CARD),
    "pause_rule": Command(turn(ON_BATTERY, on=True)),
    "pause_for": Command(pause_for),
    "run_all_pause": Command(run_all("pause"), miner=CARD, like="pause"),
    "run_all_resume": Command(run_all("resume"), turn(MINING, on=False)),
    "run_all_stop": Command(run_all("stop"), miner=CARD, like="stop"),
    "run_all_start": Command(
        run_all("start"),
        several(press("button.stop"), settle),
        miner=CARD,
        like="start",
    ),
    "run_all_threads": Command(run_all("threads", threads=2), like="threads"),
    "run_all_pool": Command(run_all("pool", pool=BACKUP), like="pool"),
    "run_all_restore": Command(
        run_all("restore"),
        several(threads(2), pool(BACKUP), settle),
        like="restore_config",
    ),
    "get_data": Command(get_data),
    "set_config": Command(lambda rig: act(rig, "set_config", config=PATCH)),
    "restore_config": Command(restore, several(threads(2), pool(BACKUP), settle)),
    "limit_down": Command(limit(HALF), **LIMITED),
    "limit_up": Command(limit(FULL), several(limit(HALF), settle), **LIMITED),
    "limit_to_zero": Command(limit(0), **LIMITED),
    "limit_from_zero": Command(limit(FULL), several(limit(0), settle), **LIMITED),
    "managed": Command(managed(2), options=NUMBERS, like="limit_down"),
    "managed_no_more": Command(
        managed(None), several(managed(2), settle), options=NUMBERS, like="limit_up"
    ),
    "managed_off": Command(
        partial(switch_managed, on=False),
        several(set_up_manager, settle),
        options=NUMBERS,
        polls=3,
        like="limit_from_zero",
    ),
    "managed_on": Command(
        partial(switch_managed, on=True),
        several(set_up_manager, partial(switch_managed, on=False), settle),
        options=NUMBERS,
        polls=2,
        like="limit_to_zero",
    ),
    "managed_by_mode": Command(
        partial(select_mode, "full"),
        several(set_up_manager, settle),
        options=NUMBERS,
        polls=3,
        like="limit_from_zero",
    ),
    "wake": Command(
        wake,
        put_to_sleep,
        options=SLEEPING,
        polls=3,
        # The manager goes on once it is set up again, and a hashrate shows later
        refused=frozenset({"unload"}),
        like="limit_from_zero",
    ),
    "calibrate": Command(
        lambda rig: act(rig, "calibrate"),
        miner={"threads": 2},
        options=METER,
        # What was measured until then stays
        ignored_after_error=("power",),
        # Threads that could not be restored are at the next poll, and the meter follows
        polls=2,
    ),
    "cancel_calibration": Command(
        cancel_calibration,
        begin_calibration,
        miner={"threads": 2},
        options=METER,
        ignored_after_error=("power",),
        # One thread, which is measured meanwhile
        ignored=("power",),
        polls=2,
        like="calibrate",
    ),
    "fix_payout": Command(
        fix_payout,
        change_wallet,
        # Of the poll between the two steps of the dialog
        errors=frozenset({"no_config", "not_accepted"}),
        can_restore=False,
    ),
    "fix_identity": Command(
        fix_identity,
        change_identity,
        errors=frozenset({"cannot_check"}),
        can_restore=False,
        refused=frozenset({"unload"}),
        polls=2,
    ),
    "fix_certificate": Command(
        fix_certificate,
        change_certificate,
        {"config": {"tls": {"enabled": True}}},
        can_restore=False,
        refused=frozenset({"unload"}),
        polls=2,
    ),
    "restart": Command(restart, turn(MINING, on=False), polls=2),
    "restart_while_unloaded": Command(
        set_up,
        shut_down,
        # A state that is restored before the set-up fails is told by no event
        ignored_after_error=("events",),
        # Of the poll that follows
        errors=frozenset({"not_xmrig"}),
        refused=frozenset({"unload"}),
        polls=2,
    ),
    "end_of_pause": Command(wait_for_action, pause_briefly, polls=3),
    "resumed_by_rule": Command(
        plug_in, go_on_battery, {"config": {"pause-on-battery": True}}, polls=2
    ),
    "limit_that_waits": Command(
        several(limit(FULL), wait_for_action), limit(0), **LIMITED, polls=4
    ),
    "proxy_poll": Command(
        lambda _: asyncio.sleep(12), miner=PROXY, is_poll=True, tries_all=True
    ),
    "proxy_pool": Command(pool(BACKUP), miner=PROXY),
    "proxy_set_config": Command(
        lambda rig: act(rig, "set_config", config={**PATCH, "workers": "user"}),
        miner=PROXY,
    ),
    "proxy_restore_config": Command(
        restore, several(pool(BACKUP), settle), miner=PROXY
    ),
    "proxy_workers": Command(
        get_workers, miner=PROXY, errors=frozenset({"no_workers"})
    ),
}
