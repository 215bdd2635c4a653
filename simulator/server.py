"""A simulated miner on a port."""

from collections.abc import Callable
from hashlib import sha256
import time
from typing import Any, override

from . import api, rapidjson
from .base import BaseSimulator, http_section, merged
from .forks import XMRIG, Fork
from .hardware import Computer, Gpu, make_gpus
from .jsonvalue import Json
from .miner import SimulatedMiner
from .surroundings import Surroundings

_OTHER_UPTIME = 5000.0

DEFAULT_POOLS = (
    {"url": "pool.example.org:3333", "user": "WALLET", "pass": "x", "keepalive": True},
    {"url": "backup.example.org:3333", "user": "WALLET", "pass": "x"},
)

OTHER_WORKER = "rig-other"
OTHER_ID = "00c0ffee00c0ffee"
OTHER_POOLS = ({"url": "other.example.org:3333", "user": "OTHER_WALLET", "pass": "x"},)
"""Pools of the miner that answers during the fault "other_miner"."""


class Simulator(BaseSimulator[SimulatedMiner]):
    """A simulated miner on its own port; see `BaseSimulator`."""

    def __init__(
        self,
        *,
        token: str | None = "s3cret",  # noqa: S107
        gpus: int | list[Gpu] = 0,
        threads: int = 4,
        swing: float = 0.0,
        version: str = "6.26.0",
        restricted: bool = False,
        tls: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        pools: list[Json] | tuple[Json, ...] = DEFAULT_POOLS,
        worker_id: str | None = "rig-one",
        miner_id: str | None = None,
        uptime: float = 0.0,
        algorithm: str = "rx/0",
        difficulty: int = 100_000,
        job_interval: float = 20.0,
        dataset_time: float = 10.0,
        watch_delay: float = 0.5,
        config: Json | None = None,
        fork: Fork = XMRIG,
        is_writable: bool = True,
        clock: Callable[[], float] | None = None,
        fault: str | None = None,
    ) -> None:
        """Set up a miner; it starts when the context is entered.

        `uptime` starts it as if that many seconds ago, with all that happened since.
        `miner_id` is the API's `id`: "" as on a host without network, None for one made
        of the port. `swing` is the share by which its hashrates go up and down.
        `is_writable` is whether the miner may write its config file. `fork` is the
        build it is; `config` is merged over the config that the other arguments make,
        member by member of its first two levels.
        """
        gpu_list = make_gpus(gpus) if isinstance(gpus, int) else gpus
        surroundings = Surroundings(
            clock=clock or time.monotonic,
            computer=Computer(threads=threads, gpus=gpu_list, swing=swing),
            identity=miner_id or "",
            algorithm=algorithm,
            difficulty=difficulty,
            job_interval=job_interval,
            dataset_time=dataset_time,
            watch_delay=watch_delay,
            fork=fork,
            is_writable=is_writable,
        )
        document = {
            "api": {"id": None, "worker-id": worker_id},
            **http_section(host=host, port=port, token=token, restricted=restricted),
            "opencl": {"enabled": any(gpu.kind == "opencl" for gpu in gpu_list)},
            "cuda": {"enabled": any(gpu.kind == "cuda" for gpu in gpu_list)},
            "pools": list(pools),
            "tls": {"enabled": tls},
        }
        super().__init__(surroundings, merged(document, config or {}), version, uptime)
        self.fault = fault
        self._has_made_id = miner_id is None
        self._other: SimulatedMiner | None = None

    @override
    def _start(self, uptime: float = 0.0) -> SimulatedMiner:
        if self._has_made_id:
            seed = f"{self.port}:{self._document['api']['worker-id']}"
            self.surroundings.identity = sha256(seed.encode()).hexdigest()[:16]
            self._has_made_id = False
        return SimulatedMiner(self.surroundings, self.version, uptime)

    @override
    def _document_at(self, process: SimulatedMiner, path: str) -> Any:
        return api.document(process, path)

    @property
    def miner(self) -> SimulatedMiner:
        """The process, updated to the current time.

        Raises:
            RuntimeError: No process runs: not started yet, or killed.
        """
        return self.process

    @property
    def gpus(self) -> list[Gpu]:
        """The GPUs, whose readings may be set."""
        return self.surroundings.computer.gpus

    @property
    def is_hashing(self) -> bool:
        """Whether any thread of the miner is hashing."""
        return any(backend.rate for backend in self.miner.backends)

    @property
    def hashrate(self) -> float:
        """Actual current hashrate in H/s, regardless of the windows."""
        return self.miner.hashrate

    def lose_gpu(self, bus_id: str) -> None:
        """Remove a card: after a restart of the miner, the next ones move up."""
        [lost] = [gpu for gpu in self.gpus if gpu.bus_id == bus_id]
        self.gpus.remove(lost)
        for gpu in self.gpus:
            if gpu.kind == lost.kind and gpu.index > lost.index:
                gpu.index -= 1
        self.restart()

    def rpc_direct(self, method: str) -> None:
        """Pause, resume or stop from the miner's console."""
        getattr(self.miner, method)()

    def set_algorithm(self, algorithm: str) -> None:
        """Have the pools request another algorithm with their next job."""
        self.miner.sync()
        self.surroundings.algorithm = algorithm

    @property
    def on_battery(self) -> bool:
        """Whether the computer runs on battery."""
        return self.surroundings.on_battery

    @on_battery.setter
    def on_battery(self, value: bool) -> None:
        miner = self.miner
        self.surroundings.on_battery = value
        miner.power_or_user_changed()

    @property
    def user_active(self) -> bool:
        """Whether the computer is in use."""
        return self.surroundings.user_active

    @user_active.setter
    def user_active(self, value: bool) -> None:
        miner = self.miner
        self.surroundings.user_active = value
        miner.power_or_user_changed()

    def accept_share(self, actual: int | None = None) -> None:
        """Have the pool accept a share, of a given difficulty if not None."""
        self.miner.add_share(actual=actual)

    def reject_share(self) -> None:
        """Have the pool reject a share."""
        self.miner.add_share(accepted=False)

    @override
    def _other_process(self) -> SimulatedMiner:
        """Return another miner of the same user, with a config and an id of its own."""
        if self._other is None:
            document = self._document | {
                "api": {"id": None, "worker-id": OTHER_WORKER},
                "cpu": {"rx": [0, 1]},
                "cuda": {"enabled": False},
                "opencl": {"enabled": False},
                "pools": list(OTHER_POOLS),
            }
            surroundings = Surroundings(
                clock=self.surroundings.clock,
                computer=Computer(threads=2),
                identity=OTHER_ID,
                offset=self.surroundings.offset,
                disk=rapidjson.dumps(document),
            )
            self._other = SimulatedMiner(surroundings, self.version, _OTHER_UPTIME)
        self._other.sync()
        return self._other
