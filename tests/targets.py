"""Miners to test against: the simulator, and the real ones if they are installed.

A target looks the same whichever it is, so a test says once what it expects of a miner.
It mines an algorithm that needs no preparation, with two threads, for two stub pools.
"""

from abc import ABC, abstractmethod
import asyncio
import atexit
from collections.abc import AsyncIterator, Callable
import contextlib
import functools
import json
import os
from pathlib import Path
import shutil
import socket
import subprocess
import sys
import time
from typing import Any, ClassVar, override

import pytest

from simulator import Simulator

from .contract.sandbox import NAMESPACE
from .missing import missing

type Json = dict[str, Any]

TOKEN = "s3cret"
WALLETS = ("WALLET", "WALLET2")
ALGORITHM = "cn-pico"
# So low that shares come many times a second
DIFFICULTY = 200
JOB_INTERVAL = 2.0
VERSIONS = ("6.26.0", "6.22.2")
REAL_TARGETS = tuple(
    pytest.param(version, marks=pytest.mark.real_miner, id=f"xmrig-{version}")
    for version in VERSIONS
)
SIMULATED_TARGETS = tuple(
    pytest.param(f"simulator-{version}", id=f"simulator-{version}")
    for version in VERSIONS
)
TARGETS = (*SIMULATED_TARGETS, *REAL_TARGETS)
PAIRS = (
    pytest.param([f"simulator-{version}" for version in VERSIONS], id="simulators"),
    pytest.param(VERSIONS, marks=pytest.mark.real_miner, id="xmrig"),
)

_ROOT = Path(__file__).parent.parent


class BaseTarget(ABC):
    """A miner or a proxy under test, and its environment.

    `pools` are the pools' addresses in the order of its config.
    """

    host = "127.0.0.1"
    token: str | None
    port: int
    pools: list[str]
    patience: ClassVar[float] = 30
    """Seconds that `eventually` waits unless it is told otherwise."""
    interval: ClassVar[float] = 0.1
    """The same between two checks."""

    @abstractmethod
    async def elapse(self, seconds: float) -> None:
        """Let some of its time pass."""

    @abstractmethod
    async def set_pool(self, index: int, *, alive: bool) -> None:
        """Make a pool unreachable or reachable."""

    @abstractmethod
    async def reject_share(self) -> None:
        """Have the pool reject the next share."""

    @abstractmethod
    def read_disk(self) -> str:
        """Return the text of the config file."""

    async def eventually(
        self,
        check: Callable[[], Any],
        timeout: float | None = None,
        step: float | None = None,
    ) -> Any:
        """Return the first true result of an asynchronous check.

        Raises:
            AssertionError: The time is over and it was never true.
        """
        timeout = self.patience if timeout is None else timeout
        step = step or self.interval
        waited = 0.0
        while not (result := await check()):
            assert waited < timeout, f"not seen within {timeout} s: {result!r}"
            await self.elapse(step)
            waited += step
        return result

    async def after(self, seconds: float, check: Callable[[], Any]) -> Any:
        """Let time pass, and return the true result that a check has by then."""
        await self.elapse(seconds)
        return await self.eventually(check, timeout=0)


class Target(BaseTarget):
    """A miner under test."""

    token: str | None = TOKEN

    def __init__(self, version: str) -> None:
        """Initialize a target of a version of XMRig."""
        self.version = version
        self.version_info = tuple(int(part) for part in version.split("."))

    @property
    def is_simulated(self) -> bool:
        """Whether the target is simulated, so that time can be advanced."""
        return isinstance(self, SimulatedTarget)

    def within(self, seconds: float) -> Callable[[], bool]:
        """Return a function that returns whether less time has passed since now.

        What lasts only a while is to be seen until then: a busy computer looks too late.
        The time of a simulated miner passes only when it is told to.
        """
        started = time.monotonic()
        return lambda: self.is_simulated or time.monotonic() - started < seconds

    @abstractmethod
    async def restart(self, change: Callable[[Json], object] | None = None) -> None:
        """Restart the process on the same port.

        `change` edits the config file meanwhile.
        """

    @abstractmethod
    async def kill(self) -> None:
        """End the process; `restart` starts a new one."""

    @abstractmethod
    def delete_certificate(self) -> None:
        """Delete the file of its certificate, which it notices when it next starts."""

    @abstractmethod
    async def set_algorithm(self, algorithm: str) -> None:
        """Have the pools request another algorithm with their next job."""

    @abstractmethod
    def write_disk(self, text: str) -> None:
        """Write the miner's config file like an editor."""

    def edit_config(self, change: Callable[[Json], object]) -> None:
        """Edit the miner's config file."""
        document = json.loads(self.read_disk())
        change(document)
        self.write_disk(json.dumps(document))


