"""Actions for several miners at once: each has its own outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import (
    async_extract_config_entry_ids,
    async_register_admin_service,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .addresses import miner_entries
from .api.miner import Miner
from .const import DOMAIN
from .fleet.runtime import member_settings
from .kinds import EntryKind, entry_kind
from .runtime import XmrigRuntimeData

ATTR_COMMAND = "command"
ATTR_DRY_RUN = "dry_run"
ATTR_DURATION = "duration"
ATTR_POOL = "pool"
ATTR_THREADS = "threads"
ATTR_UNTIL = "until"

LONGEST_PAUSE = timedelta(days=366)

type _Command = Callable[[XmrigRuntimeData], Awaitable[None]]


class GroupCommand(StrEnum):
    """What `run_all` does with each miner."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    START = "start"
    THREADS = "threads"
    POOL = "pool"
    RESTORE = "restore"


def _one_end(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of `pause_for` if it has one end of the pause."""
    if (ATTR_DURATION in data) is (ATTR_UNTIL in data):
        raise vol.Invalid(f"either {ATTR_DURATION} or {ATTR_UNTIL} is needed")
    return data


def _has_value(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of `run_all` if it has the value that its command needs."""
    command = data[ATTR_COMMAND]
    if command in (ATTR_THREADS, ATTR_POOL) and command not in data:
        raise vol.Invalid(f"the command {command} needs a value", path=[command])
    return data


PAUSE_FOR_SCHEMA = vol.Schema(
    vol.All(
        {
            **cv.TARGET_SERVICE_FIELDS,
            vol.Optional(ATTR_DURATION): cv.positive_time_period,
            vol.Optional(ATTR_UNTIL): vol.Any(cv.datetime, cv.time),
        },
        _one_end,
    )
)

RUN_ALL_SCHEMA = vol.Schema(
    vol.All(
        {
            **cv.TARGET_SERVICE_FIELDS,
            vol.Required(ATTR_COMMAND): vol.Coerce(GroupCommand),
            vol.Optional(ATTR_THREADS): vol.All(cv.positive_int, vol.Range(min=1)),
            vol.Optional(ATTR_POOL): cv.string,
            vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
        },
        _has_value,
    )
)


@callback
def async_setup_group_actions(hass: HomeAssistant) -> None:
    """Register the actions.

    `pause_for` may be called by each user who may switch the miners. `run_all` needs an
    administrator, as some of its commands change the config.
    """
    hass.services.async_register(
        DOMAIN,
        "pause_for",
        _async_pause_for,
        PAUSE_FOR_SCHEMA,
        SupportsResponse.OPTIONAL,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        "run_all",
        _async_run_all,
        RUN_ALL_SCHEMA,
        SupportsResponse.OPTIONAL,
    )


async def _async_pause_for(call: ServiceCall) -> ServiceResponse:
    """Pause miners, which resume by themselves."""
    until = pause_end(call.data, dt_util.now())
    if until is None:
        raise _invalid("invalid_pause_end")
    entries = await _async_targets(call)
    await _async_require_control(call, entries)

    async def pause(runtime: XmrigRuntimeData) -> None:
        async with runtime.commands.run() as miner:
            await miner.pause_until(until.timestamp())

    return await _async_run(call, entries, pause)


def pause_end(data: dict[str, Any], now: datetime) -> datetime | None:
    """Return when a pause ends; None if that is not in the next year.

    A time of day is the next one, a time without a zone is in that of `now`.
    """
    if ATTR_DURATION in data:
        # Longer ones may end after the last year that there is
        until = now + min(data[ATTR_DURATION], LONGEST_PAUSE * 2)
    elif isinstance(until := data[ATTR_UNTIL], time):
        until = datetime.combine(now.date(), until, now.tzinfo)
        if until <= now:
            until += timedelta(days=1)
    elif until.tzinfo is None:
        until = until.replace(tzinfo=now.tzinfo)
    return until if now < until <= now + LONGEST_PAUSE else None


async def _async_run_all(call: ServiceCall) -> ServiceResponse:
    """Run one command on several miners, but on no protected one."""
    entries = await _async_targets(call)
    command = _COMMANDS[call.data[ATTR_COMMAND]]

    async def run(runtime: XmrigRuntimeData) -> None:
        settings = member_settings(call.hass, runtime.coordinator.config_entry.entry_id)
        if settings is not None and not settings.is_managed:
            raise _SkippedError("protected", runtime.coordinator.name)
        if call.data[ATTR_COMMAND] == GroupCommand.POOL:
            _check_pool(runtime, call.data[ATTR_POOL])
        if not call.data[ATTR_DRY_RUN]:
            await command(runtime, call.data)

    return await _async_run(call, entries, run)


async def _async_restore(runtime: XmrigRuntimeData, _: dict[str, Any]) -> None:
    await runtime.power.limit.async_restore_config()


async def _async_set_threads(runtime: XmrigRuntimeData, data: dict[str, Any]) -> None:
    await runtime.async_set_threads(data[ATTR_THREADS])


def _miner_command(
    run: Callable[[Miner, dict[str, Any]], Awaitable[object]],
) -> Callable[[XmrigRuntimeData, dict[str, Any]], Awaitable[None]]:
    """Return how a command of the miner is run."""

    async def command(runtime: XmrigRuntimeData, data: dict[str, Any]) -> None:
        async with runtime.commands.run() as miner:
            await run(miner, data)

    return command


_COMMANDS = {
    GroupCommand.PAUSE: _miner_command(lambda miner, _: miner.pause()),
    GroupCommand.RESUME: _miner_command(lambda miner, _: miner.resume()),
    GroupCommand.STOP: _miner_command(lambda miner, _: miner.stop()),
    GroupCommand.START: _miner_command(lambda miner, _: miner.start()),
    GroupCommand.THREADS: _async_set_threads,
    GroupCommand.POOL: _miner_command(
        lambda miner, data: miner.select_pool(data[ATTR_POOL])
    ),
    GroupCommand.RESTORE: _async_restore,
}


def _check_pool(runtime: XmrigRuntimeData, label: str) -> None:
    """Raise ServiceValidationError if a miner has no such pool."""
    labels = runtime.coordinator.data.pool_labels
    if label not in labels:
        raise _invalid(
            "unknown_pool",
            name=runtime.coordinator.name,
            pool=label,
            pools=", ".join(labels),
        )


async def _async_targets(call: ServiceCall) -> list[ConfigEntry[Any]]:
    """Return the miners that an action is for: all without a target.

    The manager stands for all of them. Raises ServiceValidationError if there are none.
    """
    miners = [entry for entry in miner_entries(call.hass) if not entry.disabled_by]
    if call.data.keys() & cv.TARGET_SERVICE_FIELDS.keys():
        chosen = await async_extract_config_entry_ids(call)
        managers = call.hass.config_entries.async_entries(DOMAIN)
        if not any(
            entry.entry_id in chosen and entry_kind(entry) is EntryKind.MANAGER
            for entry in managers
        ):
            miners = [entry for entry in miners if entry.entry_id in chosen]
    if not miners:
        raise _invalid("no_miner_targeted")
    return miners


async def _async_require_control(
    call: ServiceCall, entries: Iterable[ConfigEntry[Any]]
) -> None:
    """Raise Unauthorized unless the caller may switch all of these miners.

    Automations run without a user.
    """
    if not call.context.user_id:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context, permission=POLICY_CONTROL)
    registry = er.async_get(call.hass)
    for entry in entries:
        switch = registry.async_get_entity_id(
            SWITCH_DOMAIN, DOMAIN, f"{entry.entry_id}_mining"
        )
        if not user.is_admin and not (
            switch and user.permissions.check_entity(switch, POLICY_CONTROL)
        ):
            raise Unauthorized(
                context=call.context, entity_id=switch, permission=POLICY_CONTROL
            )


