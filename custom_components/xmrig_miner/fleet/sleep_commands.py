"""Wake computers, put them to sleep, and switch off their plugs."""

import asyncio
from collections.abc import Callable
import socket
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_HOST,
    CONF_MAC,
    CONF_PORT,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
)
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

from ..addresses import miner_entries
from ..const import DOMAIN, LOGGER
from ..manager import Phase, Sleep, SleepAction
from ..power.options import PowerOptions
from ..power.reports import watts_of
from ..runtime import XmrigRuntimeData
from .sleep_options import SleepOptions

CONNECT_TIMEOUT = 5
"""Seconds within which a running computer accepts or refuses a connection."""

PLUG_DELAY = 10
"""Seconds after power-on until a computer's network card can wake it."""

WAKE_ON_LAN = "wake_on_lan"


class SleepCommands:
    """Executes the manager's sleep actions, one at a time for each computer."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        on_switched_off: Callable[[str], None],
        sleep_of: Callable[[str], Sleep | None],
    ) -> None:
        """Initialize the commands.

        `on_switched_off` is called with the config entry ID of a member whose plug is
        off, or has to stay on. `sleep_of` returns the current state of the member with a
        config entry ID; None if it may not sleep.
        """
        self._hass = hass
        self._entry = entry
        self._on_switched_off = on_switched_off
        self._sleep_of = sleep_of
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: set[str] = set()
        """Members to wake after the running action."""

    @callback
    def async_do(self, entry_id: str, action: SleepAction) -> None:
        """Start an action on a member's computer, unless one is already running.

        The manager repeats all actions but waking, which waits for the running one.
        """
        if entry_id in self._tasks:
            if action is SleepAction.WAKE:
                self._woken.add(entry_id)
            return
        self._tasks[entry_id] = self._entry.async_create_background_task(
            self._hass,
            self._async_do(entry_id, action),
            f"{DOMAIN} sleep",
            # An eager task could finish before it is stored here
            eager_start=False,
        )

    async def async_close(self) -> None:
        """Wait for running actions."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _async_do(self, entry_id: str, action: SleepAction) -> None:
        try:
            miner = self._hass.config_entries.async_get_entry(entry_id)
            if miner is not None:
                await self._async_command(miner, action)
        except HomeAssistantError as error:
            # The manager notices that nothing happened, and tries again
            LOGGER.debug("%s: %s failed: %s", entry_id, action, error)
        finally:
            del self._tasks[entry_id]
        is_to_wake = entry_id in self._woken
        self._woken.discard(entry_id)
        if is_to_wake and action is not SleepAction.WAKE:
            self.async_do(entry_id, SleepAction.WAKE)

    async def _async_command(
        self, miner: ConfigEntry[Any], action: SleepAction
    ) -> None:
        """Execute an action on a computer.

        Raises HomeAssistantError if it fails.
        """
        options = SleepOptions.from_options(miner.options)
        match action:
            case SleepAction.WAKE:
                await self._async_wake(options)
            case SleepAction.SLEEP if options.sleep_entity:
                await self._async_run(options.sleep_entity)
            case SleepAction.CUT if options.plug:
                await self._async_cut(miner, options.plug)

    async def _async_cut(self, miner: ConfigEntry[Any], plug: str) -> None:
        """Switch a plug off once its computer is off, or report that it is off.

        The manager repeats the action until the plug is off. It stays on while it feeds
        the computer of another miner that is not asleep, whose turn comes later.
        """
        if self._is_off(plug) or self._feeds_another(miner, plug):
            self._on_switched_off(miner.entry_id)
        elif (
            await self._is_gone(miner)
            # While that took seconds, a computer may have started, or the options changed
            and self._is_leaving(miner, plug)
            and not self._feeds_another(miner, plug)
        ):
            await self._async_call(plug, SERVICE_TURN_OFF)

    async def _async_wake(self, options: SleepOptions) -> None:
        """Wake a computer, after turning its plug on if it is off."""
        if options.plug and options.plug != options.wake_entity:
            if self._is_off(options.plug):
                await self._async_call(options.plug, SERVICE_TURN_ON)
                await asyncio.sleep(PLUG_DELAY)
        if options.wake_entity:
            await self._async_run(options.wake_entity)
        if options.wake_mac and await async_setup_component(
            self._hass, WAKE_ON_LAN, {}
        ):
            await self._hass.services.async_call(
                WAKE_ON_LAN, "send_magic_packet", {CONF_MAC: options.wake_mac}
            )

    async def _async_run(self, entity_id: str) -> None:
        """Press a button, or turn on a switch or a script."""
        is_button = split_entity_id(entity_id)[0] in ("button", "input_button")
        await self._async_call(entity_id, "press" if is_button else SERVICE_TURN_ON)

    async def _async_call(self, entity_id: str, action: str) -> None:
        """Call an action of an entity, without waiting for its result or errors.

        Home Assistant logs the errors.
        """
        domain = split_entity_id(entity_id)[0]
        await self._hass.services.async_call(
            domain, action, {ATTR_ENTITY_ID: entity_id}
        )

    def _is_leaving(self, miner: ConfigEntry[Any], plug: str) -> bool:
        """Return whether a plug is that of a computer that is leaving the network."""
        sleep = self._sleep_of(miner.entry_id)
        is_leaving = sleep is not None and sleep.is_leaving
        return is_leaving and SleepOptions.from_options(miner.options).plug == plug

    def _feeds_another(self, miner: ConfigEntry[Any], plug: str) -> bool:
        return any(
            SleepOptions.from_options(other.options).plug == plug
            and not self._is_asleep(other)
            for other in miner_entries(self._hass)
            if other is not miner
        )

    def _is_asleep(self, miner: ConfigEntry[Any]) -> bool:
        """Return whether a computer is asleep, and not just falling asleep."""
        sleep = self._sleep_of(miner.entry_id)
        return sleep is not None and sleep.phase is Phase.ASLEEP

    def _is_off(self, plug: str) -> bool:
        state = self._hass.states.get(plug)
        return state is not None and state.state == STATE_OFF

    async def _is_gone(self, miner: ConfigEntry[Any]) -> bool:
        """Return whether a computer is off, judging by its network and its power.

        If its power is unknown, only the network counts. If its hostname is not found,
        only the power counts.
        """
        is_drawing = self._is_drawing(miner)
        if is_drawing:
            return False
        answers = await async_answers(miner.data[CONF_HOST], miner.data[CONF_PORT])
        return is_drawing is False if answers is None else not answers

    def _is_drawing(self, miner: ConfigEntry[Any]) -> bool | None:
        """Return whether a computer draws over half its idle power; None if unknown."""
        power = PowerOptions.from_options(miner.options)
        idle = power.idle
        if idle is None and miner.state is ConfigEntryState.LOADED:
            runtime: XmrigRuntimeData = miner.runtime_data
            idle = runtime.power.meter.model.watts(0)
        state = self._hass.states.get(power.sensor) if power.sensor else None
        watts = watts_of(state) if state else None
        return None if watts is None or idle is None else watts > idle / 2


async def async_answers(host: str, port: int) -> bool | None:
    """Return whether a computer responds at all; None if its hostname is not found.

    A computer that refuses the connection is on. If it is off, it does not respond, or
    a router reports that it is unreachable.
    """
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except socket.gaierror, UnicodeError:
        # The latter for a hostname that cannot exist
        return None
    except ConnectionError:
        return True
    except OSError:
        return False
    writer.close()
    return True
