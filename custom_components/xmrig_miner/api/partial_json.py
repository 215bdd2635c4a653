"""Reads truncated JSON.

XMRig before 6.22.2 may end a reply in the middle of the document during its first 15
minutes: a hashrate that is not a number stops its JSON writer, and the `Content-Length`
matches what was written until then (xmrig/xmrig issues 3363, 3407 and 3568, fixed by
3569).
"""

import json
from typing import Any

_CLOSER = {"{": "}", "[": "]"}


def loads(text: str) -> tuple[Any, bool]:
    """Return the value of a JSON text, and whether it was complete.

    All complete values of a truncated text are kept. A number at its end is dropped,
    because digits may be missing.

    Raises ValueError for anything but the beginning of a JSON object or array.
    """
    try:
        try:
            return json.loads(text), True
        except ValueError:
            return json.loads(_close(text)), False
    except RecursionError as err:
        raise ValueError("nested too deeply") from err


def _close(text: str) -> str:
    """Return the text up to its last complete value, with its brackets closed."""
    closers: list[str] = []
    # Every bracket moves the end, so the closing brackets always match it
    end = 0
    in_string = escaped = False
    if not text.lstrip().startswith(("{", "[")):
        return ""
    for position, character in enumerate(text):
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in _CLOSER:
            closers.append(_CLOSER[character])
            end = position + 1
        elif character in "}]":
            if not closers or closers.pop() != character:
                return ""
            end = position + 1
        elif character == ",":
            end = position
    return text[:end] + "".join(reversed(closers))
