"""JSON as XMRig's rapidjson reads and writes it, byte for byte.

The writer is rapidjson's PrettyWriter with single-line arrays, as Debian's packages
are built (XMRig's own builds carry an older copy that breaks the line before an object
in an array). The reader takes comments and trailing commas, as HttpApiRequest.cpp asks
for, and fails with rapidjson's words, because the miner serves them in a refusal.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
import json
import re
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)")
_FRACTION = re.compile(r"\.(\d*)")
_EXPONENT = re.compile(r"[eE][+-]?(\d*)")
_PLAIN_TEXT = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_SHORT_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_ENCODER = json.JSONEncoder(ensure_ascii=False)
"""Writes much faster, on a single line."""

_UINT64_END = 2**64
_INT64_START = -(2**63)


class ParseError(ValueError):
    """The text is not JSON; the message is rapidjson's (3rdparty/rapidjson/error/en.h)."""


def loads(text: str) -> Any:
    """Read JSON; the first of repeated keys counts (rapidjson's FindMember)."""
    if text.isascii() and "\\u" not in text:
        # json is much faster at what it can read
        with suppress(ValueError, RecursionError):
            return json.loads(
                text,
                object_pairs_hook=_first_of_each,
                parse_int=_number,
                parse_constant=_refuse,
            )
    return _Parser(text.partition("\0")[0]).document()


def _first_of_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members:
        found.setdefault(name, value)
    return found


def _refuse(constant: str) -> None:
    raise ParseError(constant)


def _number(digits: str) -> int | float:
    number = int(digits)
    return number if _INT64_START <= number < _UINT64_END else float(digits)


def dumps(value: Any, *, breaks_lists: bool = False) -> str:
    """Write JSON as XMRig prints it, without a newline at the end.

    `breaks_lists` is whether each element of a list with lists or objects in it is on a
    line of its own, as with XMRig's own copy of rapidjson.
    """
    return _written(_ENCODER.encode(value), breaks_lists=breaks_lists)


@lru_cache(maxsize=256)
def _written(text: str, *, breaks_lists: bool) -> str:
    """Return JSON as XMRig prints it: the same config is sent again and again."""
    parts: list[str] = []
    _write(json.loads(text), "\n", parts.append, breaks_lists=breaks_lists)
    return "".join(parts)


def _write(
    value: Any, line: str, add: Callable[[str], None], *, breaks_lists: bool
) -> None:
    """Write a value in pieces; `line` starts a new line of its parent."""
    if scalar := _SCALARS.get(type(value)):
        add(scalar(value))
    elif isinstance(value, dict):
        inner = line + "    "
        separator = "{" + inner
        for key, member in value.items():
            begin = f"{separator}{_quoted(key)}: "
            # Most values are scalars, for which a call takes longer than writing them
            if scalar := _SCALARS.get(type(member)):
                add(begin + scalar(member))
            else:
                add(begin)
                _write(member, inner, add, breaks_lists=breaks_lists)
            separator = "," + inner
        add(line + "}" if value else "{}")
    elif isinstance(value, (list, tuple)):
        text = _ENCODER.encode(value)
        is_nested = "{" in text or "[" in text[1:]
        if breaks_lists and is_nested and any(map(_is_nested, value)):
            _write_lines(value, line, add)
        elif "{" in text or "\\" in text:
            _write_list(value, line, add)
        else:
            add(text)
    elif isinstance(value, str):
        add(_quoted(value))
    else:
        add(repr(value))


def _is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list, tuple))


def _write_lines(
    value: list[Any] | tuple[Any, ...], line: str, add: Callable[[str], None]
) -> None:
    """Write each element on a line of its own."""
    separator = "[" + line + "    "
    for element in value:
        add(separator)
        _write(element, line + "    ", add, breaks_lists=True)
        separator = "," + line + "    "
    add(line + "]")


