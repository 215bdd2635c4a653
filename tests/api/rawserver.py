"""A server that sends any bytes, including invalid replies."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass
import ssl
from types import TracebackType
from typing import Self

type Answer = bytes | Callable[[StreamReader, StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """A received request."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """Return the method."""
        return self.line.split(" ")[0]

    @property
    def path(self) -> str:
        """Return the path."""
        return self.line.split(" ")[1]


class RawServer:
    """A server on loopback, from entry to exit of its context.

    Each connection gets one answer, the last of them again and again; then the server
    closes it.
    """

    def __init__(
        self,
        *answers: Answer,
        host: str = "127.0.0.1",
        port: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Initialize the server; it does not listen yet."""
        self.host = host
        self.port = port
        self.requests: list[Received] = []
        self._answers = list(answers)
        self._context = context
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and end every connection."""
        assert self._server
        self._server.close()
        self._server.close_clients()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Read a request and answer it."""
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await self._receive(reader)
                answer = self._answers[0]
                if len(self._answers) > 1:
                    self._answers.pop(0)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _receive(self, reader: StreamReader) -> None:
        """Read a request to its end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.split("\r\n")[:-2]
        headers = dict(item.split(": ", 1) for item in lines)
        body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        self.requests.append(Received(line=line, headers=headers, body=body))


def reply(
    body: bytes = b"",
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: str = "",
) -> bytes:
    """Return a reply with the headers that XMRig sends, and more if given."""
    return (
        f"HTTP/1.1 {status}\r\n"
        "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
        "Access-Control-Allow-Methods: GET, PUT, POST, DELETE\r\n"
        "Access-Control-Allow-Origin: *\r\n"
        "Connection: close\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Content-Type: {content_type}\r\n{headers}\r\n"
    ).encode() + body
