"""Telling miners apart by what they say about themselves."""

from collections.abc import Iterable
from dataclasses import dataclass

from .limits import MAX_TEXT


@dataclass(frozen=True, kw_only=True)
class MinerIdentity:
    """The names of a miner.

    XMRig makes its id from its HTTP port and a network card. It has none where it found
    no network at its start, and clones of a container share one (src/base/api/
    Api.cpp:229). Its worker id is the hostname, or what its user chose.
    """

    id: str | None
    worker_id: str | None

    @property
    def label(self) -> str:
        """Return how to name the miner in a text, to be set in backticks there.

        It is text from a device that may be a foreign one, so it must not end the code
        that it is shown as.
        """
        names = [self.worker_id or "", f"({self.id})" if self.id else ""]
        label = " ".join(" ".join(names).replace("`", "'").split())
        return label[:MAX_TEXT] or "XMRig"

    def matches(
        self, seen: MinerIdentity, others: Iterable[MinerIdentity] = ()
    ) -> bool:
        """Return whether the miner with the identity `seen` is this one.

        The id decides, and the worker id where either side has none. `others` are the
        other known miners: where one of them has the same id, the worker id decides
        between the two.
        """
        if not self.id or not seen.id:
            return seen.worker_id == self.worker_id
        if seen.id != self.id:
            return False
        return seen.worker_id == self.worker_id or seen not in set(others)
