"""Runtime data of a miner's config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .api.miner import Miner
from .command import Commands
from .coordinator import XmrigCoordinator
from .power.control import PowerControl

type XmrigConfigEntry = ConfigEntry[XmrigRuntimeData]


@dataclass(frozen=True, kw_only=True)
class XmrigRuntimeData:
    """The parts that the platforms and actions of a miner use."""

    coordinator: XmrigCoordinator
    commands: Commands[Miner]
    power: PowerControl

    @property
    def max_threads(self) -> int | None:
        """Return the user's maximum number of CPU threads; None if unknown."""
        snapshot = self.coordinator.data
        if snapshot.user_threads is None or not self.power.is_active:
            return snapshot.threads
        return self.power.limit.max_threads(snapshot.user_threads)
