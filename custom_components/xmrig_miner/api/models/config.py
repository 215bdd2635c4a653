"""What `GET /2/config` says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import hashlib
import json
from typing import Any, Self

from ..document import with_values
from ..limits import extent
from ..privacy import PoolAddress
from ..thread_profiles import profiles_of
from .backend_type import BackendType
from .values import items, members

UNNAMED_POOL = "pool"
"""The label of a pool whose address leaves no part of it that may be shown."""

MAX_LABEL = 200
"""Characters of the label of a pool, before the number that may follow it."""


class PauseRule(StrEnum):
    """Rules of its own by which XMRig pauses and resumes, by their config keys."""

    BATTERY = "pause-on-battery"
    ACTIVITY = "pause-on-active"


@dataclass(frozen=True)
class Config:
    """What `GET /2/config` says: secrets in clear, so it is never shown whole.

    The document is read-only; changing it is done on a copy.
    """

    document: dict[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Return the config of a reply, which is written back as it is.

        Raises ValueError for what could not be stored and sent.
        """
        if not isinstance(document, dict):
            raise ValueError("not a config")  # noqa: TRY004
        extent(document)
        return cls(document)

    @property
    def backends(self) -> dict[BackendType, bool]:
        """Return which backends the config has, and which of them it switches on."""
        return {
            backend_type: data.get("enabled") is True
            for backend_type in BackendType
            if (data := members(self.document.get(backend_type)))
        }

    @property
    def enabled(self) -> frozenset[BackendType]:
        """Return the backends that the config switches on."""
        return frozenset(name for name, is_on in self.backends.items() if is_on)

    @property
    def profiles(self) -> dict[str, Any]:
        """Return the thread profiles of the CPU backend."""
        return profiles_of(members(self.document.get("cpu")))

    def has_threads(self, backend: BackendType) -> bool:
        """Return whether any thread profile of a backend lists threads."""
        section = members(self.document.get(backend))
        return any(items(profile) for profile in section.values())

    @property
    def pools(self) -> list[dict[str, Any]]:
        """Return the pools, the first enabled one in use and the others behind it."""
        return [pool for pool in items(self.document.get("pools")) if members(pool)]

    @property
    def has_pool(self) -> bool:
        """Return whether any pool is enabled."""
        return any(pool.get("enabled", True) for pool in self.pools)

    def with_backends(self, enabled: Iterable[BackendType]) -> Config:
        """Return this config with just the given backends switched on."""
        switched_on = set(enabled)
        return Config(
            with_values(
                self.document,
                (
                    ((backend_type.value, "enabled"), backend_type in switched_on)
                    for backend_type in self.backends
                ),
            )
        )

    def with_profiles(self, profiles: Mapping[str, Any]) -> Config:
        """Return this config with some thread profiles replaced."""
        values = ((("cpu", name), profile) for name, profile in profiles.items())
        return Config(with_values(self.document, values))

    @property
    def pool_labels(self) -> list[str]:
        """Return what to call each pool: its host and port, numbered where alike."""
        labels: list[str] = []
        seen: Counter[str] = Counter()
        for pool in self.pools:
            url = pool.get("url")
            address = PoolAddress.parse(url.strip()) if isinstance(url, str) else None
            label = address.label[:MAX_LABEL] if address else UNNAMED_POOL
            seen[label] += 1
            labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
        return labels

    @property
    def payout_fingerprints(self) -> dict[str, str]:
        """Return the labels of the pools, by what stands for the address and wallet.

        It changes with either of them, and tells neither. The order of the pools does
        not count, nor which of them are enabled.
        """
        return {
            hashlib.sha256(
                json.dumps([pool.get("url"), pool.get("user")]).encode()
            ).hexdigest(): label
            for pool, label in zip(self.pools, self.pool_labels, strict=True)
        }

    @property
    def payout(self) -> frozenset[str] | None:
        """Return the fingerprints of all pools and wallets.

        None if not all of them can be read, or there is none: XMRig does not run without
        a pool.
        """
        number = len(items(self.document.get("pools")))
        if not 0 < number == len(self.pools):
            return None
        return frozenset(self.payout_fingerprints)

    @property
    def pause_rules(self) -> frozenset[PauseRule]:
        """Return the rules by which the miner pauses itself."""
        return frozenset(rule for rule in PauseRule if self.document.get(rule))

    def with_pool_first(self, pools: list[dict[str, Any]], index: int) -> Config:
        """Return this config with one of the pools enabled, and the others behind."""
        chosen = {**pools[index], "enabled": True}
        return Config(
            {**self.document, "pools": [chosen, *pools[:index], *pools[index + 1 :]]}
        )
