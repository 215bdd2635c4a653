"""Select entities of the manager: its mode and its caution."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..manager import Caution, Mode, Settings
from .entity import FleetEntity
from .runtime import FleetConfigEntry


@dataclass(frozen=True, kw_only=True)
class FleetSelectEntityDescription(SelectEntityDescription):
    """Describes a select; its key is the name of the setting."""

    choices: type[StrEnum]
    value_fn: Callable[[Settings], StrEnum]


DESCRIPTIONS = (
    FleetSelectEntityDescription(
        key="mode",
        translation_key="mode",
        options=list(Mode),
        choices=Mode,
        value_fn=lambda settings: settings.mode,
    ),
    FleetSelectEntityDescription(
        key="caution",
        translation_key="caution",
        entity_category=EntityCategory.CONFIG,
        options=list(Caution),
        choices=Caution,
        value_fn=lambda settings: settings.caution,
    ),
)


def setup_selects(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the select entities of the manager."""
    async_add_entities(
        FleetSelect(entry.runtime_data, description) for description in DESCRIPTIONS
    )


class FleetSelect(FleetEntity, SelectEntity):
    """A setting of the manager with a fixed set of options."""

    entity_description: FleetSelectEntityDescription

    @property
    @override
    def current_option(self) -> str:
        """Return the selected option."""
        return self.entity_description.value_fn(self.settings)

    @override
    async def async_select_option(self, option: str) -> None:
        """Change the setting."""
        description = self.entity_description
        changes: dict[str, Any] = {description.key: description.choices(option)}
        await self.runtime.async_change(**changes)
