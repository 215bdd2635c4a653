"""The reply of `GET /1/workers` of an xmrig-proxy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from ..limits import MAX_TEXT, MAX_TIME
from ..privacy import REDACTED, may_contain_wallet
from .proxy_summary import DAY, HOUR, MINUTES_10, STEP, ProxyHashrate
from .values import integer, items, text

_MS_PER_SECOND = 1000


class WorkerMode(StrEnum):
    """What the proxy names workers by (`workers` in its config)."""

    RIG_ID = "rig_id"
    """The user, and therefore the wallet, if a miner has no rig ID."""
    USER = "user"
    PASSWORD = "password"
    AGENT = "agent"
    IP = "ip"
    NONE = "none"
    """It lists none."""

    @property
    def has_secret_names(self) -> bool:
        """Return whether the names are wallets or passwords."""
        return self in (WorkerMode.USER, WorkerMode.PASSWORD)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One row: the totals of all miners with the same name."""

    connections: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    invalid: int | None = None
    last_share: float | None = None
    """Seconds since 1970; None before the first."""
    hashrate: ProxyHashrate = field(default_factory=ProxyHashrate)
    """Each is None until its window is full."""

    @property
    def is_online(self) -> bool | None:
        """Return whether a miner with this name is connected."""
        return None if self.connections is None else self.connections > 0


@dataclass(frozen=True)
class Workers:
    """All rows, including those of miners that are gone: they stay until a restart.

    Rows are parsed on demand, because there may be ten thousand.
    """

    mode: WorkerMode | None
    rows: Mapping[str, list[Any]] = field(repr=False)
    """The rows by name; names may be wallets or passwords."""

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Return the workers from a reply; of rows with the same name, the first."""
        mode = document.get("mode")
        rows: dict[str, list[Any]] = {}
        for row in items(document.get("workers")):
            if isinstance(row, list) and row and (name := _name(row[0])):
                rows.setdefault(name, row)
        known = next((item for item in WorkerMode if item == mode), None)
        return cls(known, rows)

    @cached_property
    def online(self) -> frozenset[str]:
        """Return the names with a connected miner."""
        return frozenset(
            name
            for name, row in self.rows.items()
            if len(row) > 2 and _is_count(row[2])
        )

    @property
    def has_secret_names(self) -> bool:
        """Return whether all names may be wallets or passwords."""
        return self.mode is None or self.mode.has_secret_names

    def shown_name(self, name: str) -> str:
        """Return a name as it may be shown: only the last characters of a wallet."""
        is_wallet = may_contain_wallet(name)
        if not (self.has_secret_names or is_wallet):
            return name
        is_password = self.mode in (None, WorkerMode.PASSWORD)
        return f"…{name[-4:]}" if is_wallet and not is_password else REDACTED

    def get(self, name: str) -> Worker | None:
        """Return a worker by name."""
        if (row := self.rows.get(name)) is None:
            return None
        cell = dict(enumerate(row)).get
        milliseconds = integer(cell(7), MAX_TIME * _MS_PER_SECOND, minimum=1)
        return Worker(
            connections=integer(cell(2)),
            accepted=integer(cell(3)),
            rejected=integer(cell(4)),
            invalid=integer(cell(5)),
            last_share=None if milliseconds is None else milliseconds / _MS_PER_SECOND,
            hashrate=_full_windows(row[8:], integer(cell(6)) or 0),
        )


def _full_windows(value: list[Any], hashes: int) -> ProxyHashrate:
    """Return the hashrates of a worker; None for windows that may not be full.

    A window is full once the worker has submitted more hashes than fit into it.
    `hashes` counts them since its first login.
    """
    rates = ProxyHashrate.from_json(value)

    def full(rate: float | None, seconds: int) -> float | None:
        if rate is None or hashes <= (rate + STEP) * seconds:
            return None
        return rate

    return ProxyHashrate(
        minutes_10=full(rates.minutes_10, MINUTES_10),
        hour_1=full(rates.hour_1, HOUR),
        hours_24=full(rates.hours_24, DAY),
    )


def _name(value: Any) -> str | None:
    """Return a name that can be shown; most need no cleaning."""
    if not isinstance(value, str):
        return None
    if len(value) <= MAX_TEXT and value.isprintable() and value == value.strip():
        return value or None
    return text(value)


def _is_count(value: Any) -> bool:
    """Return whether a value is a count above 0."""
    return bool(integer(value))
