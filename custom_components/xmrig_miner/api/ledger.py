"""Records which config values were written from here, and what they replaced.

Configs are JSON documents in this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from .document import (
    MISSING,
    Change,
    Path,
    diff,
    json_contains,
    json_equal,
    value_at,
    with_values,
)
from .limits import check


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A replaced value of the user's config."""

    path: Path
    original: Any = field(repr=False)
    new_value: Any = field(repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the edit that `as_json` returned.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        path = tuple(data["path"])
        if not path or not all(isinstance(key, str) for key in path):
            raise ValueError("not a path")
        for key in ("original", "new_value"):
            check(data.get(key))
        return cls(
            path=path,
            original=data.get("original", MISSING),
            new_value=data.get("new_value", MISSING),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the edit as JSON values."""
        values = {"original": self.original, "new_value": self.new_value}
        return {"path": list(self.path)} | {
            key: value for key, value in values.items() if value is not MISSING
        }


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The information to undo config writes, whether or not they arrived."""

    edits: tuple[Edit, ...] = ()
    """The edits in effect after the last write, and before the pending one."""
    pending: tuple[Edit, ...] | None = None
    """The edits in effect after the pending write, if it arrived; None if no write is
    pending."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the ledger that `as_json` returned."""
        pending = data["pending"]
        return cls(
            edits=tuple(map(Edit.from_json, data["edits"])),
            pending=None if pending is None else tuple(map(Edit.from_json, pending)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the ledger as JSON values."""
        return {
            "edits": [edit.as_json() for edit in self.edits],
            "pending": None
            if self.pending is None
            else [edit.as_json() for edit in self.pending],
        }

    def without_edits(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return a config with the edits undone.

        A value that differs from what was written was changed externally, and is kept.
        Without edits in effect, the same config is returned.
        """
        edits = self._active_edits(config)
        if not edits:
            return config
        return with_values(config, ((edit.path, edit.original) for edit in edits))

    def without_overwritten(self, config: dict[str, Any]) -> Self:
        """Return this ledger without the edits that a config no longer shows.

        Edits of a write that may not have arrived are kept.
        """
        edits = tuple(edit for edit in self.edits if _shows(config, edit))
        # Without any, a write that undid them has arrived, or made no difference
        pending = self.pending if edits or self.pending else None
        return replace(self, edits=edits, pending=pending)

    def is_in(self, config: dict[str, Any]) -> bool | None:
        """Return whether a config has the edits; None for only some, or if unknown.

        False if it has the original value for each of them.
        """
        if not self.edits or self.pending is not None:
            return None
        if all(_shows(config, edit) for edit in self.edits):
            return True
        is_original = all(
            json_equal(value_at(config, edit.path), edit.original)
            for edit in self.edits
        )
        return False if is_original else None

    def with_write(
        self, before: dict[str, Any], after: dict[str, Any], original: dict[str, Any]
    ) -> Self:
        """Return this ledger with a pending write.

        `original` is the config that undoing it restores.
        """
        pending = (
            Edit(path=change.path, original=change.old, new_value=change.new)
            for change in diff(original, after)
        )
        return replace(
            self, edits=tuple(self._active_edits(before)), pending=tuple(pending)
        )

    def with_reported_values(
        self, shown: dict[str, Any], changes: Iterable[Change]
    ) -> Self:
        """Return this ledger with the values that the miner shows after a write.

        They may differ from what was written: XMRig fills in missing values, and
        replaces invalid ones by defaults.
        """
        paths = {change.path for change in changes}
        pending = (
            replace(edit, new_value=value_at(shown, edit.path))
            if edit.path in paths
            else edit
            for edit in self.pending or ()
        )
        return replace(self, pending=tuple(pending))

    def with_write_done(self) -> Self:
        """Return this ledger after the pending write has arrived."""
        edits = (
            edit
            for edit in self.pending or ()
            if not json_equal(edit.original, edit.new_value)
        )
        return replace(self, edits=tuple(edits), pending=None)

    def _active_edits(self, config: dict[str, Any]) -> list[Edit]:
        """Return the edits that a config still shows, one for each path.

        XMRig may have filled in values that a pending edit left out.
        """
        active = [edit for edit in self.edits if _shows(config, edit)]
        active += [
            edit
            for edit in self.pending or ()
            if json_contains(value_at(config, edit.path), edit.new_value)
        ]
        return list({edit.path: edit for edit in active}.values())


def _shows(config: dict[str, Any], edit: Edit) -> bool:
    """Return whether a config has the new value of an edit."""
    return json_equal(value_at(config, edit.path), edit.new_value)
