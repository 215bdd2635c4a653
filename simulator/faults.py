"""Faults of a miner, or of another device at its address."""

from collections.abc import Callable
from dataclasses import dataclass, replace
import re
from typing import Any, Literal

from . import api
from .http import Reply, Request, reason, with_body
from .miner import SimulatedMiner

_HUGE = 10 * 1024**2
_FIRST_WINDOWS = re.compile(rb'"(?:total|hashrate)": \[[^\[\],]+, [^\[\],]+, ')
_PLAIN = {"Content-Type": "text/plain"}
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Router</title></head><body></body></html>\n"
)


@dataclass(frozen=True)
class Fault:
    """One fault.

    `instead` is the reply instead of executing the request; `distort` changes the reply
    of the miner. `silence` sends no reply: "hang" keeps the connection open, "close"
    ends it, "reset" does so with a RST, all without executing the request unless
    `takes_effect`. `cut` ends the connection in the middle of the reply. With
    `from_other`, another miner executes the request and replies. `delay` waits that
    many seconds before the reply, `delay_before` before executing the request, `gap`
    between the two copies of the reply to an RPC.
    """

    description: str
    instead: Reply | None = None
    distort: Callable[[Any, Request, Reply], Reply] | None = None
    silence: Literal["hang", "close", "reset"] | None = None
    takes_effect: bool = False
    cut: bool = False
    from_other: bool = False
    path: str = ""
    methods: tuple[str, ...] = ()
    delay: float = 0.0
    delay_before: float = 0.0
    gap: float = 0.0

    def applies_to(self, request: Request) -> bool:
        """Whether the fault applies to this request."""
        return request.path.endswith(self.path) and (
            not self.methods or request.method in self.methods
        )


def _truncated(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    """Cut the document at the first window that is not full.

    rapidjson stops at a NaN in the middle of the document, and the announced length is
    that of the truncated text (xmrig/xmrig#3363).
    """
    body = reply.text()
    cut = _FIRST_WINDOWS.search(body)
    return with_body(reply, body[: cut.end()]) if cut else reply


def _short(miner: SimulatedMiner, request: Request, reply: Reply) -> Reply:
    """End the body early: at a window that is not full, or halfway if all are."""
    cut = _truncated(miner, request, reply)
    body = reply.text()
    return cut if cut.text() != body else with_body(reply, body[: len(body) // 2])


def _huge(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    return with_body(reply, b'{"id": "' + b"x" * _HUGE + b'"}')


def _invalid_utf8(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    return with_body(reply, re.sub(rb': "', b': "\xff\xfe\xc3', reply.text()))


def _strings(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    return replace(reply, document=_each(reply.document, _number_as_text))


def _nulls(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    return replace(reply, document=_each(reply.document, lambda _value: None))


def _each(document: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(document, dict):
        return {key: _each(value, change) for key, value in document.items()}
    if isinstance(document, list):
        return [_each(value, change) for value in document]
    return change(document)


def _number_as_text(value: Any) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value


def _proxy(miner: SimulatedMiner, request: Request, reply: Reply) -> Reply:
    if request.path.endswith("/summary") and reply.status == 200:
        return replace(reply, document=api.proxy_summary(miner))
    if request.path == "/2/backends" and reply.status == 200:
        return replace(
            reply, status=404, document={"status": 404, "error": "NOT_FOUND"}
        )
    return reply


def _page(status: int) -> Reply:
    return Reply(status, body=_PAGE, headers={"Content-Type": "text/html"})


def _refusal(status: int) -> Reply:
    # As XMRig 6.26.0 words it
    return Reply(status, {"status": status, "error": reason(status, (6, 26))})


_SERVER_ERROR = Reply(500, body=b"Internal Server Error\n", headers=_PLAIN)
_WRITES = ("PUT", "POST")

FAULTS = {
    "truncated": Fault(
        "JSON ends at the first hashrate window that is not full, as before 6.22.2",
        distort=_truncated,
        methods=("GET",),
    ),
    "hang": Fault("takes every request and never answers", silence="hang"),
    "close": Fault("closes the connection without an answer", silence="close"),
    "lost": Fault(
        "does what was asked and closes without an answer",
        silence="close",
        takes_effect=True,
    ),
    "hang_after": Fault(
        "does what was asked and never answers", silence="hang", takes_effect=True
    ),
    "reset": Fault("resets the connection, and does nothing", silence="reset"),
    "reset_after": Fault(
        "does what was asked and resets the connection",
        silence="reset",
        takes_effect=True,
    ),
    "cut": Fault("sends the first half of its answer", cut=True),
    "short": Fault(
        "announces and sends only the first part of its JSON", distort=_short
    ),
    "slow": Fault("answers after three seconds", delay=3.0),
    "late_2": Fault("does nothing for two seconds", delay_before=2.0),
    "late_2_after": Fault("does what was asked, answers two seconds later", delay=2.0),
    "late_7": Fault("does nothing for seven seconds", delay_before=7.0),
    "late_7_after": Fault(
        "does what was asked, answers seven seconds later", delay=7.0
    ),
    "html": Fault("answers 200 with a web page", instead=_page(200)),
    "huge": Fault("answers with 10 MiB of JSON", distort=_huge),
    "invalid_utf8": Fault(
        "text that is not UTF-8", distort=_invalid_utf8, methods=("GET",)
    ),
    "strings": Fault("every number is a string", distort=_strings, methods=("GET",)),
    "nulls": Fault("every value is null", distort=_nulls, methods=("GET",)),
    "http_500": Fault("answers 500 to everything", instead=_SERVER_ERROR),
    "unauthorized": Fault("refuses every token with 401", instead=_refusal(401)),
    "forbidden": Fault("refuses everything with 403", instead=_refusal(403)),
    "router_401": Fault("a router asks for its own password", instead=_page(401)),
    "router_403": Fault("a router refuses with a web page", instead=_page(403)),
    "other_miner": Fault("another miner answers", from_other=True),
    "backends_500": Fault(
        "answers 500 to /2/backends", instead=_SERVER_ERROR, path="/backends"
    ),
    "backends_hang": Fault(
        "never answers /2/backends", silence="hang", path="/backends"
    ),
    "config_500": Fault(
        "answers 500 to a read of the config",
        instead=_SERVER_ERROR,
        path="/config",
        methods=("GET",),
    ),
    "redirect": Fault(
        "sends everyone to another address",
        instead=Reply(302, headers={"Location": "http://127.0.0.1:9/login"}),
    ),
    "proxy": Fault("is an xmrig-proxy", distort=_proxy),
    "not_xmrig": Fault(
        "answers with another product's JSON",
        instead=Reply(200, {"name": "printer", "version": "1.0", "jobs": []}),
    ),
    "refuse_put": Fault(
        "refuses every config with 400",
        instead=Reply(400, {"status": 400, "error": "BAD_REQUEST"}),
        path="/config",
        methods=_WRITES,
    ),
    "ignore_put": Fault(
        "answers 204 to a config and never applies it",
        instead=Reply(204),
        path="/config",
        methods=_WRITES,
    ),
    "rpc_gap": Fault(
        "sends the two copies of a RPC reply 20 ms apart, which aiohttp can read",
        path="/json_rpc",
        gap=0.02,
    ),
}
