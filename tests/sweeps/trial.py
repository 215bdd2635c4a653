"""One miner, set up for one combination, and what it is asked for."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
import json
from typing import TYPE_CHECKING, Any, override
from unittest.mock import patch

from homeassistant.helpers.device_registry import DeviceRegistry
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.helpers.json import json_bytes

from custom_components.xmrig_miner.const import DOMAIN, SCAN_INTERVAL
from simulator import FAULTS, ProxySimulator, http
from simulator.base import BaseSimulator
from tests.common import Rig

from .caught import Reads
from .folding import Request

if TYPE_CHECKING:
    from .home import Home

QUIET = 1.5
"""Seconds without a request after which nothing is under way. A command sends one at
least each 0.7 s, polls are 10 s apart."""


class VirtualRig(Rig[Any]):
    """A miner or a proxy in Home Assistant; its time passes by waiting, which takes no time."""

    work: asyncio.Task[Any] | None = None
    """What `prepare` began, and the command ends."""

    @override
    async def pass_time(self, time: timedelta) -> None:
        """Let time pass for the miner and for Home Assistant."""
        await asyncio.sleep(time.total_seconds())

    async def remove(self) -> None:
        """Remove the entry and the manager, if Home Assistant runs."""
        entries = self.hass.config_entries
        for entry in entries.async_entries(DOMAIN) if self.hass.is_running else ():
            await entries.async_remove(entry.entry_id)

    async def remove_but_register(self) -> None:
        """Remove the entry and the manager, but not from the registries.

        What was registered need not be made again, which takes a third of a set-up.
        """
        with ExitStack() as stack:
            for registry in (DeviceRegistry, EntityRegistry):
                stack.enter_context(
                    # Not a mock, which takes longer to make than what it saves
                    patch.object(registry, "async_clear_config_entry", lambda *_: None)
                )
            await self.remove()

    async def settled(self) -> None:
        """Wait until nothing is done in the background any more."""
        await self.hass.async_block_till_done(wait_background_tasks=True)


@dataclass
class Trial:
    """One miner, set up for one combination."""

    rig: VirtualRig
    simulator: BaseSimulator[Any]
    home: Home
    reads: Reads = field(default_factory=Reads)
    requests: list[Request] = field(default_factory=list)
    """Those that came, in their order."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """The facts of each activity event, in order."""
    last_event: str | None = None
    """When the last one of them was."""
    is_warming_up: bool = False
    """Whether threads hashed for less than ten seconds at the last poll, so that the
    miner did not know how fast they are."""
    is_changed_late: bool = True
    """Whether the miner changed between a request that is late and its reply."""

    def note(self, request: http.Request) -> None:
        """Note a request that came in."""
        if request.path == "/2/summary":
            self.is_warming_up = _is_warming_up(self.simulator)
        condition = _condition(self.simulator, is_warming_up=self.is_warming_up)
        name = f"{request.method} {request.path}"
        is_caught = self.reads.is_next_caught(name)
        self.requests.append(Request(name, condition, self.now, is_caught))

    def fail(self, position: int, kind: str) -> None:
        """Let the request at a position fail, 1 for the next."""
        before: list[tuple[Any, ...]] = []

        def condition() -> tuple[Any, ...]:
            is_warming_up = _is_warming_up(self.simulator)
            return _condition(self.simulator, is_warming_up=is_warming_up)

        def note(request: http.Request) -> None:
            self.note(request)
            if len(self.requests) == position:
                before.append(condition())

        def compare(_: Any, _request: http.Request, reply: http.Reply) -> http.Reply:
            self.is_changed_late = condition() != before[0]
            return reply

        fault = FAULTS[kind]
        if fault.delay_before:
            self.simulator.on_request = note
            fault = replace(fault, distort=compare)
        self.simulator.fail_next(position, fault)

    def forget(self) -> None:
        """Forget events and requests until now."""
        self.events.clear()
        self.requests.clear()

    @property
    def received(self) -> list[str]:
        """Return the names of the requests."""
        return [request.name for request in self.requests]

    @property
    def now(self) -> float:
        """Return the time of the loop in seconds."""
        return asyncio.get_running_loop().time()

    async def wait_for_poll(self) -> None:
        """Wait until the miner was polled once more, and nothing is under way."""
        # Home Assistant spreads its polls over half a second.
        await self.rig.pass_time(SCAN_INTERVAL + timedelta(seconds=1))
        await self.wait_until_quiet()

    async def wait_until_quiet(self) -> None:
        """Wait until no request came for a while."""
        while self.requests and self.now - self.requests[-1].at < QUIET:
            await asyncio.sleep(QUIET)

    @property
    def stored(self) -> dict[str, Any]:
        """Return the files of the entry, by their name without the entry's id."""
        return self.home.stored(self.rig.entry.entry_id)


def _is_warming_up(simulator: BaseSimulator[Any]) -> bool:
    if isinstance(simulator, ProxySimulator):
        return False
    miner = simulator.process
    return None in (
        backend.hashrates(miner.now, miner.timer)[0]
        for backend in miner.backends
        if backend.meter
    )


def is_paused(simulator: BaseSimulator[Any]) -> bool:
    """Return whether a miner is paused; a proxy never is."""
    return not isinstance(simulator, ProxySimulator) and simulator.process.is_paused


def _condition(
    simulator: BaseSimulator[Any], *, is_warming_up: bool
) -> tuple[Any, ...]:
    disk = simulator.surroundings.disk
    return disk, simulator.config, is_paused(simulator), is_warming_up


def plain(value: Any) -> Any:
    """Return a value as it is after it was sent as JSON."""
    return json.loads(json_bytes(value))
