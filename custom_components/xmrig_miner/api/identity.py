"""Identifies miners and proxies by what they report about themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .limits import MAX_TEXT


class Kind(StrEnum):
    """Whether an XMRig process is a miner or a proxy, according to its summary."""

    MINER = "miner"
    PROXY = "proxy"


@dataclass(frozen=True, kw_only=True)
class MinerIdentity:
    """What identifies a miner or a proxy.

    XMRig derives its id from its HTTP port and a network card. It has none if it found
    no network when it started, and clones of a container share one (src/base/api/
    Api.cpp:229). Its worker id is the hostname, unless its user chose another one.
    """

    id: str | None
    worker_id: str | None
    kind: Kind = Kind.MINER

    @property
    def label(self) -> str:
        """Return a name for the miner that can be shown in backticks.

        The text may come from an unknown device, so it must not end the code span.
        """
        names = [self.worker_id or "", f"({self.id})" if self.id else ""]
        label = " ".join(" ".join(names).replace("`", "'").split())
        return label[:MAX_TEXT] or "XMRig"

    @property
    def is_known(self) -> bool:
        """Return whether anything is known; False for a miner that never answered."""
        return bool(self.id or self.worker_id)

    def matches(
        self, seen: MinerIdentity, others: Iterable[MinerIdentity] = ()
    ) -> bool:
        """Return whether the miner with the identity `seen` is the same.

        The id decides, and the worker id if either side has no id. `others` are the
        other known miners: if one of them has the same id, the worker id decides
        between the two. A miner of which both are known is no other one.
        """
        if seen.kind is not self.kind:
            return False
        if not self.id or not seen.id:
            is_other = bool(seen.id) and seen in set(others)
            return seen.worker_id == self.worker_id and not is_other
        if seen.id != self.id:
            return False
        return seen.worker_id == self.worker_id or seen not in set(others)
