"""The manager's decisions: made when something is reported, and carried out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HassJob,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import (
    async_call_later,
    async_track_state_change_event,
    async_track_state_report_event,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..manager import Inputs, ManagerState, Member, Mode, Plan, Prices, Sample, decide
from ..runtime import XmrigRuntimeData
from .house import House, Price
from .members import Members, loaded_miners
from .settings import FleetSettings

GATHER = 1
"""Seconds in which changes of members are collected before one decision on all."""


@dataclass(frozen=True, kw_only=True)
class FleetData:
    """The last decision, and the members that it is about."""

    members: tuple[Member, ...]
    plan: Plan


class FleetCoordinator(DataUpdateCoordinator[FleetData]):
    """Decides at each report of a meter, when a member changes, and when a wait ends.

    It polls nothing: it listens to the sensors of the house and to its members'
    coordinators.
    """

    config_entry: ConfigEntry[Any]

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        house: House,
        settings: FleetSettings,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.settings = settings
        self.house = house
        self._members = Members(hass)
        self._state = ManagerState()
        self._wanted: dict[str, int | None] = {}
        """Threads to command next, by member; None to give all of them back."""
        self._commands: dict[str, asyncio.Task[None]] = {}
        self._listeners_of_members: dict[str, CALLBACK_TYPE] = {}
        self._stop_house: list[CALLBACK_TYPE] = []
        self._wake: CALLBACK_TYPE | None = None
        self._gather: CALLBACK_TYPE | None = None
        self._is_closed = False
        self.data = self._decided()

    @callback
    def async_start(self) -> None:
        """Follow the house and the members until the entry is unloaded."""
        self.config_entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._handle_entry
            )
        )
        self._listen_to_house()
        self._listen_to_members()
        self.async_decide()

    async def async_close(self) -> None:
        """Decide nothing from now on, and wait for the commands that run."""
        self._is_closed = True
        for stop in (*self._stop_house, *self._listeners_of_members.values()):
            stop()
        self._stop_house.clear()
        self._listeners_of_members.clear()
        self._cancel_timers()
        await asyncio.gather(*self._commands.values(), return_exceptions=True)

    @callback
    def async_set_house(self, house: House) -> None:
        """Read other sensors from now on."""
        if house != self.house and not self._is_closed:
            self.house = house
            self._listen_to_house()
            self.async_decide()

    @callback
    def async_set_settings(self, settings: FleetSettings) -> None:
        """Follow other settings from now on."""
        released = {
            entry_id
            for entry_id in settings.members
            if not settings.member(entry_id).is_managed
            and self.settings.member(entry_id).is_managed
        }
        if settings.settings.mode is Mode.MANUAL:
            released |= {entry.entry_id for entry in loaded_miners(self.hass)}
        self.settings = settings
        for entry_id in released:
            self._command(entry_id, None)
        self.async_decide()

    @callback
    def async_decide(self) -> None:
        """Decide now, and carry it out."""
        if self._is_closed:
            return
        self._cancel_timers()
        data = self._decided()
        plan = data.plan
        self._state = plan.state
        for entry_id, threads in plan.targets.items():
            self._command(entry_id, threads)
        if plan.wake_at is not None:
            delay = max(0.0, plan.wake_at - self._now)
            self._wake = async_call_later(self.hass, delay, HassJob(self._handle_wake))
        self.async_set_updated_data(data)

    @property
    def _now(self) -> float:
        """Return seconds of a clock that is never set."""
        return self.hass.loop.time()

    def _decided(self) -> FleetData:
        """Return a decision, without carrying it out."""
        members = self._members.all(self.settings)
        meters = self.house.sources.meters(self.samples())
        prices = Prices(
            importing=self._price(self.house.importing),
            exporting=self._price(self.house.exporting),
        )
        inputs = Inputs(members=members, meters=meters, prices=prices)
        plan = decide(self.settings.settings, inputs, self._state, self._now)
        return FleetData(members=members, plan=plan)

    def samples(self) -> Mapping[str, Sample]:
        """Return what the sensors of the house show."""
        now, utcnow = self._now, dt_util.utcnow()
        samples: dict[str, Sample] = {}
        for sensor in self.house.sensors:
            if state := self.hass.states.get(sensor):
                age = (utcnow - state.last_reported).total_seconds()
                samples[sensor] = Sample(
                    value=_number(state),
                    # The wall clock may have been set since
                    at=now - max(0.0, age),
                    unit=state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
                )
        return samples

    def _price(self, price: Price) -> float | None:
        """Return a price per kWh; None if it is unknown."""
        if price.sensor is None:
            return price.number
        state = self.hass.states.get(price.sensor)
        return None if state is None else _number(state)

    @callback
    def _listen_to_house(self) -> None:
        """Listen to the sensors of the house."""
        for stop in self._stop_house:
            stop()
        sensors = self.house.sensors
        self._stop_house = [
            async_track_state_change_event(self.hass, sensors, self._handle_report),
            async_track_state_report_event(self.hass, sensors, self._handle_report),
        ]

    @callback
    def _listen_to_members(self) -> None:
        """Listen to the coordinators of the miners that are set up."""
        loaded = {entry.entry_id: entry for entry in loaded_miners(self.hass)}
        for gone in self._listeners_of_members.keys() - loaded.keys():
            self._listeners_of_members.pop(gone)()
        for entry_id, entry in loaded.items():
            if entry_id not in self._listeners_of_members:
                runtime: XmrigRuntimeData = entry.runtime_data
                self._listeners_of_members[entry_id] = (
                    runtime.coordinator.async_add_listener(self._decide_soon)
                )

    @callback
    def _handle_entry(self, change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        """Follow miners that are set up, unloaded or removed."""
        if entry.domain != DOMAIN or entry is self.config_entry or self._is_closed:
            return
        if change is ConfigEntryChange.REMOVED:
            self.settings = self.settings.without_member(entry.entry_id)
        self._listen_to_members()
        self._decide_soon()

    @callback
    def _handle_report(
        self, event: Event[EventStateChangedData] | Event[EventStateReportedData]
    ) -> None:
        """Decide by what a meter reports."""
        self.async_decide()

    @callback
    def _handle_wake(self, _now: datetime) -> None:
        """Decide by what has become of a wait."""
        self._wake = None
        self.async_decide()

    @callback
    def _decide_soon(self) -> None:
        """Decide once all members that poll at this moment have done so."""
        if self._gather is None and not self._is_closed:
            self._gather = async_call_later(
                self.hass, GATHER, HassJob(self._handle_gathered)
            )

    @callback
    def _handle_gathered(self, _now: datetime) -> None:
        """Decide by what changed among the members."""
        self._gather = None
        self.async_decide()

    @callback
    def _cancel_timers(self) -> None:
        """Cancel all timers: there is a decision now."""
        for cancel in (self._wake, self._gather):
            if cancel:
                cancel()
        self._wake = self._gather = None

    @callback
    def _command(self, entry_id: str, threads: int | None) -> None:
        """Command a member, after the command to it that runs; None for no bound."""
        self._wanted[entry_id] = threads
        if entry_id not in self._commands:
            self._commands[entry_id] = self.config_entry.async_create_background_task(
                self.hass, self._async_command(entry_id), f"{DOMAIN} manager"
            )

    async def _async_command(self, entry_id: str) -> None:
        """Command a member until it is what is wanted last."""
        try:
            while entry_id in self._wanted:
                ok = await self._async_set(entry_id, self._wanted.pop(entry_id))
                self._state = self._state.with_result(entry_id, ok=ok, now=self._now)
        finally:
            del self._commands[entry_id]
        self._decide_soon()

    async def _async_set(self, entry_id: str, threads: int | None) -> bool:
        """Set the threads of a member; return whether that succeeded."""
        entry = self.hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry not in loaded_miners(self.hass):
            return False
        runtime: XmrigRuntimeData = entry.runtime_data
        member = next((item for item in self.data.members if item.id == entry_id), None)
        if member and member.curve and threads:
            # All of them is no limit, nor is on for a load without steps
            threads = threads if threads < member.curve.threads else None
        try:
            await runtime.power.limit.async_set_managed(threads)
        except HomeAssistantError as error:
            LOGGER.debug("%s could not be commanded: %s", entry.title, error)
            return False
        return True


def _number(state: State) -> float | None:
    """Return the number that a state shows; None if it shows none."""
    try:
        return float(state.state)
    except ValueError:
        return None
