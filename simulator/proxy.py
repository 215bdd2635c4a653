"""The process of an xmrig-proxy without a network: its counters and rows.

Like the simulated miner, it does nothing by itself: `sync` executes all due ticks.
Names and rules are those of proxy/Stats.cpp, proxy/workers/Workers.cpp and
proxy/TickingCounter.h.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
import math
from typing import Any

from . import rapidjson
from .jsonvalue import Json
from .miner import ConfigError
from .proxy_config import read_proxy_config, worker_mode
from .surroundings import Surroundings

TICK_MS = 4000
WINDOWS = (60, 600, 3600, 43_200, 86_400)
_KEPT_MS = 86_400_000
_MINERS_PER_UPSTREAM = 256
_BEST = 10
_FORMAT = (
    "id",
    "ip",
    "tx",
    "rx",
    "state",
    "diff",
    "user",
    "password",
    "rig_id",
    "agent",
)


@dataclass
class StratumMiner:
    """A miner that may be connected to a proxy.

    `hashrate` is in H/s; while it `is_hashing`, it submits shares at every tick.
    """

    rig_id: str | None = "rig-a"
    user: str = "WALLETA"
    password: str = "pa"
    agent: str = "XMRig/6.26.0 (Linux x86_64) libuv/1.52.1 gcc/16.2.0"
    ip: str = "127.0.0.1"
    hashrate: float = 0.0
    difficulty: int = 1000
    is_hashing: bool = True
    work: float = 0.0

    def row_name(self, mode: str) -> str:
        """Return the name of its row (Miner::rigId falls back on the user)."""
        return {
            "rig_id": self.rig_id or self.user,
            "user": self.user,
            "password": self.password,
            "agent": self.agent,
            "ip": self.ip,
        }[mode]


@dataclass
class Counter:
    """Hashes of the last day, with the ms at which they were counted."""

    total: int = 0
    shares: list[tuple[int, int]] = field(default_factory=list)

    def add(self, now: int, hashes: int) -> None:
        """Count the hashes of a share."""
        self.total += hashes
        self.shares.append((now, hashes))
        while self.shares[0][0] <= now - _KEPT_MS:
            self.shares.pop(0)

    def hashrates(self, tick: int) -> list[float]:
        """Return the kH/s of each window at a tick, divided by its whole length."""
        return [
            _khs(
                sum(
                    hashes
                    for at, hashes in self.shares
                    if tick - window * 1000 < at <= tick
                ),
                window,
            )
            for window in WINDOWS
        ]

    def total_at(self, tick: int) -> int:
        """Return all hashes up to a tick."""
        return self.total - sum(hashes for at, hashes in self.shares if at > tick)


@dataclass
class Row:
    """One worker."""

    ip: str
    connections: int = 0
    accepted: int = 0
    rejected: int = 0
    invalid: int = 0
    last_hash: int = 0
    counter: Counter = field(default_factory=Counter)


class SimulatedProxy:
    """An xmrig-proxy process, from start to end."""

    methods: tuple[str, ...] = ()
    breaks_lists = True

    def __init__(
        self,
        surroundings: Surroundings,
        version: str = "6.26.0",
        uptime: float = 0.0,
        miners: Iterable[StratumMiner] = (),
    ) -> None:
        """Start the process; it seems to have started `uptime` seconds ago.

        `miners` connect at once. Raises ConfigError without an enabled pool.
        """
        self.surroundings = surroundings
        self.version = version
        self.version_info = tuple(map(int, version.split(".")))
        self.now = surroundings.now_ms()
        self.started = self.now - int(uptime * 1000)
        self.miners: list[StratumMiner] = []
        self.rows: dict[str, Row] = {}
        self.counter = Counter()
        self.accepted = self.rejected = self.invalid = self.expired = 0
        self.latency = 0
        self.best = [0] * _BEST
        self.miners_now = self.miners_max = 0
        self.upstreams = {"active": 0, "sleep": 0, "error": 0, "total": 0}
        self._process: Json = {}
        self._watch_due: int | None = None
        self._last_tick = self.started
        config = self._read(surroundings.disk)
        if config is None:
            raise ConfigError("No enabled pool in the config on the disk")
        self.config: Json = config
        self._splitter = config["mode"]
        for miner in miners:
            self.connect(miner)
        if uptime * 1000 >= TICK_MS:
            # What happened before does not matter
            self._last_tick += (self.now - self.started) // TICK_MS * TICK_MS
            self._look()

    @property
    def identity(self) -> str:
        """The API's ID: the configured one up to 31 characters, or the computer's."""
        return (self.config["api"]["id"] or self.surroundings.identity)[:31]

    def sync(self) -> None:
        """Execute all due ticks, and read a config file that was written."""
        now = self.surroundings.now_ms()
        while (tick := self._last_tick + TICK_MS) <= now:
            self._notice_file(tick)
            self.now = self._last_tick = tick
            self._tick()
        self._notice_file(now)
        self.now = now

    # API requests

    def put_config(self, document: Any) -> bool:
        """Replace the config; return False if the document is rejected.

        Each config is written to disk: there is no autosave key.
        """
        config = read_proxy_config(document, self.version_info, dict(self._process))
        if config is None:
            return False
        self.surroundings.disk = rapidjson.dumps(config, breaks_lists=True)
        if config["watch"] and self.config["watch"]:
            self.file_changed()
        else:
            self._replace(rapidjson.loads(self.surroundings.disk))
        return True

    def file_changed(self) -> None:
        """Record that the config file was written."""
        if self.config["watch"]:
            delay = round(self.surroundings.watch_delay * 1000)
            self._watch_due = self.surroundings.now_ms() + delay

    def reachability_changed(self) -> None:
        """Update the connections to pools at the next tick."""

    # What happens

    def connect(self, miner: StratumMiner) -> None:
        """Log a miner in."""
        self.miners.append(miner)
        self._log_in(miner)

    def disconnect(self, miner: StratumMiner) -> None:
        """Log a miner out: its row remains."""
        self.miners.remove(miner)
        if row := self._row(miner):
            row.connections -= 1

    def share(
        self, miner: StratumMiner, actual: int = 0, *, rejected: bool = False
    ) -> None:
        """Submit a share of a miner, with its actual difficulty."""
        row = self._row(miner) or Row(miner.ip)
        if not self.upstreams["active"]:
            self.invalid += 1
            row.invalid += 1
        elif rejected:
            self.rejected += 1
            row.rejected += 1
        else:
            self.accepted += 1
            row.accepted += 1
            row.last_hash = int(self._wall_ms())
            row.counter.add(self.now, miner.difficulty)
            self.counter.add(self.now, miner.difficulty)
            best = sorted([*self.best, actual or miner.difficulty], reverse=True)
            self.best = best[:_BEST]

    # API replies

    def document(self, path: str) -> Any:
        """Return the document at a path; None if there is none."""
        if path in ("/1/summary", "/2/summary", "/api.json"):
            return self._summary()
        if path == "/1/workers":
            return {
                "hashrate": {"total": self._totals()},
                "mode": worker_mode(self.config),
                "workers": [
                    self._row_json(name, row) for name, row in self.rows.items()
                ],
            }
        if path == "/1/miners":
            return {
                "format": list(_FORMAT),
                "miners": [
                    [
                        *(number, miner.ip, 709, 685, 2, miner.difficulty, miner.user),
                        *(miner.password, miner.rig_id, miner.agent),
                    ]
                    for number, miner in enumerate(self.miners, 1)
                ],
            }
        return None

    def _summary(self) -> Json:
        uptime = (self.now - self.started) // 1000
        computer = self.surroundings.computer
        agent = f"xmrig-proxy/{self.version} (Linux x86_64) libuv/1.44.2 gcc/12.2.0"
        active = self.upstreams["active"]
        return {
            "id": self.identity,
            "worker_id": self.config["api"]["worker-id"] or computer.hostname,
            "uptime": uptime,
            "restricted": self.config["http"]["restricted"],
            "resources": {
                "memory": computer.memory(False),
                "load_average": [0.5, 0.5, 0.5],
                "hardware_concurrency": computer.threads,
            },
            "features": ["api", "http", "tls"],
            "version": self.version,
            "kind": "proxy",
            "algo": "invalid",
            "mode": self.config["mode"],
            "ua": self.config["user-agent"] or agent,
            "donate_level": self.config["donate-level"],
            "donated": 0.0,
            "hashrate": {"total": self._totals()},
            "miners": {"now": self.miners_now, "max": self.miners_max},
            "workers": len(self.rows),
            "upstreams": {
                **self.upstreams,
                "ratio": _hundredths(len(self.miners) / active if active else 0.0),
            },
            "results": {
                "accepted": self.accepted,
                "rejected": self.rejected,
                "invalid": self.invalid,
                "expired": self.expired,
                "avg_time": uptime // self.accepted if self.accepted else 0,
                "latency": self.latency,
                "hashes_total": self.counter.total,
                "hashes_donate": 0,
                "best": self.best,
            },
        }

    def _totals(self) -> list[float]:
        seconds = (self._last_tick - self.started) // 1000
        total = self.counter.total_at(self._last_tick)
        average = _khs(total, seconds) if seconds else 0.0
        return [*self.counter.hashrates(self._last_tick), average]

    def _row_json(self, name: str, row: Row) -> list[Any]:
        return [
            *(name, row.ip, row.connections, row.accepted, row.rejected, row.invalid),
            *(row.counter.total, row.last_hash),
            *row.counter.hashrates(self._last_tick),
        ]

    # Internal events

    def _read(self, text: str) -> Json | None:
        try:
            document = rapidjson.loads(text)
        except rapidjson.ParseError:
            return None
        return read_proxy_config(document, self.version_info, self._process)

    def _notice_file(self, now: int) -> None:
        if self._watch_due is not None and self._watch_due <= now:
            self._watch_due = None
            if (config := self._read(self.surroundings.disk)) is not None:
                self._replace(config)

    def _replace(self, config: Json) -> None:
        previous, self.config = self.config, config
        if worker_mode(previous) != worker_mode(config):
            self.rows = {}
            for miner in self.miners:
                self._log_in(miner)

    def _log_in(self, miner: StratumMiner) -> None:
        mode = worker_mode(self.config)
        if mode != "none":
            row = self.rows.setdefault(miner.row_name(mode), Row(miner.ip))
            row.connections += 1
            row.ip = miner.ip

    def _row(self, miner: StratumMiner) -> Row | None:
        mode = worker_mode(self.config)
        return None if mode == "none" else self.rows.get(miner.row_name(mode))

    def _tick(self) -> None:
        self._look()
        for miner in self.miners:
            if miner.hashrate and miner.is_hashing:
                miner.work += miner.hashrate * TICK_MS / 1000
                while miner.work >= miner.difficulty:
                    miner.work -= miner.difficulty
                    self.share(miner)

    def _look(self) -> None:
        """Count miners and connections to the pool, as at each tick."""
        self.miners_now = len(self.miners)
        self.miners_max = max(self.miners_max, self.miners_now)
        if self._splitter == "simple":
            number = self.miners_now
        else:
            number = max(1, math.ceil(self.miners_now / _MINERS_PER_UPSTREAM))
        is_up = any(
            pool["enabled"] and self.surroundings.is_reachable(pool["url"])
            for pool in self.config["pools"]
        )
        self.upstreams = {
            "active": number if is_up else 0,
            "sleep": 0,
            "error": 0 if is_up else number,
            "total": number,
        }

    def _wall_ms(self) -> float:
        return self.surroundings.wall() * 1000


def _khs(hashes: int, seconds: int) -> float:
    """Return kH/s, rounded down to 0.01."""
    return _hundredths(hashes / seconds / 1000)


def _hundredths(value: float) -> float:
    return math.floor(value * 100) / 100
