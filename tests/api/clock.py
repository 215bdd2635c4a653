"""A clock in place of the module `time`, which only tests move."""


class Clock:
    """What a module reads as its time."""

    def __init__(self) -> None:
        """Start both clocks at different times."""
        self.now = 1000.0
        """Seconds of the monotonic clock."""

    def monotonic(self) -> float:
        """Return the time of the monotonic clock."""
        return self.now

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self.now + 1_700_000_000
