"""What summaries of miners and proxies have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from ..identity import Kind, MinerIdentity
from ..limits import clean_json
from .values import boolean, integer, text

MAX_UPTIME = 10 * 365 * 24 * 3600
"""Seconds. More is the result of a clock that was set back: XMRig subtracts wall clock
times without a sign (src/base/api/Api.cpp:188)."""


@dataclass(frozen=True, kw_only=True)
class BaseSummary:
    """The values of `GET /2/summary` that both miners and proxies report."""

    kind: ClassVar[Kind]

    id: str | None = None
    """The ID, which changes with the HTTP port and the network cards, and is missing if
    there was no network at startup (src/base/api/Api.cpp:229)."""
    worker_id: str | None = None
    uptime: int | None = None
    """Seconds since the process started, by the wall clock."""
    restricted: bool | None = None
    version: str | None = None
    ua: str | None = None
    donate_level: int | None = None
    """Percent."""
    complete: bool = True
    """Whether the reply was complete."""
    reply: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The whole reply, also with values that cannot be stored or sent."""

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """Return the whole reply, without values that cannot be stored or sent."""
        document: Mapping[str, Any] = clean_json(self.reply)
        return document

    @property
    def identity(self) -> MinerIdentity:
        """Return the identity of the sender."""
        return MinerIdentity(id=self.id, worker_id=self.worker_id, kind=self.kind)

    @property
    def lacks_identity(self) -> bool:
        """Return whether the reply was truncated before the identity."""
        return not (self.complete or self.id or self.worker_id)


def base_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that every summary has."""
    return {
        "id": text(document.get("id")),
        "worker_id": text(document.get("worker_id")),
        "uptime": integer(document.get("uptime"), MAX_UPTIME),
        "restricted": boolean(document.get("restricted")),
        "version": text(document.get("version")),
        "ua": text(document.get("ua")),
        "donate_level": integer(document.get("donate_level"), 100),
    }
