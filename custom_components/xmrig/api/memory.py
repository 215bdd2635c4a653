"""What has to be known about a miner beyond what it says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from .document import MISSING, Change, Path, changes, same, value_at, with_value
from .models import BackendType, Config


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A value of the owner's config in whose place another was written from here."""

    path: Path
    original: Any = field(repr=False)
    written: Any = field(repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the edit that `as_json` gave."""
        return cls(
            path=tuple(data["path"]),
            original=data.get("original", MISSING),
            written=data.get("written", MISSING),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the edit as JSON values."""
        values = {"original": self.original, "written": self.written}
        return {"path": list(self.path)} | {
            key: value for key, value in values.items() if value is not MISSING
        }


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What it takes to undo writes of the config, whether or not they arrived."""

    edits: tuple[Edit, ...] = ()
    """What the config showed after the last write, and before the one under way."""
    pending: tuple[Edit, ...] = ()
    """The same after the write under way, of which nobody knows if it arrived."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the ledger that `as_json` gave."""
        return cls(
            edits=tuple(map(Edit.from_json, data["edits"])),
            pending=tuple(map(Edit.from_json, data["pending"])),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the ledger as JSON values."""
        return {
            "edits": [edit.as_json() for edit in self.edits],
            "pending": [edit.as_json() for edit in self.pending],
        }

    def undone(self, config: Config) -> Config:
        """Return a config as it would be without the writes.

        A value that is no longer what was written has become the owner's own.
        """
        document = config.document
        for edit in self._standing(config):
            document = with_value(document, edit.path, edit.original)
        return Config(document)

    def with_write(self, before: Config, after: Config, owners: Config) -> Self:
        """Return this ledger with a write that is about to be made.

        `owners` is the config to which it should be undone.
        """
        pending = (
            Edit(path=change.path, original=change.old, written=change.new)
            for change in changes(owners.document, after.document)
        )
        return replace(
            self, edits=tuple(self._standing(before)), pending=tuple(pending)
        )

    def with_write_read_as(self, shown: Config, made: Iterable[Change]) -> Self:
        """Return this ledger with what the miner made of the write under way.

        That is something else than was asked for: it fills in what is left out, and
        puts a default in the place of what it does not understand.
        """
        paths = {change.path for change in made}
        pending = (
            replace(edit, written=value_at(shown.document, edit.path))
            if edit.path in paths
            else edit
            for edit in self.pending
        )
        return replace(self, pending=tuple(pending))

    def with_write_done(self) -> Self:
        """Return this ledger once the write under way has arrived."""
        edits = (edit for edit in self.pending if not same(edit.original, edit.written))
        return replace(self, edits=tuple(edits), pending=())

    def _standing(self, config: Config) -> list[Edit]:
        """Return the edits that a config still shows, one for each path."""
        standing = {
            edit.path: edit
            for edit in (*self.edits, *self.pending)
            if same(value_at(config.document, edit.path), edit.written)
        }
        return list(standing.values())


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What outlives this process; it may hold wallets, so it is never shown."""

    backends: frozenset[BackendType] = frozenset()
    """The backends that were on before the miner was last stopped from here."""
    written: Ledger = field(default_factory=Ledger)
    """All that was written from here."""
    controlled: Ledger = field(default_factory=Ledger)
    """What the controls wrote; what the owner wrote by an action is their own."""
    mining: bool | None = None
    """Whether the miner is wanted to mine; None until it was asked for either."""
    asked_here: bool = False
    """Whether `mining` was asked for from here, rather than at the miner."""
    limited: bool = False
    """Whether the miner is paused because no thread fits into the power limit."""
    threads: int | None = None
    """The cap of CPU threads that was asked for; None for none."""
    started: float | None = None
    """When the miner's process started, in seconds since 1970."""
    payees: frozenset[str] | None = None
    """Stand for the pools and wallets that the owner agrees with; None at first."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the memory that `as_json` gave, an empty one for None."""
        # A memory of an earlier version lacks what was added since.
        data = {**cls().as_json(), **(data or {})}
        return cls(
            backends=frozenset(map(BackendType, data["backends"])),
            written=Ledger.from_json(data["written"]),
            controlled=Ledger.from_json(data["controlled"]),
            mining=data["mining"],
            asked_here=data["asked_here"],
            limited=data["limited"],
            threads=data["threads"],
            started=data["started"],
            payees=None if data["payees"] is None else frozenset(data["payees"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the memory as JSON values."""
        return {
            "backends": sorted(self.backends),
            "written": self.written.as_json(),
            "controlled": self.controlled.as_json(),
            "mining": self.mining,
            "asked_here": self.asked_here,
            "limited": self.limited,
            "threads": self.threads,
            "started": self.started,
            "payees": None if self.payees is None else sorted(self.payees),
        }

    def owners(self, config: Config) -> Config:
        """Return a config without what the controls wrote into it."""
        return self.controlled.undone(config)

    def original(self, config: Config) -> Config:
        """Return a config as it would be if nothing had been written from here."""
        return self.written.undone(config)

    def with_write(self, before: Config, after: Config, *, by_owner: bool) -> Self:
        """Return this memory with a write that is about to be made."""
        owners = self.owners(before)
        if by_owner:
            document = owners.document
            for change in changes(before.document, after.document):
                document = with_value(document, change.path, change.new)
            owners = Config(document)
        return replace(
            self,
            written=self.written.with_write(before, after, self.original(before)),
            controlled=self.controlled.with_write(before, after, owners),
        )

    def with_write_read_as(self, shown: Config, made: Sequence[Change]) -> Self:
        """Return this memory with what the miner made of the write under way."""
        return replace(
            self,
            written=self.written.with_write_read_as(shown, made),
            controlled=self.controlled.with_write_read_as(shown, made),
        )

    def with_write_done(self) -> Self:
        """Return this memory once the write under way has arrived."""
        return replace(
            self,
            written=self.written.with_write_done(),
            controlled=self.controlled.with_write_done(),
        )
