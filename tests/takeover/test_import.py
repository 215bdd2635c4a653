"""The import of miners that another integration has left, and its undoing."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

from tests.forms import choose, submit

from .conftest import ALL, Miners
from .other import install
from .stored import KELLER, OPEN, RIG_ONE, Home, custom, started

type Prepare = Callable[[HomeAssistant], object]

installed_or_not = pytest.mark.parametrize(
    "prepare", [lambda _: None, install], ids=["not installed", "installed"]
)


def registered(home: Home, entry_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is registered of an entry of the other integration."""
    old = home.old(entry_id)
    rows = home.rows(old).values()
    return (
        {
            row.id: (
                *(row.unique_id, row.platform, row.disabled_by, row.device_id),
                custom([row]),
            )
            for row in rows
        },
        {
            device.id: (
                device.identifiers,
                device.name_by_user,
                device.area_id,
                device.disabled_by,
            )
            for device in home.devices(old)
        },
    )


@installed_or_not
async def test_all_miners_are_imported(miners: Miners, prepare: Prepare) -> None:
    """With address, token, name and area; the old entries stay, disabled."""
    async with started(miners.stored, prepare) as home:
        before = {entry_id: home.rows(home.old(entry_id)) for entry_id in ALL}
        result = await home.import_miners(*ALL)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["description_placeholders"] == {"miners": "Rig One, Keller, Open"}
        assert sorted(home.miners) == ["Keller", "Open", "Rig One"]
        for entry_id in ALL:
            entry = home.imported(entry_id)
            assert entry
            assert entry.state is ConfigEntryState.LOADED
            assert home.old(entry_id).disabled_by is ConfigEntryDisabler.USER
            taken = {
                row.id: row
                for row in before[entry_id].values()
                if not row.unique_id.endswith("shares_total")
            }
            rows = home.rows(entry).values()
            assert custom(taken.values()).items() <= custom(rows).items()
        [device] = home.devices(home.miners["Rig One"])
        assert device.name_by_user == "The big rig"
        assert device.area_id == "cellar"
        [device] = home.devices(home.miners["Keller"])
        assert device.name == "Keller"


async def test_entities_show_the_miner_at_once(miners: Miners) -> None:
    """Under the entity IDs, names and icons that they had."""
    async with started(miners.stored) as home:
        await home.import_miners(KELLER)
        hashrate = home.hass.states.get("sensor.mining_power")
        assert hashrate
        assert float(hashrate.state) > 0
        assert hashrate.attributes["friendly_name"] == "My hashrate"
        assert hashrate.attributes["icon"] == "mdi:fire"
        rows = home.rows(home.miners["Keller"])
        disabled = rows["sensor.keller_xmrig_keller_difficulty"]
        assert disabled.disabled_by is er.RegistryEntryDisabler.USER


async def test_what_users_set_of_entities_goes_along(miners: Miners) -> None:
    """Labels, area, aliases, and whether it is hidden or exposed: there and back."""
    async with started(miners.stored, install) as home:
        registry = er.async_get(home.hass)
        hashrate = "sensor.rig_one_xmrig_rig_one_hashrate_10s"
        registry.async_update_entity(
            hashrate,
            aliases=["rig"],
            area_id="attic",
            categories={"scope": "id"},
            hidden_by=er.RegistryEntryHider.USER,
            labels={"mining"},
        )
        registry.async_update_entity_options(
            hashrate, "conversation", {"should_expose": True}
        )
        before = registered(home, RIG_ONE)
        users = custom([home.rows(home.old(RIG_ONE))[hashrate]])
        await home.import_miners(RIG_ONE)
        rows = home.rows(home.miners["Rig One"])
        assert custom([rows[hashrate]]) == users
        await home.undo("Rig One")
        assert registered(home, RIG_ONE) == before


async def test_some_miners_are_imported(miners: Miners) -> None:
    """The others stay with the other integration, and can be imported later."""
    async with started(miners.stored, install) as home:
        before = registered(home, RIG_ONE)
        await home.import_miners(KELLER)
        assert list(home.miners) == ["Keller"]
        assert home.old(RIG_ONE).state is ConfigEntryState.LOADED
        assert registered(home, RIG_ONE) == before
        await home.import_miners(OPEN)
        assert list(home.miners) == ["Keller", "Open"]


async def test_something_has_to_be_selected(miners: Miners) -> None:
    """The form says so, and goes on."""
    async with started(miners.stored) as home:
        form = await home.form()
        form = await submit(home.hass, form, {"miners": []})
        assert form["errors"] == {"miners": "nothing_selected"}
        result = await submit(home.hass, form, {"miners": [KELLER]})
        assert result["type"] is FlowResultType.CREATE_ENTRY


