"""A Home Assistant that commands a miner until it is killed.

python -m tests.crash.home FOLDER PORT SEED

It undoes what was changed in the miner's config before, says so on one line, and goes on
at a line on its standard input: with random commands, during which its disk is full at
times.
"""

import asyncio
import json
import random
import resource
import sys
from typing import Any

# isort: off
# The test helpers bring a package of the same name
import custom_components  # noqa: F401

# isort: on
from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.kinds import EntryKind

ENTRY_ID = "entry_of_rig"
TOKEN = "s3cret"
LONGEST = 6000
"""Bytes of a file on the full disk, more than a state has."""

COMMANDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("number", "set_value", {"value": threads}) for threads in (1, 2, 3, 4)),
    ("select", "select_option", {"option": "pool.example.org:3333"}),
    ("select", "select_option", {"option": "backup.example.org:3333"}),
    ("switch", "turn_off", {}),
    ("switch", "turn_on", {}),
    (DOMAIN, "set_config", {"config": {"retries": 7, "cpu": {"yield": False}}}),
    (DOMAIN, "restore_config", {}),
)
KEYS = {"number": "cpu_threads", "select": "pool", "switch": "mining"}
"""The entity of each domain, by its key."""


def _entity_id(hass: HomeAssistant, domain: str) -> str | None:
    """Return the entity of a domain that is commanded."""
    unique_id = f"{ENTRY_ID}_{KEYS[domain]}"
    return er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)


async def _command(hass: HomeAssistant, chance: random.Random) -> None:
    """Send a random command, on a disk that may be full after some bytes."""
    domain, action, data = chance.choice(COMMANDS)
    target = (
        {"config_entry_id": ENTRY_ID}
        if domain == DOMAIN
        else {"entity_id": _entity_id(hass, domain)}
    )
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    is_full = chance.random() < 0.4
    if is_full:
        free = chance.randrange(LONGEST)
        resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        await hass.services.async_call(
            domain, action, {**target, **data}, blocking=True
        )
    except HomeAssistantError as error:
        if not is_full or error.translation_key != "not_stored":
            raise
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


async def _live(hass: HomeAssistant, port: int, seed: int) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="rig-one",
        entry_id=ENTRY_ID,
        data={
            "kind": EntryKind.MINER.value,
            "host": "127.0.0.1",
            "port": port,
            "ssl": False,
            "verify_ssl": True,
            "access_token": TOKEN,
            "miner_id": None,
            "worker_id": "rig-one",
        },
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(ENTRY_ID)
    await hass.async_block_till_done()
    if entry.state is ConfigEntryState.LOADED:
        await hass.services.async_call(
            DOMAIN, "restore_config", {"config_entry_id": ENTRY_ID}, blocking=True
        )
    issues = [issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN]
    state = {"state": entry.state.value, "issues": issues}
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()
    if not await hass.async_add_executor_job(sys.stdin.readline):
        return
    chance = random.Random(seed)
    while True:
        await _command(hass, chance)


async def _main(folder: str, port: int, seed: int) -> None:
    async with async_test_home_assistant(config_dir=folder) as hass:
        # Home Assistant's own looks names up by mDNS too
        hass.data["aiohttp_resolver"] = ThreadedResolver()
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        try:
            await _live(hass, port, seed)
        finally:
            await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
