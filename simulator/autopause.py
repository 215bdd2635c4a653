"""Pauses by the miner's own rules: on battery, or while the computer is in use."""

from collections.abc import Iterator

from .jsonvalue import Json
from .surroundings import Surroundings


class AutoPause:
    """The last known battery and user state (Miner::onTimer)."""

    def __init__(self) -> None:
        """Start on mains power, with no user active."""
        self._seen = {"pause-on-battery": False, "pause-on-active": False}

    @property
    def on_battery(self) -> bool:
        """Whether the computer was on battery at the last check."""
        return self._seen["pause-on-battery"]

    def look(self, config: Json, surroundings: Surroundings) -> Iterator[bool]:
        """Check again, and yield for each change whether the miner has to hash.

        It pauses when any condition begins and resumes when all are over, even after a
        command. Conditions that the config does not enable are not checked, and keep
        their last state.
        """
        states = (
            ("pause-on-battery", surroundings.on_battery),
            ("pause-on-active", surroundings.user_active),
        )
        for key, state in states:
            if config[key] and self._seen[key] is not state:
                self._seen[key] = state
                yield not any(self._seen.values())
