"""Select of a miner or a proxy: the preferred pool."""

from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Commands
from .entity import async_setup_entities
from .fleet.select import setup_selects
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .process_entity import ProcessEntity
from .proxy.runtime import ProxyRuntimeData
from .runtime import XmrigRuntimeData

# The miner queues commands: if it becomes unreachable, all waiting ones fail together
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


class XmrigPoolSelect(ProcessEntity, SelectEntity):
    """The pool that a miner or a proxy tries first.

    While it is unreachable, the miner uses another one.
    """

    shows = ("available", "current_option", "options")

    def __init__(
        self,
        runtime: XmrigRuntimeData | ProxyRuntimeData,
        description: SelectEntityDescription,
        _gpu: None,
    ) -> None:
        """Initialize the select."""
        super().__init__(runtime.coordinator, description)
        self._commands: Commands[Any] = runtime.commands

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the config is unknown."""
        return super().available and self.snapshot.config is not None

    @property
    @override
    def options(self) -> list[str]:
        """Return the pools in the user's order."""
        labels: list[str] = self.snapshot.pool_labels
        return labels

    @property
    @override
    def current_option(self) -> str | None:
        """Return the preferred pool."""
        preferred: str | None = self.snapshot.preferred_pool
        return preferred

    @override
    async def async_select_option(self, option: str) -> None:
        """Prefer another pool."""
        async with self._commands.run() as process:
            await process.select_pool(option)
