"""Tests of damaged files."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.storage import async_load, state_store

from .common import Rig
from .controls import MINING, THREADS, cpu_threads, restore, set_threads, writes
from .fixing import Fix
from .watts import LIMIT, NO_CARDS, NUMBERS, full_load, set_limit, set_up, value

pytestmark = pytest.mark.real_files

STORES = ("", ".power")


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner without graphics cards."""
    return NO_CARDS


def stored(rig: Rig, store: str = "") -> Path:
    """Return a file of the miner."""
    name = f"{DOMAIN}.{rig.entry.entry_id}{store}"
    return Path(rig.hass.config.path(".storage", name))


def files(rig: Rig) -> set[str]:
    """Return the names of all files of the miner."""
    return {path.name for path in stored(rig).parent.glob(f"*{rig.entry.entry_id}*")}


def kept(rig: Rig, store: str = "") -> list[Path]:
    """Return the files that were set aside."""
    path = stored(rig, store)
    return sorted(path.parent.glob(f"{path.name}.unreadable.*"))


def repairs(rig: Rig) -> list[ir.IssueEntry]:
    """Return all repairs, of Home Assistant itself too."""
    return [issue for issue in ir.async_get(rig.hass).issues.values() if issue.active]


async def fill(rig: Rig, watts: float | None = 100) -> None:
    """Store data in both files, with a limit unless `watts` is None."""
    await set_up(rig, NUMBERS)
    await set_threads(rig, 3)
    if watts is not None:
        await set_limit(rig, watts)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    await rig.hass.async_block_till_done()
    assert files(rig) == {stored(rig, store).name for store in STORES}


type Damage = Callable[[bytes], bytes]


