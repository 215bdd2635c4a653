"""Home Assistant with one miner."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_ENTITY_ID,
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.xmrig_miner.const import CONF_VERIFICATION, DOMAIN, SCAN_INTERVAL
from tests.contract.proxies import ProxyTarget
from tests.targets import Target


@dataclass
class Home:
    """Home Assistant with a miner that was added through the form."""

    hass: HomeAssistant
    entry: ConfigEntry[Any]

    @classmethod
    async def with_miner(
        cls,
        hass: HomeAssistant,
        target: Target | ProxyTarget,
        power: dict[str, Any] | None = None,
        *,
        ssl: bool = False,
    ) -> Self:
        """Add a miner through the form, and the manager if it is offered.

        `power` is the input of the power form. With `ssl`, the certificate that the
        miner presents is pinned.
        """
        flow = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        connection = {
            CONF_HOST: target.host,
            CONF_PORT: target.port,
            **({CONF_ACCESS_TOKEN: target.token} if target.token else {}),
            "tls": {CONF_SSL: ssl, CONF_VERIFICATION: "authority"},
        }
        inputs: dict[str, dict[str, Any]] = {
            "user": connection,
            "miner": connection,
            "certificate": {"next_step_id": "agree"},
            "read_only": {"next_step_id": "agree"},
            "power": power or {},
            "solar": {"next_step_id": "with_manager"},
        }
        result = flow
        while result["type"] is not FlowResultType.CREATE_ENTRY:
            assert not result.get("errors"), result
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], inputs[result["step_id"]]
            )
        await hass.async_block_till_done()
        assert result["result"].state is ConfigEntryState.LOADED
        return cls(hass, result["result"])

    async def poll(self) -> None:
        """Poll now."""
        async_fire_time_changed(
            self.hass, dt_util.utcnow() + SCAN_INTERVAL + timedelta(seconds=1)
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def settle(self, seconds: float) -> None:
        """Let time pass, and wait until Home Assistant is idle."""
        await asyncio.sleep(seconds)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def entity_id(self, name: str) -> str:
        """Return the id of an entity named as `platform.key`."""
        platform, _, key = name.partition(".")
        entity_id = er.async_get(self.hass).async_get_entity_id(
            platform, DOMAIN, f"{self.entry.entry_id}_{key}"
        )
        assert entity_id, f"there is no {name}"
        return entity_id

    def state(self, name: str) -> str:
        """Return the state of an entity named as `platform.key`."""
        state = self.hass.states.get(self.entity_id(name))
        assert state is not None, f"{name} has no state"
        return state.state

    def number(self, name: str) -> float:
        """Return the state of an entity as a number."""
        return float(self.state(name))

    async def call(self, name: str, action: str, **data: Any) -> None:
        """Call an action of an entity, and wait until it is done."""
        await self.hass.services.async_call(
            name.partition(".")[0],
            action,
            {ATTR_ENTITY_ID: self.entity_id(name), **data},
            blocking=True,
        )

    async def set_number(self, name: str, value: float) -> None:
        """Set a number."""
        await self.call(name, "set_value", value=value)

    async def act(self, action: str, **data: Any) -> Mapping[str, Any]:
        """Call an action of the integration, and return its response."""
        response = await self.hass.services.async_call(
            DOMAIN,
            action,
            {ATTR_CONFIG_ENTRY_ID: self.entry.entry_id, **data},
            blocking=True,
            return_response=True,
        )
        assert response is not None
        return response
