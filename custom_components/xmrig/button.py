"""Buttons of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.miner import Miner
from .coordinator import XmrigConfigEntry
from .entity import XmrigEntity, async_setup_entities

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class XmrigButtonEntityDescription(ButtonEntityDescription):
    """A button, and what it asks of the miner."""

    press_fn: Callable[[Miner], Awaitable[Any]]


DESCRIPTIONS = (
    XmrigButtonEntityDescription(
        key="start", translation_key="start", press_fn=Miner.start
    ),
    XmrigButtonEntityDescription(
        key="stop", translation_key="stop", press_fn=Miner.stop
    ),
    XmrigButtonEntityDescription(
        key="restore_config",
        translation_key="restore_config",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press_fn=Miner.restore,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: XmrigConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of a miner."""
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigButton,
        lambda _: [(description, None) for description in DESCRIPTIONS],
        controls=True,
    )


class XmrigButton(XmrigEntity, ButtonEntity):
    """A button of a miner."""

    entity_description: XmrigButtonEntityDescription

    @override
    async def async_press(self) -> None:
        """Do what the button is for."""
        async with self.coordinator.command() as miner:
            await self.entity_description.press_fn(miner)
