"""The sleep options of a miner: how its computer is woken and put to sleep."""

from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any, Self

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback, valid_entity_id

from ..api.models.values import integer
from ..const import (
    CONF_SLEEP_AFTER,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
)
from ..manager import SleepRules

WAKE_DOMAINS = ("button", "input_button", "script", "switch", "input_boolean")
SLEEP_DOMAINS = ("button", "input_button", "script")
PLUG_DOMAINS = ("switch", "input_boolean")

DEFAULT_SLEEP_AFTER = 30
MIN_SLEEP_AFTER = 1
MAX_SLEEP_AFTER = 1440
"""Minutes of being paused by the manager."""

_MAC = re.compile(r"[0-9a-f]{2}([:-]?)[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}", re.IGNORECASE)


def is_mac(text: str) -> bool:
    """Return whether a text is a MAC address."""
    return _MAC.fullmatch(text.strip()) is not None


@dataclass(frozen=True, kw_only=True)
class SleepOptions:
    """How a miner's computer is woken, and how it is put to sleep."""

    wake_entity: str | None
    wake_mac: str | None
    """MAC address for Wake-on-LAN."""
    sleep_entity: str | None
    plug: str | None
    """Smart plug to switch off once the computer has left the network."""
    after: int
    """Minutes of being paused by the manager before the computer is put to sleep."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the options of a config entry; invalid values are ignored."""
        mac = options.get(CONF_WAKE_MAC)
        after = integer(
            options.get(CONF_SLEEP_AFTER), MAX_SLEEP_AFTER, minimum=MIN_SLEEP_AFTER
        )
        return cls(
            wake_entity=_entity(options, CONF_WAKE_ENTITY, WAKE_DOMAINS),
            wake_mac=mac.strip() if isinstance(mac, str) and is_mac(mac) else None,
            sleep_entity=_entity(options, CONF_SLEEP_ENTITY, SLEEP_DOMAINS),
            plug=_entity(options, CONF_SLEEP_PLUG, PLUG_DOMAINS),
            after=DEFAULT_SLEEP_AFTER if after is None else after,
        )

    @property
    def wakes(self) -> bool:
        """Return whether there is a way to wake the computer."""
        return self.wake_entity is not None or self.wake_mac is not None

    @property
    def sleeps(self) -> bool:
        """Return whether there is a way to put the computer to sleep."""
        return self.sleep_entity is not None or self.plug is not None

    @property
    def is_complete(self) -> bool:
        """Return whether the computer may sleep: there has to be a way to wake it."""
        return self.wakes and self.sleeps

    @property
    def entities(self) -> tuple[str, ...]:
        """Return the IDs of all entities involved."""
        found = (self.wake_entity, self.sleep_entity, self.plug)
        return tuple(dict.fromkeys(entity for entity in found if entity))

    @callback
    def rules(self, hass: HomeAssistant) -> SleepRules | None:
        """Return the rules for sleeping; None if the computer may not sleep.

        It is not put to sleep while any of the entities is unavailable, as it might not
        wake again.
        """
        if not self.is_complete:
            return None
        states = [hass.states.get(entity) for entity in self.entities]
        wake = self.wake_entity and hass.states.get(self.wake_entity)
        return SleepRules(
            after=60 * self.after,
            has_command=self.sleep_entity is not None,
            has_plug=self.plug is not None,
            can_sleep=all(
                state is not None and state.state != STATE_UNAVAILABLE
                for state in states
            ),
            can_wake=self.wake_entity is None or wake is not None,
        )


def _entity(
    options: Mapping[str, Any], key: str, domains: tuple[str, ...]
) -> str | None:
    entity = options.get(key)
    if not isinstance(entity, str) or not valid_entity_id(entity):
        return None
    return entity if entity.partition(".")[0] in domains else None
