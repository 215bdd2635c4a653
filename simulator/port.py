"""A TCP port that passes on whole requests, with or without TLS."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import replace
import socket
import ssl

from .http import MalformedRequestError, Request, parse_head

_HEAD_END = b"\r\n\r\n"
_TLS_HANDSHAKE = b"\x16"

type Handler = Callable[[Request, StreamWriter], Awaitable[None]]


class Port:
    """Listens, and closes each connection after one request like the miner."""

    def __init__(self, host: str, handler: Handler) -> None:
        """Set up a closed port."""
        self.context: ssl.SSLContext | None = None
        self._host = host
        self._handler = handler
        self._listener: socket.socket | None = None
        self._reserved: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._listener is not None

    def open(self, number: int) -> int:
        """Listen on a port (0 for any free one), and return its number."""
        listener = self._bind(number)
        try:
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        self.release()
        listener.setblocking(False)
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener))
        return int(listener.getsockname()[1])

    def _bind(self, number: int) -> socket.socket:
        """Return a socket that reserves a port, but refuses connections."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((self._host, number))
        except OSError:
            bound.close()
            raise
        return bound

    def close(self) -> None:
        """Accept no more connections; existing ones continue.

        The number stays reserved: otherwise any other connection may use it.
        """
        if self._listener and self._accepting:
            number = self._listener.getsockname()[1]
            # Before another socket may get the number
            asyncio.get_running_loop().remove_reader(self._listener)
            self._accepting.cancel()
            self._listener.close()
            self._reserved = self._bind(number)
        self._listener = self._accepting = None

    def release(self) -> None:
        """Allow other programs to use the number of a closed port."""
        if self._reserved:
            self._reserved.close()
            self._reserved = None

    def cut(self) -> None:
        """Cut all connections."""
        current = asyncio.current_task()
        for task in self._serving:
            if task is not current:
                task.cancel()

    async def shut(self) -> None:
        """Close, cut all connections, and wait until they have ended."""
        tasks = {self._accepting, *self._serving} - {None, asyncio.current_task()}
        self.close()
        self.cut()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(self._serve(connection))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport: asyncio.Transport | None = None
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=await self._context_for(connection)
            )
            writer = StreamWriter(transport, protocol, reader, loop)
            if (request := await _read_request(reader)) is not None:
                await self._handler(request, writer)
            writer.close()
            await writer.wait_closed()
        except OSError, EOFError, MalformedRequestError:
            pass
        finally:
            if transport is not None:
                transport.abort()
            connection.close()

    async def _context_for(self, connection: socket.socket) -> ssl.SSLContext | None:
        """Return the TLS context if the client speaks TLS, detected like the miner.

        With TLS enabled, the first byte decides; HTTP keeps working (HttpsContext.cpp).
        """
        if self.context is None:
            return None
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(connection, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(connection)
        first = connection.recv(1, socket.MSG_PEEK)
        return self.context if first == _TLS_HANDSHAKE else None


async def _read_request(reader: StreamReader) -> Request | None:
    try:
        first = await reader.readexactly(1)
        if not (first.isalpha() and first.isupper()):
            # At once, like llhttp: a TLS handshake never has the end of a head
            raise MalformedRequestError
        head = first + await reader.readuntil(_HEAD_END)
    except asyncio.IncompleteReadError:
        return None
    request = parse_head(head)
    return replace(request, body=await reader.readexactly(request.length))
