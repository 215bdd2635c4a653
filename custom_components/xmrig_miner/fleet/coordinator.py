"""The coordinator of the manager: decides on each report, and executes the plan."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HassJob,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later, async_track_time_change
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..addresses import miner_entries
from ..const import CONF_EARNINGS_SENSOR, DOMAIN, LOGGER
from ..manager import (
    Inputs,
    ManagerState,
    Member,
    Mode,
    Prices,
    Sample,
    Sleep,
    SleepAction,
    Watch,
    Work,
    decide,
)
from ..runtime import XmrigRuntimeData
from .account import EnergyAccount
from .commands import MemberCommands
from .data import FleetData
from .house import House
from .listeners import InputListeners
from .members import Members, async_figures, loaded_miners
from .samples import Samples, async_earnings, async_price
from .settings import FleetSettings
from .sleep_commands import SleepCommands
from .sleep_watch import SleepWatch

GATHER = 1
"""Seconds for which changes of members are collected before a decision."""


class FleetCoordinator(DataUpdateCoordinator[FleetData]):
    """Decides whenever a meter reports, a member changes, or a wait ends.

    It does not poll: it listens to the sensors of the house and to the coordinators of
    its members.
    """

    config_entry: ConfigEntry[Any]

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        house: House,
        settings: FleetSettings,
        account: EnergyAccount,
        state: ManagerState,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self._account = account
        self.house = house
        self._samples = Samples(hass)
        self._members = Members(hass)
        # Some may have been removed while the manager was not loaded
        miners = self._miner_ids()
        self.settings = settings.of(miners)
        self.state = state.of(miners)
        """That of the last plan, with what happened since then."""
        self._watch = Watch()
        sensor = entry.options.get(CONF_EARNINGS_SENSOR)
        self._earnings_sensor: str | None = sensor or None
        self._commands = MemberCommands(
            hass, entry, self._handle_result, self._decide_soon
        )
        self._sleep_commands = SleepCommands(
            hass, entry, self._handle_switched_off, self._sleep_of
        )
        self._sleep_watch = SleepWatch(hass, self._handle_sleep_by_hand)
        self._inputs = InputListeners(hass, self._handle_report, self._decide_soon)
        self._wake: CALLBACK_TYPE | None = None
        self._gather: CALLBACK_TYPE | None = None
        self.is_closed = False
        self.data = self._decided()

    @callback
    def async_start(self) -> None:
        """Track the house and the members until the entry is unloaded."""
        self.config_entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._handle_entry
            )
        )
        # A new day begins even if nothing is reported
        self.config_entry.async_on_unload(
            async_track_time_change(
                self.hass, self._handle_midnight, hour=0, minute=0, second=0
            )
        )
        self._follow_house()
        self._follow_members()
        self.async_decide()

    async def async_close(self) -> None:
        """Stop deciding, wait for running commands, and save the account."""
        self.is_closed = True
        self._inputs.async_close()
        self._cancel_timers()
        self._sleep_watch.async_close()
        self._expect_sleep(frozenset())
        await self._commands.async_close()
        await self._sleep_commands.async_close()
        await self._account.async_close()

    @callback
    def check_is_open(self) -> None:
        """Raise HomeAssistantError if the manager was unloaded."""
        if self.is_closed:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="not_loaded",
                translation_placeholders={"name": self.name},
            )

    @callback
    def async_set_house(self, house: House) -> None:
        """Use another set of sensors from now on."""
        if house != self.house and not self.is_closed:
            self.house = house
            self._follow_house()
            self.async_decide()

    @callback
    def async_set_settings(self, settings: FleetSettings) -> None:
        """Apply new settings, and release members that are no longer managed."""
        # A miner may have been removed while its settings were being saved
        settings = settings.of(self._miner_ids())
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
            self._commands.async_command(entry_id, None)
        self.async_decide()

    @callback
    def async_decide(self) -> None:
        """Decide now, and execute the plan."""
        if self.is_closed:
            return
        self._cancel_timers()
        data = self._decided()
        if data.plan.is_gathering:
            # With several meters, each round of reports would show 1 s of nonsense
            data = replace(data, plan=data.plan.shown_as(self.data.plan))
        plan = data.plan
        self.state = plan.state
        for member in data.members:
            if (threads := plan.targets.get(member.id)) is not None:
                self._commands.async_command(member.id, _bound(member, threads))
        self._expect_sleep(
            {id_ for id_, sleep in plan.state.sleepers.items() if sleep.is_asleep}
        )
        for entry_id, action in plan.sleep_actions.items():
            self._sleep_commands.async_do(entry_id, action)
        if plan.wake_at is not None:
            delay = max(0.0, plan.wake_at - self._now)
            self._wake = async_call_later(self.hass, delay, HassJob(self._handle_wake))
        self._account.async_count(data.inputs, plan, self._now)
        self._watch, events = self._watch.seen(data.figures)
        self.async_set_updated_data(
            replace(data, account=self._account.shown, events=events)
        )

    @property
    def _now(self) -> float:
        """Return the time in s of the event loop's monotonic clock."""
        return self.hass.loop.time()

    def _decided(self) -> FleetData:
        """Return a decision without executing it."""
        now = self._now
        members = self._members.all(self.settings)
        work, earnings = Work.of(members), self._earnings()
        inputs = Inputs(
            members=members,
            meters=self.house.sources.meters(self.samples()),
            prices=Prices(
                importing=async_price(self.hass, self.house.importing),
                exporting=async_price(self.hass, self.house.exporting),
                break_even=work.break_even(earnings),
            ),
        )
        plan = decide(self.settings.settings, inputs, self.state, now)
        return FleetData(
            inputs=inputs,
            plan=plan,
            figures=async_figures(self.hass, plan.state, now),
            work=work,
            earnings=earnings,
            account=self._account.shown,
        )

    def samples(self) -> Mapping[str, Sample]:
        """Return the current samples of the house's sensors, by entity ID."""
        return self._samples.read(self.house.sensors, self._now)

    def _earnings(self) -> float | None:
        """Return the earnings of 1 kH/s per day; None if unknown.

        They come from the sensor if the user chose one, otherwise from the setting.
        """
        if self._earnings_sensor is None:
            return self.settings.settings.earnings
        return async_earnings(self.hass, self._earnings_sensor)

    @callback
    def _follow_house(self) -> None:
        """Listen to the sensors of the house, and to that of the earnings."""
        earnings = [self._earnings_sensor] if self._earnings_sensor else []
        self._inputs.async_follow_sensors({*self.house.sensors, *earnings})

    @callback
    def _follow_members(self) -> None:
        """Listen to all loaded miners, and release new ones that were left bound.

        They were away when the mode became manual or when their release was due.
        """
        for entry in self._inputs.async_follow_miners():
            runtime: XmrigRuntimeData = entry.runtime_data
            is_bound = runtime.power.limit.managed_threads is not None
            if is_bound and not self._is_managed(entry.entry_id):
                self._commands.async_command(entry.entry_id, None)
        self._sleep_watch.async_follow()

    def _miner_ids(self) -> set[str]:
        """Return the config entry IDs of all miners, including disabled ones."""
        return {entry.entry_id for entry in miner_entries(self.hass)}

    def _is_managed(self, entry_id: str) -> bool:
        """Return whether the manager decides on the threads of a miner."""
        is_manual = self.settings.settings.mode is Mode.MANUAL
        return not is_manual and self.settings.member(entry_id).is_managed

    @callback
    def _expect_sleep(self, sleepers: Collection[str]) -> None:
        """Tell each miner's coordinator whether the miner may be asleep."""
        for entry in loaded_miners(self.hass):
            runtime: XmrigRuntimeData = entry.runtime_data
            runtime.coordinator.may_sleep = entry.entry_id in sleepers

    @callback
    def _handle_entry(self, change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        """Handle a miner that was set up, unloaded or removed."""
        if entry.domain != DOMAIN or entry is self.config_entry or self.is_closed:
            return
        if change is ConfigEntryChange.REMOVED:
            miners = self._miner_ids()
            self.settings = self.settings.of(miners)
            self.state = self.state.of(miners)
        self._follow_members()
        self._decide_soon()

    @callback
    def _handle_report(
        self, event: Event[EventStateChangedData] | Event[EventStateReportedData]
    ) -> None:
        """Decide after a report of a sensor."""
        self.async_decide()

    @callback
    def _handle_midnight(self, _now: datetime) -> None:
        """Decide at midnight, to reset the figures of the day."""
        self.async_decide()

    @callback
    def _handle_wake(self, _now: datetime) -> None:
        """Decide once a wait has ended."""
        self._wake = None
        self.async_decide()

    @callback
    def _decide_soon(self) -> None:
        """Decide in a moment, to cover all members that are polling now."""
        if self._gather is None and not self.is_closed:
            self._gather = async_call_later(
                self.hass, GATHER, HassJob(self._handle_gathered)
            )

    @callback
    def _handle_gathered(self, _now: datetime) -> None:
        """Decide after changes of members."""
        self._gather = None
        self.async_decide()

    @callback
    def _cancel_timers(self) -> None:
        """Cancel all timers."""
        for cancel in (self._wake, self._gather):
            if cancel:
                cancel()
        self._wake = self._gather = None

    @callback
    def _handle_result(self, entry_id: str, ok: bool) -> None:
        """Record the result of a command."""
        self.state = self.state.with_result(entry_id, ok=ok, now=self._now)

    @callback
    def _handle_switched_off(self, entry_id: str) -> None:
        """Record that the plug of a computer is off."""
        self._change_sleep(entry_id, Sleep.switched_off)

    @callback
    def _handle_sleep_by_hand(self, entry_id: str) -> None:
        """Record that the user is putting a computer to sleep."""
        self._change_sleep(entry_id, Sleep.by_hand)

    def _sleep_of(self, entry_id: str) -> Sleep | None:
        """Return the sleep state of a miner; None if it may not sleep."""
        return self.state.sleepers.get(entry_id)

    @callback
    def async_wake(self, entry_id: str) -> None:
        """Wake a computer because the user wants it: now, or once it is asleep.

        Raises HomeAssistantError if the manager was unloaded.
        """
        self.check_is_open()
        sleep = self._sleep_of(entry_id)
        self._change_sleep(entry_id, Sleep.woken_by_hand)
        if sleep and sleep.can_be_woken(self._now):
            self._sleep_commands.async_do(entry_id, SleepAction.WAKE)

    def _change_sleep(
        self, entry_id: str, change: Callable[[Sleep, float], Sleep]
    ) -> None:
        if sleep := self.state.sleepers.get(entry_id):
            self.state = self.state.with_sleep(entry_id, change(sleep, self._now))
            self._decide_soon()


def _bound(member: Member, threads: int) -> int | None:
    """Return the bound to command for a target number of threads; None for no bound.

    All threads need no bound, and neither does an on/off load that is to be on.
    """
    if member.curve and 0 < member.curve.threads <= threads:
        return None
    return threads
