"""Home Assistant with many miners, in real time."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
import gc
import logging
from pathlib import Path
import tempfile
import time
from unittest.mock import patch

# isort: off
# The test helpers contain a package of the same name
import custom_components  # noqa: F401

# isort: on
from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.coordinator import XmrigCoordinator
from custom_components.xmrig_miner.kinds import EntryKind

from .recording import TOKEN, identity

MEMORY = Path("/dev/shm")  # noqa: S108


class Clock:
    """The clocks of this process, which can be advanced."""

    def __init__(self) -> None:
        """Start with the real time."""
        self.offset = 0.0

    def move(self, seconds: float) -> None:
        """Advance the time for everything in this process."""
        self.offset += seconds

    @contextmanager
    def running(self) -> Iterator[Clock]:
        """Replace the clocks until the end of the block."""
        monotonic, wall, utcnow = time.monotonic, time.time, dt_util.utcnow
        with (
            patch("time.monotonic", lambda: monotonic() + self.offset),
            patch("time.time", lambda: wall() + self.offset),
            patch.object(
                dt_util, "utcnow", lambda: utcnow() + timedelta(seconds=self.offset)
            ),
        ):
            yield self


@asynccontextmanager
async def home(
    state: CoreState = CoreState.running,
) -> AsyncIterator[HomeAssistant]:
    """Start Home Assistant with nothing but its core."""
    logging.disable(logging.WARNING)
    directory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=directory) as config:
        async with async_test_home_assistant(
            config_dir=config, initial_state=state
        ) as hass:
            # Home Assistant's own resolver also uses mDNS
            hass.data["aiohttp_resolver"] = ThreadedResolver()
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


def add_miner(hass: HomeAssistant, number: int, port: int) -> MockConfigEntry:
    """Add the config entry of a miner, without setting it up."""
    miner_id, worker_id = identity(number)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=worker_id,
        entry_id=f"entry_{worker_id}",
        data={
            "kind": EntryKind.MINER.value,
            "host": "127.0.0.1",
            "port": port,
            "ssl": False,
            "verify_ssl": True,
            "access_token": TOKEN,
            "miner_id": miner_id,
            "worker_id": worker_id,
        },
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant) -> None:
    """Set up all config entries at once, as Home Assistant does when it starts."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()


async def add_fleet(hass: HomeAssistant, ports: Sequence[int]) -> None:
    """Add a miner for each further port, and set them up one by one.

    Two hundred at once take seconds, so that some would time out.
    """
    there = len(hass.config_entries.async_entries(DOMAIN))
    for number, port in enumerate(ports[there:], there):
        entry = add_miner(hass, number, port)
        if number:
            await hass.config_entries.async_setup(entry.entry_id)
        else:
            await set_up(hass)
    await hass.async_block_till_done()


def coordinators(hass: HomeAssistant) -> list[XmrigCoordinator]:
    """Return the coordinators of all miners."""
    entries = hass.config_entries.async_entries(DOMAIN)
    assert all(entry.state is ConfigEntryState.LOADED for entry in entries)
    return [entry.runtime_data.coordinator for entry in entries]


async def polled_by_hand(hass: HomeAssistant) -> list[XmrigCoordinator]:
    """Stop the regular polls, and return the coordinators, to poll by hand."""
    found = coordinators(hass)
    for coordinator in found:
        hass.config_entries.async_update_entry(
            coordinator.config_entry, pref_disable_polling=True
        )
        # The first poll cancels the scheduled one
        for _ in range(2):
            await coordinator.async_refresh()
    return found


def resident() -> float:
    """Return the private memory of this process in MiB."""
    gc.collect()
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, value, *_ = line.split()
        if name == "Anonymous:":
            return int(value) / 1024
    raise RuntimeError("this system does not report the memory of a process")
