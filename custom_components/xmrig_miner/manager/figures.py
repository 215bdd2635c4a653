"""Figures of all members together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .sleep import Sleep
from .sleep_rules import Phase


class SleepState(StrEnum):
    """The state shown for a member that may sleep."""

    AWAKE = Phase.AWAKE.value
    FALLING_ASLEEP = Phase.FALLING_ASLEEP.value
    ASLEEP = Phase.ASLEEP.value
    WAKING = Phase.WAKING.value
    OFFLINE = "offline"
    """It does not respond although it should."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a member, including one that could not be set up."""

    id: str
    name: str
    is_online: bool | None
    """None while it is being set up."""
    is_loaded: bool = True
    algorithm: str | None = None
    hashrate: float | None = None
    """H/s; None while unknown."""
    watts: float | None = None
    """W of the whole computer."""
    temperature: float | None = None
    """°C of the hottest part that reports a temperature."""
    has_problem: bool = False
    """Whether a repair issue is open."""
    is_left_out: bool = False
    """Whether it is left alone for a while because commands to it failed."""
    sleep: Sleep | None = None
    """Its sleep; None if it may not sleep."""

    @property
    def is_mining(self) -> bool:
        """Return whether it is known to mine."""
        return bool(self.is_online and self.hashrate)

    @property
    def is_in_trouble(self) -> bool:
        """Return whether it needs attention."""
        is_away = self.is_online is False and not self.is_expected_offline
        return is_away or self.has_problem or self.is_left_out

    @property
    def is_expected_offline(self) -> bool:
        """Return whether it is offline because it sleeps."""
        return (
            self.is_online is False and self.sleep is not None and self.sleep.is_asleep
        )

    @property
    def sleep_state(self) -> SleepState | None:
        """Return the sleep state to show; None if it may not sleep."""
        if self.sleep is None:
            return None
        if self.is_online is False and not self.is_expected_offline:
            return SleepState.OFFLINE
        return SleepState(self.sleep.phase)


def main_algorithm(algorithms: Iterable[str | None]) -> str | None:
    """Return the algorithm that most miners use; in a tie, the first by name.

    Hashrates are comparable only within one algorithm. Miners whose algorithm is
    unknown are ignored.
    """
    counts = Counter(name for name in algorithms if name is not None)
    return min(counts, key=lambda name: (-counts[name], name), default=None)


def hashrate(members: Sequence[Figures]) -> float | None:
    """Return the total H/s of all members that mine the main algorithm.

    It is 0 while none mines. It is None while no member is online, or if none is known
    to mine and the hashrate of one is unknown.
    """
    if mining := _mining(members):
        return sum(member.hashrate or 0 for member in mining)
    online = [member.hashrate for member in members if member.is_online]
    return None if not online or None in online else 0


def efficiency(members: Sequence[Figures]) -> float | None:
    """Return the H/J of members that mine the main algorithm, where power is known.

    Includes the idle power of the computers, as the efficiency of a single miner does.
    """
    known = [member for member in _mining(members) if member.watts]
    watts = sum(member.watts or 0 for member in known)
    return sum(member.hashrate or 0 for member in known) / watts if watts else None


def hottest(members: Iterable[Figures]) -> float | None:
    """Return the highest temperature in °C; None if all are unknown."""
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
