"""Stand-ins for Home Assistant and the config entries of miners."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import State

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN


class States(dict[str, State]):
    """States by entity ID."""

    @override
    def get(self, entity_id: str) -> State | None:  # type: ignore[override]
        """Return a state; like the real ones, this raises AttributeError for None."""
        return super().get(entity_id.lower())


class Hass:
    """Config entries, states and actions; notes which actions are called."""

    def __init__(self, *entries: Any) -> None:
        """Start without states."""
        self.entries = list(entries)
        self.calls: list[Any] = []
        """What was done, in order."""
        self.data: dict[Any, Any] = {}
        self.states = States()
        self.config_entries = SimpleNamespace(
            async_entries=self._entries,
            async_get_entry=lambda id_: next(
                (entry for entry in self.entries if entry.entry_id == id_), None
            ),
        )
        self.services = SimpleNamespace(async_call=self._call)
        self.failing: Exception | None = None
        """The error of actions."""

    def show(self, entity_id: str, state: str, **attributes: Any) -> None:
        """Set the state of an entity."""
        self.states[entity_id] = State(entity_id, state, attributes)

    def _entries(self, domain: str, **_: bool) -> list[Any]:
        assert domain == DOMAIN
        return self.entries

    async def _call(
        self, domain: str, action: str, data: dict[str, Any], **details: Any
    ) -> None:
        self.calls.append((f"{domain}.{action}", *data.items(), *details.items()))
        if self.failing:
            raise self.failing


class Entry:
    """A config entry; a miner's unless its kind is another one."""

    domain = DOMAIN

    def __init__(self, entry_id: str, kind: str = "miner", **options: Any) -> None:
        """Start loaded."""
        self.entry_id = entry_id
        self.title = f"Title of {entry_id}"
        self.data: dict[str, Any] = {CONF_KIND: kind}
        self.options = options
        self.state = ConfigEntryState.LOADED
        self.disabled_by: str | None = None
        self.runtime_data: Any = SimpleNamespace()
        self.unloading: list[Any] = []
        """What is called when it is unloaded."""
        self.async_on_unload = self.unloading.append

    def async_create_background_task(
        self,
        hass: Any,
        target: Coroutine[Any, Any, None],
        name: str,
        eager_start: bool = True,
    ) -> asyncio.Task[None]:
        """Start a task."""
        assert isinstance(hass, Hass)
        loop = asyncio.get_running_loop()
        return asyncio.Task(target, loop=loop, name=name, eager_start=eager_start)
