"""Entities of other integrations that mean the same as ours."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components.xmrig_miner.takeover.mapping import (
    HWMLAND,
    KEYS,
    REMOTE_MINER,
    key_for,
)
from tests.common import Rig

from .conftest import Miners
from .stored import KELLER, Home, Stored, old_entry, started
from .test_candidates import only
from .test_import import registered

FORK_ROWS = {
    "sensor": ("hashrate_max", "avg_time", "hashes_total", "uptime", "cpu"),
    "switch": ("_mining",),
}
"""What follows the ID of the entry in unique IDs that only forks of hwmland have."""


@pytest.mark.usefixtures("all_enabled")
async def test_each_key_is_one_of_ours(running: Rig) -> None:
    """On the same platform."""
    keys = {
        f"{platform}.{key}"
        for entities in KEYS.values()
        for (platform, _), key in entities.items()
    }
    assert keys <= running.entities.keys()


@pytest.mark.parametrize(
    ("domain", "platform", "unique_id", "key"),
    [
        (HWMLAND, "sensor", "IDhashrate10s", "hashrate"),
        (HWMLAND, "sensor", "IDhashes_total", "hashes"),
        (HWMLAND, "sensor", "ID_hashes_total", None),
        (HWMLAND, "sensor", "IDuptime", None),
        (HWMLAND, "sensor", "ID_uptime", None),
        (HWMLAND, "sensor", "OTHERhashrate10s", None),
        (HWMLAND, "switch", "ID_mining", "mining"),
        (HWMLAND, "sensor", "ID_mining", None),
        (REMOTE_MINER, "sensor", "ID_hashrate", "hashrate"),
        (REMOTE_MINER, "sensor", "IDhashrate", None),
    ],
)
def test_only_listed_unique_ids_are_taken(
    domain: str, platform: str, unique_id: str, key: str | None
) -> None:
    """What only looks alike stays with the other integration."""
    assert key_for(domain, platform, "ID", unique_id) == key


def add_rows(
    hass: HomeAssistant, domain: str, rows: dict[str, tuple[str, ...]]
) -> None:
    """Register entities of the other integration, on the device that it has."""
    [entry] = hass.config_entries.async_entries(domain)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(domain, entry.title)}
    )
    for platform, keys in rows.items():
        for key in keys:
            er.async_get(hass).async_get_or_create(
                platform,
                domain,
                f"{entry.entry_id}{key}",
                suggested_object_id=f"old_{key.strip('_')}",
                config_entry=entry,
                device_id=device.id,
            )


def taken(home: Home, title: str) -> dict[str, str]:
    """Return the keys of entities that a miner took over, by their entity IDs."""
    entry = home.miners[title]
    return {
        entity_id: row.unique_id.removeprefix(f"{entry.entry_id}_")
        for entity_id, row in home.rows(entry).items()
        if ".old_" in entity_id
    }


async def test_entities_of_forks_are_taken_over(miners: Miners) -> None:
    """Each that means the same; the rest stays, and gets its device back."""

    def prepare(hass: HomeAssistant) -> None:
        add_rows(hass, HWMLAND, FORK_ROWS)

    async with started(only(miners.stored, KELLER), prepare) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        assert taken(home, "Keller") == {
            "sensor.old_hashrate_max": "hashrate_highest",
            "sensor.old_avg_time": "share_time",
            "sensor.old_hashes_total": "hashes",
            "switch.old_mining": "mining",
        }
        assert home.hass.states.get("switch.old_mining")
        left = home.rows(home.old(KELLER))
        assert {"sensor.old_uptime", "sensor.old_cpu"} < left.keys()
        await home.undo("Keller")
        assert registered(home, KELLER) == before


def remote_miner(miners: Miners, **changes: Any) -> Stored:
    """Return a storage with an entry of IonCojucari's integration."""
    stored = only(miners.stored, KELLER)
    port = miners.keller.port
    entry = old_entry(stored, KELLER)
    entry |= {"domain": REMOTE_MINER, "version": 2, "unique_id": f"127.0.0.1:{port}"}
    entry["data"] = {
        "name": "Keller",
        "host": "127.0.0.1",
        "port": port,
        "token": "s3cret-two",
        "scan_interval": 30,
        **changes,
    }
    for key, kind in (
        ("core.device_registry", "devices"),
        ("core.entity_registry", "entities"),
    ):
        stored[key]["data"][kind] = []
    return stored


@pytest.mark.parametrize("port", [int, str], ids=["number", "text"])
async def test_a_miner_of_xmrig_remote_miner_is_imported(
    miners: Miners, port: type
) -> None:
    """It has host, port and token; its entities have another scheme."""
    rows = {
        "sensor": tuple(
            key for platform, key in KEYS[REMOTE_MINER] if platform == "sensor"
        ),
        "switch": ("_switch",),
        "button": ("_reboot",),
    }

    def prepare(hass: HomeAssistant) -> None:
        add_rows(hass, REMOTE_MINER, rows)

    stored = remote_miner(miners, port=port(miners.keller.port))
    async with started(stored, prepare) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        assert sorted(taken(home, "Keller").values()) == sorted(
            KEYS[REMOTE_MINER].values()
        )
        state = home.hass.states.get("sensor.old_state")
        assert state
        assert state.state == "mining"
        await home.undo("Keller")
        assert registered(home, KELLER) == before


@pytest.mark.parametrize("changes", [{"host": None}, {"port": "x"}, {"host": ""}])
async def test_a_damaged_entry_is_not_offered(
    miners: Miners, changes: dict[str, Any]
) -> None:
    """There is nothing to import, then."""
    stored = remote_miner(miners, **changes)
    async with started(stored) as home:
        assert (await home.menu())["step_id"] == "user"
