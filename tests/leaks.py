"""Searches all that is logged, shown, raised or stored for tokens and wallets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
import logging
from typing import Any, override
from unittest.mock import patch

from homeassistant.const import (
    EVENT_CALL_SERVICE,
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
)
from homeassistant.core import EventBus, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.helpers.json import json_bytes

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.const import DOMAIN

TOKEN, WALLET = "s3cret", "WALLET"
"""The access token and the wallet of each simulated miner."""

NOT_OURS = ("homeassistant.core", "pytest_homeassistant_custom_component.common")
"""Loggers that log what a user sends to an action, and what a test stores."""

SKIPPED = (EVENT_CALL_SERVICE, EVENT_STATE_REPORTED)
"""Events with what a user sends, and with states that were searched before."""

CONFIG_ENTRIES = "core.config_entries"
WITHOUT_SECRETS = (".power", ".manager", ".energy", ".learned")
"""Endings of the names of our files without secrets; see SECURITY.md."""


def _searched(
    original: Callable[..., Any], search: Callable[..., None]
) -> Callable[..., Any]:
    """Return a function that is searched after each call, by its arguments."""

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        search(*args, **kwargs)
        return result

    return call


class Leaks(logging.Handler):
    """Collects texts that contain a token or a wallet."""

    def __init__(self) -> None:
        """Initialize without texts."""
        super().__init__()
        self.found: list[str] = []

    def search(self, text: str) -> None:
        """Search a text."""
        if TOKEN in text or WALLET in text:
            self.found.append(text)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Search a message, and the error with it."""
        if record.name not in NOT_OURS:
            self.search(f"{record.getMessage()} {record.exc_info or ''}")

    def search_event(self, event_type: str, data: Any) -> None:
        """Search an event; of a state only what is new."""
        if event_type == EVENT_STATE_CHANGED:
            old, new = data["old_state"], data["new_state"]
            if new is not None:
                self.search(new.state)
                # Equal attributes are the same object
                if old is None or old.attributes is not new.attributes:
                    self.search(repr(new.attributes))
        elif event_type not in SKIPPED:
            self.search(repr(data))

    def search_stored(self, key: str, data: Any) -> None:
        """Search what is stored under a key, unless that has to hold secrets."""
        is_private = key == CONFIG_ENTRIES or (
            key.startswith(f"{DOMAIN}.") and not key.endswith(WITHOUT_SECRETS)
        )
        if not is_private:
            self.search(f"{key}: {json_bytes(data).decode()}")

    def search_devices(self, hass: HomeAssistant) -> None:
        """Search the devices of our config entries."""
        registry = dr.async_get(hass)
        for entry in hass.config_entries.async_entries(DOMAIN):
            for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
                self.search(repr(device.dict_repr))

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Search everything, in whichever Home Assistant it happens."""
        with ExitStack() as stack:
            for kind, name, search in (
                (EventBus, "async_fire_internal", self._see_event),
                (HomeAssistantError, "__init__", self._see_arguments),
                (XmrigError, "__init__", self._see_arguments),
                (IssueRegistry, "async_get_or_create", self._see_arguments),
            ):
                stack.enter_context(
                    patch.object(kind, name, _searched(getattr(kind, name), search))
                )
            logging.getLogger().addHandler(self)
            stack.callback(logging.getLogger().removeHandler, self)
            yield

    def _see_event(
        self, _: EventBus, event_type: str, data: Any = None, *__: Any, **___: Any
    ) -> None:
        self.search_event(event_type, data)

    def _see_arguments(self, _: object, *args: Any, **kwargs: Any) -> None:
        self.search(f"{args} {kwargs}")


LEAKS = Leaks()
"""Those of the current test."""
