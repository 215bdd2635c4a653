"""Read the members of the manager from the config entries of the miners."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..addresses import miner_entries
from ..api.models import BackendType
from ..api.snapshot import Snapshot
from ..const import DOMAIN
from ..manager import Curve, Figures, ManagerState, Member
from ..manager.watts import ASSUMED
from ..power.meter import PowerMeter
from ..power.model import PowerModel
from ..power.table import counts_missing
from ..runtime import XmrigRuntimeData
from .settings import FleetSettings, MemberSettings
from .sleep_options import SleepOptions
from .temperature import TemperatureLimit, hottest_card


def loaded_miners(hass: HomeAssistant) -> Iterator[ConfigEntry[Any]]:
    """Yield the config entries of all loaded miners."""
    for entry in miner_entries(hass):
        if entry.state is ConfigEntryState.LOADED:
            yield entry


FAILED_STATES = (
    ConfigEntryState.SETUP_RETRY,
    ConfigEntryState.SETUP_ERROR,
    ConfigEntryState.MIGRATION_ERROR,
    ConfigEntryState.FAILED_UNLOAD,
)
"""States of a config entry whose miner is unreachable until something changes."""


@callback
def async_figures(
    hass: HomeAssistant, state: ManagerState, now: float
) -> tuple[Figures, ...]:
    """Return the figures of all enabled miners, including those that failed to set up.

    `now` is in s, on the clock of `state`.
    """
    troubled = {
        issue.data.get("entry_id")
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
        and issue.active
        and issue.dismissed_version is None
        and issue.data
    }
    return tuple(
        replace(
            _figures(entry),
            has_problem=entry.entry_id in troubled,
            is_left_out=entry.entry_id in state.records
            and now < state.records[entry.entry_id].left_out_until,
            sleep=state.sleepers.get(entry.entry_id),
        )
        for entry in miner_entries(hass)
        if not entry.disabled_by
    )


def _figures(entry: ConfigEntry[Any]) -> Figures:
    """Return the figures that a miner itself provides."""
    if entry.state is not ConfigEntryState.LOADED:
        return Figures(
            id=entry.entry_id,
            name=entry.title,
            is_online=False if entry.state in FAILED_STATES else None,
            is_loaded=False,
        )
    runtime: XmrigRuntimeData = entry.runtime_data
    snapshot = runtime.coordinator.data
    return Figures(
        id=entry.entry_id,
        name=entry.title,
        is_online=runtime.coordinator.last_update_success,
        algorithm=snapshot.summary.algo,
        hashrate=snapshot.hashrate_now(snapshot.hashrate()),
        watts=runtime.power.meter.watts if runtime.power.is_configured else None,
        temperature=hottest_card(snapshot),
    )


class Members:
    """Creates members from miners, and caches their curves."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the members."""
        self._hass = hass
        self._curves: dict[str, tuple[tuple[object, ...], Curve | None]] = {}

    def all(self, settings: FleetSettings) -> tuple[Member, ...]:
        """Return all members.

        A miner that is not loaded is a member only if it may sleep, since it cannot be
        set up while it is asleep.
        """
        members: dict[str, Member] = {}
        for entry in miner_entries(self._hass):
            rules = SleepOptions.from_options(entry.options).rules(self._hass)
            own = settings.member(entry.entry_id)
            if entry.state is ConfigEntryState.LOADED:
                member = self._member(entry, own)
                members[entry.entry_id] = replace(member, sleep=rules)
            elif rules and not entry.disabled_by:
                members[entry.entry_id] = Member(
                    id=entry.entry_id,
                    is_online=False,
                    is_steerable=own.is_managed,
                    priority=own.priority,
                    sleep=rules,
                )
        for gone in self._curves.keys() - members.keys():
            del self._curves[gone]
        return tuple(members.values())

    def _member(self, entry: ConfigEntry[Any], settings: MemberSettings) -> Member:
        """Return a miner as a member."""
        runtime: XmrigRuntimeData = entry.runtime_data
        snapshot = runtime.coordinator.data
        limit, meter = runtime.power.limit, runtime.power.meter
        request = snapshot.state.request
        curve = self._curve(entry.entry_id, runtime)
        threads = _threads(snapshot) if snapshot.is_mining else 0
        if snapshot.is_mining is None:
            threads = None
        elif threads and curve and curve.hashrates is None:
            threads = 1
        limit_of_heat = TemperatureLimit.from_options(entry.options)
        temperature, maximum = limit_of_heat.celsius(self._hass, snapshot)
        return Member(
            id=entry.entry_id,
            curve=curve,
            size=_learned_size(runtime, curve),
            algorithm=snapshot.summary.algo,
            threads=threads,
            is_online=runtime.coordinator.last_update_success,
            is_steerable=settings.is_managed
            and not snapshot.restricted
            # The limit leaves a miner alone whose last poll shows too little
            and limit.can_decide
            and request.mining is not False
            # If paused at the miner or by its own rules, more threads have no effect
            and (snapshot.is_mining is not False or request.limited)
            and not runtime.power.calibration.is_running,
            missing=_missing(meter),
            max_threads=limit.user_cap,
            max_watts=limit.set_watts,
            temperature=temperature,
            max_temperature=maximum,
            priority=settings.priority,
            settle=limit.interval,
            plug_watts=meter.measured(),
        )

    def _curve(self, entry_id: str, runtime: XmrigRuntimeData) -> Curve | None:
        """Return the curve of a miner; None while its power is unknown."""
        meter = runtime.power.meter
        if not runtime.power.is_configured and not meter.cards_watts:
            return None
        key = (meter.model, meter.uses_cpu, meter.cards_watts)
        known = self._curves.get(entry_id)
        if known is None or known[0] != key:
            curve = _curve(meter.model, meter.cards_watts, uses_cpu=meter.uses_cpu)
            known = self._curves[entry_id] = (key, curve)
        return known[1]


