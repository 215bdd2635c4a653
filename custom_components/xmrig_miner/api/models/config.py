"""The reply of `GET /2/config`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
import hashlib
import json
from typing import Any, Self

from ..document import Path, json_equal, with_values
from ..limits import extent
from ..privacy import PoolAddress
from ..thread_profiles import active_profile, profiles_of, shortened, thread_count
from .backend_type import BackendType
from .values import items, members

UNNAMED_POOL = "pool"
"""Label of a pool whose address may not be shown."""

MAX_LABEL = 200
"""Maximum length of a pool's label, without a number that may follow."""


class PauseRule(StrEnum):
    """XMRig's own rules for pausing and resuming, by their config keys."""

    BATTERY = "pause-on-battery"
    ACTIVITY = "pause-on-active"


@dataclass(frozen=True)
class Config:
    """The reply of `GET /2/config`. It contains secrets, so it is never shown whole.

    The document must not be changed: methods return changed copies. Derived values are
    cached, because a config rarely changes between polls.
    """

    document: dict[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Return the config from a reply, with nothing replaced.

        Raises ValueError for a document that cannot be stored and sent, and for one in
        which numbers are texts.
        """
        if not isinstance(document, dict):
            raise ValueError("not a config")  # noqa: TRY004
        extent(document)
        if isinstance(members(document.get("http")).get("port"), str):
            # XMRig prints a number. What replaced this one replaced others, too: written
            # back, they would leave thread profiles without a core
            raise ValueError("numbers as texts")  # noqa: TRY004
        return cls(document)

    @cached_property
    def backends(self) -> dict[BackendType, bool]:
        """Return the configured backends, and whether each is enabled."""
        return {
            backend_type: data.get("enabled") is True
            for backend_type in BackendType
            if (data := members(self.document.get(backend_type)))
        }

    @cached_property
    def enabled(self) -> frozenset[BackendType]:
        """Return the backends that the config enables."""
        return frozenset(name for name, is_on in self.backends.items() if is_on)

    @cached_property
    def profiles(self) -> dict[str, Any]:
        """Return the thread profiles of the CPU backend."""
        return profiles_of(members(self.document.get("cpu")))

    def has_cards(self, backend: BackendType) -> bool:
        """Return whether any thread profile of a GPU backend lists a thread."""
        section = members(self.document.get(backend))
        return any(
            members(thread) for profile in section.values() for thread in items(profile)
        )

    def thread_count(self, profile: str | None) -> int | None:
        """Return how many CPU threads run with a profile; None if unknown.

        `profile` is the one that the CPU backend reports, None before the first job.
        """
        name = active_profile(self.profiles, profile)
        return thread_count(self.profiles[name]) if name else None

    def thread_cap(self, threads: int, profile: str | None) -> int | None:
        """Return a number of threads as a cap; None if no more would run anyway."""
        count = self.thread_count(profile)
        return threads if count and threads < count else None

    @cached_property
    def pools(self) -> list[dict[str, Any]]:
        """Return the pools. XMRig uses the first enabled pool that it can reach."""
        return [pool for pool in items(self.document.get("pools")) if members(pool)]

    @property
    def has_pool(self) -> bool:
        """Return whether any pool is enabled."""
        return any(pool.get("enabled", True) for pool in self.pools)

    @cached_property
    def pool_labels(self) -> list[str]:
        """Return host and port of each pool, with a number added to duplicates."""
        labels: list[str] = []
        seen: Counter[str] = Counter()
        for pool in self.pools:
            url = pool.get("url")
            address = PoolAddress.parse(url.strip()) if isinstance(url, str) else None
            label = address.label[:MAX_LABEL] if address else UNNAMED_POOL
            seen[label] += 1
            labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
        return labels

    @cached_property
    def payout_fingerprints(self) -> dict[str, str]:
        """Return the labels of the pools by fingerprints of address and wallet.

        A fingerprint changes with either, and reveals neither. The order of the pools
        and whether they are enabled do not matter.
        """
        return {
            hashlib.sha256(
                json.dumps([pool.get("url"), pool.get("user")]).encode()
            ).hexdigest(): label
            for pool, label in zip(self.pools, self.pool_labels, strict=True)
        }

    @cached_property
    def payout(self) -> frozenset[str] | None:
        """Return the fingerprints of all pools and wallets.

        None if not all of them can be read, or if there are none: XMRig does not run
        without a pool.
        """
        number = len(items(self.document.get("pools")))
        if not 0 < number == len(self.pools):
            return None
        return frozenset(self.payout_fingerprints)

    @cached_property
    def pause_rules(self) -> frozenset[PauseRule]:
        """Return the rules by which the miner pauses itself."""
        return frozenset(rule for rule in PauseRule if self.document.get(rule))

    def with_backends(self, enabled: Iterable[BackendType]) -> Config:
        """Return this config with only the given backends enabled."""
        enabled = set(enabled)
        return self._with_values(
            ((backend_type.value, "enabled"), backend_type in enabled)
            for backend_type in self.backends
        )

    def with_backend(self, backend: BackendType, *, enabled: bool) -> Config:
        """Return this config with a backend enabled or disabled."""
        others = self.enabled - {backend}
        return self.with_backends(others | {backend} if enabled else others)

    def with_any_backend(self, preferred: frozenset[BackendType]) -> Config:
        """Return this config with these backends enabled too, or the CPU if none."""
        found = preferred & self.backends.keys()
        return self.with_backends(self.enabled | (found or {BackendType.CPU}))

    def with_pause_rule(
        self, rule: PauseRule, user_config: Config, *, enabled: bool
    ) -> Config:
        """Return this config with a rule on or off.

        The value for on is that of the user's config, which may be a number of seconds.
        """
        on = user_config.document.get(rule) or True
        return Config({**self.document, rule.value: on if enabled else False})

    def with_thread_cap(self, cap: int | None, user_config: Config) -> Config:
        """Return this config with the user's thread profiles, shortened to a cap."""
        return self._with_values(
            (("cpu", name), profile if cap is None else shortened(profile, cap))
            for name, profile in user_config.profiles.items()
        )

    def preferred_pool(self, user_config: Config) -> str | None:
        """Return the label of the user's first enabled pool.

        None if the first enabled pool is not one of the user's.
        """
        first = next((pool for pool in self.pools if pool.get("enabled", True)), None)
        for label, pool in zip(user_config.pool_labels, user_config.pools, strict=True):
            if first is not None and json_equal(
                {**pool, "enabled": True}, {**first, "enabled": True}
            ):
                return label
        return None

    def with_pool_first(self, label: str, user_config: Config) -> Config:
        """Return this config with one of the user's pools enabled and first.

        Raises ValueError if no pool has the label.
        """
        index = user_config.pool_labels.index(label)
        pools = user_config.pools
        chosen = {**pools[index], "enabled": True}
        return Config(
            {**self.document, "pools": [chosen, *pools[:index], *pools[index + 1 :]]}
        )

    def _with_values(self, values: Iterable[tuple[Path, Any]]) -> Config:
        return Config(with_values(self.document, values))