class SimulatedTarget(Target):
    """The simulator as a target."""

    def __init__(self, version: str, simulator: Simulator) -> None:
        """Wrap a simulator that listens."""
        super().__init__(version)
        self.simulator = simulator
        self.port = simulator.port
        self.pools = [pool["url"] for pool in simulator.config["pools"]]

    @override
    async def elapse(self, seconds: float) -> None:
        self.simulator.advance(seconds)

    @override
    async def restart(self, change: Callable[[Json], object] | None = None) -> None:
        await self.kill()
        if change:
            self.edit_config(change)
        self.simulator.restart()

    @override
    async def kill(self) -> None:
        await self.simulator.kill()

    @override
    def delete_certificate(self) -> None:
        self.simulator.delete_certificate()

    @override
    async def set_pool(self, index: int, *, alive: bool) -> None:
        self.simulator.set_pool_reachable(self.pools[index], alive)

    @override
    async def set_algorithm(self, algorithm: str) -> None:
        self.simulator.set_algorithm(algorithm)

    @override
    async def reject_share(self) -> None:
        self.simulator.reject_share()

    @override
    def read_disk(self) -> str:
        return self.simulator.surroundings.disk

    @override
    def write_disk(self, text: str) -> None:
        self.simulator.write_disk(text)


class Sandbox:
    """The outer end of a sandbox: see tests/contract/sandbox.py.

    Creating one takes longer than starting a miner, so they are reused.
    """

    idle: ClassVar[list[Sandbox]] = []

    def __init__(self) -> None:
        """Start the process in a namespace of its own, with the pools in it.

        Raises:
            pytest.skip.Exception: There is no network namespace.
        """
        unshare = unshare_command()
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inner:
            self._process = subprocess.Popen(
                [
                    *unshare,
                    *(sys.executable, "-m", "tests.contract.sandbox"),
                    *(str(inner.fileno()), str(NAMESPACE.readlink())),
                ],
                cwd=_ROOT,
                pass_fds=[inner.fileno()],
            )
        atexit.register(self._end)
        options = {"difficulty": DIFFICULTY, "job_interval": JOB_INTERVAL}
        ports = self.tell("pools", pools=[options, options])
        self.pools = [f"127.0.0.1:{port}" for port in ports["pools"]]
        self.api_port: int = ports["api"]

    @classmethod
    def take(cls) -> Sandbox:
        """Return an empty sandbox."""
        return cls.idle.pop() if cls.idle else cls()

    def give_back(self) -> None:
        """Clean the sandbox for the next test."""
        self.tell("reset")
        self.idle.append(self)

    def tell(self, do: str, fds: list[int] | None = None, **values: Any) -> Json:
        """Send a command and return the answer."""
        message = json.dumps({"do": do, **values}).encode()
        socket.send_fds(self._control, [message], fds or [])
        answer = json.loads(
            self._control.recv(2**20) or b'{"error": "sandbox is gone"}'
        )
        assert isinstance(answer, dict)
        assert "error" not in answer, answer["error"]
        return answer

    def _end(self) -> None:
        self._control.close()
        self._process.wait(timeout=60)