def _write_list(
    value: list[Any] | tuple[Any, ...], line: str, add: Callable[[str], None]
) -> None:
    """Write a list that json would write differently.

    It is on one line, but nested objects are indented as if the bracket were not.
    """
    separator = "["
    for element in value:
        add(separator)
        _write(element, line + "    ", add, breaks_lists=False)
        separator = ", "
    add("]")


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return f'"{_TO_ESCAPE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04X}"


_SCALARS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: repr,
    float: repr,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
}
"""How scalar values are written."""


class _Parser:
    """A recursive descent over one document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> Any:
        self._skip()
        if self._at == len(self._text):
            raise ParseError("The document is empty.")
        value = self._value()
        self._skip()
        if self._at != len(self._text):
            raise ParseError("The document root must not be followed by other values.")
        return value

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> bool:
        if self._text.startswith(expected, self._at):
            self._at += len(expected)
            return True
        return False

    def _skip(self) -> None:
        """Skip white space and both kinds of comments."""
        while True:
            if match := _SPACE.match(self._text, self._at):
                self._at = match.end()
            if not self._take("/"):
                return
            if self._take("/"):
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end + 1
            elif self._take("*") and (end := self._text.find("*/", self._at)) >= 0:
                self._at = end + 2
            else:
                raise ParseError("Unspecific syntax error.")

    def _value(self) -> Any:
        match self._peek():
            case "{":
                return self._object()
            case "[":
                return self._array()
            case '"':
                return self._string()
        for literal, value in (("null", None), ("true", True), ("false", False)):
            if self._take(literal):
                return value
        return self._number()

    def _object(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self._at += 1
        self._skip()
        while not self._take("}"):
            if self._peek() != '"':
                raise ParseError("Missing a name for object member.")
            name = self._string()
            self._skip()
            if not self._take(":"):
                raise ParseError("Missing a colon after a name of object member.")
            self._skip()
            members.setdefault(name, self._value())
            self._skip()
            if self._take(","):
                self._skip()
            elif self._peek() != "}":
                raise ParseError("Missing a comma or '}' after an object member.")
        return members

    def _array(self) -> list[Any]:
        values: list[Any] = []
        self._at += 1
        self._skip()
        while not self._take("]"):
            values.append(self._value())
            self._skip()
            if self._take(","):
                self._skip()
            elif self._peek() != "]":
                raise ParseError("Missing a comma or ']' after an array element.")
        return values

    def _string(self) -> str:
        self._at += 1
        parts: list[str] = []
        while True:
            if match := _PLAIN_TEXT.match(self._text, self._at):
                parts.append(match.group())
                self._at = match.end()
            if self._take('"'):
                # Surrogate pairs arrive as two escapes and are one character
                text = "".join(parts)
                return text.encode("utf-16", "surrogatepass").decode(
                    "utf-16", "replace"
                )
            if self._take("\\"):
                parts.append(self._escaped())
            elif self._peek():
                raise ParseError("Invalid encoding in string.")
            else:
                raise ParseError("Missing a closing quotation mark in string.")

    def _escaped(self) -> str:
        letter = self._peek()
        self._at += 1
        if letter in _ESCAPES and letter:
            return _ESCAPES[letter]
        if letter != "u":
            raise ParseError("Invalid escape character in string.")
        digits = self._text[self._at : self._at + 4]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise ParseError("Incorrect hex digit after \\u escape in string.")
        self._at += 4
        return chr(int(digits, 16))

    def _number(self) -> int | float:
        start = self._at
        match = _NUMBER.match(self._text, start)
        if match is None:
            raise ParseError("Invalid value.")
        self._at = match.end()
        whole = True
        for pattern, problem in (
            (_FRACTION, "Miss fraction part in number."),
            (_EXPONENT, "Miss exponent in number."),
        ):
            if match := pattern.match(self._text, self._at):
                if not match.group(1):
                    raise ParseError(problem)
                self._at = match.end()
                whole = False
        text = self._text[start : self._at]
        return _number(text) if whole else float(text)