@dataclass(frozen=True)
class _Outcome:
    """What became of a command to one miner; without a reason, it succeeded."""

    name: str
    reason: str | None = None
    is_skipped: bool = False

    def as_json(self) -> JsonValueType:
        """Return what the response says of a miner that was not commanded."""
        return {"name": self.name, "reason": self.reason}


async def _async_run(
    call: ServiceCall,
    entries: Iterable[ConfigEntry[Any]],
    command: _Command,
) -> ServiceResponse:
    """Run a command on several miners side by side, and return what became of each.

    Where no response is wanted, raises HomeAssistantError if one of them failed, or
    none succeeded.
    """
    # All have ended before an unexpected error of one of them is raised
    results = await asyncio.gather(
        *(_async_try(entry, command) for entry in entries), return_exceptions=True
    )
    outcomes: list[_Outcome] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        outcomes.append(result)
    ok = [outcome for outcome in outcomes if outcome.reason is None]
    failed = [item for item in outcomes if item.reason and not item.is_skipped]
    skipped = [item for item in outcomes if item.is_skipped]
    if call.return_response:
        return {
            "ok": [outcome.name for outcome in ok],
            "failed": [outcome.as_json() for outcome in failed],
            "skipped": [outcome.as_json() for outcome in skipped],
        }
    if failed or not ok:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="some_miners_failed",
            translation_placeholders={
                "count": str(len(ok)),
                "total": str(len(outcomes)),
                "reasons": ". ".join(str(item.reason) for item in failed or skipped),
            },
        )
    return None


async def _async_try(entry: ConfigEntry[Any], command: _Command) -> _Outcome:
    """Run a command on a miner, and return what became of it."""
    try:
        if entry.state is not ConfigEntryState.LOADED:
            raise _invalid("not_loaded", name=entry.title)
        runtime: XmrigRuntimeData = entry.runtime_data
        if runtime.coordinator.data.restricted:
            raise _SkippedError("read_only", entry.title)
        await command(runtime)
    except HomeAssistantError as error:
        return _Outcome(entry.title, str(error), isinstance(error, _SkippedError))
    return _Outcome(entry.title)


class _SkippedError(ServiceValidationError):
    """A miner is left out on purpose."""

    def __init__(self, key: str, name: str) -> None:
        """Initialize the error with the key of its text."""
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": name},
        )


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for an action that cannot be run as it was called."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
