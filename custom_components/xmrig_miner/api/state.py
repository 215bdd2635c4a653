"""What is stored about a miner because the miner does not report it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
import logging
from typing import Any, Self

from .document import Change, diff, json_equal, with_values
from .exceptions import XmrigStorageError
from .ledger import Ledger
from .limits import MAX_TIME
from .models import BackendType, Config
from .models.values import boolean, number, stored, stored_or_none, thread_cap

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Request:
    """The requested state of a miner, and who requested it."""

    mining: bool | None = None
    """Whether the miner should mine; None until requested."""
    here: bool = False
    """Whether `mining` was requested from here, rather than externally."""
    limited: bool = False
    """Whether the miner is paused because the power limit leaves no thread."""
    until: float | None = None
    """When a requested pause ends by itself, in seconds since 1970; None for never."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the request that `as_json` returned.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        return cls(
            mining=stored_or_none(data["mining"], boolean),
            here=stored(data["here"], boolean),
            limited=stored(data["limited"], boolean),
            until=stored_or_none(data["until"], _time),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {
            "mining": self.mining,
            "here": self.here,
            "limited": self.limited,
            "until": self.until,
        }

    @property
    def wants_pause(self) -> bool:
        """Return whether the miner should be paused, by request or by the power limit."""
        return self.mining is False or self.limited