def changed(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Return a damage that keeps a file valid JSON."""
    return lambda text: json.dumps(change(json.loads(text))).encode()


def put(key: str, value: Any) -> Damage:
    """Return a damage to something at the top of a file."""
    return changed(lambda content: {**content, key: value})


def data(**values: Any) -> Damage:
    """Return a damage to the data of a file."""
    return changed(lambda content: {**content, "data": {**content["data"], **values}})


def limit(**values: Any) -> Damage:
    """Return a damage to the stored power limit."""
    return data(limit={"watts": 100, "limit": [], "user": None} | values)


BOTH: dict[str, Damage] = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda _: b"",
    "zeros": lambda text: bytes(len(text)),
    "not UTF-8": lambda text: text.replace(b'"', b'"\xff', 20),
    "another file": lambda _: b"[1, 2, 3]",
    "text": lambda _: b'"xmrig"',
    "nested": lambda _: b"[" * 100_000,
    "nothing": lambda _: b"{}",
    "no version": put("version", None),
    "a later version": put("version", 2),
    "a much later version": put("version", 10**9),
    "an earlier version": put("version", 0),
    "a version in words": put("version", "one"),
    "no data": put("data", None),
    "a list": put("data", [1, 2]),
}
MINER: dict[str, Damage] = {
    "backends": data(backends=5),
    "an unknown backend": data(backends=["fpga"]),
    "no list": data(all_edits=[]),
    "edits": data(all_edits={"edits": {"path": 1}, "pending": []}),
    "no path": data(control_edits={"edits": [{"original": 1}], "pending": []}),
    "a path to nowhere": data(all_edits={"edits": [{"path": []}], "pending": []}),
    "a path of numbers": data(all_edits={"edits": [], "pending": [{"path": [1]}]}),
    "no request": data(request=None),
    "mining": data(request={"mining": "yes", "here": True, "limited": False}),
    "limited": data(request={"mining": True, "here": True, "limited": None}),
    "before": data(previous_request=[True]),
    "threads": data(threads=10**9),
    "half a thread": data(threads=1.5),
    "no thread": data(threads=0),
    "started": data(started="2026-11-01"),
    "payout": data(payout="fingerprint"),
    "fingerprints": data(pending_payout=[1]),
}
POWER: dict[str, Damage] = {
    "meter": data(meter=None),
    "model": data(meter={"sensor": None, "model": [], "cards": {}}),
    "no limit": data(limit={}),
    "a limit in words": limit(watts="100"),
    "a limit without end": limit(watts=1e308),
    "a cap of its own": limit(limit=[10**9]),
    "a cap at no thread": limit(limit=[0]),
    "a cap of the user": limit(user=-1),
    "a user's cap at no thread": limit(user=0),
    "threads": data(threads_before=10**9),
    "no thread before": data(threads_before=0),
    "threads in words": data(threads_before="4"),
    "a short result": data(calibration=[[4, 1720, 1720, 270]]),
    "a result in words": data(calibration=[["4", 1720, 1720, 270, 0]]),
    "a result of no thread": data(calibration=[[0, 1720, 1720, 270, 0]]),
    "a result without end": data(calibration=[[4, 1720, 1720, 1e308, 0]]),
}


@pytest.mark.parametrize("damage", BOTH.values(), ids=BOTH.keys())
async def test_what_no_store_wrote_is_set_aside(
    hass: HomeAssistant, damage: Damage
) -> None:
    """It is kept byte for byte, and not used."""
    entry = MockConfigEntry(domain=DOMAIN, title="rig-one")
    store = state_store(hass, entry.entry_id)
    assert await async_load(hass, entry, store, lambda stored: stored) is None
    await store.async_save({"mining": True, "text": "x" * 100})
    assert await async_load(hass, entry, store, lambda stored: stored)
    path = Path(store.path)
    text = damage(path.read_bytes())
    path.write_bytes(text)
    store = state_store(hass, entry.entry_id)
    assert await async_load(hass, entry, store, lambda stored: stored) is None
    (kept,) = path.parent.glob(f"{path.name}*")
    assert kept.name.startswith(f"{path.name}.unreadable.")
    assert kept.read_bytes() == text
    ((domain, _),) = ir.async_get(hass).issues
    assert domain == DOMAIN


@pytest.mark.parametrize(
    ("store", "shapes"), [("", MINER), (".power", POWER)], ids=["miner", "power"]
)
async def test_another_shape_does_not_keep_a_miner_from_being_set_up(
    rig: Rig, store: str, shapes: dict[str, Damage]
) -> None:
    """Whatever its shape."""
    await fill(rig)
    text = stored(rig, store).read_bytes()
    for count, (name, damage) in enumerate(shapes.items(), 1):
        stored(rig, store).write_bytes(damage(text))
        rig.freezer.tick()
        await rig.set_up()
        assert rig.is_loaded, name
        assert len(kept(rig, store)) == count, name
        assert len(repairs(rig)) == 1
        await rig.hass.config_entries.async_unload(rig.entry.entry_id)


@pytest.mark.parametrize(
    ("store", "damage"),
    [("", data(threads=0)), (".power", data(threads_before=0))],
    ids=["miner", "power"],
)
async def test_no_thread_is_never_restored(
    rig: Rig, store: str, damage: Damage
) -> None:
    """Neither after a restart of the miner, nor after a calibration that was cut off."""
    await fill(rig, watts=None)
    stored(rig, store).write_bytes(damage(stored(rig, store).read_bytes()))
    rig.simulator.restart()
    sent = writes(rig.simulator)
    await rig.set_up()
    await rig.pass_time(timedelta(minutes=1))
    assert writes(rig.simulator) == sent


DAMAGES = [
    pytest.param("", BOTH["truncated"], id="miner-truncated"),
    pytest.param("", MINER["no list"], id="miner-shape"),
    pytest.param(".power", BOTH["a later version"], id="power-version"),
    pytest.param(".power", POWER["meter"], id="power-shape"),
]


@pytest.mark.parametrize(("store", "damage"), DAMAGES)
async def test_a_damaged_file_is_kept(rig: Rig, store: str, damage: Damage) -> None:
    """Under another name, which the repair shows; the other file is used."""
    await fill(rig)
    text = damage(stored(rig, store).read_bytes())
    stored(rig, store).write_bytes(text)
    await rig.set_up()
    assert rig.is_loaded
    (file,) = kept(rig, store)
    assert file.read_bytes() == text
    (repair,) = repairs(rig)
    assert repair.domain == DOMAIN
    assert repair.is_fixable
    assert repair.is_persistent
    assert repair.translation_placeholders == {
        "name": "rig-one",
        "files": f"`.storage/{file.name}`",
    }
    if store:
        await restore(rig)
        assert cpu_threads(rig.simulator) == 4
    else:
        assert value(rig, LIMIT) == 100

    # New data is stored and read, and the kept file stays.
    await set_threads(rig, 2)
    await set_limit(rig, full_load(rig))
    await rig.reload()
    assert value(rig, THREADS) == 2
    assert kept(rig) + kept(rig, ".power") == [file]
    assert file.read_bytes() == text
    assert len(repairs(rig)) == 1


async def test_both_files_are_named_in_one_repair(rig: Rig) -> None:
    """The miner is set up without them."""
    await fill(rig)
    for store in STORES:
        stored(rig, store).write_text("{")
    await rig.set_up()
    names = [path.name for store in STORES for path in kept(rig, store)]
    (repair,) = repairs(rig)
    assert repair.translation_placeholders
    assert repair.translation_placeholders["files"] == ", ".join(
        f"`.storage/{name}`" for name in sorted(names)
    )
    await rig.turn(MINING, on=False)
    assert rig.state(MINING) == "off"


async def test_the_repair_is_closed_by_its_user(
    rig: Rig, hass_client: ClientSessionGenerator
) -> None:
    """Permanently; the file stays until the miner is removed."""
    await fill(rig)
    stored(rig).write_text("{")
    await rig.set_up()
    assert await async_setup_component(rig.hass, "repairs", {})
    (repair,) = repairs(rig)
    client = await hass_client()
    response = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": repair.issue_id},
    )
    assert response.status == HTTPStatus.OK
    form = await response.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    assert form["description_placeholders"] == repair.translation_placeholders
    response = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await response.json())["type"] == "create_entry"
    assert repairs(rig) == []
    await rig.reload()
    assert repairs(rig) == []
    assert kept(rig)
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    assert files(rig) == set()


async def test_the_repair_leaves_with_the_miner(rig: Rig) -> None:
    """With all files, which may contain wallets."""
    await fill(rig)
    for store in STORES:
        stored(rig, store).write_text("{")
    await rig.set_up()
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    assert len(repairs(rig)) == 1
    assert len(files(rig)) >= 2
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    assert repairs(rig) == []
    assert files(rig) == set()


@pytest.mark.parametrize("store", STORES)
async def test_a_disk_that_cannot_be_read_is_waited_for(rig: Rig, store: str) -> None:
    """The set-up is retried, and nothing is overwritten."""
    await fill(rig)
    text = stored(rig, store).read_bytes()
    stored(rig, store).unlink()
    stored(rig, store).mkdir()
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.SETUP_RETRY
    assert rig.entry.error_reason_translation_key == "storage_failed"
    assert repairs(rig) == []
    stored(rig, store).rmdir()
    stored(rig, store).write_bytes(text)
    await rig.pass_time(timedelta(minutes=10))
    assert rig.is_loaded
    assert files(rig) == {stored(rig, store).name for store in STORES}
    assert value(rig, LIMIT) == 100


async def test_files_are_only_for_home_assistant(rig: Rig) -> None:
    """They may contain wallets and passwords."""
    await fill(rig)
    for store in STORES:
        assert stored(rig, store).stat().st_mode & 0o077 == 0


async def test_a_file_of_a_miner_that_is_new_is_no_damaged_one(rig: Rig) -> None:
    """Nothing is stored yet."""
    await set_up(rig, NUMBERS)
    assert rig.is_loaded
    assert repairs(rig) == []


async def test_the_repair_is_shown_while_the_miner_is_removed(
    rig: Rig, hass_client: ClientSessionGenerator
) -> None:
    """Its files are removed with it, so that there is nothing left to close."""
    await fill(rig)
    stored(rig).write_text("{")
    await rig.set_up()
    (repair,) = repairs(rig)
    fix = await Fix.start(rig.hass, hass_client, repair)
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    await fix.show_again()
    assert fix.step["type"] == "create_entry"
    assert not repairs(rig)
