"""The miner's HTTP server: the reply to each request, byte for byte.

The checks and their order are those of base/api/Httpd.cpp; nothing here does I/O.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from . import rapidjson
from .jsonvalue import Json

# llhttp's numbers; the miner answers 405 to those above 4 (Httpd.cpp:151)
_SERVED_METHODS = ("DELETE", "GET", "HEAD", "POST", "PUT")
_OTHER_METHODS = (
    *("CONNECT", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND"),
    *("PROPPATCH", "SEARCH", "UNLOCK", "BIND", "REBIND", "UNBIND", "ACL", "REPORT"),
    *("MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY", "SUBSCRIBE"),
    *("UNSUBSCRIBE", "PATCH", "PURGE", "MKCALENDAR", "LINK", "UNLINK", "SOURCE"),
)
_CORS = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, PUT, POST, DELETE",
    "Access-Control-Allow-Origin": "*",
}
_REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
}
_CONFIGS = ("/1/config", "/2/config")
_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_METHOD_NOT_FOUND = -32601
_RPC_ERRORS = {
    _PARSE_ERROR: "Parse error",
    _INVALID_REQUEST: "Invalid Request",
    _METHOD_NOT_FOUND: "Method not found",
}


class MalformedRequestError(ValueError):
    """The bytes are not HTTP; the miner closes the connection without a reply."""


class Process(Protocol):
    """A simulated process of XMRig."""

    config: Json
    version_info: tuple[int, ...]
    methods: tuple[str, ...]
    """Remote calls that it knows, each a method of it."""
    breaks_lists: bool
    """Whether it was built with XMRig's own rapidjson; see `rapidjson.dumps`."""

    @property
    def identity(self) -> str:
        """The API's id."""

    def sync(self) -> None:
        """Play all events that are due."""

    def put_config(self, document: Any) -> bool:
        """Replace the config; False if the document is refused."""

    def file_changed(self) -> None:
        """Note that the config file was written."""

    def reachability_changed(self) -> None:
        """Cut the connections to pools that went away."""


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def length(self) -> int:
        """Bytes of body that the headers announce."""
        return int(self.headers.get("content-length", "0") or 0)


@dataclass(frozen=True)
class Reply:
    """An answer: a JSON document or none, under a status.

    `copies` is how often it goes out; `body`, when given, replaces the document's text.
    `breaks_lists` is how the document is printed; see `rapidjson.dumps`.
    """

    status: int
    document: Any = None
    copies: int = 1
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=lambda: _CORS)
    breaks_lists: bool = False

    def text(self) -> bytes:
        """Return the body."""
        if self.body is not None:
            return self.body
        if self.document is None:
            return b""
        text = rapidjson.dumps(self.document, breaks_lists=self.breaks_lists)
        return text.encode("utf-8", "surrogatepass")

    def wire(self, version: tuple[int, ...]) -> Iterator[bytes]:
        """Yield each copy of the reply as this version of XMRig sends it."""
        body = self.text()
        headers = dict(self.headers) | {"Connection": "close"}
        if body:
            headers["Content-Length"] = str(len(body))
            headers.setdefault("Content-Type", "application/json")
        head = [f"HTTP/1.1 {self.status} {reason(self.status, version)}"]
        head += [f"{name}: {headers[name]}" for name in sorted(headers)]
        data = "\r\n".join([*head, "", ""]).encode() + body
        for _ in range(self.copies):
            yield data


def reason(status: int, version: tuple[int, ...]) -> str:
    """Return the reason phrase; llhttp 9.3 writes constants since XMRig 6.23."""
    text = _REASONS.get(status, "")
    return text.upper().replace(" ", "_") if version >= (6, 23) else text


