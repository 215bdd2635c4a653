"""Power of a miner, measured by the user's meter or estimated."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
import math
import time
from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..api.models import Backend, BackendType
from ..api.models.values import number
from ..api.snapshot import Snapshot, Status
from ..const import SETTLE_TIME
from ..coordinator import XmrigCoordinator
from ..report_times import ReportTimes
from .model import MAX_WATTS, CardPower, PowerModel
from .options import PowerOptions
from .reports import READINGS, Lessons, Report, watts_of


class PowerMeter:
    """Measures or estimates the power of a miner, and learns from measurements.

    The model covers the computer without its graphics cards: their own readings are
    subtracted from a measurement before it is learned. Only complete snapshots are
    learned from.
    """

    def __init__(self, hass: HomeAssistant, coordinator: XmrigCoordinator) -> None:
        """Initialize the meter."""
        options = PowerOptions.from_options(coordinator.config_entry.options)
        self._hass = hass
        self._coordinator = coordinator
        self.sensor = options.sensor
        """Entity ID of the user's meter; None if power is estimated."""
        entity = (
            er.async_get(hass).async_get(options.sensor) if options.sensor else None
        )
        self._registry_id = entity.id if entity else None
        """What identifies the meter after it is renamed; None without a unique ID."""
        self.model = PowerModel(threads=0, idle=options.idle, full=options.full)
        """The learned power and hashrate for each number of threads."""
        self.threads_running = 0
        """How many CPU threads draw power, as far as known."""
        self.uses_cpu = True
        """Whether the CPU mines when the miner does."""
        self._card_watts = 0.0
        self._cards = CardPower()
        self._gpu_backends: frozenset[BackendType] = frozenset()
        self._operating_point: tuple[object, ...] | None = None
        self.stable_since = time.monotonic()
        """When the load last changed, in s on the monotonic clock."""
        self._stable_since_utc = dt_util.utcnow()
        self._report_times = ReportTimes()
        self._lessons = Lessons()

    def load(self, data: Mapping[str, Any]) -> None:
        """Restore the output of `as_json`.

        Learned power is discarded if the user has selected a different meter since: the
        previous one may have measured the wrong thing.
        """
        model = data["model"]
        if not self.is_meter_of(data):
            model = {**model, "watts": {}}
        self.model = self.model.with_learned(model)
        self._cards = CardPower(data["cards"])

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            "sensor": self.sensor,
            "registry_id": self._registry_id,
            "model": self.model.as_json(),
            "cards": self._cards.as_json(),
        }

    def is_meter_of(self, data: Mapping[str, Any]) -> bool:
        """Return whether the output of `as_json` is of the same meter.

        It may have been renamed since, also while the miner was not set up. A meter
        without a unique ID is known by its entity ID only.
        """
        ids = self._registry_id, data.get("registry_id")
        if None not in ids:
            return ids[0] == ids[1]
        return bool(data["sensor"] == self.sensor)

    @property
    def _snapshot(self) -> Snapshot:
        return self._coordinator.data

    @property
    def watts(self) -> float | None:
        """Return the measured power in W, or an estimate while the miner is online."""
        measured = self.measured()
        if measured is not None:
            return measured
        return self.expected if self._coordinator.last_update_success else None

    @property
    def is_estimated(self) -> bool:
        """Return whether the power is currently not measured."""
        return self.measured() is None

    @property
    def expected(self) -> float | None:
        """Return the estimated power of the current load, in W.

        It does not wait for the user's meter to report a change, so it matches other
        meters as soon as the threads have settled.
        """
        watts = self.model.watts(self.threads_running)
        return None if watts is None else watts + self._card_watts

    @property
    def cards_watts_now(self) -> float:
        """Return the current power of the cards, in W."""
        return self._card_watts

    @property
    def changed_at(self) -> datetime:
        """Return when the load last changed."""
        return self._stable_since_utc

    @property
    def efficiency(self) -> float | None:
        """Return the efficiency in H/J; None if unknown."""
        hashrate = self._snapshot.hashrate_now(self._snapshot.hashrate())
        watts = self.watts
        if hashrate is None or not watts or not self._coordinator.last_update_success:
            return None
        return number(hashrate / watts)

    @property
    def full_load(self) -> int | None:
        """Return the power without any limit, in whole W."""
        return self._with_cards(
            self.model.full_load if self.uses_cpu else self.model.watts(0)
        )

    @property
    def minimum_power(self) -> int | None:
        """Return the lowest limit that does not pause the miner, in whole W."""
        return self._with_cards(self.model.watts(1 if self.uses_cpu else 0))

    def _with_cards(self, watts: float | None) -> int | None:
        """Return a power plus that of the cards, in whole W."""
        if watts is None:
            return None
        return min(math.ceil(watts + self.cards_watts), MAX_WATTS)

    @property
    def cards_watts(self) -> float:
        """Return the power of the cards in use while they hash, in W."""
        return self._cards.total(self._gpu_backends)

    def threads_within(self, limit: float) -> int:
        """Return how many CPU threads fit into a limit in addition to the cards.

        Without the CPU there are no steps: the result is all threads or 0. A miner that
        knows of no threads counts as one of one thread.
        """
        left = limit - self.cards_watts
        if self.uses_cpu:
            return self.model.threads_within(left)
        idle = self.model.watts(0)
        return (self.model.threads or 1) if idle is None or idle <= left else 0

    @property
    def _state(self) -> State | None:
        """Return the state of the user's meter."""
        return self._hass.states.get(self.sensor) if self.sensor else None

    def measured(self) -> float | None:
        """Return the power reported by the user's meter, in W; None if not valid."""
        state = self._state
        return None if state is None else watts_of(state)

    @property
    def report(self) -> Report | None:
        """Return the last report of the user's meter; None if not a valid power."""
        watts, state = self.measured(), self._state
        if watts is None or state is None:
            return None
        return Report(
            watts,
            self._report_times.of(state, time.monotonic()),
            state.last_reported != state.last_updated,
        )

    def observe(self) -> None:
        """Process a poll."""
        snapshot = self._snapshot
        if (report := self.report) is not None:
            self._lessons.heard(report)
        if snapshot.is_complete:
            self._observe_complete(snapshot)
            return
        self.reset_operating_point()
        if not self.model.threads and snapshot.user_threads:
            self.model = self.model.for_threads(snapshot.user_threads)
        if snapshot.is_mining is False:
            self._set_running(0, {})
        elif snapshot.status is Status.MINING and self.uses_cpu:
            self.threads_running = snapshot.threads or self.threads_running

    def _observe_complete(self, snapshot: Snapshot) -> None:
        """Process a complete snapshot."""
        backends = snapshot.backends
        if TYPE_CHECKING:
            assert backends is not None
        is_hashing = snapshot.status in (Status.MINING, Status.STARTING)
        cpu = backends.by_type.get(BackendType.CPU)
        running = cpu.thread_count if cpu else 0
        if full := snapshot.user_threads or running:
            self.model = self.model.for_threads(full)
        self.model = self.model.for_algorithm(snapshot.summary.algo)
        # A stopped miner will start with the same backends again.
        enabled = backends.enabled or frozenset(BackendType)
        self.uses_cpu = BackendType.CPU in enabled
        self._gpu_backends = enabled - {BackendType.CPU}
        cards = self._running_cards() if is_hashing else {}
        self._set_running(running if is_hashing else 0, cards)
        if snapshot.status is Status.MINING:
            for backend, watts in cards.items():
                self._cards.observe(backend, watts)
        self._learn(frozenset(cards))

    def _set_running(self, threads: int, cards: Mapping[BackendType, float]) -> None:
        """Set the current load: threads, and the W of the cards of each backend."""
        self.threads_running = threads
        self._card_watts = sum(cards.values())

    def reset_operating_point(self) -> None:
        """Stop learning until the miner has been stable for a while again."""
        self._operating_point = None

    def replace_measurement(
        self,
        threads: int,
        watts: float,
        hashrate: float | None,
        *,
        algorithm: str | None,
        superseded: Collection[int],
    ) -> None:
        """Replace the learned values of the superseded thread counts by a measurement.

        `watts` excludes the cards; `hashrate` is that of the CPU, in H/s.
        """
        current = self.model.algorithm
        model = self.model.for_algorithm(algorithm).without(superseded)
        for _ in range(READINGS):
            model = model.with_sample(threads, watts=watts, hashrate=hashrate)
        self.model = model.for_algorithm(current)

    @property
    def cpu_hashrate(self) -> float | None:
        """Return the hashrate of the CPU in H/s; None if unknown."""
        cpu = self._backend(BackendType.CPU)
        return cpu.hashrate.seconds_10 if cpu else None

    def _learn(self, cards: frozenset[BackendType]) -> None:
        """Learn from a poll, if the miner has been stable for a while."""
        now = time.monotonic()
        snapshot = self._snapshot
        # While starting without threads, it may be building its dataset on all cores.
        is_starting = snapshot.status is Status.STARTING and not self.threads_running
        point = (self.threads_running, cards, snapshot.summary.algo, is_starting)
        if point != self._operating_point:
            self._operating_point = point
            self.stable_since = now
            self._stable_since_utc = dt_util.utcnow()
            self._lessons.begin(now)
            return
        if is_starting or now - self.stable_since < SETTLE_TIME:
            return
        # Without a job, MoneroOcean's build measures all algorithms in turn
        is_known = snapshot.summary.algo == self.model.algorithm
        self.model = self.model.with_sample(
            self.threads_running,
            watts=self._sample(),
            hashrate=self.cpu_hashrate if self.threads_running and is_known else None,
        )

    def _sample(self) -> float | None:
        """Return the power to learn, in W; None if there is no trustworthy one."""
        if (report := self.report) is None:
            return None
        own = replace(report, watts=report.watts - self._card_watts)
        expected = self.model.watts(self.threads_running)
        return self._lessons.watts(own, time.monotonic(), expected)

    def _backend(self, backend_type: BackendType) -> Backend | None:
        """Return a backend; None if it is unknown."""
        backends = self._snapshot.backends
        return backends.by_type.get(backend_type) if backends else None

    def _running_cards(self) -> dict[BackendType, float]:
        """Return the power of the cards of each running backend, in W."""
        return {
            backend_type: sum(gpu.health.power or 0 for gpu in backend.gpus)
            for backend_type in self._gpu_backends
            if (backend := self._backend(backend_type)) and backend.thread_count
        }
