"""The coordinator and the entities of a proxy, without its requests."""

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.api.exceptions import XmrigConnectionError
from custom_components.xmrig_miner.api.proxy_snapshot import ProxyStatus
from custom_components.xmrig_miner.const import CONF_NAMED_BY, CONF_WORKER, DOMAIN
from custom_components.xmrig_miner.proxy import coordinator as module
from custom_components.xmrig_miner.proxy.binary_sensor import (
    WORKER_CONNECTED,
    ProxyPoolConnected,
    WorkerConnected,
)
from custom_components.xmrig_miner.proxy.coordinator import WORKERS, ProxyCoordinator
from custom_components.xmrig_miner.proxy.entity import ProxyEntity, WorkerEntity
from custom_components.xmrig_miner.proxy.sensor import (
    LAST_SHARE,
    WORKER_DESCRIPTIONS,
    WorkerLastShare,
    WorkerSensor,
)

DESCRIPTION = EntityDescription(key="some")


def worker(**details: Any) -> Any:
    """Return a worker that is online."""
    hashrate = SimpleNamespace(minutes_10=1500.0)
    values = {
        "is_online": True,
        "accepted": 7,
        "last_share": 1_000,
        "hashrate": hashrate,
    }
    return SimpleNamespace(**(values | details))


class Bench:
    """A coordinator, and stand-ins for its proxy and its reader."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with a proxy that is mining, whose workers are not read."""
        self.results: list[Any] = []
        self.observed: list[Any] = []
        self.workers: Any = None
        self.status = ProxyStatus.MINING
        self.failing: XmrigConnectionError | None = None
        self.entry: Any = MockConfigEntry(
            domain=DOMAIN, title="proxy-one", entry_id="proxy"
        )
        self.entry.add_to_hass(hass)
        self.reader = SimpleNamespace(
            polls=0,
            needs_workers=None,
            must_read_workers=False,
            has_read_workers=True,
            poll=self._poll,
            take_restart=lambda: "restarted",
            take_changed_paths=lambda: "changed",
        )
        proxy = SimpleNamespace(link=SimpleNamespace(on_unreachable=None))
        self.proxy = cast(Any, proxy)
        log = SimpleNamespace(observe=self._observe)
        with (
            patch.object(module, "ProxyReader", self._reader),
            patch.object(module, "ProxyActivityLog", lambda: log),
        ):
            self.coordinator = ProxyCoordinator(
                hass, self.entry, self.proxy, self.results.append
            )

    def _reader(self, given: Any) -> Any:
        assert given is self.proxy
        return self.reader

    async def _poll(self) -> Any:
        self.reader.polls += 1
        if self.failing:
            raise self.failing
        summary = SimpleNamespace(worker_id="proxy-1", version="6.26.0")
        return SimpleNamespace(
            summary=summary,
            status=self.status,
            workers=self.workers,
            is_pool_connected="connected",
        )

    def _observe(self, snapshot: Any, **details: Any) -> Any:
        self.observed.append((snapshot, *details.items()))
        return "activities"

    def choose(self, **named_by: str) -> None:
        """Let the user choose workers."""
        subentries: Any = {
            name: SimpleNamespace(
                subentry_id=f"id of {name}",
                data={CONF_WORKER: name, CONF_NAMED_BY: named},
            )
            for name, named in named_by.items()
        }
        object.__setattr__(self.entry, "subentries", subentries)

    def read(self, mode: str | None, **workers: Any) -> None:
        """Let the workers be read at the next poll."""
        self.workers = SimpleNamespace(mode=mode, get=workers.get)


@pytest.fixture
def bench(hass: HomeAssistant) -> Bench:
    """Return the coordinator."""
    return Bench(hass)


async def test_a_poll(bench: Bench, device_registry: dr.DeviceRegistry) -> None:
    """What happened is told, and the device kept up to date."""
    coordinator = bench.coordinator
    await coordinator.async_refresh()
    assert bench.results == [None]
    assert bench.observed == [
        (coordinator.data, ("restarted", "restarted"), ("changed_paths", "changed"))
    ]
    assert cast(Any, coordinator.activities) == "activities"
    device: Any = device_registry.async_get(coordinator.device_id)
    assert device
    assert (device.model, device.name) == ("xmrig-proxy", "proxy-1")
    assert device.sw_version == "6.26.0"
    assert device.entry_type is dr.DeviceEntryType.SERVICE


async def test_when_workers_are_needed(bench: Bench) -> None:
    """Once an entity is there that shows them."""
    coordinator = bench.coordinator
    coordinator.async_add_listener(lambda: None, "other")
    await coordinator.async_refresh()
    assert bench.reader.needs_workers is False
    coordinator.async_add_listener(lambda: None, WORKERS)
    await coordinator.async_refresh()
    assert bench.reader.needs_workers is True


async def test_workers_that_are_called_otherwise(bench: Bench) -> None:
    """Nothing is known before they were read; a proxy may name them by nothing."""
    bench.choose(one="rig_id", two="password")
    coordinator = bench.coordinator

    async def lost() -> list[str]:
        await coordinator.async_refresh()
        return [subentry.subentry_id for subentry in coordinator.lost_workers]

    assert await lost() == []
    bench.read("rig_id")
    assert await lost() == ["id of two"]
    bench.workers = None
    assert (await lost(), coordinator.named_by) == (["id of two"], "rig_id")
    bench.read(None)
    assert (await lost(), coordinator.named_by) == (["id of one", "id of two"], "-")


