"""The reply of `GET /2/summary` of an xmrig-proxy."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from ..identity import Kind
from ..limits import MAX_INTEGER
from .base_summary import BaseSummary, base_values
from .values import integer, items, members, number

KILO = 1000
"""The proxy reports kH/s."""

STEP = 10
"""The proxy rounds down to multiples of this, in H/s."""

MINUTES_10 = 600
HOUR = 3600
DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class ProxyHashrate:
    """Hashrates in H/s, which the proxy calculates from received shares.

    From the first second, the proxy divides by the whole window (xmrig-proxy
    src/proxy/TickingCounter.h): the value is only right once the window is full.
    """

    minutes_10: float | None = None
    hour_1: float | None = None
    hours_24: float | None = None
    average: float | None = None
    """Since the start; workers have none."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the hashrates from a list."""
        windows = [_hashrate(item) for item in items(value)[:6]]
        windows += [None] * (6 - len(windows))
        return cls(
            minutes_10=windows[1],
            hour_1=windows[2],
            hours_24=windows[4],
            average=windows[5],
        )


@dataclass(frozen=True, kw_only=True)
class Upstreams:
    """Connections to the pool. Without miners, there may be none."""

    active: int | None = None
    error: int | None = None
    total: int | None = None
    """0 until the first count, 4 seconds after the start."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `upstreams` of a summary."""
        data = members(value)
        return cls(
            active=integer(data.get("active")),
            error=integer(data.get("error")),
            total=integer(data.get("total")),
        )


@dataclass(frozen=True, kw_only=True)
class ProxyResults:
    """Shares of all miners since the start."""

    accepted: int | None = None
    rejected: int | None = None
    """By the pool."""
    invalid: int | None = None
    """By the proxy: low difficulty, wrong nonce, or no pool."""
    expired: int | None = None
    """Too late for their job."""
    latency: int | None = None
    """Median milliseconds from submitting a share to the reply, since the start; 0
    before the first."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `results` of a summary."""
        data = members(value)
        return cls(
            accepted=integer(data.get("accepted")),
            rejected=integer(data.get("rejected")),
            invalid=integer(data.get("invalid")),
            expired=integer(data.get("expired")),
            latency=integer(data.get("latency")),
        )


@dataclass(frozen=True, kw_only=True)
class ProxySummary(BaseSummary):
    """The reply of `GET /2/summary` of an xmrig-proxy."""

    kind: ClassVar[Kind] = Kind.PROXY

    donated: float | None = None
    """Percentage of shares that were donated."""
    hashrate: ProxyHashrate = field(default_factory=ProxyHashrate)
    miners: int | None = None
    """Miners that are logged in, updated every 4 seconds."""
    miners_max: int | None = None
    workers: int | None = None
    """Number of worker rows, including workers that are gone."""
    upstreams: Upstreams = field(default_factory=Upstreams)
    results: ProxyResults = field(default_factory=ProxyResults)

    @classmethod
    def from_json(cls, document: dict[str, Any], *, complete: bool = True) -> Self:
        """Return the summary of a reply."""
        miners = members(document.get("miners"))
        return cls(
            **base_values(document),
            donated=number(document.get("donated"), 100),
            hashrate=ProxyHashrate.from_json(
                members(document.get("hashrate")).get("total")
            ),
            miners=integer(miners.get("now")),
            miners_max=integer(miners.get("max")),
            workers=integer(document.get("workers")),
            upstreams=Upstreams.from_json(document.get("upstreams")),
            results=ProxyResults.from_json(document.get("results")),
            complete=complete,
            reply=document,
        )


def _hashrate(value: Any) -> float | None:
    """Return a hashrate in H/s."""
    found = number(value, MAX_INTEGER // KILO)
    return None if found is None else float(round(found * KILO))
