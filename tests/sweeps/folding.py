"""Which positions of a command are equal, so that two of them stand for all.

A command reads again and again until the miner shows what is expected, and a calibration
polls for minutes. A failure in the middle of such a row finds what it finds at the first
and at the last, and leaves the same: the same requests before and after it, of a miner in
the same condition.
"""

from dataclasses import dataclass, field
from typing import Any

POLL = {"GET /2/summary", "GET /2/backends", "GET /2/config", "GET /1/workers"}

PERIODS = (1, 3)
"""Requests after which a row repeats itself: a read, or a poll."""


@dataclass(frozen=True)
class Request:
    """A request, and what the miner was like when it came."""

    name: str
    """Such as `GET /2/summary`."""
    condition: tuple[Any, ...]
    """The miner's config, in use and on its disk, and whether it mines."""
    at: float = field(compare=False)
    """Seconds on the clock of the loop."""
    is_caught: bool = False
    """Whether a failure of it is caught where it is made; see `caught.py`."""

    @property
    def is_read(self) -> bool:
        """Return whether it changes nothing."""
        return self.name.startswith("GET ")


@dataclass
class Swept:
    """What a sweep did."""

    every: int = 0
    """The combinations that there are."""
    ran: int = 0
    """Those that ran, and stand for all."""
    wrong: list[str] = field(default_factory=list)


def is_folded(requests: list[Request], index: int) -> bool:
    """Return whether a request is in a run of equal ones, but at neither end."""
    return any(_is_between(requests, index, period) for period in PERIODS)


def _is_between(requests: list[Request], index: int, period: int) -> bool:
    """Return whether a read or a poll is as the one before and the one after it."""
    if index < period:
        return False
    before = requests[index - period : index + 1]
    after = requests[index : index + period + 1]
    return before == after and all(request.is_read for request in after)


def before_poll(requests: list[Request]) -> int:
    """Return how many requests there are before the poll at the end, if there is one."""
    number = len(requests)
    if number and requests[-1].name == "GET /2/summary":
        # With which a poll begins
        return number
    poll: set[str] = set()
    while number and requests[number - 1].name in POLL - poll:
        number -= 1
        poll.add(requests[number].name)
    return number
