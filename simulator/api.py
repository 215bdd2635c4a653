"""The documents of the miner's API, with keys in the miner's order."""

from typing import Any

from .jsonvalue import Json
from .miner import SimulatedMiner

_SUMMARIES = {"/1/summary": 1, "/api.json": 1, "/2/summary": 2}
_COMPILERS = {"6.26.0": ("1.52.1", "16.2.0"), "6.22.2": ("1.48.0", "14.2.0")}


def document(miner: SimulatedMiner, path: str) -> Any:
    """Return the document at a path; None if there is none."""
    if path in _SUMMARIES:
        return summary(miner, _SUMMARIES[path])
    if path == "/2/backends":
        return backends(miner)
    if path == "/2/dmi":
        return miner.surroundings.computer.dmi()
    return None


def summary(miner: SimulatedMiner, api_version: int) -> Json:
    """Return /1/summary or /2/summary, which differ in a few members."""
    results, connection = miner.network.to_json(api_version)
    algorithm = miner.network.statistics.algorithm
    libuv, gcc = _COMPILERS.get(miner.version, ("1.51.0", "14.3.0"))
    load = float(sum(len(backend.workers) for backend in miner.backends))
    agent = miner.config["user-agent"]
    fork = miner.surroundings.fork
    version = fork.version or miner.version
    pages = miner.backends[0].huge_pages()
    return {
        "id": miner.identity,
        "worker_id": miner.config["api"]["worker-id"]
        or miner.surroundings.computer.hostname,
        "uptime": miner.uptime,
        "restricted": miner.config["http"]["restricted"],
        "resources": {
            "memory": miner.surroundings.computer.memory(miner.has_dataset),
            "load_average": [load, load, load],
            "hardware_concurrency": miner.surroundings.computer.threads,
        },
        "features": [*fork.features],
        "results": results,
        "algo": algorithm.name if algorithm else None,
        "connection": connection,
        "version": version,
        "kind": "miner",
        "ua": agent or f"{fork.agent}/{version} (Linux x86_64) libuv/{libuv} gcc/{gcc}",
        "cpu": fork.complete_cpu(miner.surroundings.computer.cpu(miner.version_info)),
        "donate_level": miner.config["donate-level"],
        "paused": miner.is_paused,
        "algorithms": [algorithm.name for algorithm in miner.algorithms],
        "hashrate": {
            "total": miner.hashrate_totals(),
            "highest": miner.highest,
            **({"threads": _threads(miner)} if api_version == 1 else {}),
        },
        "hugepages": list(pages) if api_version > 1 else pages[0] == pages[1],
    }


def backends(miner: SimulatedMiner) -> list[Json]:
    """Return /2/backends."""
    return [backend.to_json(miner.now, miner.timer) for backend in miner.backends]


def _threads(miner: SimulatedMiner) -> list[list[float | None]]:
    return [
        windows
        for backend in miner.backends
        for windows in backend.thread_hashrates(miner.now, miner.timer)
    ]


def proxy_summary(miner: SimulatedMiner) -> Json:
    """Return the summary of an xmrig-proxy, which shares the miner's base code."""
    head = summary(miner, 2)
    results, now = head["results"], {"now": 2, "max": 3}
    return {
        key: head[key]
        for key in ("id", "worker_id", "uptime", "restricted", "resources")
    } | {
        "features": ["api", "http", "tls"],
        "version": miner.version,
        "kind": "proxy",
        "algo": "invalid",
        "mode": "nicehash",
        "ua": f"xmrig-proxy/{miner.version} (Linux x86_64) libuv/1.51.0 gcc/14.3.0",
        "donate_level": 0,
        "donated": 0.0,
        "hashrate": {"total": [1.72, 1.71, 1.7, 1.69, 1.69, 1.7]},
        "miners": now,
        "workers": 2,
        "upstreams": {"active": 1, "sleep": 0, "error": 0, "total": 1, "ratio": 2.0},
        "results": {
            "accepted": results["shares_good"],
            "rejected": 0,
            "invalid": 0,
            "expired": 0,
            "avg_time": results["avg_time"],
            "latency": 24,
            "hashes_total": results["hashes_total"],
            "hashes_donate": 0,
            "best": results["best"],
        },
    }
