"""Miners and the manager in Home Assistant: their config entries and devices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any

from .client import Client
from .process import PROJECT, RunError

DOMAIN = "xmrig_miner"
ENTRIES = "config/config_entries/entry"
FLOWS = "config/config_entries/flow"


@dataclass(frozen=True)
class Connection:
    """The connection to a miner."""

    host: str
    port: int
    token: str | None = None
    ssl: bool = False
    power: dict[str, Any] = field(default_factory=dict)
    """The input of the power form."""

    @property
    def form(self) -> dict[str, Any]:
        """Return the connection as input of the integration's form."""
        return {**self._address, "tls": self._tls}

    @property
    def data(self) -> dict[str, Any]:
        """Return the connection as stored in a config entry."""
        return {**self._address, **self._tls}

    @property
    def _address(self) -> dict[str, Any]:
        address = {"host": self.host, "port": self.port}
        return address | ({"access_token": self.token} if self.token else {})

    @property
    def _tls(self) -> dict[str, Any]:
        return {"ssl": self.ssl, "verification": "none" if self.ssl else "authority"}


@dataclass(frozen=True)
class Entry:
    """The config entry of a miner, or of the manager."""

    entry_id: str
    title: str


@dataclass(frozen=True)
class Device:
    """A device of a miner or the manager, with its enabled entities.

    Entity IDs are by `platform.key`, such as `switch.mining`.
    """

    name: str
    entities: dict[str, str]


async def ensure_miners(
    client: Client, config: Path, connections: Sequence[Connection]
) -> list[Entry]:
    """Return the config entries of miners, and add missing ones.

    Others are removed: the miners of an earlier run no longer exist. The manager is
    kept, unless there is only one miner. Raises RunError if a miner cannot be added.
    """
    found: dict[int, Entry] = {}
    wanted = [connection.data for connection in connections]
    for entry in await listed(client):
        data = _data(config, entry["entry_id"])
        if data in wanted:
            found[wanted.index(data)] = Entry(entry["entry_id"], entry["title"])
        elif data or len(wanted) == 1:
            await client.delete(f"{ENTRIES}/{entry['entry_id']}")
    return [
        found.get(place) or await add_miner(client, connection)
        for place, connection in enumerate(connections)
    ]


async def listed(client: Client) -> list[dict[str, Any]]:
    """Return the integration's config entries from Home Assistant."""
    entries: list[dict[str, Any]] = await client.get(f"{ENTRIES}?domain={DOMAIN}")
    return entries


def _data(config: Path, entry_id: str) -> dict[str, Any]:
    """Return the stored data of an entry, which no API returns."""
    storage = json.loads((config / ".storage" / "core.config_entries").read_text())
    known = Connection("", 0, "any").data.keys()
    return {
        key: value
        for entry in storage["data"]["entries"]
        if entry["entry_id"] == entry_id
        for key, value in entry["data"].items()
        if key in known
    }


async def add_miner(client: Client, connection: Connection) -> Entry:
    """Add a miner like a user, and return its config entry.

    The manager is added too if it is offered. Raises RunError with the error of the
    form if it is rejected.
    """
    form = await client.post(FLOWS, {"handler": DOMAIN})
    flow = f"{FLOWS}/{form['flow_id']}"
    if form["step_id"] == "add":
        await client.post(flow, {"next_step_id": "miner"})
    result = await client.post(flow, connection.form)
    if result.get("step_id") == "read_only":
        result = await client.post(flow, {"next_step_id": "agree"})
    if result.get("step_id") == "power":
        result = await client.post(flow, connection.power)
    if result.get("step_id") == "solar":
        result = await client.post(flow, {"next_step_id": "with_manager"})
    if result["type"] == "create_entry":
        return Entry(result["result"]["entry_id"], result["result"]["title"])
    texts = json.loads(
        (PROJECT / "custom_components/xmrig_miner/translations/en.json").read_text()
    )["config"]
    errors = [texts["error"][key] for key in result.get("errors", {}).values()]
    text = " ".join(errors) or texts["abort"][result["reason"]]
    raise RunError(f"{connection.host}:{connection.port} was not added. {text}")


async def devices(client: Client, entry: Entry) -> list[Device]:
    """Return the devices of a config entry: a miner itself first, then its cards."""
    entities = await client.command("config/entity_registry/list")
    found = [
        device
        for device in await client.command("config/device_registry/list")
        if device["config_entry_id"] == entry.entry_id
    ]
    return [
        Device(
            device["name_by_user"] or device["name"],
            {
                f"{_domain(entity)}.{_key(entity, device)}": entity["entity_id"]
                for entity in entities
                if entity["device_id"] == device["id"] and not entity["disabled_by"]
            },
        )
        for device in sorted(found, key=_identifier)
    ]


def _identifier(device: dict[str, Any]) -> str:
    """Return the identifier of a device: the entry's ID, followed by a card's."""
    return str(device["identifiers"][0][1])


def _domain(entity: dict[str, Any]) -> str:
    """Return the platform of an entity."""
    return str(entity["entity_id"]).partition(".")[0]


def _key(entity: dict[str, Any], device: dict[str, Any]) -> str:
    """Return the key in an entity's unique ID."""
    return str(entity["unique_id"]).removeprefix(f"{_identifier(device)}_")
