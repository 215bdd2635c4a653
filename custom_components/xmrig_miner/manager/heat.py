"""Thread caps by temperature."""

from dataclasses import dataclass, replace
import math

HYSTERESIS = 3
"""Degrees below the maximum at which threads are restored."""

STEP_TIME = 60
"""Seconds between two steps: a room or a heat sink reacts slowly."""

URGENT = 5
"""Degrees above the maximum beyond which half of the threads are removed at once."""


@dataclass(frozen=True)
class HeatCap:
    """A cap on the threads of a member, adjusted by its temperature."""

    threads: int | None = None
    """The cap; None for no cap."""
    changed_at: float = -math.inf
    before: int | None = None
    """Threads that ran when the temperature rose above the maximum."""
    previous: int | None = None
    """The cap before its last change."""

    def updated(
        self,
        now: float,
        *,
        threads: int,
        full: int,
        temperature: float | None,
        maximum: float | None,
    ) -> HeatCap:
        """Return the cap adjusted to the temperature in °C.

        `threads` of `full` threads are running. While the temperature is unknown, the
        cap does not change.
        """
        cap: HeatCap = self
        if cap.threads is None and threads != cap.previous:
            # Threads were restored, or changed by something else
            cap = replace(cap, before=None, previous=None)
        if maximum is None:
            return cap if cap.threads is None else _moved(cap, None, now)
        if temperature is None or now - cap.changed_at < STEP_TIME:
            return cap
        if temperature > maximum:
            if cap.before is None:
                cap = replace(cap, before=threads)
            running = cap.limited(threads)
            less = running // 2 if temperature > maximum + URGENT else running - 1
            return _moved(cap, max(0, less), now)
        if cap.threads is not None and temperature <= maximum - HYSTERESIS:
            more = cap.threads + 1
            return _moved(cap, more if more < full else None, now)
        return cap

    def limited(self, threads: int) -> int:
        """Return a number of threads limited to what the temperature allows."""
        return threads if self.threads is None else min(threads, self.threads)

    def manual(self, threads: int, ceiling: int) -> int:
        """Return the threads in manual mode, where only the temperature changes them.

        The member gets its previous threads back, unless something else has changed
        them in the meantime.
        """
        if threads == self.previous and self.before is not None:
            return min(max(threads, self.before), ceiling)
        return min(threads, ceiling)


def _moved(cap: HeatCap, threads: int | None, now: float) -> HeatCap:
    """Return the cap after a change."""
    return replace(cap, threads=threads, changed_at=now, previous=cap.threads)
