"""Every kind of failure of a single request, and the errors that are true of it."""

from dataclasses import dataclass
import json
from pathlib import Path
import re

from homeassistant.exceptions import HomeAssistantError

import custom_components.xmrig_miner as integration

CONNECTION = frozenset({"cannot_connect"})
"""The miner could not be reached, or did not answer in time."""
RESPONSE = frozenset({"not_xmrig"})
"""What answered is no miner, or the response is damaged."""
TOKEN = frozenset({"invalid_auth", "refused"})
"""The miner rejected the token, or the request."""
OTHER = frozenset({"another_miner", "asked_again"})
"""A different miner answered; the dialog of a repair then shows which one."""
NO_ERROR: frozenset[str] = frozenset()
"""A response that the integration has to wait for."""


@dataclass(frozen=True)
class Kind:
    """A kind of failure, by the name of the simulator's fault."""

    name: str
    errors: frozenset[str]
    """Translation keys of the errors that are true."""
    loses_request: bool = False
    """Whether the miner never saw the request, which only shows by its result."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("http_500", RESPONSE, loses_request=True),
        Kind("reset", CONNECTION, loses_request=True),
        Kind("reset_after", CONNECTION),
        Kind("cut", CONNECTION | RESPONSE),
        Kind("short", RESPONSE),
        Kind("hang", CONNECTION, loses_request=True),
        Kind("hang_after", CONNECTION),
        Kind("late_2", NO_ERROR),
        Kind("late_2_after", NO_ERROR),
        Kind("late_7", NO_ERROR),
        Kind("late_7_after", NO_ERROR),
        Kind("unauthorized", TOKEN, loses_request=True),
        Kind("forbidden", TOKEN, loses_request=True),
        Kind("router_401", RESPONSE, loses_request=True),
        Kind("router_403", RESPONSE, loses_request=True),
        Kind("other_miner", OTHER, loses_request=True),
    )
}

NO_FAILURE = None
"""What a connection that ends before a reply is to a GET or PUT: aiohttp repeats it."""

_EACH = {"router_401": "http_500", "router_403": "http_500"}
_READ = {
    **_EACH,
    "reset": NO_FAILURE,
    "reset_after": NO_FAILURE,
    "hang_after": "hang",
}
_WRITE = {**_EACH, "cut": "reset_after", "short": NO_FAILURE}

ALIKE: dict[str, dict[str, str | None]] = {
    "GET /2/summary": {**_READ, "forbidden": "unauthorized"},
    "GET /2/backends": {**_READ, "forbidden": "unauthorized"},
    "GET /2/config": {**_READ, "short": "http_500"},
    "GET /1/workers": {**_READ, "short": "http_500", "forbidden": "unauthorized"},
    "PUT /2/config": {**_WRITE, "reset": NO_FAILURE},
    "POST /json_rpc": _WRITE,
}
"""For each request, kinds that nothing above the client can tell from another kind, or
from no failure: the same reply or error comes after the same time, and the miner did the
same. `test_alike.py` proves each. The other kind runs in place of both."""

_CAUGHT = {"cut": "http_500", "unauthorized": "http_500"}

ALIKE_IF_CAUGHT: dict[str, dict[str, str]] = {
    "GET /2/summary": _CAUGHT,
    "GET /2/backends": _CAUGHT,
    "GET /2/config": {**_CAUGHT, "forbidden": "http_500"},
    "GET /1/workers": _CAUGHT,
}
"""The same where every failure is caught: by a poll, which then lacks that part, and while
a result is waited for."""

AS_LATE = {"late_2": "late_2_after", "late_7": "late_7_after"}
"""Kinds with which a read returns what the miner is like when the reply is sent, and
kinds with which it returns what it was like before: the same, unless it changed."""

_TEXTS = Path(integration.__file__).parent / "translations" / "en.json"
_PLACEHOLDER = re.compile(r"\\{\w+\\}")


def key_of(error: BaseException | None) -> str | None:
    """Return the translation key of an error.

    An action for several miners says why one of them failed: the key is that of the
    reason.
    """
    if not isinstance(error, HomeAssistantError):
        return None
    if error.translation_key != "some_miners_failed":
        return error.translation_key
    texts = json.loads(_TEXTS.read_text(encoding="utf-8"))["exceptions"]
    reason = (error.translation_placeholders or {})["reasons"]
    found = [
        key
        for key, text in texts.items()
        # Home Assistant leaves out the full stop
        if re.fullmatch(
            _PLACEHOLDER.sub(".+", re.escape(text["message"].rstrip("."))), reason
        )
    ]
    return found[0] if len(found) == 1 else f"{len(found)} reasons: {reason}"


def is_true(key: str | None, kind: Kind, *, took_effect: bool) -> bool:
    """Return whether an error says what happened to a command.

    That a miner is no XMRig miner is never true of one that took the command, and what
    took effect was confirmed.
    """
    if key and key.startswith("not_confirmed"):
        return kind.loses_request and not took_effect
    if key == "not_xmrig" and took_effect:
        return False
    return key in kind.errors
