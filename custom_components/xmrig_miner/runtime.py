"""Runtime data of a miner's config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .command import MinerCommands
from .coordinator import XmrigCoordinator
from .power.control import PowerControl

type XmrigConfigEntry = ConfigEntry[XmrigRuntimeData]


@dataclass(frozen=True, kw_only=True)
class XmrigRuntimeData:
    """The parts that the platforms and actions of a miner use."""

    coordinator: XmrigCoordinator
    commands: MinerCommands
    power: PowerControl
