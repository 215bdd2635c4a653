"""How many threads a power limit allows; pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from ..api.models.values import stored, stored_or_none, thread_cap


@dataclass(frozen=True, kw_only=True)
class ThreadCaps:
    """The caps on CPU threads set by the user and by the power limit."""

    user: int | None = None
    """The user's cap; None without a cap."""
    limit: frozenset[int] = frozenset()
    """The cap set by the limit, and the one it is about to set."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the caps from the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        return cls(
            user=stored_or_none(data["user"], thread_cap),
            limit=frozenset(stored(cap, thread_cap) for cap in data["limit"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the caps as JSON values."""
        return {"user": self.user, "limit": sorted(self.limit)}

    def detect_user_cap(self, *, current: int, full: int) -> Self:
        """Return the caps after the miner shows `current` of `full` threads.

        A cap that the limit did not set is treated as the user's.
        """
        # Another algorithm may have fewer threads in total.
        known = self.limit | {self.user or full}
        if current in {min(count, full) for count in known}:
            return self
        return replace(self, user=cap_of(current, full), limit=frozenset())

    def max_threads(self, full: int) -> int:
        """Return how many of `full` threads run without a limit."""
        return min(self.user or full, full)

    def about_to_set(self, threads: int) -> Self:
        """Return the caps before the limit sets a number of threads."""
        return replace(self, limit=self.limit | {threads})

    def with_threads_set(self, threads: int, *, full: int) -> Self:
        """Return the caps after the limit has set a number of threads."""
        is_cap = threads != self.max_threads(full)
        return replace(self, limit=frozenset({threads} if is_cap else ()))


def cap_of(threads: int, full: int) -> int | None:
    """Return a number of threads as a cap; None if it is all of them, or none at all."""
    return threads if 0 < threads < full else None


def target_threads(
    caps: ThreadCaps, *, full: int, fitting: int | None, is_limiting: bool
) -> int | None:
    """Return how many threads should run, 0 to pause; None to leave them alone.

    `full` is the number of threads set up by the user (0 if unknown), `fitting` the
    number that fits into the limit (None without a limit). Without a limit, threads are
    restored only while the miner is still held back (`is_limiting`).
    """
    if not full:
        return None
    maximum = caps.max_threads(full)
    if fitting is None:
        return maximum if is_limiting else None
    return min(maximum, fitting)
