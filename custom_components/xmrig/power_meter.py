"""What a miner draws: measured by the owner's meter, or estimated."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import math
from statistics import median
import time
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from .api.models import Backend, BackendType
from .api.models.values import number
from .api.snapshot import Snapshot, Status
from .const import SETTLE_TIME
from .coordinator import XmrigCoordinator
from .options import PowerOptions
from .power import MAX_WATTS, CardPower, PowerModel

GLITCH = 3
"""Readings of which the middle one counts, so that a single wild one teaches nothing."""

WILD = 50
"""W by which a reading may be off what is expected, or half of that, to be believed
before there are so many."""


class PowerMeter:
    """Measures or estimates the power of a miner, and learns from what it measures.

    The model is that of the computer without its graphics cards: what they report is
    taken off a measurement before it teaches anything.
    """

    def __init__(self, hass: HomeAssistant, coordinator: XmrigCoordinator) -> None:
        """Initialize the meter."""
        options = PowerOptions.from_options(coordinator.config_entry.options)
        self._hass = hass
        self._coordinator = coordinator
        self.sensor = options.sensor
        """Entity id of the owner's meter; None if power is estimated."""
        self.model = PowerModel(threads=0, idle=options.idle, full=options.full)
        """What the miner is known to draw and to hash."""
        self.threads_running = 0
        """How many CPU threads draw power, as far as is known."""
        self.uses_cpu = True
        """Whether the CPU mines when the miner does."""
        self._card_watts = 0.0
        self._cards = CardPower()
        self._gpu_backends: frozenset[BackendType] = frozenset()
        self._doing: tuple[object, ...] | None = None
        self._doing_since = 0.0
        self._doing_since_utc = dt_util.utcnow()
        self._samples: dict[datetime, float] = {}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take up what `as_json` gave.

        Watts belong to the meter that measured them: another one may be the way out
        for an owner whose first one measured the wrong thing.
        """
        model = data["model"]
        if data["sensor"] != self.sensor:
            model = {**model, "watts": {}}
        self.model = self.model.with_learned(model)
        self._cards = CardPower(data["cards"])

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            "sensor": self.sensor,
            "model": self.model.as_json(),
            "cards": self._cards.as_json(),
        }

    @property
    def _snapshot(self) -> Snapshot:
        return self._coordinator.data

    @property
    def watts(self) -> float | None:
        """Return what is drawn: measured, or else estimated while the miner answers."""
        measured = self.measured()
        if measured is not None:
            return measured
        return self.expected if self._coordinator.last_update_success else None

    @property
    def is_estimated(self) -> bool:
        """Return whether the power is not measured, or not at the moment."""
        return self.measured() is None

    @property
    def expected(self) -> float | None:
        """Return what the model says of what runs now, in W.

        No meter has to notice a change first, so this fits a reading of another meter
        as soon as the threads have settled.
        """
        watts = self.model.watts(self.threads_running)
        return None if watts is None else watts + self._card_watts

    @property
    def changed_at(self) -> datetime:
        """Return when threads or cards were last seen to start or stop hashing."""
        return self._doing_since_utc

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        hashrate = self._snapshot.hashrate_now(self._snapshot.summary.hashrate)
        watts = self.watts
        if hashrate is None or not watts or not self._coordinator.last_update_success:
            return None
        return number(hashrate / watts)

    @property
    def full_load(self) -> int | None:
        """Return what is drawn when nothing is held back, in whole W."""
        return self._at_work(
            self.model.full_load if self.uses_cpu else self.model.watts(0)
        )

    @property
    def one_thread(self) -> int | None:
        """Return the lowest limit that does not pause the miner, in whole W."""
        return self._at_work(self.model.watts(1 if self.uses_cpu else 0))

    def _at_work(self, watts: float | None) -> int | None:
        """Return what is drawn together with the cards, in whole W."""
        return None if watts is None else math.ceil(watts + self._cards_at_work)

    @property
    def _cards_at_work(self) -> float:
        """Return what the cards in use draw while they hash, in W."""
        return self._cards.total(self._gpu_backends)

    def threads_within(self, limit: float) -> int:
        """Return how many CPU threads fit into a limit beside the cards; 0 for none.

        Without the CPU there are no steps: all threads or none.
        """
        left = limit - self._cards_at_work
        if self.uses_cpu:
            return self.model.threads_within(left)
        idle = self.model.watts(0)
        return self.model.threads if idle is None or idle <= left else 0

    @property
    def _state(self) -> State | None:
        """Return what the owner's meter says."""
        return self._hass.states.get(self.sensor) if self.sensor else None

    def measured(self, since: datetime | None = None) -> float | None:
        """Return what the owner's meter says, in W; None if it says nothing of use.

        With `since`, it has to be from so long after it that the meter noticed.
        """
        if (state := self._state) is None:
            return None
        if since and state.last_reported < since + timedelta(seconds=SETTLE_TIME / 2):
            return None
        try:
            value = float(state.state)
        except ValueError:
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if unit not in PowerConverter.VALID_UNITS or not math.isfinite(value):
            return None
        watts = PowerConverter.convert(value, unit, UnitOfPower.WATT)
        # Meters of a miner show no feed-in: below zero one is reversed or broken.
        return watts if 0 <= watts <= MAX_WATTS else None

    def observe(self) -> None:
        """Take a poll into account."""
        snapshot = self._snapshot
        backends = snapshot.backends
        if threads := snapshot.user_threads:
            self.model = self.model.for_threads(threads)
        if snapshot.status is None or backends is None:
            return
        is_hashing = snapshot.status in (Status.MINING, Status.STARTING)
        cpu = backends.by_type.get(BackendType.CPU)
        running = len(cpu.threads) if cpu else 0
        if not backends.complete:
            # Some may have been cut off, and with them what else makes a difference.
            running = max(running, snapshot.threads or 0)
            self.threads_running = running if is_hashing else 0
            return
        if running and not threads:
            self.model = self.model.for_threads(running)
        self.threads_running = running if is_hashing else 0
        # A miner that is stopped will use again what it used before.
        enabled = backends.enabled or frozenset(BackendType)
        self.uses_cpu = BackendType.CPU in enabled
        self._gpu_backends = enabled - {BackendType.CPU}
        cards = self._running_cards() if is_hashing else {}
        self._card_watts = sum(cards.values())
        if snapshot.status is Status.MINING:
            for backend, watts in cards.items():
                self._cards.observe(backend, watts)
        self._learn(frozenset(cards))

    def forget_doing(self) -> None:
        """Forget what the miner was doing: nobody knows if it went on with it."""
        self._doing = None

    def measure_anew(self, threads: int, watts: float, hashrate: float | None) -> None:
        """Replace what is known of a number of threads by what was measured.

        `watts` are those of the whole computer, `hashrate` is the CPU's.
        """
        self.model = self.model.without(threads)
        for _ in range(GLITCH):
            self.model = self.model.with_sample(
                threads, watts=watts - self._card_watts, hashrate=hashrate
            )

    @property
    def cpu_hashrate(self) -> float | None:
        """Return what the CPU hashes, in H/s."""
        cpu = self._backend(BackendType.CPU)
        return cpu.hashrate.seconds_10 if cpu else None

    def _learn(self, cards: frozenset[BackendType]) -> None:
        """Take a sample, if the miner has been doing the same for a while."""
        now = time.monotonic()
        snapshot = self._snapshot
        # Before it has a thread it may be making its dataset with all cores.
        is_starting = snapshot.status is Status.STARTING and not self.threads_running
        doing = (self.threads_running, cards, snapshot.summary.algo, is_starting)
        if doing != self._doing:
            self._doing = doing
            self._doing_since = now
            self._doing_since_utc = dt_util.utcnow()
            self._samples.clear()
            return
        if is_starting or now - self._doing_since < SETTLE_TIME:
            return
        self.model = self.model.with_sample(
            self.threads_running,
            watts=self._sample(),
            hashrate=self.cpu_hashrate if self.threads_running else None,
        )

    def _sample(self) -> float | None:
        """Return what the meter teaches; None if that is nothing, or not yet sure.

        A meter that reports seldom shows a wild reading for many polls. It counts only
        when others agree with it.
        """
        measured = self.measured(since=self._doing_since_utc)
        if measured is None or (state := self._state) is None:
            return None
        # By the report, so that the same one counts once.
        sample = self._samples[state.last_reported] = measured - self._card_watts
        while len(self._samples) > GLITCH:
            del self._samples[min(self._samples)]
        if len(self._samples) == GLITCH:
            return median(self._samples.values())
        expected = self.model.watts(self.threads_running)
        if expected is None or abs(sample - expected) <= max(WILD, expected / 2):
            return sample
        return None

    def _backend(self, backend_type: BackendType) -> Backend | None:
        """Return a backend."""
        backends = self._snapshot.backends
        return backends.by_type.get(backend_type) if backends else None

    def _running_cards(self) -> dict[BackendType, float]:
        """Return what the cards of each backend draw that runs, in W."""
        return {
            backend_type: sum(gpu.health.power or 0 for gpu in backend.gpus)
            for backend_type in self._gpu_backends
            if (backend := self._backend(backend_type)) and backend.threads
        }
