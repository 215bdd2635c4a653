"""Several miners as the target of an action, each with its own result."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_extract_config_entry_ids
from homeassistant.util.json import JsonValueType

from .addresses import miner_entries
from .const import DOMAIN
from .kinds import AnyConfigEntry, EntryKind, entries_of_kind
from .runtime import XmrigRuntimeData

type MinerCommand = Callable[[XmrigRuntimeData], Awaitable[None]]


async def async_targets(call: ServiceCall) -> list[AnyConfigEntry]:
    """Return the miners that an action targets; all miners without a target.

    The manager counts as all miners, and disabled ones are left out. Raises
    ServiceValidationError if no miner is left.
    """
    targets = miner_entries(call.hass)
    if all(entry.disabled_by for entry in targets):
        raise invalid("no_miners")
    if call.data.keys() & cv.TARGET_SERVICE_FIELDS.keys():
        chosen = await async_extract_config_entry_ids(call)
        managers = entries_of_kind(call.hass, EntryKind.MANAGER)
        if not any(entry.entry_id in chosen for entry in managers):
            targets = [entry for entry in targets if entry.entry_id in chosen]
    if not targets:
        raise invalid("no_miner_targeted")
    miners = [entry for entry in targets if not entry.disabled_by]
    if not miners:
        raise invalid("not_loaded", name=targets[0].title)
    return miners


async def async_require_control(
    call: ServiceCall, entries: Iterable[AnyConfigEntry]
) -> None:
    """Raise Unauthorized unless the caller may control all of these miners.

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
    """The result of a command to one miner; without a reason, it succeeded."""

    name: str
    reason: str | None = None
    is_skipped: bool = False

    def as_json(self) -> JsonValueType:
        """Return the part of the response about a miner that failed or was skipped."""
        return {"name": self.name, "reason": self.reason}


async def async_run(
    call: ServiceCall,
    entries: Iterable[AnyConfigEntry],
    command: MinerCommand,
) -> ServiceResponse:
    """Run a command on several miners in parallel, and return the results.

    If no response was requested, raises HomeAssistantError if any of them failed, or if
    none succeeded.
    """
    # All have to end before an unexpected error of one of them is raised
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


async def _async_try(entry: AnyConfigEntry, command: MinerCommand) -> _Outcome:
    """Run a command on a miner, and return the result."""
    try:
        if entry.state is not ConfigEntryState.LOADED:
            raise invalid("not_loaded", name=entry.title)
        runtime: XmrigRuntimeData = entry.runtime_data
        if runtime.coordinator.data.restricted:
            raise SkippedError("read_only", entry.title)
        await command(runtime)
    except HomeAssistantError as error:
        return _Outcome(entry.title, str(error), isinstance(error, SkippedError))
    return _Outcome(entry.title)


class SkippedError(ServiceValidationError):
    """A miner is skipped on purpose."""

    def __init__(self, key: str, name: str) -> None:
        """Initialize the error with the key of its text."""
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": name},
        )


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for an invalid call of an action."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