async def test_how_long_it_has_no_pool(
    bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    """It counts from the first poll that shows it."""
    coordinator = bench.coordinator
    assert coordinator.no_pool_for() == 0
    for status, counted in (
        (ProxyStatus.NO_POOL, 0),
        (ProxyStatus.NO_POOL, 10),
        (ProxyStatus.MINING, 0),
        (ProxyStatus.NO_POOL, 0),
        (ProxyStatus.NO_POOL, 10),
    ):
        bench.status = status
        await coordinator.async_refresh()
        assert coordinator.no_pool_for() == pytest.approx(counted)
        freezer.tick(10)
    assert coordinator.no_pool_for() == pytest.approx(20)


async def test_workers_are_read_at_a_call(bench: Bench) -> None:
    """An error says why they are not."""
    coordinator = bench.coordinator
    bench.read("rig_id")
    snapshot = await coordinator.async_read_workers()
    assert snapshot is coordinator.data
    assert bench.reader.must_read_workers is True
    bench.reader.has_read_workers = False
    for _ in range(2):
        with pytest.raises(HomeAssistantError) as error:
            await coordinator.async_read_workers()
        assert error.value.translation_domain == DOMAIN
        assert error.value.translation_key == "no_workers"
        assert error.value.translation_placeholders == {"name": "proxy-one"}
        bench.reader.has_read_workers, bench.workers = True, None
    bench.failing = XmrigConnectionError("no route")
    with pytest.raises(UpdateFailed):
        await coordinator.async_read_workers()
    bench.failing = None
    bench.read("rig_id")
    assert await coordinator.async_read_workers() is coordinator.data


# --- Entities -----------------------------------------------------------------


async def test_an_entity_of_the_proxy(bench: Bench) -> None:
    """It says whether it needs the workers."""
    await bench.coordinator.async_refresh()
    for needs, context in ((True, WORKERS), (False, None)):
        entity = ProxyEntity(bench.coordinator, DESCRIPTION, needs_workers=needs)
        assert entity.coordinator_context == context
    entity = ProxyEntity(bench.coordinator, DESCRIPTION)
    assert entity.coordinator_context is None
    assert entity.unique_id == "proxy_some"
    assert entity.snapshot is bench.coordinator.data
    connected = ProxyPoolConnected(bench.coordinator, cast(Any, DESCRIPTION))
    assert cast(Any, connected.is_on) == "connected"


async def test_an_entity_of_a_worker(bench: Bench) -> None:
    """It is on a device of its own, and available while its workers are known."""
    bench.choose(one="rig_id")
    [subentry] = bench.entry.subentries.values()
    await bench.coordinator.async_refresh()
    entity = WorkerEntity(bench.coordinator, DESCRIPTION, subentry)
    assert entity.coordinator_context == WORKERS
    assert entity.unique_id == "id of one_some"
    assert entity.device_info == {
        "identifiers": {(DOMAIN, "id of one")},
        "name": "one",
        "via_device_id": bench.coordinator.device_id,
    }
    assert (entity.available, entity.worker) == (False, None)
    found = worker()
    bench.read("rig_id", one=found, two=worker())
    await bench.coordinator.async_refresh()
    assert (entity.available, entity.worker) == (True, found)
    bench.read("rig_id")
    await bench.coordinator.async_refresh()
    assert (entity.available, entity.worker) == (True, None)
    bench.read("password", one=found)
    await bench.coordinator.async_refresh()
    assert not entity.available
    bench.read("rig_id")
    await bench.coordinator.async_refresh()
    bench.failing = XmrigConnectionError("no route")
    await bench.coordinator.async_refresh()
    assert not entity.available


async def test_values_of_a_worker(bench: Bench, freezer: FrozenDateTimeFactory) -> None:
    """Small changes wait; one that never connected has none."""
    bench.choose(one="rig_id")
    [subentry] = bench.entry.subentries.values()
    coordinator = bench.coordinator
    await coordinator.async_refresh()
    connected = WorkerConnected(coordinator, WORKER_CONNECTED, subentry)
    last = WorkerLastShare(coordinator, LAST_SHARE, subentry)
    hashrate, accepted = (
        WorkerSensor(coordinator, description, subentry)
        for description in WORKER_DESCRIPTIONS
    )

    async def values(found: Any) -> list[Any]:
        bench.read("rig_id", **({"one": found} if found else {}))
        await coordinator.async_refresh()
        at = last.native_value
        return [
            connected.is_on,
            at and at.isoformat(),
            hashrate.native_value,
            accepted.native_value,
        ]

    share = "1970-01-01T00:16:40+00:00"
    assert await values(worker()) == [True, share, 1.5, 7]
    new = worker(hashrate=SimpleNamespace(minutes_10=1501.0), accepted=20)
    assert await values(new) == [True, share, 1.5, 20]
    freezer.tick(60)
    assert await values(new) == [True, share, 1.501, 20]
    unknown = SimpleNamespace(minutes_10=None)
    assert await values(worker(is_online=False, last_share=None, hashrate=unknown)) == [
        False,
        None,
        None,
        7,
    ]
    assert await values(None) == [False, None, None, None]
