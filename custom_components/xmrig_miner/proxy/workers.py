"""The response of the action that returns the workers of a proxy."""

from typing import Any

from homeassistant.util import dt as dt_util

from ..api.models import Workers
from ..api.proxy_snapshot import ProxySnapshot


def workers_response(snapshot: ProxySnapshot, *, only_online: bool) -> dict[str, Any]:
    """Return the workers of a snapshot, online ones first; hashrates are in H/s.

    Names that may be wallets or passwords are masked. Do not call this in the event
    loop: it takes too long if there are ten thousand workers.
    """
    workers = snapshot.workers or Workers(None, {})
    names = [name for name in workers.rows if name in workers.online]
    if not only_online:
        names += [name for name in workers.rows if name not in workers.online]
    return {
        "named_by": workers.mode,
        "workers": [_worker(workers, name) for name in names],
    }


def _worker(workers: Workers, name: str) -> dict[str, Any]:
    """Return one worker."""
    worker = workers.get(name)
    assert worker is not None
    last = worker.last_share
    rates = worker.hashrate
    return {
        "name": workers.shown_name(name),
        "online": worker.is_online,
        "miners": worker.connections,
        "accepted": worker.accepted,
        "rejected": worker.rejected,
        "invalid": worker.invalid,
        "last_share": None
        if last is None
        else dt_util.utc_from_timestamp(last).isoformat(),
        "hashrate_10m": rates.minutes_10,
        "hashrate_1h": rates.hour_1,
        "hashrate_24h": rates.hours_24,
    }
