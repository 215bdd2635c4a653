"""Runtime data of a proxy's config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from ..api.proxy import Proxy
from ..command import Commands
from .coordinator import ProxyCoordinator

type ProxyConfigEntry = ConfigEntry[ProxyRuntimeData]


@dataclass(frozen=True, kw_only=True)
class ProxyRuntimeData:
    """What the platforms and actions of a proxy use."""

    coordinator: ProxyCoordinator
    commands: Commands[Proxy]
