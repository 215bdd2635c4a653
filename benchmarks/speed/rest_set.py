"""As many sensors of Home Assistant's `rest` as the integration has values."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.setup import async_setup_component

from .recording import TOKEN

_VALUES = {
    "/2/summary": {
        "hashrate": "hashrate.total[0]",
        "hashrate 1 min": "hashrate.total[1]",
        "hashrate 15 min": "hashrate.total[2]",
        "highest hashrate": "hashrate.highest",
        "accepted shares": "results.shares_good",
        "shares": "results.shares_total",
        "time per share": "results.avg_time",
        "hashes": "results.hashes_total",
        "best share": "results.best[0]",
        "difficulty": "results.diff_current",
        "pool": "connection.pool",
        "ping": "connection.ping",
        "connected for": "connection.uptime",
        "failures": "connection.failures",
        "algorithm": "algo",
        "version": "version",
        "worker": "worker_id",
        "running for": "uptime",
        "paused": "paused",
        "free memory": "resources.memory.free",
    },
    "/2/backends": {"threads": "[0].threads | length", "enabled": "[0].enabled"},
    "/2/config": {"donation": "['donate-level']"},
}


async def add_rest_set(
    hass: HomeAssistant, port: int
) -> list[DataUpdateCoordinator[Any]]:
    """Set up the sensors, and return the function that polls them."""
    resources = [
        {
            "resource": f"http://127.0.0.1:{port}{path}",
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "scan_interval": 10,
            "sensor": [
                {
                    "name": f"rest {name}",
                    "unique_id": f"rest {name}",
                    "value_template": f"{{{{ value_json{_access(value)} }}}}",
                }
                for name, value in values.items()
            ],
        }
        for path, values in _VALUES.items()
    ]
    assert await async_setup_component(hass, "rest", {"rest": resources})
    await hass.async_block_till_done()
    coordinators: list[DataUpdateCoordinator[Any]] = hass.data["rest"]["coordinator"]
    for coordinator in coordinators:
        # The measurement polls instead
        coordinator.update_interval = None
    return coordinators


def _access(value: str) -> str:
    return value if value.startswith("[") else f".{value}"
