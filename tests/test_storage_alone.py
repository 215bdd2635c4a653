"""Files of stored data, on a real disk, without config entries that use them."""

import asyncio
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.file import WriteError
from homeassistant.util.json import SerializationError
import pytest

from custom_components.xmrig_miner import storage
from custom_components.xmrig_miner.api.exceptions import XmrigStorageError
from custom_components.xmrig_miner.api.state import MinerState
from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.storage import XmrigStore, async_load, state_store

from .stand_ins import Entry

pytestmark = pytest.mark.real_files

DATA = {"threads": 2}
STORED = {"version": 1, "minor_version": 1, "key": "any", "data": DATA}


@pytest.fixture
def directory(hass: HomeAssistant) -> Path:
    """Return the directory of the files."""
    found = Path(hass.config.path(".storage"))
    found.mkdir(exist_ok=True)
    return found


def test_files_are_those_of_this_test(hass: HomeAssistant, tmp_path: Path) -> None:
    """A copy of the folder that other tests share could hold a file of theirs."""
    assert hass.config.config_dir == str(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name != ".storage"]


ENTRY: Any = Entry("rig-1")


async def load(hass: HomeAssistant) -> Any:
    """Return what is stored of the miner."""
    store = state_store(hass, "rig-1")
    return await async_load(hass, ENTRY, store, lambda data: ("parsed", data))


def issue(hass: HomeAssistant) -> ir.IssueEntry | None:
    """Return the repair that names files."""
    registry = ir.async_get(hass)
    return registry.async_get_issue(DOMAIN, "stored_data_unreadable_rig-1")


# --- Writing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (storage.state_store, "rig-1"),
        (storage.power_store, "rig-1.power"),
        (storage.manager_store, "rig-1.manager"),
        (storage.energy_store, "rig-1.energy"),
        (storage.learned_store, "rig-1.learned"),
    ],
)
async def test_a_store(
    hass: HomeAssistant, directory: Path, make: Any, name: str
) -> None:
    """Its file is only for Home Assistant."""
    store = make(hass, "rig-1")
    await store.async_save(DATA)
    file = directory / f"{DOMAIN}.{name}"
    assert json.loads(file.read_text())["data"] == DATA
    assert json.loads(file.read_text())["version"] == 1
    assert file.stat().st_mode & 0o077 == 0
    assert await make(hass, "rig-1").async_load() == DATA


