"""A simulated XMRig process on a port: requests, faults, and the config file."""

from abc import ABC, abstractmethod
import asyncio
from asyncio import StreamWriter
from collections.abc import Awaitable, Callable
import contextlib
import socket
import ssl
import struct
from types import TracebackType
from typing import Any, NamedTuple, Self

from . import rapidjson
from .config import CERTIFICATE, names_certificate
from .faults import FAULTS, Fault
from .http import Process, Reply, Request, answer
from .jsonvalue import Json
from .pool import split_url
from .port import Port
from .surroundings import Surroundings

_HANG = 3600.0
_NO_LINGER = struct.pack("ii", 1, 0)
"""For setsockopt: closing a connection resets it."""


class Exchange(NamedTuple):
    """A received request, and the status of its reply; 0 without a reply."""

    method: str
    path: str
    status: int
    body: bytes = b""


type Hook = Callable[[Request], Awaitable[None] | None]


def http_section(*, host: str, port: int, token: str | None, restricted: bool) -> Json:
    """Return the `http` member of a config with the API enabled."""
    return {
        "http": {
            "enabled": True,
            "host": host,
            "port": port,
            "access-token": token,
            "restricted": restricted,
        }
    }


class BaseSimulator[ProcessT: Process](ABC):
    """A simulated XMRig process on its own port.

    Many of them can run in one Python process. As an asynchronous context manager, it
    listens from entry to exit. Its time is the monotonic clock plus what `advance`
    adds; pass a `clock` (a callable that returns seconds) to control it completely.
    """

    def __init__(
        self, surroundings: Surroundings, document: Json, version: str, uptime: float
    ) -> None:
        """Set it up; it starts when the context is entered.

        `document` is its config. It seems to have started `uptime` seconds ago.
        """
        self.surroundings = surroundings
        self.version = version
        self.fault: str | None = None
        self.requests: list[Exchange] = []
        self.on_request: Hook | None = None
        self.on_reply: Hook | None = None
        self.host: str = document["http"]["host"]
        self.port: int = document["http"]["port"]
        self._certificate: tuple[ssl.SSLContext, bytes] | None = None
        self._document = document
        self._uptime = uptime
        self._failing: list[Fault] = []
        self._failing_at: dict[int, Fault] = {}
        self._received = 0
        self._process: ProcessT | None = None
        self._is_online = True
        self._port = Port(self.host, self._handle)
        self._timers: set[asyncio.TimerHandle] = set()

    async def __aenter__(self) -> Self:
        """Start the process, and listen."""
        self.port = self._port.open(self.port)
        self._document["http"]["port"] = self.port
        self.write_disk(rapidjson.dumps(self._document))
        disk = self.surroundings.disk
        self._process = self._start(self._uptime)
        self._start_tls(disk)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, and cut all connections."""
        for timer in self._timers:
            timer.cancel()
        await self._port.shut()
        self._port.release()

    @abstractmethod
    def _start(self, uptime: float = 0.0) -> ProcessT:
        """Return a new process that seems to be this many seconds old."""

    @abstractmethod
    def _document_at(self, process: ProcessT, path: str) -> Any:
        """Return the document at a path without full access; None if there is none."""

    @abstractmethod
    def _other_process(self) -> ProcessT:
        """Return the process that answers during the fault "other_miner"."""

    @property
    def process(self) -> ProcessT:
        """The process, updated to the current time.

        Raises:
            RuntimeError: No process runs: not started yet, or killed.
        """
        if self._process is None:
            raise RuntimeError("The simulated process is not running")
        self._process.sync()
        return self._process

    @property
    def token(self) -> str | None:
        """The access token that the process requires, or will require when it runs."""
        config = self.config if self._process else self.disk
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
        """The miner's current config; do not change it."""
        return self.process.config

    @property
    def disk(self) -> Json:
        """The miner's config file."""
        document = rapidjson.loads(self.surroundings.disk)
        assert isinstance(document, dict)
        return document

    def advance(self, seconds: float) -> None:
        """Advance the miner's clock."""
        self.surroundings.offset += seconds
        if self._process is not None:
            self._process.sync()
            self._follow_http()

    def restart(self) -> None:
        """End the running process, and start a new one with the config on disk."""
        disk = self.surroundings.disk
        self._process = self._start()
        self._port.cut()
        self._start_tls(disk)
        self._follow_http()

    @property
    def certificate(self) -> bytes | None:
        """The certificate in the process's files, in DER form."""
        return self._certificate[1] if self._certificate else None

    def renew_certificate(self) -> None:
        """Present a new certificate, as after a start without its files."""
        # Only needed with TLS, and slow to import
        from .certificate import make_context  # noqa: PLC0415

        self.use_certificate(*make_context())

    def use_certificate(self, context: ssl.SSLContext, certificate: bytes) -> None:
        """Present a certificate."""
        self._certificate = context, certificate
        self._port.context = context

    def delete_certificate(self) -> None:
        """Delete the certificate files, which XMRig notices when it starts.

        It then creates new ones, or continues without TLS if its config names the files
        (base/net/https/HttpsServer.cpp).
        """
        self._certificate = None

    def lose_tls(self) -> None:
        """Continue without TLS, as after a start without the configured files."""
        self.delete_certificate()
        self._port.context = None

    async def kill(self) -> None:
        """End the process like kill or a power cut; `restart` starts a new one."""
        self._process = None
        await self._port.shut()

    async def go_offline(self) -> None:
        """Become unreachable while the miner continues."""
        self._is_online = False
        await self._port.shut()

    async def go_online(self) -> None:
        """Become reachable again, on the same port."""
        self._is_online = True
        self._follow_http()

    # External events

    def edit_config(self, edit: Callable[[Json], Json | None]) -> None:
        """Edit the miner's config file like a user with an editor.

        `edit` changes the document in place or returns another one. The miner notices
        after the watch delay.
        """
        document = self.disk
        self.write_disk(rapidjson.dumps(edit(document) or document))

    def write_disk(self, text: str) -> None:
        """Write any text to the miner's config file."""
        if self._process is not None:
            self._process.sync()
        self.surroundings.disk = text
        if self._process is not None:
            self._process.file_changed()
            self._look_again()

    def set_pool_reachable(self, url: str, reachable: bool) -> None:
        """Make a pool reachable or unreachable."""
        self.process.sync()
        address = split_url(url)
        assert address is not None
        if reachable:
            self.surroundings.dead_pools.discard(address)
        else:
            self.surroundings.dead_pools.add(address)
        self.process.reachability_changed()

    def fail(self, how: str | Fault, count: int = 1) -> None:
        """Apply a fault to the next requests that it applies to."""
        self._failing += [_fault(how)] * count

    def fail_next(self, n: int, how: str | Fault) -> None:
        """Apply a fault to a single request: 1 is the next one."""
        self._failing_at[self._received + n] = _fault(how)

    # The port

    def reply_to(self, request: Request, process: ProcessT | None = None) -> Reply:
        """Execute a request without a connection, and return the reply."""
        asked = process or self.process
        return answer(asked, request, lambda path: self._document_at(asked, path))

    def _follow_http(self) -> None:
        """Listen as configured, or not at all."""
        http = self._process.config["http"] if self._process else {"enabled": False}
        wanted = http["enabled"] and self._is_online
        if self._port.is_open and not (wanted and http["port"] in (0, self.port)):
            self._port.close()
        if wanted and not self._port.is_open:
            self.port = self._port.open(http["port"] or self.port)

    def _start_tls(self, disk: str) -> None:
        """Present a certificate like a process that starts with the config on disk."""
        tls = self.config["tls"]
        if tls["enabled"] and not self._certificate and not names_certificate(disk):
            self.renew_certificate()
        if not tls["enabled"] or tls["cert"] != CERTIFICATE or not self._certificate:
            self._port.context = None
        else:
            self._port.context = self._certificate[0]

    def _look_again(self) -> None:
        """Check the config file even without requests."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            self._timers.discard(timer)
            if self._process is not None:
                self._process.sync()
                self._follow_http()

        timer = loop.call_later(self.surroundings.watch_delay + 0.005, look)
        self._timers.add(timer)

    async def _handle(self, request: Request, writer: StreamWriter) -> None:
        if self.on_request is not None and (wait := self.on_request(request)):
            await wait
        fault = self._pick_fault(request)
        if fault and fault.delay_before:
            await asyncio.sleep(fault.delay_before)
        if self._process is None:
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
        """Execute a request as far as the fault allows; None for no reply."""
        if fault and fault.silence and not fault.takes_effect:
            return None
        if fault and fault.instead:
            return fault.instead
        is_other = fault is not None and fault.from_other
        process = self._other_process() if is_other else self.process
        reply = self.reply_to(request, process)
        if request.method in ("PUT", "POST"):
            self._look_again()
        if fault and fault.distort:
            reply = fault.distort(process, request, reply)
        return reply

    async def _keep_silent(self, fault: Fault, writer: StreamWriter) -> None:
        """Send nothing: keep the connection open, or close it."""
        if fault.silence == "hang":
            await asyncio.sleep(_HANG)
        elif fault.silence == "reset":
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )

    async def _send(
        self, reply: Reply, fault: Fault | None, writer: StreamWriter
    ) -> None:
        copies = list(reply.wire(self.process.version_info))
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.cut:
            writer.write(_first_half(copies[0]))
        elif fault and fault.gap:
            for data in copies:
                writer.write(data)
                await asyncio.sleep(fault.gap)
        else:
            # In one segment, as most clients of the real miner receive both
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

    def _note(self, request: Request, status: int) -> None:
        self.requests.append(
            Exchange(request.method, request.path, status, request.body)
        )


def merged(document: Json, changes: Json) -> Json:
    """Return a config with changes, member by member of its first two levels."""
    result = dict(document)
    for key, value in changes.items():
        old = result.get(key, {})
        result[key] = old | value if isinstance(value, dict) else value
    return result


def _fault(how: str | Fault) -> Fault:
    return FAULTS[how] if isinstance(how, str) else how


def _first_half(data: bytes) -> bytes:
    """Return a reply without the second half of its body, or of its head."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not body:
        return head[: len(head) // 2]
    return head + separator + body[: len(body) // 2]
