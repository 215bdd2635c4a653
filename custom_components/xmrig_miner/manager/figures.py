"""Figures of all members together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .sleep import Sleep
from .sleep_rules import Phase


class SleepState(StrEnum):
    """What is shown of a member that may sleep."""

    AWAKE = Phase.AWAKE.value
    FALLING_ASLEEP = Phase.FALLING_ASLEEP.value
    ASLEEP = Phase.ASLEEP.value
    WAKING = Phase.WAKING.value
    OFFLINE = "offline"
    """It does not answer although it should."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a member shows; also one that could not be set up."""

    id: str
    name: str
    is_online: bool | None
    """None before it is known, while it is being set up."""
    is_loaded: bool = True
    algorithm: str | None = None
    hashrate: float | None = None
    """H/s; None while it is unknown."""
    watts: float | None = None
    """W of the whole computer."""
    temperature: float | None = None
    """°C of the hottest part that reports one."""
    has_problem: bool = False
    """Whether a repair is open."""
    is_left_out: bool = False
    """Whether it is left alone for a while because commands to it failed."""
    sleep: Sleep | None = None
    """What is known of its sleep; None for one that may not."""

    @property
    def is_mining(self) -> bool:
        """Return whether it is known to mine."""
        return bool(self.is_online and self.hashrate)

    @property
    def is_in_trouble(self) -> bool:
        """Return whether it needs a look."""
        is_away = self.is_online is False and not self.is_expected_offline
        return is_away or self.has_problem or self.is_left_out

    @property
    def is_expected_offline(self) -> bool:
        """Return whether it does not answer because it sleeps."""
        return (
            self.is_online is False and self.sleep is not None and self.sleep.is_asleep
        )

    @property
    def sleep_state(self) -> SleepState | None:
        """Return what is shown of its sleep; None for one that may not."""
        if self.sleep is None:
            return None
        if self.is_online is False and not self.is_expected_offline:
            return SleepState.OFFLINE
        return SleepState(self.sleep.phase)


def main_algorithm(algorithms: Iterable[str | None]) -> str | None:
    """Return the algorithm of most miners, the first by name of several such.

    Hashrates are compared within one algorithm only. Miners whose algorithm is unknown
    count for none.
    """
    counts = Counter(name for name in algorithms if name is not None)
    return min(counts, key=lambda name: (-counts[name], name), default=None)


def hashrate(members: Sequence[Figures]) -> float | None:
    """Return the H/s of all members that mine the main algorithm.

    It is 0 while none mines, and None while none is known to do so or not.
    """
    if mining := _mining(members):
        return sum(member.hashrate or 0 for member in mining)
    online = [member.hashrate for member in members if member.is_online]
    return None if not online or None in online else 0


def efficiency(members: Sequence[Figures]) -> float | None:
    """Return the H/J of the same members, of those whose power is known.

    What the computers draw at rest is part of that, as it is of a miner's own.
    """
    known = [member for member in _mining(members) if member.watts]
    watts = sum(member.watts or 0 for member in known)
    return sum(member.hashrate or 0 for member in known) / watts if watts else None


def hottest(members: Iterable[Figures]) -> float | None:
    """Return the highest temperature in °C; None if none is known."""
    return max(
        (
            member.temperature
            for member in members
            if member.is_online and member.temperature is not None
        ),
        default=None,
    )


def _mining(members: Sequence[Figures]) -> list[Figures]:
    """Return the members that mine the main algorithm."""
    mining = [member for member in members if member.is_mining]
    main = main_algorithm(member.algorithm for member in mining)
    return [member for member in mining if member.algorithm == main]
