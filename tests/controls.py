"""Helpers for tests of controls."""

import copy
import json
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.core import Context
from homeassistant.helpers import entity_registry as er

from custom_components.xmrig_miner.api.document import json_equal
from custom_components.xmrig_miner.const import DOMAIN
from simulator import Simulator
from simulator.base import BaseSimulator

from .common import Rig

THREADS = "number.cpu_threads"
POOL = "select.pool"
MINING = "switch.mining"

SECRETS = {
    "access-token": "hidden-token",
    "user": "hidden-wallet",
    "pass": "hidden-password",
    "socks5": "hidden-proxy:1080",
    "spend-secret-key": "hidden-key",
    "cert_key": "/hidden/key.pem",
}
SECRET_POOL = {key: SECRETS[key] for key in ("user", "pass", "socks5")} | {
    "url": "pool.example.org:3333",
    "rig-id": "rig-1",
}
SECRET_OPTIONS = {
    "token": SECRETS["access-token"],
    "pools": [SECRET_POOL],
    "config": {"tls": {"cert": "cert.pem", "cert_key": SECRETS["cert_key"]}},
}


SHORT_AND_LONG = {"config": {"cpu": {"rx": [0, 1, 2, 3], "cn-heavy": [0, 1]}}}
"""Options of a miner that has fewer threads for `cn-heavy` than for RandomX."""


async def set_threads(rig: Rig, threads: float) -> None:
    """Set the number of CPU threads."""
    await rig.hass.services.async_call(
        "number",
        "set_value",
        {ATTR_ENTITY_ID: rig.entity_id(THREADS), "value": threads},
        blocking=True,
    )


async def select_pool(rig: Rig, label: str) -> None:
    """Select a pool."""
    await rig.hass.services.async_call(
        "select",
        "select_option",
        {ATTR_ENTITY_ID: rig.entity_id(POOL), "option": label},
        blocking=True,
    )


async def act(
    rig: Rig,
    action: str,
    *,
    entry_id: str | None = None,
    context: Context | None = None,
    **data: Any,
) -> dict[str, Any]:
    """Call an action of the integration, and return its response."""
    response = await rig.hass.services.async_call(
        DOMAIN,
        action,
        {ATTR_CONFIG_ENTRY_ID: entry_id or rig.entry.entry_id, **data},
        blocking=True,
        return_response=True,
        context=context,
    )
    assert response is not None
    return dict(response)


async def restore(rig: Rig) -> None:
    """Restore the config."""
    await act(rig, "restore_config")


async def enable(rig: Rig, *names: str) -> None:
    """Enable entities that are disabled by default."""
    registry = er.async_get(rig.hass)
    for name in names:
        assert rig.entities[name].disabled_by is er.RegistryEntryDisabler.INTEGRATION
        registry.async_update_entity(rig.entity_id(name), disabled_by=None)
    await rig.reload()


def config_of(simulator: BaseSimulator[Any]) -> dict[str, Any]:
    """Return a copy of the current config."""
    return copy.deepcopy(simulator.config)


def is_same_config(simulator: Simulator, config: dict[str, Any]) -> bool:
    """Return whether the miner and its file have exactly this config."""
    return json_equal(simulator.config, config) and json_equal(simulator.disk, config)


def cpu_threads(simulator: Simulator) -> int:
    """Return how many CPU threads the miner has, even if they sleep."""
    return len(simulator.miner.backends[0].workers)


def writes(simulator: Simulator) -> int:
    """Return how many configs were posted to the miner."""
    return sum(
        request.method == "PUT" and request.path.endswith("/config")
        for request in simulator.requests
    )


def remembered(hass_storage: dict[str, Any], rig: Rig) -> dict[str, Any]:
    """Return what Home Assistant stored about the miner."""
    stored = hass_storage[f"{DOMAIN}.{rig.entry.entry_id}"]["data"]
    data = json.loads(json.dumps(stored))
    assert isinstance(data, dict)
    return data
