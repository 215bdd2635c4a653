"""Select of a miner: the preferred pool."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import XmrigEntity, async_setup_entities
from .fleet.select import setup_selects
from .kinds import AnyConfigEntry, EntryKind, entry_kind

# The miner queues commands: if it becomes unreachable, those that wait fail together
PARALLEL_UPDATES = 0

POOL = SelectEntityDescription(
    key="pool", translation_key="pool", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the choices of a config entry."""
    if entry_kind(entry) is EntryKind.MANAGER:
        setup_selects(entry, async_add_entities)
        return
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigPoolSelect,
        lambda _: [(POOL, None)],
        controls=True,
    )


class XmrigPoolSelect(XmrigEntity, SelectEntity):
    """The pool that a miner tries first.

    While it is down, the miner is connected to another one.
    """

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the config is unknown."""
        return super().available and self.snapshot.config is not None

    @property
    @override
    def options(self) -> list[str]:
        """Return the pools in the user's order."""
        return self.snapshot.pool_labels

    @property
    @override
    def current_option(self) -> str | None:
        """Return the preferred pool."""
        return self.snapshot.preferred_pool

    @override
    async def async_select_option(self, option: str) -> None:
        """Prefer another pool."""
        async with self.runtime.commands.run() as miner:
            await miner.select_pool(option)
