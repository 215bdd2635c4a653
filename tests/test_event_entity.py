"""The event entities without Home Assistant: which there are, and when they trigger."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest

from custom_components.xmrig_miner import event as module
from custom_components.xmrig_miner.api.activity import Activity, ActivityType
from custom_components.xmrig_miner.api.proxy_activity import ProxyActivityType
from custom_components.xmrig_miner.const import CONF_KIND
from custom_components.xmrig_miner.event import ACTIVITY, XmrigActivityEvent
from custom_components.xmrig_miner.kinds import EntryKind
from custom_components.xmrig_miner.process_entity import ProcessEntity
from custom_components.xmrig_miner.proxy.coordinator import WORKERS

RESTARTED = Activity(ActivityType.RESTARTED, {"uptime": 1})
POOL = Activity(ActivityType.POOL_CHANGED, {"before": "a", "after": "b"})


class Coordinator(SimpleNamespace):
    """A stand-in for a coordinator."""

    def __init__(self) -> None:
        """Initialize it without any activity."""
        super().__init__(
            activities=(),
            config_entry=SimpleNamespace(entry_id="entry", title="rig-one"),
            last_update_success=True,
        )
        self.contexts: list[Any] = []

    def async_add_listener(
        self, listener: Callable[[], None], context: Any
    ) -> Callable[[], None]:
        """Note what a listener needs."""
        self.contexts.append(context)
        return lambda: self.contexts.remove(context)


class Bench:
    """An event entity, and the states that it wrote."""

    def __init__(self) -> None:
        """Initialize it."""
        self.coordinator = Coordinator()
        self.entity = XmrigActivityEvent(cast(Any, self.coordinator), ACTIVITY)
        self.entity.hass = cast(Any, SimpleNamespace(loop=asyncio.get_running_loop()))
        self.written: list[tuple[Any, Any]] = []
        self.removers: list[Callable[[], None]] = []

    async def add(self) -> None:
        """Add the entity."""
        with patch.object(self.entity, "async_on_remove", self.removers.append):
            await self.entity.async_added_to_hass()

    def write(self) -> None:
        """Note a state."""
        attributes = dict(self.entity.state_attributes)
        self.written.append((attributes.pop("event_type"), attributes))


@pytest.fixture
async def bench() -> Any:
    """Return an entity on a bench."""
    bench = Bench()
    with patch.object(bench.entity, "async_write_ha_state", bench.write):
        yield bench


def poll(bench: Bench, *activities: Activity) -> None:
    """Let a poll show activities."""
    bench.coordinator.activities = tuple(activities)
    tell(bench)


def tell(bench: Bench) -> None:
    """Call the listener, as without a poll."""
    with patch.object(ProcessEntity, "_handle_coordinator_update"):
        bench.entity._handle_coordinator_update()  # noqa: SLF001


async def test_each_activity_is_an_event(bench: Bench) -> None:
    """In the order in which they happened, and none twice."""
    poll(bench, RESTARTED, POOL)
    assert bench.written == [
        ("restarted", RESTARTED.facts),
        ("pool_changed", POOL.facts),
    ]
    tell(bench)
    assert len(bench.written) == 2
    poll(bench)
    assert len(bench.written) == 2
    poll(bench, RESTARTED)
    assert bench.written[2:] == [("restarted", RESTARTED.facts)]


async def test_each_poll_is_shown(bench: Bench) -> None:
    """Also one without an event."""
    with patch.object(ProcessEntity, "_handle_coordinator_update") as update:
        bench.entity._handle_coordinator_update()  # noqa: SLF001
    update.assert_called_once_with()


async def test_the_first_poll_was_before_it_was_added(bench: Bench) -> None:
    """Its events are triggered once the entity is added."""
    bench.coordinator.activities = (RESTARTED,)
    await bench.add()
    assert bench.coordinator.contexts == [None]
    assert bench.written == []
    await asyncio.sleep(0)
    assert bench.written[0] == ("restarted", RESTARTED.facts)


async def test_an_entity_that_is_removed_at_once(bench: Bench) -> None:
    """It triggers nothing anymore, and follows nothing."""
    bench.coordinator.activities = (RESTARTED,)
    await bench.add()
    for remove in bench.removers:
        remove()
    await asyncio.sleep(0)
    assert bench.written == []
    assert bench.coordinator.contexts == []


async def test_past_events_stay_available(bench: Bench) -> None:
    """Triggers would miss the first event after an unavailable state."""
    bench.coordinator.last_update_success = False
    assert bench.entity.available


@pytest.mark.parametrize(
    ("kind", "types", "key", "context"),
    [
        (EntryKind.MINER, ActivityType, "activity", None),
        (EntryKind.PROXY, ProxyActivityType, "proxy_activity", WORKERS),
    ],
)
async def test_the_entity_of_a_miner_or_proxy(
    kind: EntryKind, types: Any, key: str, context: Any
) -> None:
    """It has the events of its kind, and says what it needs for them."""
    coordinator = Coordinator()
    runtime = SimpleNamespace(coordinator=coordinator)
    entry = SimpleNamespace(data={CONF_KIND: kind}, runtime_data=runtime)
    added: list[XmrigActivityEvent] = []
    await module.async_setup_entry(
        cast(Any, None), cast(Any, entry), cast(Any, added.extend)
    )
    (entity,) = added
    assert entity.event_types == list(types)
    assert entity.translation_key == key
    assert entity.unique_id == "entry_activity"
    assert entity.coordinator_context is context
    assert cast(Any, entity.coordinator) is coordinator


async def test_the_entity_of_the_manager() -> None:
    """It is that of the manager's own platform, alone."""
    entry = SimpleNamespace(data={CONF_KIND: EntryKind.MANAGER})
    add = object()
    with patch.object(module, "setup_events") as setup:
        await module.async_setup_entry(
            cast(Any, None), cast(Any, entry), cast(Any, add)
        )
    setup.assert_called_once_with(entry, add)