@installed_or_not
async def test_an_import_is_undone(miners: Miners, prepare: Prepare) -> None:
    """The other integration has everything as it was."""
    async with started(miners.stored, prepare) as home:
        before = {entry_id: registered(home, entry_id) for entry_id in ALL}
        states = {entry_id: home.old(entry_id).state for entry_id in ALL}
        await home.import_miners(*ALL)
        for title in list(home.miners):
            result = await home.undo(title)
            assert result["reason"] == "import_undone"
        assert not home.miners
        for entry_id in ALL:
            assert home.old(entry_id).disabled_by is None
            assert home.old(entry_id).state is states[entry_id]
            assert registered(home, entry_id) == before[entry_id]


async def test_an_undone_import_can_be_repeated(miners: Miners) -> None:
    """As if it was the first."""
    async with started(miners.stored, install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        await home.undo("Keller")
        await home.import_miners(KELLER)
        rows = home.rows(home.miners["Keller"])
        assert "sensor.mining_power" in rows
        await home.undo("Keller")
        assert registered(home, KELLER) == before


async def test_an_entry_that_was_disabled_stays_disabled(miners: Miners) -> None:
    """Also after the import is undone."""
    async with started(miners.stored, install) as home:
        entries = home.hass.config_entries
        await entries.async_set_disabled_by(RIG_ONE, ConfigEntryDisabler.USER)
        before = registered(home, RIG_ONE)
        await home.import_miners(RIG_ONE)
        state = home.hass.states.get("sensor.rig_one_xmrig_rig_one_hashrate_10s")
        assert state
        assert float(state.state) > 0
        await home.undo("Rig One")
        assert home.old(RIG_ONE).disabled_by is ConfigEntryDisabler.USER
        assert registered(home, RIG_ONE) == before


async def test_the_old_entry_was_enabled_meanwhile(miners: Miners) -> None:
    """Newly created entities make way for the previous ones."""
    async with started(miners.stored, install) as home:
        before = registered(home, RIG_ONE)
        await home.import_miners(RIG_ONE)
        await home.hass.config_entries.async_set_disabled_by(RIG_ONE, None)
        await home.wait()
        remade = home.rows(home.old(RIG_ONE))
        assert "sensor.rig_one_xmrig_rig_one_hashrate_10s_2" in remade
        await home.undo("Rig One")
        assert registered(home, RIG_ONE) == before


async def test_the_old_entry_can_be_deleted(miners: Miners) -> None:
    """The miner keeps all that it took, and there is nothing to undo."""
    async with started(miners.stored) as home:
        await home.import_miners(KELLER)
        menu = await home.reconfigure("Keller")
        await home.hass.config_entries.async_remove(KELLER)
        rows = home.rows(home.miners["Keller"])
        assert "sensor.mining_power" in rows
        [device] = home.devices(home.miners["Keller"])
        assert all(row.device_id == device.id for row in rows.values())
        result = await choose(home.hass, menu, "undo_import")
        assert result["reason"] == "old_entry_removed"
        form = await home.reconfigure("Keller")
        assert form["step_id"] == "reconfigure"


async def test_a_deleted_miner_gives_back_its_entities(miners: Miners) -> None:
    """The old entry stays disabled, since nothing was said of it."""
    async with started(miners.stored, install) as home:
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        await home.hass.config_entries.async_remove(home.miners["Keller"].entry_id)
        assert home.old(KELLER).disabled_by is ConfigEntryDisabler.USER
        await home.hass.config_entries.async_set_disabled_by(KELLER, None)
        await home.wait()
        assert registered(home, KELLER) == before


async def test_the_connection_of_an_imported_miner_is_changed(miners: Miners) -> None:
    """It can be undone afterwards."""
    async with started(miners.stored) as home:
        await home.import_miners(KELLER)
        menu = await home.reconfigure("Keller")
        assert menu["step_id"] == "imported"
        # A browser that was reloaded
        menu = await home.hass.config_entries.flow.async_configure(menu["flow_id"])
        assert menu["step_id"] == "imported"
        form = await choose(home.hass, menu, "miner")
        connection = {"host": "127.0.0.1", "port": miners.keller.port}
        tls = {"ssl": False, "verification": "none"}
        result = await submit(home.hass, form, connection | tls)
        assert result["reason"] == "reconfigure_successful"
        await home.wait()
        assert home.miners["Keller"].data["verification"] == "none"
        assert home.miners["Keller"].data["access_token"] == "s3cret-two"
        await home.undo("Keller")
        assert not home.miners
