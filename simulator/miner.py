"""A miner's process without mining: its state, and the events that change it.

Nothing runs by itself. `sync` updates the state to the current time by executing all
due events in order, so advancing the clock by a day takes milliseconds, and every reply
is reproducible. Names and rules are those of core/Miner.cpp.
"""

from collections.abc import Callable
import heapq
import itertools
import math
from typing import Any

from . import rapidjson
from .algorithms import ALGORITHMS, Algorithm
from .autopause import AutoPause
from .backends import Backend
from .calibration import calibrate
from .config import has_more_profiles, pools_differ, read_config
from .hashrate import TICK
from .jsonvalue import Json
from .network import Network
from .surroundings import Surroundings

# A process that is older than this starts with share counters of 0
_LONGEST_HISTORY_MS = 24 * 3600 * 1000
# Huge pages of 2 MiB
_DATASET_PAGES = {"light": 128}
_FULL_DATASET_PAGES = 1168
_GOLDEN = 0.6180339887498949
_BACKENDS = ("cpu", "opencl", "cuda")


class ConfigError(ValueError):
    """The miner does not start with the config on disk."""


class SimulatedMiner:
    """An XMRig process, from start to end."""

    methods: tuple[str, ...] = ("pause", "resume", "stop")
    breaks_lists = False

    def __init__(
        self, surroundings: Surroundings, version: str = "6.26.0", uptime: float = 0.0
    ) -> None:
        """Start the process; it seems to have started `uptime` seconds ago.

        Raises:
            ConfigError: There is no config with an enabled pool on the disk.
        """
        self.surroundings = surroundings
        self.version = version
        self.version_info = tuple(
            int(part) for part in version.partition("-")[0].split(".")
        )
        self.is_paused = False
        self.wall_step = 0.0
        self.algorithm: Algorithm | None = None
        self.timer: int | None = None
        uptime_ms = int(uptime * 1000)
        self.started = surroundings.now_ms() - min(uptime_ms, _LONGEST_HISTORY_MS)
        self.now = self.started
        self._uptime_before_ms = max(0, uptime_ms - _LONGEST_HISTORY_MS)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._process: Json = {}
        self._watch_due: int | None = None
        self._is_asleep = True
        self._is_mining = False
        self._dataset: Algorithm | None = None
        self._highest: dict[Algorithm, float] = {}
        self._work = 0.0
        self._shares = 0
        self._auto_pause = AutoPause()

        config = self._read(surroundings.disk)
        if config is None:
            raise ConfigError("No enabled pool in the config on the disk")
        self.config: Json = config
        if config["autosave"] and has_more_profiles(config, surroundings.disk):
            self._save(config)
        self._is_watching = bool(config["watch"])
        self.backends = [
            Backend(kind, surroundings.computer, self.version_info)
            for kind in _BACKENDS
        ]
        self.algorithms: list[Algorithm] = []
        self._configure_backends()
        self.network = Network(self)
        if not calibrate(self, self._take_calibration):
            self.network.configure(config)
        self.sync()

    @property
    def identity(self) -> str:
        """The API's ID: the configured one up to 31 characters, or the computer's."""
        return (self.config["api"]["id"] or self.surroundings.identity)[:31]

    @property
    def uptime(self) -> int:
        """Seconds since the start by the wall clock, unsigned as in Api.cpp:188.

        `wall_step` seconds are added, as when the computer's clock is set; a clock set
        back before the start makes it huge.
        """
        elapsed = self.now - self.started + self._uptime_before_ms
        return (elapsed + int(self.wall_step * 1000)) % 2**64 // 1000

    @property
    def has_dataset(self) -> bool:
        """Whether a RandomX dataset is in memory."""
        return self._dataset is not None

    @property
    def hashrate(self) -> float:
        """H/s at this moment."""
        return sum(backend.rate for backend in self.backends)

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Run an action after a delay in ms."""
        heapq.heappush(self._events, (self.now + delay_ms, next(self._order), action))

    def sync(self) -> None:
        """Execute all due events."""
        now = self.surroundings.now_ms()
        if now == self.now and not (self._events and self._events[0][0] <= now):
            return
        while True:
            event = self._events[0][0] if self._events else now + 1
            share = self._next_share()
            due = min(event, share)
            if due > now:
                break
            self._pass_time(due)
            if share < event:
                self._find_share()
            else:
                heapq.heappop(self._events)[2]()
        self._pass_time(now)
        self._note_highest()

    # API requests

    def put_config(self, document: Any) -> bool:
        """Replace the config; return False if the miner rejects the document.

        The file is written at once. While the miner watches its file, the change itself
        follows when the watcher has noticed (Base.cpp:268). It applies at once if it
        could not be written.
        """
        config = self._read_document(document)
        if config is None:
            return False
        self._save(config)
        is_noticed = self._is_watching and self.surroundings.is_writable
        if config["watch"] and is_noticed:
            self.file_changed()
        else:
            self._replace(config)
        return True

    def pause(self) -> None:
        """Put the threads to sleep."""
        self._set_enabled(False)

    def resume(self) -> None:
        """Wake the threads, or do nothing on battery (Miner.cpp:523)."""
        self._set_enabled(True)

    def stop(self) -> None:
        """End the threads until the next job; also wakes a pause (Nonce::stop)."""
        self._is_asleep = False
        self._note_highest()
        for backend in self.backends:
            backend.stop()

    # What comes from outside

    def file_changed(self) -> None:
        """Record that the config file was written; it is read after a quiet period."""
        delay = round(self.surroundings.watch_delay * 1000)
        self._watch_due = due = self.now + delay

        def reload() -> None:
            if self._watch_due == due:
                self._watch_due = None
                if (config := self._read(self.surroundings.disk)) is not None:
                    self._replace(config)

        if self._is_watching:
            self.after(delay, reload)

    def reachability_changed(self) -> None:
        """Cut the connections to pools that went away."""
        self.network.reachability_changed()

    def power_or_user_changed(self) -> None:
        """Record that the battery or user activity changed."""
        if self.timer is not None:
            self.after(TICK - (self.now - self.timer) % TICK, self._check_auto_pause)

    def add_share(self, *, accepted: bool = True, actual: int | None = None) -> None:
        """Have the pool accept or reject a share of the current difficulty.

        `actual` is the actual difficulty of the share.
        """
        statistics = self.network.statistics
        self._shares += 1
        if not accepted:
            statistics.rejected += 1
            return
        difficulty = statistics.difficulty
        if actual is None:
            # Evenly distributed and reproducible
            actual = int(difficulty / (1 - self._shares * _GOLDEN % 1))
        statistics.share(difficulty, actual, self.surroundings.share_latency_ms)

    def set_job(self, algorithm: Algorithm) -> None:
        """Take a job from the pool (Miner::setJob)."""
        for backend in self.backends:
            backend.prepare(algorithm)
        is_new = self.algorithm is not algorithm
        ready = not algorithm.is_randomx or self._dataset is algorithm
        if algorithm.is_randomx and is_new:
            self.stop()
        elif not ready:
            self._set_asleep(True)
        self.algorithm = algorithm
        self._is_mining = True
        if ready:
            self._job_changed()
        elif is_new:
            self.after(
                round(self.surroundings.dataset_time * 1000),
                lambda: self._dataset_ready(algorithm),
            )

    def pool_lost(self) -> None:
        """Put the threads to sleep because no pool is connected (Miner::pause)."""
        self._is_mining = False
        self._set_asleep(True)

    def can_mine(self, algorithm: Algorithm | None) -> bool:
        """Whether any backend has threads for the algorithm."""
        return algorithm in self.algorithms

    # API replies

    def hashrate_totals(self) -> list[float | None]:
        """Return the totals of all backends; null as soon as one lacks the window."""
        running = [backend for backend in self.backends if backend.meter]
        columns = zip(
            *(backend.hashrates(self.now, self.timer) for backend in running),
            strict=True,
        )
        totals = [
            None if None in column else sum(value or 0.0 for value in column)
            for column in columns
        ]
        return self.backends[0].show(totals or [0.0, 0.0, 0.0])

    @property
    def highest(self) -> float | None:
        """The best 10 s of the current algorithm in H/s."""
        best = self._highest.get(self.algorithm, 0.0) if self.algorithm else 0.0
        return self.backends[0].show([best])[0] if best > 0.0 else None

    # Internal events

    def _read(self, text: str) -> Json | None:
        try:
            return self._read_document(rapidjson.loads(text))
        except rapidjson.ParseError:
            return None

    def _read_document(self, document: Any) -> Json | None:
        config = read_config(
            document, self.surroundings.computer, self.version_info, self._process
        )
        return config and self.surroundings.fork.complete(config, document)

    def _save(self, config: Json) -> None:
        if self.surroundings.is_writable:
            self.surroundings.disk = rapidjson.dumps(config)

    def _replace(self, config: Json) -> None:
        previous, self.config = self.config, config
        differ = pools_differ(config, previous)
        if differ:
            self.network.configure(config)
        self._note_highest()
        self._configure_backends()
        if not differ:
            for backend in self.backends:
                backend.set_job(self.algorithm, self.now)
            self._follow_sleep()
        self.power_or_user_changed()

    def _configure_backends(self) -> None:
        for backend in self.backends:
            backend.configure(self.config)
        self.algorithms = [
            algorithm
            for algorithm in ALGORITHMS
            if algorithm.since <= self.version_info
            and any(backend.can_mine(algorithm) for backend in self.backends)
        ]

    def _job_changed(self) -> None:
        assert self.algorithm is not None
        self._note_highest()
        if self.is_paused:
            self._is_asleep = True
        for backend in self.backends:
            backend.set_job(self.algorithm, self.now)
        if self._is_mining and not self.is_paused:
            self._is_asleep = False
        self._follow_sleep()
        if self.timer is None:
            self.timer = self.now
            self.power_or_user_changed()

    def _dataset_ready(self, algorithm: Algorithm) -> None:
        self._dataset = algorithm
        mode = self.config["randomx"]["mode"]
        self.backends[0].dataset_pages = _DATASET_PAGES.get(mode, _FULL_DATASET_PAGES)
        if self.algorithm is algorithm:
            self._job_changed()

    def _set_enabled(self, enabled: bool) -> None:
        if self.is_paused is not enabled:
            return
        if enabled and self.config["pause-on-battery"] and self._auto_pause.on_battery:
            return
        self.is_paused = not enabled
        if self._is_mining:
            self._set_asleep(not enabled)

    def _set_asleep(self, asleep: bool) -> None:
        self._note_highest()
        self._is_asleep = asleep
        self._follow_sleep()

    def _follow_sleep(self) -> None:
        for backend in self.backends:
            if backend.meter:
                backend.meter.switch(self.now, running=not self._is_asleep)

    def _check_auto_pause(self) -> None:
        for enabled in self._auto_pause.look(self.config, self.surroundings):
            self._set_enabled(enabled)

    def _take_calibration(self, results: Json) -> None:
        """Store what was measured, and connect (MoBenchmark::finish)."""
        self.pool_lost()
        self.config = self.config | {"algo-perf": results}
        self._save(self.config)
        self.network.configure(self.config)

    def _next_share(self) -> int | float:
        rate = self.hashrate
        if not rate or self.network.active is None:
            return math.inf
        missing = self.surroundings.difficulty - self._work
        return self.now + max(1, math.ceil(missing / rate * 1000))

    def _find_share(self) -> None:
        self._work = 0.0
        every = self.surroundings.reject_every
        self.add_share(accepted=not every or (self._shares + 1) % every != 0)

    def _pass_time(self, moment: float) -> None:
        moment = int(moment)
        if moment > self.now:
            self._work += self.hashrate * (moment - self.now) / 1000
            self.now = moment

    def _note_highest(self) -> None:
        if self.algorithm is None:
            return
        best = sum(
            backend.latest_hashrate(self.now, self.timer) for backend in self.backends
        )
        self._highest[self.algorithm] = max(
            best, self._highest.get(self.algorithm, 0.0)
        )
