"""Home Assistant as it starts from its storage, which another integration has filled."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any, override

from homeassistant import bootstrap, loader
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    frame,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    async_test_home_assistant,
    mock_storage,
)

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.takeover.record import import_of
from tests.forms import check_texts, choose, submit
from tests.leaks import LEAKS
from tests.test_translations import TEXTS

CAPTURE = Path(__file__).parents[1] / "fixtures" / "hwmland-0.3.1"
"""What hwmland 0.3.1 left in a Home Assistant 2026.11.0. Of three miners, "Open" has no
token, so that integration has never set it up. Of the others, one device is renamed and
in an area, and one entity is renamed, one disabled."""

RIG_ONE = "01M87SAZ6V8BTJJ18QS484MWXW"
KELLER = "01M87SAZ9BM53DVY57SF3K4VC4"
OPEN = "01M87SB02EFZJMZ0ET7ASCRSMK"
PORTS = {RIG_ONE: 18088, KELLER: 18089, OPEN: 18090}

type Stored = dict[str, Any]


def captured() -> Stored:
    """Return the captured storage."""
    return {path.stem: json.loads(path.read_text()) for path in CAPTURE.iterdir()}


def old_entry(stored: Stored, entry_id: str) -> dict[str, Any]:
    """Return a stored config entry."""
    entries: list[dict[str, Any]] = stored["core.config_entries"]["data"]["entries"]
    return next(entry for entry in entries if entry["entry_id"] == entry_id)


def set_port(stored: Stored, entry_id: str, port: int) -> None:
    """Let a stored entry reach its miner at another port."""
    data = old_entry(stored, entry_id)["data"]
    data["address"] = data["address"].replace(str(PORTS[entry_id]), str(port))


class Recording(dict[str, Any]):
    """A storage that remembers each state that it was in."""

    def __init__(self, stored: Stored) -> None:
        """Initialize it with what is stored."""
        super().__init__(deepcopy(stored))
        self.states: list[Stored] = []
        self.is_alive = True
        self.forget_states()

    def forget_states(self) -> None:
        """Forget the states before this one."""
        self.states = [deepcopy(dict(self))]

    @override
    def __setitem__(self, key: str, value: Any) -> None:
        if self.is_alive:
            super().__setitem__(key, value)
            self.states.append(deepcopy(dict(self)))
            LEAKS.search_stored(key, value)

    @override
    def pop(self, key: str, default: Any = None) -> Any:
        return super().pop(key, default) if self.is_alive else None


@dataclass
class Home:
    """A Home Assistant that has started from its storage."""

    hass: HomeAssistant
    stored: Recording = field(repr=False)

    @property
    def miners(self) -> dict[str, ConfigEntry[Any]]:
        """Return the config entries of this integration by their titles."""
        return {
            entry.title: entry
            for entry in self.hass.config_entries.async_entries(DOMAIN)
        }

    def old(self, entry_id: str) -> ConfigEntry[Any]:
        """Return a config entry of the other integration."""
        return self.hass.config_entries.async_get_known_entry(entry_id)

    def imported(self, entry_id: str) -> ConfigEntry[Any] | None:
        """Return the miner that was imported from an entry."""
        for entry in self.miners.values():
            if (plan := import_of(entry)) and plan.old_entry_id == entry_id:
                return entry
        return None

    def rows(self, entry: ConfigEntry[Any]) -> dict[str, er.RegistryEntry]:
        """Return the registered entities of a config entry by their entity IDs."""
        registry = er.async_get(self.hass)
        rows = er.async_entries_for_config_entry(registry, entry.entry_id)
        return {row.entity_id: row for row in rows}

    def devices(self, entry: ConfigEntry[Any]) -> list[dr.DeviceEntry]:
        """Return the devices of a config entry."""
        registry = dr.async_get(self.hass)
        return dr.async_entries_for_config_entry(registry, entry.entry_id)

    async def wait(self, seconds: float = 0) -> None:
        """Let time pass, and wait until nothing is left to do."""
        await asyncio.sleep(seconds)
        await self.hass.async_block_till_done()

    async def menu(self) -> ConfigFlowResult:
        """Open *Add integration*."""
        return await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )

    async def form(self) -> ConfigFlowResult:
        """Open the list of miners to import."""
        return await choose(self.hass, await self.menu(), "import_miners")

    async def import_miners(self, *entry_ids: str) -> ConfigFlowResult:
        """Import miners, and wait until that is on disk."""
        form = await self.form()
        result = await submit(self.hass, form, {"miners": list(entry_ids)})
        await self.wait(30)
        return result

    async def reconfigure(self, title: str) -> ConfigFlowResult:
        """Open *Reconfigure* of a miner."""
        return await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={
                "source": SOURCE_RECONFIGURE,
                "entry_id": self.miners[title].entry_id,
            },
        )

    async def undo(self, title: str) -> ConfigFlowResult:
        """Undo the import of a miner, and wait until that is on disk."""
        menu = await self.reconfigure(title)
        check_texts(menu, TEXTS["config"])
        confirm = await choose(self.hass, menu, "undo_import")
        result = await submit(self.hass, confirm, {})
        await self.wait(30)
        return result


@asynccontextmanager
async def started(
    stored: Stored, prepare: Callable[[HomeAssistant], object] = lambda _: None
) -> AsyncGenerator[Home]:
    """Yield a Home Assistant that starts from a storage, and is killed in the end.

    `prepare` is called before it sets up its integrations.
    """
    recording = Recording(stored)
    with mock_storage(recording):
        async with async_test_home_assistant(load_registries=False) as hass:
            frame.async_setup(hass)
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            await _load(hass)
            prepare(hass)
            domains = {entry.domain for entry in hass.config_entries.async_entries()}
            for domain in sorted(domains):
                await async_setup_component(hass, domain, {})
            home = Home(hass, recording)
            await home.wait()
            try:
                yield home
            finally:
                recording.is_alive = False
                await _unload(hass)
                await home.wait(60)
                await hass.async_stop(force=True)


async def _load(hass: HomeAssistant) -> None:
    """Load all registries and the config entries, as a start does."""
    dr.async_setup(hass)
    for registry in (ar, cr, dr, er, fr, ir, lr, rs):
        await registry.async_load(hass)
    hass.data[bootstrap.DATA_REGISTRIES_LOADED] = None
    await hass.config_entries.async_initialize()


async def _unload(hass: HomeAssistant) -> None:
    """Unload everything, so that no timer is left once some time has passed."""
    for entry in hass.config_entries.async_entries():
        if entry.state.recoverable:
            await hass.config_entries.async_unload(entry.entry_id)


def custom(rows: Iterable[er.RegistryEntry]) -> dict[str, Any]:
    """Return what users set of entities, by the ID in the registry.

    Of the options, "sensor" is how many decimals an integration suggests.
    """
    return {
        row.id: (
            row.entity_id,
            row.name,
            row.icon,
            row.labels,
            row.area_id,
            row.hidden_by,
            row.aliases,
            row.categories,
            {key: value for key, value in row.options.items() if key != "sensor"},
        )
        for row in rows
    }
