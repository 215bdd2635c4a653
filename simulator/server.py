"""A simulated miner on a port."""

import asyncio
from asyncio import StreamWriter
from collections.abc import Awaitable, Callable
import contextlib
from hashlib import sha256
import socket
import ssl
import struct
import time
from types import TracebackType
from typing import NamedTuple, Self

from . import rapidjson
from .config import CERTIFICATE, names_certificate
from .faults import FAULTS, Fault
from .hardware import Computer, Gpu, make_gpus
from .http import Reply, Request, answer
from .jsonvalue import Json
from .miner import SimulatedMiner
from .pool import split_url
from .port import Port
from .surroundings import Surroundings

_HANG = 3600.0
_OTHER_UPTIME = 5000.0
_NO_LINGER = struct.pack("ii", 1, 0)
"""For setsockopt: a connection that is closed is reset."""

DEFAULT_POOLS = (
    {"url": "pool.example.org:3333", "user": "WALLET", "pass": "x", "keepalive": True},
    {"url": "backup.example.org:3333", "user": "WALLET", "pass": "x"},
)

OTHER_WORKER = "rig-other"
OTHER_ID = "00c0ffee00c0ffee"
OTHER_POOLS = ({"url": "other.example.org:3333", "user": "OTHER_WALLET", "pass": "x"},)
"""Of the miner that the fault "other_miner" lets answer."""


class Exchange(NamedTuple):
    """A request that came in, and the status it got; 0 where it got no answer."""

    method: str
    path: str
    status: int
    body: bytes = b""


type Hook = Callable[[Request], Awaitable[None] | None]


