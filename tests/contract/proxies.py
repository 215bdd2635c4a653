"""Proxies to test against: the simulated one, and the real one if it is installed."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
import contextlib
import functools
import json
from pathlib import Path
import shutil
import subprocess
from typing import override

import pytest

from simulator import ProxySimulator, StratumMiner
from tests.targets import DIFFICULTY, BaseTarget, Json, SandboxedTarget

TOKEN = "proxy-secret"
POOLS = ("127.0.0.1:13333", "127.0.0.1:13334")
STRATUM_PORT = 3333
PASSWORD = "pa"
PROXIES = (
    pytest.param("simulator", id="simulator"),
    pytest.param("real", marks=pytest.mark.real_miner, id="xmrig-proxy"),
)

TICK = 4
"""Seconds between the proxy's checks of its miners and pools."""


class ProxyTarget(BaseTarget):
    """A proxy under test; the names of its miners are only those of the tests."""

    token: str | None = TOKEN
    version: str
    patience = 20
    interval = 0.5

    @abstractmethod
    async def restart(self) -> None:
        """Restart the process, without any miner."""

    @abstractmethod
    async def log_in(
        self, name: str, rig_id: str | None, user: str = "WALLETA"
    ) -> None:
        """Connect a miner."""

    @abstractmethod
    async def share(self, name: str) -> None:
        """Submit a share of a miner."""

    @abstractmethod
    async def leave(self, name: str) -> None:
        """Disconnect a miner."""


class SimulatedProxyTarget(ProxyTarget):
    """The simulated proxy."""

    def __init__(self, simulator: ProxySimulator) -> None:
        """Wrap a simulator that listens."""
        self.simulator = simulator
        self.port = simulator.port
        self.pools = [pool["url"] for pool in simulator.config["pools"]]
        self.version = simulator.version
        self._miners: dict[str, StratumMiner] = {}
        self._rejects = False

    @override
    async def elapse(self, seconds: float) -> None:
        self.simulator.advance(seconds)

    @override
    async def restart(self) -> None:
        for name in list(self._miners):
            await self.leave(name)
        self.simulator.restart()

    @override
    async def set_pool(self, index: int, *, alive: bool) -> None:
        self.simulator.set_pool_reachable(self.pools[index], alive)

    @override
    async def log_in(
        self, name: str, rig_id: str | None, user: str = "WALLETA"
    ) -> None:
        miner = StratumMiner(rig_id, user, PASSWORD, difficulty=DIFFICULTY)
        self._miners[name] = miner
        self.simulator.connect(miner)

    @override
    async def share(self, name: str) -> None:
        self.simulator.process.share(self._miners[name], rejected=self._rejects)
        self._rejects = False

    @override
    async def reject_share(self) -> None:
        self._rejects = True

    @override
    async def leave(self, name: str) -> None:
        self.simulator.disconnect(self._miners.pop(name))

    @override
    def read_disk(self) -> str:
        return self.simulator.surroundings.disk


class RealProxyTarget(SandboxedTarget, ProxyTarget):
    """xmrig-proxy itself."""

    def __init__(self, folder: Path) -> None:
        """Prepare a proxy with its files in that folder.

        Raises pytest.skip.Exception if there is no binary or no network namespace.
        """
        binary, self.version = find_proxy()
        self._prepare(binary, folder)

    def open(self, change: Callable[[Json], object]) -> None:
        """Start the proxy."""
        document = start_config(self.pools, self._sandbox.api_port)
        change(document)
        self._file.write_text(json.dumps(document), encoding="utf-8")
        self._start()

    @override
    async def restart(self) -> None:
        self._sandbox.tell("kill")
        self._start()

    @override
    async def log_in(
        self, name: str, rig_id: str | None, user: str = "WALLETA"
    ) -> None:
        self._sandbox.tell(
            "log in",
            name=name,
            port=STRATUM_PORT,
            rig_id=rig_id,
            user=user,
            password=PASSWORD,
        )

    @override
    async def share(self, name: str) -> None:
        self._sandbox.tell("share", name=name)

    @override
    async def leave(self, name: str) -> None:
        self._sandbox.tell("leave", name=name)


def start_config(pools: list[str], port: int) -> Json:
    """Return the config that a real proxy starts with; it fills in the rest."""
    return {
        "api": {"id": None, "worker-id": "proxy-one"},
        "http": {
            "enabled": True,
            "host": "127.0.0.1",
            "port": port,
            "access-token": TOKEN,
            "restricted": False,
        },
        "bind": [{"host": "127.0.0.1", "port": STRATUM_PORT, "tls": False}],
        "colors": False,
        "donate-level": 0,
        "mode": "nicehash",
        "pools": [{"url": url, "user": "WALLET", "pass": "x"} for url in pools],
        "retries": 2,
        "retry-pause": 1,
        "tls": {"enabled": False},
    }


@contextlib.asynccontextmanager
async def open_proxy(
    name: str,
    folder: Path,
    change: Callable[[Json], object] = lambda _: None,
) -> AsyncIterator[ProxyTarget]:
    """Open a target by name; `change` edits the config that it starts with."""
    if name == "simulator":
        document = start_config(list(POOLS), 0)
        change(document)
        async with ProxySimulator(token=TOKEN, config=document) as simulator:
            yield SimulatedProxyTarget(simulator)
        return
    target = RealProxyTarget(folder)
    try:
        target.open(change)
        yield target
    finally:
        target.close()


@functools.cache
def find_proxy() -> tuple[Path, str]:
    """Return the binary of xmrig-proxy and its version.

    There is no build of it that scripts/setup could get from a registry of packages, so
    that the tests always may do without.

    Raises pytest.skip.Exception if it is not on the PATH.
    """
    found = shutil.which("xmrig-proxy")
    if found is None:
        pytest.skip("xmrig-proxy is not on the PATH: build it from its source")
    shown = subprocess.run(
        [found, "--version"], capture_output=True, text=True, check=False, timeout=60
    ).stdout.split()
    if shown[:1] != ["xmrig-proxy"]:
        pytest.skip(f"{found} is not xmrig-proxy")
    return Path(found), shown[1]
