"""Buttons of a miner, a proxy or the manager."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import async_remove_entities, async_setup_entities
from .fleet.button import setup_buttons
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .process_entity import ProcessEntity
from .proxy.runtime import ProxyRuntimeData
from .runtime import XmrigRuntimeData

# The miner queues commands: if it becomes unreachable, all waiting ones fail together
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class XmrigButtonEntityDescription(ButtonEntityDescription):
    """Describes a button."""

    press_fn: Callable[[Any], Awaitable[Any]]
    """Called with the runtime data of the config entry."""
    admin_only: bool = False
    """Whether only administrators may press it; automations may."""


async def _start(runtime: XmrigRuntimeData) -> None:
    """Start the miner."""
    async with runtime.commands.run() as miner:
        await miner.start()


async def _stop(runtime: XmrigRuntimeData) -> None:
    """Stop the miner."""
    async with runtime.commands.run() as miner:
        await miner.stop()


async def _restore_proxy(runtime: ProxyRuntimeData) -> None:
    """Restore the config of a proxy."""
    async with runtime.commands.run() as proxy:
        await proxy.restore()


DESCRIPTIONS = (
    XmrigButtonEntityDescription(
        key="start",
        translation_key="start",
        entity_category=EntityCategory.CONFIG,
        press_fn=_start,
    ),
    XmrigButtonEntityDescription(
        key="stop",
        translation_key="stop",
        entity_category=EntityCategory.CONFIG,
        press_fn=_stop,
    ),
    XmrigButtonEntityDescription(
        key="restore_config",
        translation_key="restore_config",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press_fn=lambda runtime: runtime.power.limit.async_restore_config(),
        # As the action of the same name.
        admin_only=True,
    ),
)

PROXY_RESTORE_CONFIG = XmrigButtonEntityDescription(
    key="restore_config",
    translation_key="restore_config",
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    press_fn=_restore_proxy,
    admin_only=True,
)

CALIBRATE = XmrigButtonEntityDescription(
    key="calibrate",
    translation_key="calibrate",
    entity_category=EntityCategory.CONFIG,
    press_fn=lambda runtime: runtime.power.async_calibrate(),
    # As the action of the same name.
    admin_only=True,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of a config entry."""
    if entry_kind(entry) is EntryKind.MANAGER:
        setup_buttons(entry, async_add_entities)
        return
    runtime = entry.runtime_data
    descriptions = list(DESCRIPTIONS)
    if entry_kind(entry) is EntryKind.PROXY:
        descriptions = [PROXY_RESTORE_CONFIG]
    elif runtime.power.meter.sensor is not None:
        descriptions.append(CALIBRATE)
    else:
        async_remove_entities(runtime.coordinator, [CALIBRATE])
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigButton,
        lambda _: [(description, None) for description in descriptions],
        controls=True,
    )


class XmrigButton(ProcessEntity, ButtonEntity):
    """A button of a miner or a proxy."""

    entity_description: XmrigButtonEntityDescription
    shows = ("available",)

    def __init__(
        self, runtime: Any, description: XmrigButtonEntityDescription, _gpu: None
    ) -> None:
        """Initialize the button."""
        super().__init__(runtime.coordinator, description)
        self._runtime = runtime

    @override
    async def async_press(self) -> None:
        """Press the button."""
        # Read immediately: another press replaces it while this one waits.
        context = self._context
        if self.entity_description.admin_only and context and context.user_id:
            await self._async_require_admin(context, context.user_id)
        await self.entity_description.press_fn(self._runtime)

    async def _async_require_admin(self, context: Context, user_id: str) -> None:
        """Raise Unauthorized unless a user is an administrator."""
        user = await self.hass.auth.async_get_user(user_id)
        if user is None or not user.is_admin:
            raise Unauthorized(
                context=context, entity_id=self.entity_id, permission=POLICY_CONTROL
            )