class SandboxedTarget(BaseTarget):
    """A real process, in a network namespace of its own."""

    patience = 120

    def _prepare(self, binary: Path, folder: Path) -> None:
        """Take a sandbox for a binary with its files in that folder.

        Raises:
            pytest.skip.Exception: There is no network namespace.
        """
        self._binary = binary
        self._folder = folder
        self._file = folder / "config.json"
        self._arguments = ["-c", str(self._file)]
        self._sandbox = Sandbox.take()
        self.pools = self._sandbox.pools
        self.port = 0
        self._unreachable: set[int] = set()

    def close(self) -> None:
        """End the process."""
        self._sandbox.give_back()

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def eventually(
        self,
        check: Callable[[], Any],
        timeout: float | None = None,
        step: float | None = None,
    ) -> Any:
        # How long it takes is only certain of a simulated process: a computer can be busy
        return await super().eventually(check, max(timeout or 0, self.patience), step)

    @override
    async def set_pool(self, index: int, *, alive: bool) -> None:
        self._sandbox.tell("pool", index=index, alive=alive)
        (self._unreachable.discard if alive else self._unreachable.add)(index)

    @override
    async def reject_share(self) -> None:
        self._sandbox.tell("reject", count=1)

    @override
    def read_disk(self) -> str:
        return self._file.read_text(encoding="utf-8")

    def _start(self) -> None:
        """Start the process; its API is reached through a socket created here."""
        with socket.create_server((self.host, self.port)) as listener:
            self.port = listener.getsockname()[1]
            self._sandbox.tell(
                "start",
                [listener.fileno()],
                binary=str(self._binary),
                folder=str(self._folder),
                arguments=self._arguments,
            )


class RealTarget(SandboxedTarget, Target):
    """XMRig itself."""

    def __init__(self, version: str, folder: Path) -> None:
        """Prepare a miner of that version with its files in that folder.

        Raises:
            pytest.skip.Exception: There is no binary or no network namespace.
        """
        super().__init__(version)
        self._prepare(find_binary(version), folder)

    async def open_by_arguments(self, *arguments: str) -> None:
        """Start the miner without any config file, also later."""
        self.token = TOKEN if TOKEN in arguments else None
        self._sandbox.tell("algorithm", algorithm=ALGORITHM)
        self._arguments = [
            *("-o", self.pools[0], "-u", WALLETS[0], "-p", "x", "-a", ALGORITHM),
            *("--donate-level", "0", "--no-color", "--no-huge-pages"),
            *("--threads", "2", "--randomx-no-rdmsr", "--randomx-wrmsr", "-1"),
            *("--http-host", self.host, "--http-port", str(self._sandbox.api_port)),
            *arguments,
        ]
        await self._start_mining()

    async def open(
        self, algorithm: str, change: Callable[[Json], object] | None
    ) -> None:
        """Start the miner."""
        self._sandbox.tell("algorithm", algorithm=algorithm)
        document = start_config(self.pools, self._sandbox.api_port)
        if change:
            change(document)
        self._file.write_text(json.dumps(document), encoding="utf-8")
        await self._start_mining()

    async def _start_mining(self) -> None:
        """Start the process, and wait for its first job if it can have one."""
        # The miner completes its file when it starts
        can_mine = self._can_mine()
        self._start()
        if can_mine:
            await self.eventually(self._is_connected, step=0.025)

    def _can_mine(self) -> bool:
        """Return whether one of its pools is there, and something that mines."""
        started_with = " ".join(self._arguments)
        if self._file.exists():
            started_with = self.read_disk()
            if not json.loads(started_with)["cpu"].get("enabled", True):
                return False
        return any(
            pool in started_with
            for index, pool in enumerate(self.pools)
            if index not in self._unreachable
        )

    async def _is_connected(self) -> bool:
        """Return whether it has a pool, as far as the API tells that to this token.

        Its threads are there from then on: the login is answered with a job.
        """
        reader, writer = await asyncio.open_connection(self.host, self.port)
        token = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        writer.write(f"GET /2/summary HTTP/1.1\r\n{token}\r\n".encode())
        reply = await reader.read()
        writer.close()
        return b'"ip": null' not in reply

    @override
    async def restart(self, change: Callable[[Json], object] | None = None) -> None:
        await self.kill()
        if change:
            self.edit_config(change)
        await self._start_mining()

    @override
    async def kill(self) -> None:
        self._sandbox.tell("kill")

    @override
    def delete_certificate(self) -> None:
        (self._folder / "cert.pem").unlink()

    @override
    async def set_algorithm(self, algorithm: str) -> None:
        self._sandbox.tell("algorithm", algorithm=algorithm)

    @override
    def write_disk(self, text: str) -> None:
        self._file.write_text(text, encoding="utf-8")


