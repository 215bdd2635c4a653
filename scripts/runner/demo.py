"""Two simulated miners for the house."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
import json
from pathlib import Path
import time
from typing import Any

from simulator import Simulator

from .house import plug
from .miner import Connection
from .process import HOST, RunError, port_is_free

TOKEN = "simulated"

UPTIME = 1000
"""Uptime of a simulated miner in seconds: enough for its average over 15 minutes."""

SWING = 0.03
"""Relative fluctuation of hashrates."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A simulated miner and its computer."""

    name: str
    threads: int
    gpus: int
    idle: float
    """Idle power in W, including the cards."""
    thread: float
    """W of a CPU thread."""
    delay: float
    """Seconds by which its hashrates lag behind those of the other miner."""

    def draw(self, simulator: Simulator) -> float:
        """Return its current power in W."""
        backends = simulator.miner.backends
        hashing = {backend.kind for backend in backends if backend.rate}
        threads = sum(
            len(backend.workers)
            for backend in backends
            if backend.kind == "cpu" and backend.rate
        )
        cards = sum(gpu.power for gpu in simulator.gpus if gpu.kind in hashing)
        return self.idle + self.thread * threads + cards

    @property
    def power_options(self) -> dict[str, Any]:
        """Return the input of the power form, without graphics cards."""
        return {
            "power_sensor": plug(self.name),
            "idle_power": self.idle,
            "full_power": self.idle + self.thread * self.threads,
        }


RIGS = (
    Rig(name="rig-one", threads=4, gpus=1, idle=60, thread=18, delay=0),
    Rig(name="rig-two", threads=8, gpus=0, idle=40, thread=12, delay=20),
)


class Demo:
    """The running miners."""

    def __init__(self, rigs: list[tuple[Rig, Simulator]]) -> None:
        """Initialize the demo with running miners."""
        self._rigs = rigs

    @property
    def names(self) -> list[str]:
        """Return the names of the miners."""
        return [rig.name for rig, _ in self._rigs]

    @property
    def connections(self) -> list[Connection]:
        """Return the connections to the miners, with the input of their power forms."""
        return [
            Connection(
                HOST,
                simulator.port,
                simulator.token,
                bool(simulator.config["tls"]["enabled"]),
                power=rig.power_options,
            )
            for rig, simulator in self._rigs
        ]

    def plugs(self) -> dict[str, float]:
        """Return the current power of each miner in W."""
        return {rig.name: rig.draw(simulator) for rig, simulator in self._rigs}


async def start(
    stack: AsyncExitStack,
    folder: Path,
    port: int,
    *,
    token: str,
    tls: bool,
    restricted: bool,
) -> Demo:
    """Start the miners on a port and the following ones, until the stack is closed.

    Their configs are kept in a folder, like those of real miners on disk. Raises
    RunError if one of the ports is in use.
    """
    rigs = []
    for place, rig in enumerate(RIGS):
        if not port_is_free(port + place):
            raise RunError(
                f"Port {port + place} is in use, perhaps by another simulated miner."
                " End that, or choose another port with --simulator-port."
            )
        file = folder / f"{rig.name}.json"
        simulator = Simulator(
            config=_kept(file),
            token=token,
            worker_id=rig.name,
            threads=rig.threads,
            gpus=rig.gpus,
            swing=SWING,
            restricted=restricted,
            tls=tls,
            host=HOST,
            port=port + place,
            uptime=UPTIME,
            clock=partial(_clock, rig.delay),
        )
        rigs.append((rig, await stack.enter_async_context(simulator)))
        stack.callback(_keep, file, simulator)
    return Demo(rigs)


def _kept(file: Path) -> dict[str, Any]:
    """Return the config of an earlier run, without the values of a run's options."""
    config: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return {key: value for key, value in config.items() if key not in ("http", "tls")}


def _keep(file: Path, simulator: Simulator) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(simulator.disk))


def _clock(delay: float) -> float:
    return time.monotonic() + delay
