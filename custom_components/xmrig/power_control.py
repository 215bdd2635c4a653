"""Watts of a miner: what it draws, and how it is held to a limit."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
import math
from statistics import median
import time
from typing import Any

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfPower,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from .api.miner import Miner
from .api.models import Backend, BackendType, Snapshot, Status
from .const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    DEFAULT_POWER_INTERVAL,
    DOMAIN,
    LOGGER,
    POWER_SAVE_DELAY,
    SAMPLE_TIME,
    SETTLE_TIME,
    STORAGE_VERSION,
)
from .coordinator import XmrigConfigEntry, XmrigCoordinator
from .power import PowerModel

GLITCH = 3
"""Samples of which the middle one counts, so that a single wild one teaches nothing."""


@dataclass(frozen=True)
class Row:
    """What was measured with a number of threads."""

    threads: int
    hashrate: float | None
    """H/s."""
    power: float
    """W."""

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        if self.hashrate is None or not self.power:
            return None
        return self.hashrate / self.power


def power_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where the model and the limit of a miner are kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}.power")


def has_power(entry: XmrigConfigEntry) -> bool:
    """Return whether the owner said where watts come from."""
    options = entry.options
    return CONF_POWER_SENSOR in options or (
        CONF_IDLE_POWER in options and CONF_FULL_POWER in options
    )


class PowerControl:
    """Measures or estimates the power of a miner, and keeps it below a limit.

    The model is that of the machine without its cards: what they report is taken off
    a measurement before it teaches anything, and counts against the limit.
    """

    def __init__(self, hass: HomeAssistant, coordinator: XmrigCoordinator) -> None:
        """Initialize the power control."""
        options = coordinator.config_entry.options
        self._hass = hass
        self._coordinator = coordinator
        self.sensor: str | None = options.get(CONF_POWER_SENSOR)
        """Entity id of the owner's meter; None if power is estimated."""
        self._interval: float = options.get(CONF_POWER_INTERVAL, DEFAULT_POWER_INTERVAL)
        self._store = power_store(hass, coordinator.config_entry.entry_id)
        self._model = PowerModel(
            threads=0,
            idle=options.get(CONF_IDLE_POWER),
            full=options.get(CONF_FULL_POWER),
        )
        self._limit: float | None = None
        self._own_cap: int | None = None
        self._persons_cap: int | None = None
        self._running: tuple[int, int] | None = None
        self._running_since = 0.0
        self._running_since_utc = dt_util.utcnow()
        self._samples: deque[float] = deque(maxlen=GLITCH)
        self._changed_at = -math.inf
        self._retry: CALLBACK_TYPE | None = None
        self._applying = asyncio.Lock()
        self._calibrating: asyncio.Event | None = None
        self._threads_before: int | None = None

    async def async_setup(self) -> None:
        """Take up what was learned, and follow the miner from now on."""
        stored = await self._store.async_load() or {}
        self._limit = stored.get("limit")
        self._own_cap = stored.get("own_cap")
        self._persons_cap = stored.get("persons_cap")
        self._threads_before = stored.get("threads_before")
        self._model = self._model.with_learned(stored.get("model"))
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._coordinator.async_add_listener(self._handle_poll))
        entry.async_on_unload(self._cancel_retry)
        self._handle_poll()

    @property
    def _miner(self) -> Miner:
        return self._coordinator.miner

    @property
    def _snapshot(self) -> Snapshot:
        return self._coordinator.data

    @property
    def model(self) -> PowerModel:
        """Return what the miner is known to draw."""
        return self._model

    @property
    def watts(self) -> float | None:
        """Return what is drawn: measured, or else estimated while the miner answers."""
        measured = self._measured()
        if measured is not None:
            return measured
        return self.expected if self._coordinator.last_update_success else None

    @property
    def is_estimated(self) -> bool:
        """Return whether the power is not measured, or not at the moment."""
        return self._measured() is None

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        hashrate = self._snapshot.hashrate_now(self._snapshot.summary.hashrate)
        watts = self.watts
        if hashrate is None or not watts or not self._coordinator.last_update_success:
            return None
        return hashrate / watts

    @property
    def full_load(self) -> int | None:
        """Return what is drawn when nothing is held back, in whole W."""
        watts = self._model.full_load
        return None if watts is None else math.ceil(watts + self._card_watts())

    @property
    def expected(self) -> float | None:
        """Return what the model says of what runs now, in W.

        No meter has to notice a change first, so this fits a reading of another meter
        as soon as the threads have settled.
        """
        watts = self._model.watts(self._threads_running())
        return None if watts is None else watts + self._card_watts()

    @property
    def one_thread(self) -> int | None:
        """Return the lowest limit that does not pause the miner, in whole W."""
        watts = self._model.watts(1)
        return None if watts is None else math.ceil(watts + self._card_watts())

    @property
    def changed_at(self) -> datetime:
        """Return when threads or cards were last seen to start or stop hashing."""
        return self._running_since_utc

    @property
    def limit(self) -> int | None:
        """Return the limit in W, which is the full load while there is none."""
        full_load = self.full_load
        if self._limit is None or full_load is None:
            return full_load
        return min(round(self._limit), full_load)

    @property
    def allows_nothing(self) -> bool:
        """Return whether not even one thread fits into the limit."""
        return self._threads_allowed() == 0

    async def async_set_limit(self, limit: float) -> None:
        """Hold the miner to a limit in W; the full load is none.

        Less is done at once. More waits until the last change has settled, and is what
        the limit is by then. Raises HomeAssistantError as commands do.
        """
        full_load = self.full_load
        self._limit = None if full_load is not None and limit >= full_load else limit
        self._save(delay=0)
        await self._async_apply()

    async def _async_apply(self) -> None:
        """Let as many threads run as fit into the limit."""
        async with self._applying:
            self._cancel_retry()
            if self._calibrating:
                return
            allowed = self._threads_allowed()
            now_running = self._threads_let()
            if allowed is None or now_running is None:
                return
            if allowed == now_running:
                if self._limit is None:
                    self._own_cap = None
                return
            wait = self._changed_at + self._interval - time.monotonic()
            if allowed > now_running and wait > 0:
                self._retry = async_call_later(
                    self._hass, wait, HassJob(self._handle_retry)
                )
                return
            self._changed_at = time.monotonic()
            self._own_cap = allowed or self._miner.threads(self._snapshot)
            self._save(delay=0)
            async with self._coordinator.command() as miner:
                if allowed:
                    await miner.set_threads(allowed, self._snapshot.cpu_profile)
                    await miner.release()
                else:
                    await miner.hold()

    async def async_calibrate(self) -> list[Row]:
        """Measure each number of threads, from all of them down to one.

        What was there before is put back however it ends; if the miner is away by
        then, once it is back. Returns what was measured, which is not all of it after
        `async_cancel_calibration`. Raises ServiceValidationError without a meter, while
        the miner rests, or while it is being calibrated already.
        """
        if self.sensor is None:
            raise self._refusal("no_power_sensor")
        if self._calibrating:
            raise self._refusal("already_calibrating")
        if not self._threads_running() or not self._model.threads:
            raise self._refusal("not_mining")
        rows: list[Row] = []
        self._calibrating = asyncio.Event()
        self._threads_before = self._miner.threads(self._snapshot)
        self._save(delay=0)
        try:
            for threads in range(self._model.threads, 0, -1):
                await self._async_set_threads(threads)
                row = await self._async_measure(threads, self._calibrating)
                if row is None:
                    break
                rows.append(row)
        finally:
            self._calibrating = None
            await self._async_put_back()
        return rows

    @callback
    def async_cancel_calibration(self) -> None:
        """End a calibration, with what was measured so far."""
        if self._calibrating:
            self._calibrating.set()

    async def _async_measure(
        self, threads: int, cancelled: asyncio.Event
    ) -> Row | None:
        """Let the miner settle, and return the middle of some readings."""
        watts: list[float] = []
        hashrates: list[float] = []
        delay: float = SETTLE_TIME
        while len(watts) < GLITCH:
            try:
                await asyncio.wait_for(cancelled.wait(), delay)
            except TimeoutError:
                delay = SAMPLE_TIME
            else:
                return None
            await self._coordinator.async_refresh()
            if not self._coordinator.last_update_success:
                raise self._failure("cannot_connect")
            if (measured := self._measured()) is None:
                raise self._failure("power_sensor_unavailable")
            watts.append(measured)
            cpu = self._cpu()
            if cpu and cpu.hashrate.seconds_10 is not None:
                hashrates.append(cpu.hashrate.seconds_10)
        row = Row(threads, median(hashrates) if hashrates else None, median(watts))
        self._model = self._model.with_sample(
            threads, watts=row.power - self._card_watts(), hashrate=row.hashrate
        )
        return row

    async def _async_set_threads(self, threads: int) -> None:
        """Let some threads run, whatever the limit."""
        self._own_cap = self._own_cap and threads
        async with self._coordinator.command() as miner:
            await miner.set_threads(threads, self._snapshot.cpu_profile)

    async def _async_put_back(self) -> None:
        """Let as many threads run as before a calibration, now or when it is back."""
        if self._threads_before is None or self._calibrating:
            return
        try:
            await self._async_set_threads(self._threads_before)
        except HomeAssistantError as error:
            LOGGER.debug("The threads could not be put back yet: %s", error)
        else:
            self._threads_before = None
            self._save(delay=0)

    def _refusal(self, key: str) -> ServiceValidationError:
        """Return the error of an action that cannot be taken as things are."""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )

    def _failure(self, key: str) -> HomeAssistantError:
        """Return the error of an action that went wrong."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )

    @callback
    def _handle_retry(self, _now: datetime) -> None:
        """Do what had to wait."""
        self._retry = None
        self._later(self._async_apply_quietly())

    async def _async_apply_quietly(self) -> None:
        """Apply the limit without anybody waiting for it; the next poll tries again."""
        try:
            await self._async_apply()
        except HomeAssistantError as error:
            LOGGER.debug("The power limit could not be applied: %s", error)

    def _later(self, task: Coroutine[Any, Any, None]) -> None:
        """Do something that a callback cannot wait for."""
        self._coordinator.config_entry.async_create_background_task(
            self._hass, task, f"{DOMAIN} power"
        )

    @callback
    def _cancel_retry(self) -> None:
        """Do not come back to a limit by oneself."""
        if self._retry:
            self._retry()
            self._retry = None

    @callback
    def _handle_poll(self) -> None:
        """Learn from a poll, and see whether the limit is still kept."""
        if not self._coordinator.last_update_success:
            self._running = None
            return
        if full := self._threads_full():
            self._model = self._model.for_threads(full)
        self._learn()
        if self._calibrating:
            return
        if self._threads_before is not None:
            self._later(self._async_put_back())
            return
        if self._applying.locked() or self._retry:
            return
        self._heed_person()
        if self._threads_allowed() not in (None, self._threads_let()):
            self._later(self._async_apply_quietly())

    def _heed_person(self) -> None:
        """Take a cap that was not set by the limit for one that a person wants."""
        cap = self._miner.threads(self._snapshot)
        if None in (cap, self._own_cap) or cap == self._own_cap:
            return
        self._own_cap = cap
        self._persons_cap = None if cap == self._threads_full() else cap

    def _learn(self) -> None:
        """Take a sample, if the miner has been doing the same for a while."""
        now = time.monotonic()
        running = (self._threads_running(), len(self._hashing_cards()))
        if running != self._running:
            self._running = running
            self._running_since = now
            self._running_since_utc = dt_util.utcnow()
            self._samples.clear()
            return
        if now - self._running_since < SETTLE_TIME:
            return
        threads = running[0]
        cpu = self._cpu()
        watts = self._measured(since=self._running_since_utc)
        if watts is not None:
            self._samples.append(watts - self._card_watts())
        self._model = self._model.with_sample(
            threads,
            watts=median(self._samples) if len(self._samples) == GLITCH else None,
            hashrate=cpu.hashrate.seconds_10 if cpu and threads else None,
        )
        self._save(delay=POWER_SAVE_DELAY)

    def _measured(self, since: datetime | None = None) -> float | None:
        """Return what the owner's meter says, in W; None if it says nothing of use.

        With `since`, it has to be from so long after it that the meter noticed.
        """
        state = self._hass.states.get(self.sensor) if self.sensor else None
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
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
        return watts if watts >= 0 else None

    def _cpu(self) -> Backend | None:
        """Return the CPU backend."""
        backends = self._snapshot.backends
        return backends.by_type.get(BackendType.CPU) if backends else None

    def _is_hashing(self) -> bool:
        """Return whether the threads that there are do anything."""
        return self._snapshot.status in (Status.MINING, Status.STARTING)

    def _threads_running(self) -> int:
        """Return how many CPU threads draw power."""
        cpu = self._cpu()
        return len(cpu.threads) if cpu and self._is_hashing() else 0

    def _threads_full(self) -> int | None:
        """Return how many CPU threads the owner set up, as far as that is known."""
        cpu = self._cpu()
        return self._miner.owners_threads(self._snapshot) or (
            len(cpu.threads) if cpu else None
        )

    def _threads_let(self) -> int | None:
        """Return how many threads the limit lets run as things are."""
        if self._miner.memory.limited:
            return 0
        return self._miner.threads(self._snapshot)

    def _threads_allowed(self) -> int | None:
        """Return how many threads should run by the limit and a person's own cap.

        None if neither says anything: without a limit, what else holds the miner back
        is none of its business once its own cap is gone.
        """
        threads = self._model.threads
        if self._limit is not None:
            threads = self._model.threads_within(self._limit - self._card_watts())
        elif self._own_cap is None:
            return None
        if not self._model.threads:
            return None
        return min(threads, self._persons_cap or threads)

    def _hashing_cards(self) -> list[float]:
        """Return what each card that hashes draws, in W."""
        backends = self._snapshot.backends
        if not backends or not self._is_hashing():
            return []
        return [gpu.health.power or 0 for gpu in backends.gpus]

    def _card_watts(self) -> float:
        """Return what all cards draw that say so, in W."""
        return sum(self._hashing_cards())

    def _save(self, *, delay: float) -> None:
        """Write the limit and the model to disk after some seconds."""
        self._store.async_delay_save(
            lambda: {
                "limit": self._limit,
                "own_cap": self._own_cap,
                "persons_cap": self._persons_cap,
                "threads_before": self._threads_before,
                "model": self._model.as_json(),
            },
            delay,
        )
