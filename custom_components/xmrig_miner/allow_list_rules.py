"""Rules of an allow-list: the form that a value needs to be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import re
from typing import Any

from .api.privacy import (
    REDACTED,
    PoolAddress,
    connected_pool,
    is_algorithm,
    may_contain_wallet,
)

type Form = Callable[[Any], Any]
"""Returns a value if it has the expected form, or its replacement if not."""

type Rule = Form | Own | Members


@dataclass(frozen=True)
class Own:
    """A value that only the user may see."""

    form: Form


@dataclass(frozen=True)
class Members:
    """An object, or a list of objects, of which only the named members are shown."""

    named: Mapping[str, Rule]
    profiles: Rule | None = None
    """For members named after an algorithm; XMRig keeps adding algorithms."""
    otherwise: Form | None = None
    """For values that are not objects."""

    def rule(self, key: str) -> Rule | None:
        """Return the rule for a member; None if it is not shown."""
        if (rule := self.named.get(key)) is not None:
            return rule
        return self.profiles if is_algorithm(key) else None


def _form(*accepted: Callable[[Any], bool]) -> Form:
    """Return the form of values that at least one condition accepts."""

    def show(value: Any) -> Any:
        return value if any(accepts(value) for accepts in accepted) else REDACTED

    return show


def _each(form: Form) -> Form:
    """Return the form of lists whose entries have a form."""

    def show(value: Any) -> Any:
        return [*map(form, value)] if isinstance(value, list) else REDACTED

    return show


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        item is None or _is_number(item) for item in value
    )


def _is_algorithm(value: Any) -> bool:
    return isinstance(value, str) and is_algorithm(value)


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)

    def matches(value: Any) -> bool:
        return isinstance(value, str) and compiled.fullmatch(value) is not None

    return matches


def matching(pattern: str) -> Form:
    """Return the form of texts that match a pattern as a whole."""
    return _form(_matches(pattern))


def flag_or(pattern: str) -> Form:
    """Return the form of flags, and of texts that match a pattern as a whole."""
    return _form(_is_flag, _matches(pattern))


def number_or(pattern: str) -> Form:
    """Return the form of numbers, and of texts that match a pattern as a whole."""
    return _form(_is_number, _matches(pattern))


_is_word = _matches(r"[0-9A-Za-z_./+-]{1,25}")
"""A word that XMRig itself defines."""


def _is_list_of_words(value: Any) -> bool:
    """Return whether a value is a text of words with spaces in between."""
    return isinstance(value, str) and all(
        len(item) <= 255 and re.fullmatch(r"\w*", item) and not may_contain_wallet(item)
        for item in value.split(" ")
    )


def _is_text(value: Any) -> bool:
    """Return whether a value can be the name of hardware, as reported by its driver."""
    return (
        isinstance(value, str) and len(value) <= 255 and not may_contain_wallet(value)
    )


_ADDRESS_OR_PATH = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f]*:"
    r"|(?:^|[\s=\"'])(?:~|\.{0,2}[/\\]|[A-Za-z]:[/\\])"
    r"|://|@"
)


def _is_name(value: Any) -> bool:
    """Return whether a value can be a name that a user gave, and nothing more."""
    return _is_text(value) and _ADDRESS_OR_PATH.search(value) is None


def pool_url(value: Any) -> Any:
    """Return a pool's address, with everything but host and port redacted."""
    address = PoolAddress.parse(value) if isinstance(value, str) else None
    if address is None:
        return REDACTED
    before = f"{REDACTED}@" if address.before else ""
    after = address.after
    if after not in ("", "/", "/json", "/json_rpc"):
        after = f"{after[0]}{REDACTED}"
    return f"{address.scheme}{before}{address.host}{address.port}{after}"


def pool(value: Any) -> Any:
    """Return the pool that a miner is connected to."""
    return (connected_pool(value) if isinstance(value, str) else None) or REDACTED


flag = _form(_is_flag)
number = _form(_is_number)
numbers = _form(_is_numbers)
flag_or_number = _form(_is_flag, _is_number)
flag_or_numbers = _form(_is_flag, _is_numbers)
number_or_numbers = _form(_is_number, _is_numbers)
algorithm = _form(_is_algorithm)
word = _form(_is_word)
words = _each(word)
text = _form(_is_text)
list_of_words = _form(_is_list_of_words)
name = _form(_is_name)
flag_or_name = _form(_is_flag, _is_name)
assembly = flag_or("auto|none|intel|ryzen|bulldozer")
argon2 = matching("(?i:default|x86_64|sse2|ssse3|xop|avx2|avx-512f)")
coin = matching(
    "(?i:monero|xmr|sumokoin|sumo|arqma|arq|dero|graft|grft|ravencoin|rvn"
    "|wownero|wow|zephyr|zeph|townforge|yadacoin|yda)"
)
fingerprint = matching(r"[0-9a-f]{64}")
profile_entry = _form(_is_flag, _is_number, _is_numbers, _is_algorithm)


def all_of(rule: Rule, *names: str) -> dict[str, Rule]:
    """Return the same rule for some members."""
    return dict.fromkeys(names, rule)
