"""The outcome of a mode for its members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

from .budget import Available
from .distribution import Load
from .policy import Reason


@dataclass(frozen=True)
class Outcome:
    """The threads of all loads, and why no more are running."""

    threads: Mapping[str, int]
    reason: Reason | None
    available: Available | None = None
    budget: float | None = None
    """W that mining may draw."""
    wake_at: float | None = None
    """When to decide again; None if there is nothing to wait for."""
    more: float | None = 0
    """W that the loads and any members to be woken may draw together; None if currently
    unknown."""


def full(loads: Sequence[Load]) -> Outcome:
    """Return the outcome with all threads that the user and the temperature allow.

    Without loads, the manager is no reason for anything: all members are offline, left
    out, not managed, or switched off by the user.
    """
    reason: Reason | None = None
    if loads:
        is_hot = any(load.is_hot for load in loads)
        reason = Reason.TEMPERATURE if is_hot else Reason.EVERYTHING_AT_FULL
    return Outcome(
        {load.id: load.ceiling for load in loads},
        reason,
        budget=sum(load.curve.mining[load.ceiling] for load in loads),
        more=math.inf,
    )


def least(loads: Sequence[Load]) -> dict[str, int]:
    """Return the minimum threads, for when there is no power to mine with."""
    return {load.id: load.floor for load in loads}
