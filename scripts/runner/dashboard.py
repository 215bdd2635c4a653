"""A dashboard with miners and the manager on it."""

from itertools import chain
from typing import Any

from .client import Client
from .house import SENSORS
from .miner import Device

URL_PATH = "xmrig-miner"

# Without the device's name, which would be the same on all cards
NAME = {"type": "entity"}

type Card = dict[str, Any]


async def show(
    client: Client, miners: list[list[Device]], manager: Device | None
) -> None:
    """Show miners on the dashboard that opens after the login; it is recreated.

    Each is a list of its own device and those of its graphics cards.
    """
    existing = await client.command("lovelace/dashboards/list")
    if all(dashboard["url_path"] != URL_PATH for dashboard in existing):
        await client.command(
            "lovelace/dashboards/create",
            url_path=URL_PATH,
            title="Mining",
            icon="mdi:pickaxe",
        )
        await client.command(
            "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
        )
    views = [_view(place, miner) for place, miner in enumerate(miners)]
    if manager:
        views.insert(0, _overview(manager, [main for main, *_ in miners]))
    await client.command(
        "lovelace/config/save", url_path=URL_PATH, config={"views": views}
    )


def _overview(manager: Device, miners: list[Device]) -> dict[str, Any]:
    """Return a view of the manager, the house and all miners."""
    columns = [
        [
            *_headed("Mining manager", "mdi:solar-power-variant", _manager(manager)),
            *_headed("All miners", "mdi:sigma", _sums(manager)),
        ],
        [
            *_headed("House", "mdi:home-lightning-bolt", _house()),
            *chain.from_iterable(
                _headed(miner.name, "mdi:pickaxe", _miner(miner)) for miner in miners
            ),
        ],
    ]
    return _sections("Overview", "overview", columns)


def _view(place: int, miner: list[Device]) -> dict[str, Any]:
    """Return a view of a miner and its graphics cards."""
    main, *gpus = miner
    columns = [
        [
            *_headed("Mining", "mdi:pickaxe", _mining(main)),
            *_headed("Pool", "mdi:server-network", _pool(main)),
            *_headed("Miner", "mdi:memory", _system(main)),
        ],
        [
            *_headed("Hashrate", "mdi:chart-line", _hashrate(main)),
            *chain.from_iterable(
                _headed(gpu.name, "mdi:expansion-card", _gpu(gpu)) for gpu in gpus
            ),
        ],
        _headed("Power", "mdi:flash", _power(main)),
    ]
    return _sections(main.name, f"miner-{place + 1}", columns)


def _sections(title: str, path: str, columns: list[list[Card]]) -> dict[str, Any]:
    """Return a view with some columns of cards."""
    return {
        "type": "sections",
        "title": title,
        "path": path,
        "max_columns": 3,
        "sections": [{"type": "grid", "cards": cards} for cards in columns if cards],
    }


def _headed(title: str, icon: str, cards: list[Card]) -> list[Card]:
    """Return cards below a heading, unless there are none."""
    return cards and [{"type": "heading", "heading": title, "icon": icon}, *cards]


def _tiles(device: Device, *keys: str, **options: Any) -> list[Card]:
    """Return a tile for each of those entities that there are."""
    return [
        {"type": "tile", "entity": device.entities[key], "name": NAME, **options}
        for key in keys
        if key in device.entities
    ]


def _wide(device: Device, key: str, feature: str, **options: Any) -> list[Card]:
    """Return a tile as wide as its section, with a feature beside or below the state."""
    return _tiles(
        device,
        key,
        features=[{"type": feature, **options}],
        features_position="bottom" if feature == "trend-graph" else "inline",
        grid_options={"columns": "full"},
    )


def _manager(device: Device) -> list[Card]:
    """Return the cards of the manager."""
    return [
        *_wide(device, "select.mode", "select-options"),
        *_tiles(device, "sensor.reason", grid_options={"columns": "full"}),
        _graph(device, "sensor.surplus", "sensor.budget", "sensor.mining_power"),
        *_tiles(device, "sensor.surplus", "sensor.mining_power"),
        *_tiles(device, "number.reserve", "number.battery_priority"),
    ]


def _house() -> list[Card]:
    """Return the cards of the simulated house."""
    return [
        {"type": "tile", "entity": SENSORS[key]}
        for key in ("solar_power", "grid_power", "battery_power", "battery_level")
    ]


def _sums(device: Device) -> list[Card]:
    """Return the cards of all miners together."""
    return _tiles(
        device,
        "sensor.hashrate",
        "sensor.efficiency",
        "sensor.energy",
        "sensor.solar_share",
    )


def _miner(device: Device) -> list[Card]:
    """Return the cards of one miner among others."""
    return [
        *_tiles(
            device,
            "sensor.status",
            "sensor.hashrate",
            "sensor.power",
            "sensor.efficiency",
        ),
        *_wide(device, "number.cpu_threads", "numeric-input", style="slider"),
    ]


def _mining(device: Device) -> list[Card]:
    """Return the cards of the status and the controls."""
    press = {"tap_action": {"action": "toggle"}, "hide_state": True}
    return [
        *_tiles(device, "sensor.status"),
        *_tiles(device, "switch.mining", tap_action={"action": "toggle"}),
        *_tiles(device, "button.start", color="green", **press),
        *_tiles(device, "button.stop", color="red", **press),
        *_wide(device, "number.cpu_threads", "numeric-input", style="slider"),
        *_wide(device, "select.pool", "select-options"),
    ]


def _hashrate(device: Device) -> list[Card]:
    """Return the cards of the hashrates."""
    keys = ("sensor.hashrate", "sensor.hashrate_1m", "sensor.hashrate_15m")
    graph = _graph(device, *keys)
    backends = (f"sensor.{backend}_hashrate" for backend in ("cpu", "cuda", "opencl"))
    return [graph, *_tiles(device, *backends)]


def _graph(device: Device, *keys: str) -> Card:
    """Return a graph of the last quarter of an hour."""
    return {
        "type": "history-graph",
        "hours_to_show": 0.25,
        "min_y_axis": 0,
        "entities": [
            {"entity": device.entities[key], "name": NAME}
            for key in keys
            if key in device.entities
        ],
        "grid_options": {"columns": "full"},
    }


def _pool(device: Device) -> list[Card]:
    """Return the cards of the pool and the shares."""
    return _tiles(
        device,
        "binary_sensor.pool_connected",
        "sensor.pool_ping",
        "sensor.shares_accepted",
        "sensor.shares_rejected",
        "sensor.difficulty",
        "sensor.pool",
    )


def _gpu(device: Device) -> list[Card]:
    """Return the cards of a GPU."""
    return [
        *_wide(device, "sensor.gpu_temperature", "trend-graph", hours_to_show=1),
        *_tiles(device, "sensor.gpu_hashrate", "sensor.gpu_power"),
        *_wide(device, "sensor.gpu_fan_speed", "bar-gauge"),
    ]


def _power(device: Device) -> list[Card]:
    """Return the power of the miner, if it has a power sensor or an estimate."""
    return [
        *_wide(device, "sensor.power", "trend-graph", hours_to_show=1),
        *_tiles(device, "sensor.energy", "sensor.efficiency"),
        *_wide(device, "number.power_limit", "numeric-input", style="slider"),
    ]


def _system(device: Device) -> list[Card]:
    """Return the cards of the set-up of the miner."""
    return _tiles(
        device,
        "sensor.algorithm",
        "sensor.uptime",
        "sensor.threads",
        "sensor.huge_pages",
    )
