"""Helpers for tests of the integration."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import (
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
    DOMAIN,
    SCAN_INTERVAL,
)
from custom_components.xmrig_miner.kinds import EntryKind
from simulator import ProxySimulator, Simulator
from simulator.base import BaseSimulator
from simulator.jsonvalue import Json

ALWAYS_AVAILABLE = {"event.activity"}
"""Past events stay available while the miner is unreachable."""


def entry_for(
    simulator: BaseSimulator[Any], *, entry_id: str | None = None, **data: Any
) -> MockConfigEntry:
    """Return a config entry for a simulated miner or proxy, with some data replaced."""
    is_proxy = isinstance(simulator, ProxySimulator)
    kind = EntryKind.PROXY if is_proxy else EntryKind.MINER
    summary_id = simulator.process.identity
    worker_id = simulator.config["api"]["worker-id"]
    return MockConfigEntry(
        domain=DOMAIN,
        title=worker_id,
        entry_id=entry_id or f"entry_of_{worker_id}",
        minor_version=2,
        data={
            CONF_KIND: kind.value,
            **connection(simulator),
            CONF_MINER_ID: summary_id or None,
            CONF_WORKER_ID: worker_id,
            **data,
        },
    )


def connection(simulator: BaseSimulator[Any], **changes: Any) -> dict[str, Any]:
    """Return the user input for a simulated miner, with changes."""
    token = {CONF_ACCESS_TOKEN: simulator.token} if simulator.token else {}
    return {
        CONF_HOST: simulator.host,
        CONF_PORT: simulator.port,
        CONF_SSL: False,
        CONF_VERIFICATION: "authority",
        **token,
        **changes,
    }


def without_token(data: dict[str, Any]) -> dict[str, Any]:
    """Return the user input without a token."""
    return {key: value for key, value in data.items() if key != CONF_ACCESS_TOKEN}


async def move(*simulators: BaseSimulator[Any]) -> None:
    """Move miners to the port of the next one, as after new DHCP leases.

    The first one gets the port of the last one. All restart.
    """
    ports = [simulator.port for simulator in simulators]
    for simulator in simulators:
        await simulator.go_offline()
    for simulator, port in zip(simulators, [*ports[1:], ports[0]], strict=True):

        def move_port(config: Json, port: int = port) -> None:
            config["http"]["port"] = port

        simulator.edit_config(move_port)
        simulator.restart()
        await simulator.go_online()


def only(platform: Platform) -> AbstractContextManager[list[Platform]]:
    """Set up a single platform, until the end of the block."""
    return patch("custom_components.xmrig_miner.miner_entry.PLATFORMS", [platform])


@dataclass
class Rig[SimulatorT: BaseSimulator[Any] = Simulator]:
    """A simulated miner or proxy, and its entities in Home Assistant."""

    hass: HomeAssistant
    simulator: SimulatorT
    entry: MockConfigEntry
    freezer: FrozenDateTimeFactory

    async def set_up(self) -> None:
        """Set the config entry up, successfully or not."""
        if not self.hass.config_entries.async_get_entry(self.entry.entry_id):
            self.entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def is_loaded(self) -> bool:
        """Return whether the config entry is set up."""
        return self.entry.state is ConfigEntryState.LOADED

    async def reload(self) -> None:
        """Reload the config entry, which adds entities that were enabled before."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def reload_or_fail(self) -> None:
        """Reload the config entry, successfully or not."""
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def poll(self, times: int = 1) -> None:
        """Let time pass for a number of polls."""
        for _ in range(times):
            await self.pass_time(SCAN_INTERVAL)

    async def refresh(self) -> None:
        """Poll the miner without letting time pass."""
        await self.entry.runtime_data.coordinator.async_refresh()
        await self.hass.async_block_till_done()

    async def pass_time(self, time: timedelta) -> None:
        """Let time pass for the miner and for Home Assistant."""
        await asyncio.sleep(time.total_seconds())
        await self.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def entities(self) -> dict[str, er.RegistryEntry]:
        """Return the registered entities as `platform.key`."""
        registry = er.async_get(self.hass)
        entry_id = self.entry.entry_id
        return {
            f"{entity.domain}.{entity.unique_id.removeprefix(f'{entry_id}_')}": entity
            for entity in er.async_entries_for_config_entry(registry, entry_id)
        }

    @property
    def devices(self) -> dict[str, dr.DeviceEntry]:
        """Return the devices: `miner`, and each card by its key."""
        registry = dr.async_get(self.hass)
        entry_id = self.entry.entry_id
        return {
            identifier.removeprefix(entry_id).removeprefix("_") or "miner": device
            for device in dr.async_entries_for_config_entry(registry, entry_id)
            for _, identifier in device.identifiers
        }

    def entity_id(self, name: str) -> str:
        """Return the id of an entity named as `platform.key`."""
        return self.entities[name].entity_id

    def disable(self, *names: str) -> None:
        """Disable entities as the user does; a reload removes them."""
        registry = er.async_get(self.hass)
        for name in names:
            registry.async_update_entity(
                self.entity_id(name), disabled_by=er.RegistryEntryDisabler.USER
            )

    def state(self, name: str) -> str:
        """Return the state of an entity named as `platform.key`."""
        return self.full_state(name).state

    def full_state(self, name: str) -> State:
        """Return the state with its attributes."""
        state = self.hass.states.get(self.entity_id(name))
        assert state is not None, f"{name} has no state"
        return state

    @property
    def states(self) -> dict[str, str]:
        """Return the states of all entities that have one, by `platform.key`."""
        return {
            name: state.state
            for name, entity in self.entities.items()
            if (state := self.hass.states.get(entity.entity_id))
        }

    @property
    def unavailable(self) -> set[str]:
        """Return the entities that are unavailable, as `platform.key`."""
        return {
            name for name, state in self.states.items() if state == STATE_UNAVAILABLE
        }

    async def turn(self, name: str, *, on: bool) -> None:
        """Turn a switch on or off."""
        await self.call("switch", "turn_on" if on else "turn_off", name)

    async def press(self, name: str) -> None:
        """Press a button."""
        await self.call("button", "press", name)

    async def call(self, domain: str, action: str, name: str, **data: Any) -> None:
        """Call an action of an entity, and wait until it is done."""
        await self.hass.services.async_call(
            domain,
            action,
            {ATTR_ENTITY_ID: self.entity_id(name), **data},
            blocking=True,
        )

    def asked(self, path: str, method: str = "GET") -> int:
        """Return the number of requests to a path."""
        return sum(
            request.path == path and request.method == method
            for request in self.simulator.requests
        )
