"""Files with stored data, including damaged ones."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from homeassistant.util.json import SerializationError, json_loads

from .api.exceptions import XmrigStorageError
from .api.state import MinerState
from .const import DOMAIN, LOGGER, STORAGE_VERSION
from .issues import async_raise_issue, issue_id

type Stored = dict[str, Any]

UNREADABLE = "stored_data_unreadable"
"""The issue that names the files that were set aside."""

_SUFFIX = ".unreadable."
"""Between the name of a file and the time when it was set aside."""

# Raised when a value has an unexpected shape.
_WRONG_SHAPE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class XmrigStore(Store[dict[str, Any]]):
    """A store that raises an error if its data could not be written to disk.

    Home Assistant's own store only logs a failed write, and delays writes during
    shutdown: undo information has to be stored before a command.
    """

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize the store; it may hold wallets and passwords of pools."""
        super().__init__(hass, STORAGE_VERSION, f"{DOMAIN}.{key}", private=True)
        self._error: Exception | None = None
        """The error of the last write."""

    @override
    async def async_save(self, data: dict[str, Any]) -> None:
        """Save data now.

        Raises HomeAssistantError if it could not be written.
        """
        await super().async_save(data)
        if self.hass.state is CoreState.stopping:
            await self._async_handle_write_data()  # type: ignore[no-untyped-call]
        if self._error is not None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="not_written",
                translation_placeholders={"file": self.key},
            ) from self._error

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write data, and keep the error, which the base class only logs."""
        self._error = None
        try:
            await super()._async_write_data(data)
        except (SerializationError, WriteError) as error:
            self._error = error
            raise
        except OSError as error:
            # The directory is gone and cannot be created
            self._error = error
            raise WriteError(error) from error


def state_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return the store of a miner's state."""
    return XmrigStore(hass, entry_id)


def power_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return the store of a miner's power model and limit."""
    return XmrigStore(hass, f"{entry_id}.power")


def manager_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return the store of the manager's settings."""
    return XmrigStore(hass, f"{entry_id}.manager")


def energy_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return the store of the energy that the manager counts.

    It is written every minute, the settings only when the user changes them.
    """
    return XmrigStore(hass, f"{entry_id}.energy")


def learned_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return the store of what the manager learned."""
    return XmrigStore(hass, f"{entry_id}.learned")


_STORES = (state_store, power_store, manager_store, energy_store, learned_store)
"""All stores that a config entry of any kind may have."""


async def async_load[LoadedT](
    hass: HomeAssistant,
    entry: ConfigEntry,
    store: XmrigStore,
    parse: Callable[[Stored | None], LoadedT],
) -> LoadedT:
    """Return the data of a store, parsed by `parse`; None is passed if it is empty.

    A file that is damaged, of a later version or of another shape is kept under another
    name, and a repair names it. Raises ConfigEntryNotReady if the disk cannot be read.
    """
    path = Path(store.path)
    try:
        if await hass.async_add_executor_job(_is_readable, path, store.version):
            try:
                return parse(await store.async_load())
            except (*_WRONG_SHAPE, HomeAssistantError, NotImplementedError) as err:
                # Not the error's own text, which may quote stored data.
                LOGGER.debug("%s has another shape: %s", path.name, type(err).__name__)
        kept = await hass.async_add_executor_job(_set_aside, hass, entry, path)
    except OSError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="storage_failed",
            translation_placeholders={"name": entry.title, "file": path.name},
        ) from err
    _async_create_issue(hass, entry, kept)
    return parse(None)


async def async_load_state(
    hass: HomeAssistant, entry: ConfigEntry
) -> tuple[MinerState, Callable[[MinerState], Awaitable[None]]]:
    """Return the stored state of a miner or a proxy, and a function that saves it.

    The function raises XmrigStorageError. Raises ConfigEntryNotReady like `async_load`.
    """
    store = state_store(hass, entry.entry_id)

    async def save(state: MinerState) -> None:
        try:
            await store.async_save(state.as_json())
        except HomeAssistantError as error:
            raise XmrigStorageError(f"{entry.title}: {error}") from error

    return await async_load(hass, entry, store, MinerState.from_json), save


async def async_remove(hass: HomeAssistant, entry_id: str) -> None:
    """Remove all files of a config entry, and the repair that names some of them."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(UNREADABLE, entry_id))
    for store in _STORES:
        await store(hass, entry_id).async_remove()
    await hass.async_add_executor_job(_remove_kept, hass, entry_id)


def _is_readable(path: Path, version: int) -> bool:
    """Return whether a file belongs to a store of at most a version, or does not exist.

    Checked before the store loads the file: it would rename a damaged file itself, with
    a repair that does not name the miner. Raises OSError if the disk cannot be read.
    """
    try:
        content = json_loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return (
        isinstance(content, dict)
        and isinstance(stored := content.get("version"), int)
        and 0 < stored <= version
        and isinstance(content.get("data"), dict)
    )


def _set_aside(hass: HomeAssistant, entry: ConfigEntry, path: Path) -> list[Path]:
    """Rename a file so that nothing overwrites it; return all that were renamed."""
    time = dt_util.utcnow().strftime("%Y%m%d-%H%M%S-%f")
    path.rename(path.with_name(f"{path.name}{_SUFFIX}{time}"))
    return _kept(hass, entry.entry_id)


def _kept(hass: HomeAssistant, entry_id: str) -> list[Path]:
    """Return the files of a config entry that were set aside."""
    names = tuple(f"{store(hass, entry_id).key}{_SUFFIX}" for store in _STORES)
    directory = Path(hass.config.path(STORAGE_DIR))
    return sorted(
        path for path in directory.glob(f"*{_SUFFIX}*") if path.name.startswith(names)
    )


def _remove_kept(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the files that were set aside: those of a miner may hold wallets."""
    for path in _kept(hass, entry_id):
        path.unlink()


@callback
def _async_create_issue(
    hass: HomeAssistant, entry: ConfigEntry, files: list[Path]
) -> None:
    """Create the one repair that names all files of a miner that were set aside."""
    names = ", ".join(f"`{STORAGE_DIR}/{path.name}`" for path in files)
    async_raise_issue(
        hass,
        UNREADABLE,
        entry,
        {"name": entry.title, "files": names},
        # The files are set aside only once.
        is_persistent=True,
    )