def parse_head(head: bytes) -> Request:
    """Read the request line and the headers; of a repeated header the first counts.

    Raises:
        MalformedRequestError: It is not HTTP, or a method that llhttp does not know.
    """
    lines = head.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    path, _, protocol = rest.rpartition(" ")
    if (
        method not in _SERVED_METHODS + _OTHER_METHODS
        or not path
        or not protocol.startswith("HTTP/")
    ):
        raise MalformedRequestError
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not line:
            break
        if not colon:
            raise MalformedRequestError
        headers.setdefault(name.lower(), value.strip())
    request = Request(method, path, headers)
    if not request.headers.get("content-length", "0").isdigit():
        raise MalformedRequestError
    return request


def answer(
    process: Process, request: Request, document_at: Callable[[str], Any]
) -> Reply:
    """Execute a request, and return the reply.

    `document_at` returns what a path that needs no full access serves, None for nothing.
    """
    if request.method == "OPTIONS":
        return Reply(200)
    if request.method == "GET" and request.path == "/favicon.ico":
        return Reply(404, headers={})
    if request.method not in _SERVED_METHODS:
        return _refusal(process, 405)
    http = process.config["http"]
    status = _authorize(http["access-token"], http["restricted"], request)
    if status == 200 and request.method != "GET":
        if http["restricted"]:
            status = 403
        elif request.headers.get("content-type") != "application/json":
            status = 415
    if status != 200:
        return _refusal(process, status)
    if request.method == "GET":
        return _get(process, request.path, document_at)
    if request.method == "POST" and request.path == "/json_rpc":
        return _rpc(process, request.body)
    if request.method in ("POST", "PUT") and request.path in _CONFIGS:
        return _put_config(process, request.body)
    return _refusal(process, 404)


def _authorize(token: str | None, restricted: bool, request: Request) -> int:
    given = request.headers.get("authorization")
    if given is None:
        return 200 if restricted and token is None else 401
    if token is None:
        return 401
    # The miner asks for eight characters, so an empty token never fits (Httpd.cpp:190)
    return 200 if token and given == f"Bearer {token}" else 403


def _refusal(process: Process, status: int) -> Reply:
    error = reason(status, process.version_info)
    return Reply(status, {"status": status, "error": error})


def _get(process: Process, path: str, document_at: Callable[[str], Any]) -> Reply:
    if path in _CONFIGS:
        if process.config["http"]["restricted"]:
            return _refusal(process, 403)
        document = process.config
    elif (document := document_at(path)) is None:
        return _refusal(process, 404)
    return Reply(200, document, breaks_lists=process.breaks_lists)


def _put_config(process: Process, body: bytes) -> Reply:
    document: Any = None
    if body:
        try:
            document = rapidjson.loads(body.decode("utf-8", "surrogateescape"))
        except rapidjson.ParseError as error:
            return Reply(400, {"error": str(error), "status": 400})
    return Reply(204) if process.put_config(document) else _refusal(process, 400)


def _rpc(process: Process, body: bytes) -> Reply:
    """Run a command; the reply goes out twice (HttpApiRequest.cpp:147-207)."""
    call: Any = None
    error = _INVALID_REQUEST
    if body:
        try:
            call = rapidjson.loads(body.decode("utf-8", "surrogateescape"))
        except rapidjson.ParseError:
            error = _PARSE_ERROR
    call = call if isinstance(call, dict) else {}
    method = call.get("method")
    tail = {"jsonrpc": "2.0", "id": call.get("id")}
    if isinstance(method, str) and method:
        error = _METHOD_NOT_FOUND
        if method in process.methods:
            getattr(process, method)()
            return Reply(200, {"result": {"status": "OK"}} | tail, copies=2)
    problem = {"code": error, "message": _RPC_ERRORS[error]}
    return Reply(200, {"error": problem} | tail, copies=2)


def with_body(reply: Reply, body: bytes, content_type: str | None = None) -> Reply:
    """Return the reply with other bytes as its body."""
    headers = dict(reply.headers)
    if content_type:
        headers["Content-Type"] = content_type
    return replace(reply, document=None, body=body, headers=headers)