@dataclass(frozen=True, kw_only=True)
class MinerState:
    """What is stored about a miner. It may contain wallets, so it is never shown."""

    backends: frozenset[BackendType] = frozenset()
    """The backends that were enabled before the last stop from here."""
    all_edits: Ledger = field(default_factory=Ledger)
    """Everything that was written from here."""
    control_edits: Ledger = field(default_factory=Ledger)
    """What controls wrote. What actions wrote belongs to the user's config."""
    request: Request = field(default_factory=Request)
    """The requested state."""
    previous_request: Request | None = None
    """The request before a command that may not have taken effect."""
    threads: int | None = None
    """The requested limit of CPU threads; None for no limit."""
    started: float | None = None
    """When the miner's process started, in seconds since 1970."""
    payout: frozenset[str] | None = None
    """Fingerprints of the pools and wallets that the user accepted; None before the
    first complete poll."""
    pending_payout: frozenset[str] | None = None
    """The same after a write that may not have arrived."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the state that `as_json` returned; an empty state for None.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return cls()
        previous = data["previous_request"]
        all_edits = Ledger.from_json(data["all_edits"])
        control = data["control_edits"]
        return cls(
            backends=frozenset(map(BackendType, data["backends"])),
            all_edits=all_edits,
            control_edits=all_edits if control is None else Ledger.from_json(control),
            request=Request.from_json(data["request"]),
            previous_request=None if previous is None else Request.from_json(previous),
            threads=stored_or_none(data["threads"], thread_cap),
            started=stored_or_none(data["started"], _time),
            payout=stored_or_none(data["payout"], _fingerprints),
            pending_payout=stored_or_none(data["pending_payout"], _fingerprints),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        previous = self.previous_request
        all_edits = self.all_edits.as_json()
        control_edits = self.control_edits.as_json()
        return {
            "backends": sorted(self.backends),
            "all_edits": all_edits,
            # Equal, as long as no action wrote anything: half as much to store and read
            "control_edits": None
            if json_equal(control_edits, all_edits)
            else control_edits,
            "request": self.request.as_json(),
            "previous_request": None if previous is None else previous.as_json(),
            "threads": self.threads,
            "started": self.started,
            "payout": None if self.payout is None else sorted(self.payout),
            "pending_payout": None
            if self.pending_payout is None
            else sorted(self.pending_payout),
        }

    def user_config(self, config: Config) -> Config:
        """Return a config without what controls wrote into it."""
        document = self.control_edits.without_edits(config.document)
        return config if document is config.document else Config(document)

    def original_config(self, config: Config) -> Config:
        """Return a config as it would be if nothing had been written from here."""
        return Config(self.all_edits.without_edits(config.document))

    def accepts_payout(self, payout: frozenset[str] | None) -> bool:
        """Return whether the user accepted these pools and wallets, or wrote them.

        The user is not asked about pools that could not be read (None).
        """
        return None in (self.payout, payout) or payout in (
            self.payout,
            self.pending_payout,
        )

    def with_shown_payout(self, payout: frozenset[str] | None) -> Self:
        """Return this state once the config shows these pools and wallets.

        The first ones are accepted, and so are those that were written from here.
        """
        if payout is None or (
            self.payout is not None and payout != self.pending_payout
        ):
            return self
        return replace(self, payout=payout, pending_payout=None)

    def with_request(self, request: Request) -> Self:
        """Return this state with the request of a pending command."""
        if request == self.request:
            return self
        return replace(self, request=request, previous_request=self.request)

    def with_request_done(self) -> Self:
        """Return this state after the miner showed what was requested."""
        return replace(self, previous_request=None)

    def with_request_undone(self) -> Self:
        """Return this state after the miner showed that the command had no effect."""
        if self.previous_request is None:
            return self
        return replace(self, request=self.previous_request, previous_request=None)

    def with_write(self, before: Config, after: Config, *, by_user: bool) -> Self:
        """Return this state with a pending write of the config.

        Values written `by_user`, rather than by a control, are those that a control
        restores from then on. Pools and wallets written from here are accepted.
        """
        user_config = self.user_config(before)
        if by_user:
            changes = diff(before.document, after.document)
            user_config = Config(
                with_values(
                    user_config.document,
                    ((change.path, change.new) for change in changes),
                )
            )
        state = replace(
            self,
            all_edits=self.all_edits.with_write(
                before.document, after.document, self.original_config(before).document
            ),
            control_edits=self.control_edits.with_write(
                before.document, after.document, user_config.document
            ),
        )
        if before.enabled and not after.enabled:
            state = replace(state, backends=before.enabled)
        if None not in (self.payout, before.payout) and self.accepts_payout(
            before.payout
        ):
            state = replace(state, pending_payout=after.payout)
        return state

    def without_overwritten_edits(self, config: Config) -> Self:
        """Return this state without the edits that a config no longer shows."""
        return replace(
            self,
            all_edits=self.all_edits.without_overwritten(config.document),
            control_edits=self.control_edits.without_overwritten(config.document),
        )

    def with_reported_values(self, shown: Config, changes: Sequence[Change]) -> Self:
        """Return this state with the values that the miner shows after a write."""
        return replace(
            self,
            all_edits=self.all_edits.with_reported_values(shown.document, changes),
            control_edits=self.control_edits.with_reported_values(
                shown.document, changes
            ),
        )

    def with_ledgers_of(self, state: Self) -> Self:
        """Return this state with what undoes the writes up to another state."""
        return replace(
            self, all_edits=state.all_edits, control_edits=state.control_edits
        )

    def with_write_done(self, shown: Config) -> Self:
        """Return this state after the pending write has arrived."""
        payout = self.payout
        if None not in (self.pending_payout, shown.payout):
            payout = shown.payout
        return replace(
            self,
            all_edits=self.all_edits.with_write_done(),
            control_edits=self.control_edits.with_write_done(),
            payout=payout,
            pending_payout=None,
        )


def _time(value: Any) -> float | None:
    """Return seconds since 1970; negative if the clock was not set yet."""
    if isinstance(value, int | float) and value < 0:
        return None if (before := number(-value, MAX_TIME)) is None else -before
    return number(value, MAX_TIME)


def _fingerprints(value: Any) -> frozenset[str] | None:
    """Return a list of fingerprints as a set; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return frozenset(value)


class StateStore:
    """Holds the state of a miner, and stores each change."""

    def __init__(
        self, state: MinerState, save: Callable[[MinerState], Awaitable[None]]
    ) -> None:
        """Initialize the store.

        `save` stores a state permanently, and raises XmrigStorageError if it cannot.
        """
        self.state = state
        self._save = save
        self._stored: MinerState | None = state
        """The state on the disk; None if it is unknown."""
        self._is_failing = False

    async def store(self, state: MinerState) -> bool:
        """Store a state before a command is sent, and return whether that took time.

        Raises XmrigStorageError, and then leaves the state unchanged.
        """
        if state == self._stored:
            self.state = state
            return False
        try:
            await self._save(state)
        except asyncio.CancelledError:
            self._stored = None
            raise
        self.state = self._stored = state
        self._is_failing = False
        return True

    async def record(self, state: MinerState) -> None:
        """Store a state; if that fails, it is stored together with the next one."""
        self.state = state
        try:
            await self.store(state)
        except XmrigStorageError as error:
            if not self._is_failing:
                _LOGGER.warning("%s", error)
            self._is_failing = True
