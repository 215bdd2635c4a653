"""Actions for several miners at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .api.miner import Miner
from .const import DOMAIN
from .fleet.runtime import member_settings
from .miner_group import (
    SkippedError,
    async_require_control,
    async_run,
    async_targets,
    invalid,
)
from .runtime import XmrigRuntimeData

ATTR_COMMAND = "command"
ATTR_DRY_RUN = "dry_run"
ATTR_DURATION = "duration"
ATTR_POOL = "pool"
ATTR_THREADS = "threads"
ATTR_UNTIL = "until"

LONGEST_PAUSE = timedelta(days=366)


class GroupCommand(StrEnum):
    """What `run_all` does with each miner."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    START = "start"
    THREADS = "threads"
    POOL = "pool"
    RESTORE = "restore"


def _duration(value: Any) -> timedelta:
    """Return the duration of a pause; raises vol.Invalid for anything else."""
    try:
        return cv.positive_time_period(value)
    except OverflowError as error:
        # Home Assistant's own validator does not expect it
        raise vol.Invalid("the duration is too long") from error


def _one_end(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of `pause_for` if it has one end of the pause."""
    if (ATTR_DURATION in data) is (ATTR_UNTIL in data):
        raise vol.Invalid(f"exactly one of {ATTR_DURATION} and {ATTR_UNTIL} is needed")
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
            vol.Optional(ATTR_DURATION): _duration,
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

    `pause_for` may be called by all users who may control the miners. `run_all`
    requires an administrator, as some of its commands change the config.
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
        raise invalid("invalid_pause_end")
    entries = await async_targets(call)
    await async_require_control(call, entries)

    async def pause(runtime: XmrigRuntimeData) -> None:
        async with runtime.commands.run() as miner:
            await miner.pause_until(until.timestamp())

    return await async_run(call, entries, pause)


def pause_end(data: dict[str, Any], now: datetime) -> datetime | None:
    """Return when a pause ends; None if that is not in the next year.

    A time of day means the next such time; a time without a zone is in the zone of
    `now`. In the night when the clocks go back, it may come twice.
    """
    # Within one zone, Python adds and compares what its clocks show, which is off by an
    # hour across a change to or from daylight saving time
    start = now.astimezone(UTC)
    if ATTR_DURATION in data:
        # Longer ones may end after the last supported year
        ends = [start + min(data[ATTR_DURATION], LONGEST_PAUSE * 2)]
    elif isinstance(until := data[ATTR_UNTIL], time):
        today = datetime.combine(now.date(), until, now.tzinfo)
        ends = [today, today.replace(fold=1), today + timedelta(days=1)]
    elif until.tzinfo is None:
        until = until.replace(tzinfo=now.tzinfo)
        ends = [until, until.replace(fold=1)]
    else:
        ends = [until]
    return next(
        (end for end in ends if timedelta() < end - start <= LONGEST_PAUSE), None
    )


async def _async_run_all(call: ServiceCall) -> ServiceResponse:
    """Run one command on several miners, except protected ones."""
    entries = await async_targets(call)
    command = _COMMANDS[call.data[ATTR_COMMAND]]

    async def run(runtime: XmrigRuntimeData) -> None:
        settings = member_settings(call.hass, runtime.coordinator.config_entry.entry_id)
        if settings is not None and not settings.is_managed:
            raise SkippedError("protected", runtime.coordinator.name)
        if call.data[ATTR_COMMAND] == GroupCommand.POOL:
            _check_pool(runtime, call.data[ATTR_POOL])
        if not call.data[ATTR_DRY_RUN]:
            await command(runtime, call.data)

    return await async_run(call, entries, run)


async def _async_restore(runtime: XmrigRuntimeData, _: dict[str, Any]) -> None:
    await runtime.power.limit.async_restore_config()


async def _async_set_threads(runtime: XmrigRuntimeData, data: dict[str, Any]) -> None:
    await runtime.power.limit.async_set_threads(data[ATTR_THREADS])


def _miner_command(
    run: Callable[[Miner, dict[str, Any]], Awaitable[object]],
) -> Callable[[XmrigRuntimeData, dict[str, Any]], Awaitable[None]]:
    """Return the function that runs a command of a miner."""

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
        raise invalid(
            "unknown_pool",
            name=runtime.coordinator.name,
            pool=label,
            pools=", ".join(labels),
        )
