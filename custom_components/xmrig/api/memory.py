"""What has to be known about a miner beyond what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from .document import MISSING, Path, changes, same, value_at, with_value
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
class Memory:
    """What outlives this process; it may hold wallets, so it is never shown."""

    backends: frozenset[BackendType] = frozenset()
    """The backends that were on before the miner was last stopped from here."""
    edits: tuple[Edit, ...] = ()
    """What the config showed after the last write, and before the one under way."""
    pending: tuple[Edit, ...] = ()
    """The same after the write under way, of which nobody knows if it arrived."""
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
        if data is None:
            return cls()
        return cls(
            backends=frozenset(map(BackendType, data["backends"])),
            edits=tuple(map(Edit.from_json, data["edits"])),
            pending=tuple(map(Edit.from_json, data["pending"])),
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
            "edits": [edit.as_json() for edit in self.edits],
            "pending": [edit.as_json() for edit in self.pending],
            "mining": self.mining,
            "asked_here": self.asked_here,
            "limited": self.limited,
            "threads": self.threads,
            "started": self.started,
            "payees": None if self.payees is None else sorted(self.payees),
        }

    def owners(self, config: Config) -> Config:
        """Return a config as it would be if nothing had been written from here.

        A value that is no longer what was written has become the owner's own.
        """
        document = config.document
        for edit in self._standing(config):
            document = with_value(document, edit.path, edit.original)
        return Config(document)

    def with_write(self, before: Config, after: Config) -> Self:
        """Return this memory with a write that is about to be made.

        Whether it then arrives or not, `owners` knows the owner's values.
        """
        pending = (
            Edit(path=change.path, original=change.old, written=change.new)
            for change in changes(self.owners(before).document, after.document)
        )
        return replace(
            self, edits=tuple(self._standing(before)), pending=tuple(pending)
        )

    def with_write_shown(self, shown: Config) -> Self:
        """Return this memory once a config shows the write.

        For values that were removed it shows what the miner put in their place.
        """
        edits = (
            replace(edit, written=value_at(shown.document, edit.path))
            if edit.written is MISSING
            else edit
            for edit in self.pending
        )
        return replace(
            self,
            edits=tuple(edit for edit in edits if not same(edit.original, edit.written)),
            pending=(),
        )

    def _standing(self, config: Config) -> list[Edit]:
        """Return the edits that a config still shows, one for each path."""
        standing = {
            edit.path: edit
            for edit in (*self.edits, *self.pending)
            if same(value_at(config.document, edit.path), edit.written)
        }
        return list(standing.values())
