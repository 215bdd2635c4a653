"""A simulated xmrig-proxy on a port."""

from collections.abc import Callable, Sequence
from hashlib import sha256
import time
from typing import Any, override

from . import rapidjson
from .base import BaseSimulator, http_section, merged
from .hardware import Computer
from .jsonvalue import Json
from .proxy import SimulatedProxy, StratumMiner
from .server import DEFAULT_POOLS, OTHER_ID, OTHER_POOLS, OTHER_WORKER
from .surroundings import Surroundings


class ProxySimulator(BaseSimulator[SimulatedProxy]):
    """A simulated xmrig-proxy on its own port, with miners behind it."""

    def __init__(
        self,
        *,
        miners: Sequence[StratumMiner] = (),
        token: str | None = "s3cret",  # noqa: S107
        restricted: bool = False,
        version: str = "6.26.0",
        host: str = "127.0.0.1",
        port: int = 0,
        pools: Sequence[Json] = DEFAULT_POOLS,
        worker_id: str = "proxy-one",
        proxy_id: str | None = None,
        uptime: float = 0.0,
        watch_delay: float = 0.5,
        config: Json | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Set up a proxy; it starts when the context is entered.

        `miners` exist outside the process: they connect to each new one. `config` is
        merged over the config that the other arguments make, member by member of its
        first two levels.
        """
        surroundings = Surroundings(
            clock=clock or time.monotonic,
            computer=Computer(threads=2, hostname="proxy"),
            identity=proxy_id or "",
            watch_delay=watch_delay,
        )
        document = {
            "api": {"id": None, "worker-id": worker_id},
            **http_section(host=host, port=port, token=token, restricted=restricted),
            "bind": [{"host": "0.0.0.0", "port": 3333, "tls": False}],
            "pools": list(pools),
        }
        super().__init__(surroundings, merged(document, config or {}), version, uptime)
        self.miners = list(miners)
        self._other: SimulatedProxy | None = None

    @override
    def _start(self, uptime: float = 0.0) -> SimulatedProxy:
        if not self.surroundings.identity:
            seed = f"proxy:{self.port}:{self._document['api']['worker-id']}"
            self.surroundings.identity = sha256(seed.encode()).hexdigest()[:16]
        return SimulatedProxy(self.surroundings, self.version, uptime, self.miners)

    @override
    def _document_at(self, process: SimulatedProxy, path: str) -> Any:
        return process.document(path)

    def connect(self, miner: StratumMiner) -> None:
        """Add a miner."""
        self.miners.append(miner)
        self.process.connect(miner)

    def disconnect(self, miner: StratumMiner) -> None:
        """Remove a miner."""
        self.miners.remove(miner)
        self.process.disconnect(miner)

    @override
    def _other_process(self) -> SimulatedProxy:
        """Return another proxy of the same user, with a config and an id of its own."""
        if self._other is None:
            document = self._document | {
                "api": {"id": None, "worker-id": OTHER_WORKER},
                "pools": list(OTHER_POOLS),
            }
            surroundings = Surroundings(
                clock=self.surroundings.clock,
                computer=Computer(threads=2),
                identity=OTHER_ID,
                offset=self.surroundings.offset,
                disk=rapidjson.dumps(document),
            )
            self._other = SimulatedProxy(surroundings, self.version, 5000.0)
        self._other.sync()
        return self._other