class Simulator:
    """A simulated miner on its own port.

    Many of them can run in one process. As an asynchronous context manager, it listens
    from entry to exit. Its time is the process's monotonic clock plus what `advance`
    adds; pass a `clock` (a callable, seconds) to control it completely.
    """

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
        clock: Callable[[], float] | None = None,
        fault: str | None = None,
    ) -> None:
        """Set a miner up; it starts when the simulator is entered.

        `uptime` starts it as if that many seconds ago, with all that happened since.
        `miner_id` is the API's `id`: "" as on a host without network, None for one
        made of the port. `swing` is the share by which its hashrates go up and down.
        `config` is merged over the config that the other arguments
        make, member by member of its first two levels.
        """
        gpu_list = make_gpus(gpus) if isinstance(gpus, int) else gpus
        self.surroundings = Surroundings(
            clock=clock or time.monotonic,
            computer=Computer(threads=threads, gpus=gpu_list, swing=swing),
            identity=miner_id or "",
            algorithm=algorithm,
            difficulty=difficulty,
            job_interval=job_interval,
            dataset_time=dataset_time,
            watch_delay=watch_delay,
        )
        self.host = host
        self.port = port
        self.version = version
        self.fault = fault
        self.requests: list[Exchange] = []
        self.on_request: Hook | None = None
        self.on_reply: Hook | None = None
        self._has_made_id = miner_id is None
        self._uptime = uptime
        self._failing: list[Fault] = []
        self._failing_at: dict[int, Fault] = {}
        self._received = 0
        self._other: SimulatedMiner | None = None
        self._miner: SimulatedMiner | None = None
        self._is_online = True
        self._certificate: tuple[ssl.SSLContext, bytes] | None = None
        self._port = Port(host, self._handle)
        self._timers: set[asyncio.TimerHandle] = set()
        self._document: Json = {
            "api": {"id": None, "worker-id": worker_id},
            "http": {
                "enabled": True,
                "host": host,
                "port": port,
                "access-token": token,
                "restricted": restricted,
            },
            "opencl": {"enabled": any(gpu.kind == "opencl" for gpu in gpu_list)},
            "cuda": {"enabled": any(gpu.kind == "cuda" for gpu in gpu_list)},
            "pools": list(pools),
            "tls": {"enabled": tls},
        }
        for key, value in (config or {}).items():
            if isinstance(value, dict):
                self._document[key] = self._document.get(key, {}) | value
            else:
                self._document[key] = value

    async def __aenter__(self) -> Self:
        """Start the miner and listen."""
        self.port = self._port.open(self.port)
        self._document["http"]["port"] = self.port
        self.write_disk(rapidjson.dumps(self._document))
        if self._has_made_id:
            seed = f"{self.port}:{self._document['api']['worker-id']}"
            self.surroundings.identity = sha256(seed.encode()).hexdigest()[:16]
        disk = self.surroundings.disk
        self._miner = SimulatedMiner(self.surroundings, self.version, self._uptime)
        self._start_tls(disk)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and cut every connection."""
        for timer in self._timers:
            timer.cancel()
        await self._port.shut()

    # The miner

    @property
    def miner(self) -> SimulatedMiner:
        """The process, brought up to its clock.

        Raises:
            RuntimeError: No process runs: not started yet, or killed.
        """
        if self._miner is None:
            raise RuntimeError("The simulated miner is not running")
        self._miner.sync()
        return self._miner

    @property
    def token(self) -> str | None:
        """The access token that the miner asks for now, or will when it runs."""
        config = self.config if self._miner else self.disk
        token = config["http"]["access-token"]
        assert token is None or isinstance(token, str)
        return token

    @property
    def url(self) -> str:
        """The address of the API."""
        scheme = "https" if self._port.context else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def config(self) -> Json:
        """The config as the miner holds it; not to be changed."""
        return self.miner.config

    @property
    def disk(self) -> Json:
        """The miner's config file."""
        document = rapidjson.loads(self.surroundings.disk)
        assert isinstance(document, dict)
        return document

    @property
    def gpus(self) -> list[Gpu]:
        """The GPUs, whose readings may be set."""
        return self.surroundings.computer.gpus

    @property
    def is_hashing(self) -> bool:
        """Whether any thread of the miner computes hashes now."""
        return any(backend.rate for backend in self.miner.backends)

    @property
    def hashrate(self) -> float:
        """H/s that the miner really computes now, whatever its windows say."""
        return sum(backend.rate for backend in self.miner.backends)

    def advance(self, seconds: float) -> None:
        """Move the miner's clock on."""
        self.surroundings.offset += seconds
        if self._miner is not None:
            self._miner.sync()
            self._follow_http()

    def restart(self) -> None:
        """Start a new process with the config on the disk, ending the one that runs."""
        disk = self.surroundings.disk
        self._miner = SimulatedMiner(self.surroundings, self.version)
        self._port.cut()
        self._start_tls(disk)
        self._follow_http()

    @property
    def certificate(self) -> bytes | None:
        """The certificate in the miner's files, in DER form."""
        return self._certificate[1] if self._certificate else None

    def renew_certificate(self) -> None:
        """Show a new certificate, as after a start without its files."""
        # Only needed with TLS, and slow to import
        from .certificate import make_context  # noqa: PLC0415

        self.use_certificate(*make_context())

    def use_certificate(self, context: ssl.SSLContext, certificate: bytes) -> None:
        """Show a certificate."""
        self._certificate = context, certificate
        self._port.context = context

    def delete_certificate(self) -> None:
        """Delete the files of the certificate, which the miner notices at its start.

        It then makes new ones, or goes on without TLS if its config names them
        (base/net/https/HttpsServer.cpp).
        """
        self._certificate = None

    def lose_tls(self) -> None:
        """Go on without TLS, as after a start without the files that are named."""
        self.delete_certificate()
        self._port.context = None

    def lose_gpu(self, bus_id: str) -> None:
        """Remove a card, which XMRig notices after a restart: the next ones move up."""
        [lost] = [gpu for gpu in self.gpus if gpu.bus_id == bus_id]
        self.gpus.remove(lost)
        for gpu in self.gpus:
            if gpu.kind == lost.kind and gpu.index > lost.index:
                gpu.index -= 1
        self.restart()

    async def kill(self) -> None:
        """End the process, as kill or a power cut does; `restart` begins a new one."""
        self._miner = None
        await self._port.shut()

    async def go_offline(self) -> None:
        """Become unreachable while the miner goes on."""
        self._is_online = False
        await self._port.shut()

    async def go_online(self) -> None:
        """Become reachable again, on the same port."""
        self._is_online = True
        self._follow_http()

    # What happens to it

    def edit_config(self, edit: Callable[[Json], Json | None]) -> None:
        """Edit the miner's config file as with an editor.

        `edit` changes the document in place or returns another one. The miner notices
        after the watch delay.
        """
        document = self.disk
        self.write_disk(rapidjson.dumps(edit(document) or document))

    def write_disk(self, text: str) -> None:
        """Write any text into the miner's config file."""
        if self._miner is not None:
            self._miner.sync()
        self.surroundings.disk = text
        if self._miner is not None:
            self._miner.file_changed()
            self._look_again()

    def rpc_direct(self, method: str) -> None:
        """Pause, resume or stop as from the miner's console."""
        getattr(self.miner, method)()

    def set_pool_reachable(self, url: str, reachable: bool) -> None:
        """Let a pool answer, or be gone."""
        self.miner.sync()
        address = split_url(url)
        assert address is not None
        if reachable:
            self.surroundings.dead_pools.discard(address)
        else:
            self.surroundings.dead_pools.add(address)
        self.miner.network.reachability_changed()

    def set_algorithm(self, algorithm: str) -> None:
        """Let the pools ask for another algorithm from their next job on."""
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
        """Let the pool accept a share, of that difficulty if one is given."""
        self.miner.add_share(actual=actual)

    def reject_share(self) -> None:
        """Let the pool reject a share."""
        self.miner.add_share(accepted=False)

    def fail(self, how: str | Fault, count: int = 1) -> None:
        """Apply a fault to the next requests that it fits, so many of them."""
        self._failing += [_fault(how)] * count

    def fail_next(self, n: int, how: str | Fault) -> None:
        """Apply a fault to the nth request from now, 1 for the next, and to no other."""
        self._failing_at[self._received + n] = _fault(how)

    # The port

    def _follow_http(self) -> None:
        """Listen where the miner's config says, or not at all."""
        http = self._miner.config["http"] if self._miner else {"enabled": False}
        wanted = http["enabled"] and self._is_online
        if self._port.is_open and not (wanted and http["port"] in (0, self.port)):
            self._port.close()
        if wanted and not self._port.is_open:
            self.port = self._port.open(http["port"] or self.port)

    def _start_tls(self, disk: str) -> None:
        """Show a certificate, as a process does that starts with a config on the disk."""
        tls = self.config["tls"]
        if tls["enabled"] and not self._certificate and not names_certificate(disk):
            self.renew_certificate()
        if not tls["enabled"] or tls["cert"] != CERTIFICATE or not self._certificate:
            self._port.context = None
        else:
            self._port.context = self._certificate[0]

    def _look_again(self) -> None:
        """Follow the config file even without requests."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            self._timers.discard(timer)
            if self._miner is not None:
                self._miner.sync()
                self._follow_http()

        timer = loop.call_later(self.surroundings.watch_delay + 0.005, look)
        self._timers.add(timer)

    async def _handle(self, request: Request, writer: StreamWriter) -> None:
        if self.on_request is not None and (wait := self.on_request(request)):
            await wait
        fault = self._pick_fault(request)
        if fault and fault.delay_before:
            await asyncio.sleep(fault.delay_before)
        if self._miner is None:
            return
        self._follow_http()
        if not self._port.is_open:
            return
        reply = self._answer(request, fault)
        is_silent = reply is None or (fault is not None and fault.silence is not None)
        self._note(request, 0 if reply is None or is_silent else reply.status)
        if fault and fault.silence:
            await self._keep_silent(fault, writer)
        elif reply:
            await self._send(reply, fault, writer)
        if self.on_reply is not None and (wait := self.on_reply(request)):
            await wait

    def _answer(self, request: Request, fault: Fault | None) -> Reply | None:
        """Do what a request asks for, as far as the fault allows; None for no answer."""
        if fault and fault.silence and not fault.takes_effect:
            return None
        if fault and fault.instead:
            return fault.instead
        miner = self._other_miner() if fault and fault.from_other else self.miner
        reply = answer(miner, request)
        if request.method in ("PUT", "POST"):
            self._look_again()
        if fault and fault.distort:
            reply = fault.distort(miner, request, reply)
        return reply

    async def _keep_silent(self, fault: Fault, writer: StreamWriter) -> None:
        """Send nothing: keep the connection open, or let it end."""
        if fault.silence == "hang":
            await asyncio.sleep(_HANG)
        elif fault.silence == "reset":
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )

    async def _send(
        self, reply: Reply, fault: Fault | None, writer: StreamWriter
    ) -> None:
        copies = list(reply.wire(self.miner.version_info))
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.cut:
            writer.write(_first_half(copies[0]))
        elif fault and fault.gap:
            for data in copies:
                writer.write(data)
                await asyncio.sleep(fault.gap)
        else:
            # In one segment, as most clients of the real miner get the two
            writer.write(b"".join(copies))
        with contextlib.suppress(ConnectionError):
            await writer.drain()

    def _pick_fault(self, request: Request) -> Fault | None:
        self._received += 1
        if fault := self._failing_at.pop(self._received, None):
            return fault if fault.applies_to(request) else None
        for fault in self._failing:
            if fault.applies_to(request):
                self._failing.remove(fault)
                return fault
        if self.fault and FAULTS[self.fault].applies_to(request):
            return FAULTS[self.fault]
        return None

    def _other_miner(self) -> SimulatedMiner:
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

    def _note(self, request: Request, status: int) -> None:
        self.requests.append(
            Exchange(request.method, request.path, status, request.body)
        )


def _fault(how: str | Fault) -> Fault:
    return FAULTS[how] if isinstance(how, str) else how


def _first_half(data: bytes) -> bytes:
    """Return an answer without the second half of its body; without one, of its head."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not body:
        return head[: len(head) // 2]
    return head + separator + body[: len(body) // 2]