def start_config(pools: list[str], port: int) -> Json:
    """Return the config that every target starts with; the miner fills in the rest."""
    return {
        "api": {"id": None, "worker-id": "rig-one"},
        "http": {
            "enabled": True,
            "host": "127.0.0.1",
            "port": port,
            "access-token": TOKEN,
            "restricted": False,
        },
        "colors": False,
        "donate-level": 0,
        "randomx": {"mode": "light", "rdmsr": False, "wrmsr": False},
        "cpu": {"huge-pages": False, ALGORITHM: [[1, 0], [1, 1]]},
        "pools": [
            {"url": url, "user": wallet, "pass": "x", "keepalive": True}
            for url, wallet in zip(pools, WALLETS, strict=True)
        ],
        "retries": 2,
        "retry-pause": 1,
    }


@contextlib.asynccontextmanager
async def open_target(
    name: str,
    folder: Path,
    change: Callable[[Json], object] | None = None,
    algorithm: str = ALGORITHM,
) -> AsyncIterator[Target]:
    """Open a target by name: "simulator-6.26.0", or "6.26.0" for the real miner.

    `change` edits the config that it starts with, `algorithm` is what its pools ask
    for. RandomX runs in light mode and needs a second or two before it hashes.
    """
    if name.startswith("simulator"):
        version = name.partition("-")[2] or VERSIONS[0]
        document = start_config(["127.0.0.1:13333", "127.0.0.1:13334"], 0)
        if change:
            change(document)
        async with Simulator(
            version=version,
            threads=os.cpu_count() or 1,
            algorithm=algorithm,
            dataset_time=1.0,
            difficulty=DIFFICULTY,
            job_interval=JOB_INTERVAL,
            miner_id="",
            config=document,
        ) as simulator:
            yield SimulatedTarget(version, simulator)
        return
    target = RealTarget(name, folder)
    try:
        await target.open(algorithm, change)
        yield target
    finally:
        target.close()


@functools.cache
def find_binary(version: str) -> Path:
    """Return the miner's binary of that version.

    It is looked for in the variable XMRIG_6_26_0 (and so on), among the project's tools
    and on the PATH.

    Raises:
        pytest.skip.Exception: It is nowhere, and the tests may do without.
    """
    named = os.environ.get(f"XMRIG_{version.replace('.', '_')}")
    installed = shutil.which("xmrig")
    for path in (named, _ROOT / ".tools" / f"xmrig-{version}" / "xmrig", installed):
        if path and Path(path).is_file() and _version_of(Path(path)) == version:
            return Path(path)
    raise missing(f"XMRig {version} is not installed: scripts/setup gets it")


def _version_of(binary: Path) -> str:
    shown = subprocess.run(
        [binary, "--version"], capture_output=True, text=True, check=False, timeout=60
    ).stdout
    return shown.split()[1] if shown.startswith("XMRig ") else ""


@functools.cache
def unshare_command() -> list[str]:
    """Return the command that makes a network namespace.

    Raises:
        pytest.skip.Exception: It cannot be made, and the tests may do without XMRig.
    """
    unshare = shutil.which("unshare")
    for options in ("-n", "-rn"):
        if (
            unshare
            and not subprocess.run(
                [unshare, options, "true"], capture_output=True, check=False
            ).returncode
        ):
            return [unshare, options]
    raise missing(
        "XMRig is not started outside a network namespace of its own, and `unshare -rn`"
        " cannot make one: run the tests as root or allow user namespaces"
    )
