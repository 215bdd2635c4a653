"""Stand-ins for Home Assistant, the config entries of miners, and repair issues."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, override
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import State
from homeassistant.helpers import issue_registry as ir

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


class Issues(dict[str, dict[str, Any]]):
    """Repair issues with their details, by ID."""

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self.ignored: set[str] = set()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Take the place of Home Assistant's registry."""
        with (
            patch.object(ir, "async_get", self._registry),
            patch.object(ir, "async_create_issue", self._create),
            patch.object(ir, "async_delete_issue", self._delete),
        ):
            yield

    def _registry(self, hass: Any) -> Any:
        assert isinstance(hass, Hass)
        return SimpleNamespace(async_get_issue=self._find)

    def _find(self, domain: str, issue_id: str) -> Any:
        assert domain == DOMAIN
        if issue_id not in self:
            return None
        version = "2026.11" if issue_id in self.ignored else None
        return SimpleNamespace(dismissed_version=version)

    def _create(self, hass: Any, domain: str, issue_id: str, **details: Any) -> None:
        assert isinstance(hass, Hass)
        assert domain == DOMAIN
        self[issue_id] = details

    def _delete(self, hass: Any, domain: str, issue_id: str) -> None:
        assert isinstance(hass, Hass)
        assert domain == DOMAIN
        self.pop(issue_id, None)
        self.ignored.discard(issue_id)