def _threads(snapshot: Snapshot) -> int | None:
    """Return how many CPU threads a mining miner runs; None if unknown.

    While its config cannot be read, those that it lists draw power all the same.
    """
    if snapshot.threads is not None or snapshot.backends is None:
        return snapshot.threads
    cpu = snapshot.backends.by_type.get(BackendType.CPU)
    return cpu.thread_count if cpu and cpu.enabled else None


def _learned_size(runtime: XmrigRuntimeData, curve: Curve | None) -> int | None:
    """Return the threads of a miner whose power is learned from the house's meter.

    None for a miner with a power sensor that has shown it at rest, which needs no
    learning, and for one with graphics cards, as they turn on and off together with the
    CPU. Without learning, a miner that has never rested would never be told to.
    """
    meter, snapshot = runtime.power.meter, runtime.coordinator.data
    is_measured = meter.sensor is not None and curve is not None
    if is_measured or not meter.uses_cpu or meter.cards_watts:
        return None
    cards = snapshot.backends.gpus if snapshot.backends else ()
    if snapshot.is_enabled(BackendType.CPU) is False and not any(
        card.health.power for card in cards
    ):
        # Its meter has not seen yet that it does not use its CPU
        return None
    return meter.model.threads or snapshot.user_threads or None


def _missing(meter: PowerMeter) -> tuple[int, ...]:
    """Return the numbers of threads that are to be measured while there is surplus."""
    if not meter.uses_cpu:
        return ()
    return counts_missing(meter.model, needs_watts=meter.sensor is not None)


def _curve(model: PowerModel, cards: float, *, uses_cpu: bool) -> Curve | None:
    """Return the curve of a computer whose cards draw `cards` W while hashing.

    A miner that does not use its CPU is either on or off. If its cards report no power,
    the full-load power that the user entered is used instead.
    """
    if not uses_cpu:
        rest = model.watts(0) or 0
        drawn = cards or max(0, (model.full or 0) - rest)
        return Curve.on_off(drawn, rest) if drawn else None
    curve = Curve.from_model(model)
    if not cards:
        return curve
    if curve is None:
        # Nothing tells threads and cards apart: a sensor has not shown it at rest yet, or
        # there is none
        return Curve.on_off((model.full_load or ASSUMED * model.threads) + cards)
    idle, *watts = curve.watts
    # The hashrate of the cards is known only while they are hashing
    return Curve(
        (idle, *(value + cards for value in watts)), curve.hashrates, is_rated=False
    )
