"""What is kept on disk about a miner."""

from typing import Any, override

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from homeassistant.util.json import SerializationError

from .const import DOMAIN, STORAGE_VERSION


class XmrigStore(Store[dict[str, Any]]):
    """A store whose data is on disk once it was saved, or else raises.

    Home Assistant's own logs a failed write, and leaves those of its last moments to
    the very end: what undoes a command has to be there before the command.
    """

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize the store; it may hold wallets and passwords of pools."""
        super().__init__(hass, STORAGE_VERSION, f"{DOMAIN}.{key}", private=True)
        self._error: Exception | None = None

    @override
    async def async_save(self, data: dict[str, Any]) -> None:
        """Save data now.

        Raises HomeAssistantError if it could not be written.
        """
        self._error = None
        await super().async_save(data)
        if self.hass.state is CoreState.stopping:
            await self._async_handle_write_data()  # type: ignore[no-untyped-call]
        if self._error is not None:
            raise HomeAssistantError(
                f"{self.path} could not be written"
            ) from self._error

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write data, and note an error before the store only logs it."""
        try:
            await super()._async_write_data(data)
        except (SerializationError, WriteError) as error:
            self._error = error
            raise
        except OSError as error:
            # The directory is gone, and cannot be made again
            self._error = error
            raise WriteError(error) from error


def state_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return where the state of a miner is kept."""
    return XmrigStore(hass, entry_id)


def power_store(hass: HomeAssistant, entry_id: str) -> XmrigStore:
    """Return where the power model and the limit of a miner are kept."""
    return XmrigStore(hass, f"{entry_id}.power")