@pytest.mark.parametrize("error", [WriteError("full"), OSError("read-only"), None])
async def test_a_write_that_fails(
    hass: HomeAssistant,
    directory: Path,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
) -> None:
    """The error names the file, and is logged; the next write may succeed."""
    store = XmrigStore(hass, "rig-1")
    data: Any = DATA if error else {"not JSON": object()}
    with (
        patch.object(XmrigStore, "_write_prepared_data", side_effect=error),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await store.async_save(data)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "not_written"
    assert raised.value.translation_placeholders == {"file": f"{DOMAIN}.rig-1"}
    cause = raised.value.__cause__
    assert isinstance(cause, type(error) if error else SerializationError)
    # As of a write that nothing waits for
    logged = f"Error writing config for {DOMAIN}.rig-1: {error or ''}"
    assert logged in caplog.text
    await store.async_save(DATA)
    assert (directory / f"{DOMAIN}.rig-1").exists()


async def test_a_write_after_one_that_fails(hass: HomeAssistant) -> None:
    """It does not share its error, although it began to wait before."""
    store = XmrigStore(hass, "rig-1")
    errors = iter([WriteError("full"), None])

    def write(*_: object) -> None:
        if error := next(errors):
            raise error

    with patch.object(XmrigStore, "_write_prepared_data", write):
        results = await asyncio.gather(
            store.async_save(DATA), store.async_save(DATA), return_exceptions=True
        )
    assert isinstance(results[0], HomeAssistantError)
    assert results[1] is None


async def test_a_write_while_home_assistant_stops(
    hass: HomeAssistant, directory: Path
) -> None:
    """It is not put off: what undoes a command has to be there before it."""
    hass.set_state(CoreState.stopping)
    try:
        await XmrigStore(hass, "rig-1").async_save(DATA)
        file = directory / f"{DOMAIN}.rig-1"
        assert json.loads(file.read_text())["data"] == DATA
    finally:
        hass.set_state(CoreState.running)


async def test_a_state_that_is_not_written(
    hass: HomeAssistant, directory: Path
) -> None:
    """The command that needs it fails with an error of the API."""
    state, save = await storage.async_load_state(hass, ENTRY)
    assert state == MinerState()
    await save(state)
    file = directory / f"{DOMAIN}.rig-1"
    assert json.loads(file.read_text())["data"] == state.as_json()
    again, _ = await storage.async_load_state(hass, ENTRY)
    assert again == state
    assert issue(hass) is None
    error = HomeAssistantError("full")
    with (
        patch.object(XmrigStore, "async_save", side_effect=error),
        pytest.raises(XmrigStorageError, match="Title of rig-1: full"),
    ):
        await save(state)
    file.write_bytes(b"{")
    empty, _ = await storage.async_load_state(hass, ENTRY)
    assert empty == MinerState()
    assert issue(hass)


# --- Reading ------------------------------------------------------------------


async def test_reading(hass: HomeAssistant, directory: Path) -> None:
    """Without a file, there is nothing."""
    assert await load(hass) == ("parsed", None)
    await state_store(hass, "rig-1").async_save(DATA)
    assert await load(hass) == ("parsed", DATA)
    assert issue(hass) is None
    assert len(list(directory.glob(f"{DOMAIN}.*"))) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff",
        b"{}",
        json.dumps(STORED | {"version": 2}).encode(),
        json.dumps(STORED | {"version": 0}).encode(),
        json.dumps(STORED | {"version": "1"}).encode(),
        json.dumps(STORED | {"data": [1]}).encode(),
    ],
)
async def test_a_damaged_file(
    hass: HomeAssistant, directory: Path, content: bytes
) -> None:
    """It is kept under another name, which the repair tells."""
    file = directory / f"{DOMAIN}.rig-1"
    file.write_bytes(content)
    assert await load(hass) == ("parsed", None)
    [kept] = directory.glob(f"{DOMAIN}.rig-1*")
    assert kept.name.startswith(f"{DOMAIN}.rig-1.unreadable.20")
    assert kept.read_bytes() == content
    found = issue(hass)
    assert found
    assert found.is_persistent
    assert found.is_fixable
    assert found.translation_key == "stored_data_unreadable"
    assert found.translation_placeholders == {
        "name": "Title of rig-1",
        "files": f"`.storage/{kept.name}`",
    }


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(),
        AttributeError(),
        KeyError(),
        TypeError(),
        ValueError(),
        NotImplementedError(),
        HomeAssistantError(),
    ],
)
async def test_data_of_another_shape(
    hass: HomeAssistant, directory: Path, error: Exception
) -> None:
    """It is kept, too, next to what was kept before; other entries have their own."""
    parsed: list[Any] = []

    def parse(data: Any) -> Any:
        parsed.append(data)
        if data is not None:
            raise error
        return "empty"

    other = directory / f"{DOMAIN}.rig-2.unreadable.1"
    other.touch()
    for store in (state_store(hass, "rig-1"), storage.power_store(hass, "rig-1")):
        await store.async_save(DATA)
        parsed.clear()
        assert await async_load(hass, ENTRY, store, parse) == "empty"
        assert parsed == [DATA, None]
    kept = sorted(path.name for path in directory.glob(f"{DOMAIN}.rig-1*"))
    assert len(kept) == 2
    found = issue(hass)
    assert found
    assert found.translation_placeholders
    files = ", ".join(f"`.storage/{name}`" for name in kept)
    assert found.translation_placeholders["files"] == files


async def test_a_bug_in_the_code_that_parses(
    hass: HomeAssistant, directory: Path
) -> None:
    """It is no damage of the file."""

    def parse(data: Any) -> Any:
        raise RuntimeError

    store = state_store(hass, "rig-1")
    await store.async_save(DATA)
    with pytest.raises(RuntimeError):
        await async_load(hass, ENTRY, store, parse)
    assert (directory / f"{DOMAIN}.rig-1").exists()


@pytest.mark.parametrize("name", ["read_bytes", "rename"])
async def test_a_disk_that_cannot_be_read(
    hass: HomeAssistant, directory: Path, name: str
) -> None:
    """The set-up is tried again; the error names the miner and the file."""
    (directory / f"{DOMAIN}.rig-1").write_bytes(b"{")
    with (
        patch.object(Path, name, side_effect=PermissionError),
        pytest.raises(ConfigEntryNotReady) as raised,
    ):
        await load(hass)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "storage_failed"
    assert raised.value.translation_placeholders == {
        "name": "Title of rig-1",
        "file": f"{DOMAIN}.rig-1",
    }
    assert issue(hass) is None


# --- Removing -----------------------------------------------------------------


async def test_removing(hass: HomeAssistant, directory: Path) -> None:
    """All files of an entry, and the repair that names some of them."""
    (directory / f"{DOMAIN}.rig-1").write_bytes(b"{")
    await load(hass)
    assert issue(hass)
    for make in storage._STORES:  # noqa: SLF001
        for entry_id in ("rig-1", "rig-2", "rig-10"):
            store = make(hass, entry_id)
            await store.async_save(DATA)
            kept = directory / f"{store.key}.unreadable.20261130"
            kept.touch()
    await storage.async_remove(hass, "rig-1")
    assert issue(hass) is None
    left = {path.name for path in directory.glob(f"{DOMAIN}.*")}
    assert len(left) == 2 * 2 * len(storage._STORES)  # noqa: SLF001
    assert not {name for name in left if ".rig-1." in name or name.endswith(".rig-1")}
    # Nothing is there to remove
    await storage.async_remove(hass, "rig-3")
