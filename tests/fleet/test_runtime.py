"""The manager's settings, and what it learned: changed, stored and read again."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.fleet import learned as learned_module
from custom_components.xmrig_miner.fleet.learned import LearnedFile, async_load_learned
from custom_components.xmrig_miner.fleet.runtime import (
    FLEET,
    FleetRuntimeData,
    async_change_member,
    member_settings,
)
from custom_components.xmrig_miner.fleet.settings import FleetSettings, MemberSettings
from custom_components.xmrig_miner.manager import (
    Caution,
    ManagerState,
    Mode,
    Phase,
    Settings,
    Sleep,
)
from custom_components.xmrig_miner.manager.watts import Draw, Watts
from tests.stand_ins import Entry, Hass

STORED: dict[str, Any] = {
    "mode": "full",
    "keep_mining": True,
    "caution": "calm",
    "reserve": 150.0,
    "earnings": 0.25,
    "price_limit": -0.5,
    "battery_priority": 80.0,
    "battery_start": 20.0,
    "members": {
        "rig-1": {"managed": False, "priority": 3},
        "rig-2": {"managed": True, "priority": 0},
    },
}


class Bench:
    """The manager's coordinator and its files."""

    def __init__(self) -> None:
        """Start with defaults."""
        self.hass = Hass()
        self.entry = Entry("manager", "manager")
        self.calls = self.hass.calls
        self.error: Exception | None = None
        self.disk = asyncio.Event()
        self.disk.set()
        self.listeners: list[Any] = []
        self.state = ManagerState()
        self.coordinator = SimpleNamespace(
            hass=self.hass,
            config_entry=self.entry,
            name="Manager",
            check_is_open=self._check,
            settings=FleetSettings(),
            async_set_settings=self._set,
            async_close=self._close,
            async_add_listener=self._listen,
            state=self.state,
        )
        self.store = SimpleNamespace(
            async_save=self._save,
            async_delay_save=lambda content, delay: self.calls.append((content, delay)),
        )
        self.runtime = FleetRuntimeData(
            coordinator=cast(Any, self.coordinator),
            store=cast(Any, self.store),
            learned=cast(Any, SimpleNamespace(async_close=self._save_learned)),
        )

    def _set(self, settings: FleetSettings) -> None:
        self.coordinator.settings = settings
        self.calls.append("set")

    def _listen(self, listener: Any) -> str:
        self.listeners.append(listener)
        return "stop listening"

    def _check(self) -> None:
        if "closed" in self.calls:
            raise HomeAssistantError("closed")

    async def _close(self) -> None:
        self.calls.append("closed")

    async def _save_learned(self) -> None:
        self.calls.append("learned")

    async def _save(self, data: Any) -> None:
        await self.disk.wait()
        if self.error:
            raise self.error
        self.calls.append(data)

    def learn(self, **changes: Any) -> None:
        """Decide with another state."""
        self.state = replace(self.state, **changes)
        self.coordinator.state = self.state
        [update] = self.listeners
        update()

    def store_of(self, hass: Any, entry_id: str) -> Any:
        """Return the store."""
        assert (hass, entry_id) == (self.hass, "manager")
        return self.store

    async def load(self, hass: Any, entry: Any, store: Any, parse: Any) -> Any:
        """Return what is stored."""
        assert (hass, entry, store) == (self.hass, self.entry, self.store)
        return parse(None)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the coordinator."""
    bench = Bench()
    with (
        patch.object(learned_module, "learned_store", bench.store_of),
        patch.object(learned_module, "async_load", bench.load),
    ):
        yield bench


# --- Settings -----------------------------------------------------------------


def test_settings_are_stored() -> None:
    """And read again."""
    stored = dict(STORED)
    settings = FleetSettings.from_json(stored)
    assert settings == FleetSettings(
        settings=Settings(
            mode=Mode.FULL,
            keep_mining=True,
            caution=Caution.CALM,
            reserve=150.0,
            earnings=0.25,
            price_limit=-0.5,
            battery_priority=80.0,
            battery_start=20.0,
        ),
        members={
            "rig-1": MemberSettings(is_managed=False, priority=3),
            "rig-2": MemberSettings(),
        },
    )
    assert settings.as_json() == stored
    empty = FleetSettings()
    assert FleetSettings.from_json(empty.as_json()) == empty
    assert FleetSettings.from_json(None) == empty
    del stored["earnings"]
    assert FleetSettings.from_json(stored).settings.earnings is None


@pytest.mark.parametrize(
    ("key", "values", "is_valid"),
    [
        ("mode", ["smart", "off"], True),
        ("mode", ["sun", None], False),
        ("reserve", [-100_000, 100_000, 0], True),
        (
            "reserve",
            [-100_001, 100_001, "1", None, [1], float("nan"), float("inf")],
            False,
        ),
        ("earnings", [0, 1_000_000, None], True),
        ("earnings", [-0.1, 1_000_001, "1"], False),
        ("price_limit", [-1_000_000, 1_000_000, None], True),
        ("price_limit", [-1_000_001, 1_000_001, "1"], False),
        ("battery_priority", [0, 100], True),
        ("battery_priority", [-1, 101, None], False),
        ("battery_start", [0, 100], True),
        ("battery_start", [-1, 101, None], False),
        ("members", [{}, {"a": {"managed": 1, "priority": -10}}], True),
        ("members", [{"a": {"managed": 1, "priority": 11}}], False),
        ("members", [{"a": {"managed": 1, "priority": -11}}, {"a": {}}, []], False),
    ],
)
def test_what_is_stored(key: str, values: list[Any], *, is_valid: bool) -> None:
    """Whatever no manager stored is damaged."""
    for value in values:
        changed = STORED | {key: value}
        if is_valid:
            assert FleetSettings.from_json(changed)
            continue
        with pytest.raises((AttributeError, LookupError, TypeError, ValueError)):
            FleetSettings.from_json(changed)


def test_members() -> None:
    """Each has its own settings, or the defaults."""
    one = MemberSettings(is_managed=False, priority=2)
    settings = FleetSettings().with_member("a", one).with_member("b", one)
    assert settings.member("a") == one
    assert settings.member("c") == MemberSettings(is_managed=True, priority=0)
    left = settings.of({"b", "c"})
    assert left.members == {"b": one}
    assert left.of({"b"}) == left


async def test_settings_that_change(bench: Bench) -> None:
    """They are stored first."""
    await bench.runtime.async_change(mode=Mode.FULL)
    await bench.runtime.async_change_member("rig-1", priority=3)
    await bench.runtime.async_change_member("rig-1", is_managed=False)
    settings = FleetSettings(settings=Settings(mode=Mode.FULL))
    final = settings.with_member("rig-1", MemberSettings(is_managed=False, priority=3))
    assert bench.coordinator.settings == final
    assert bench.calls[:2] == [settings.as_json(), "set"]
    assert bench.calls[-2:] == [final.as_json(), "set"]
    assert bench.runtime.settings == settings.settings


async def test_settings_that_change_together(bench: Bench) -> None:
    """Each change starts from the one before it."""
    bench.disk.clear()
    changes = asyncio.gather(
        bench.runtime.async_change(mode=Mode.FULL),
        bench.runtime.async_change(reserve=50),
    )
    await asyncio.sleep(0)
    bench.disk.set()
    await changes
    assert bench.runtime.settings == Settings(mode=Mode.FULL, reserve=50)


async def test_settings_that_cannot_be_saved(bench: Bench) -> None:
    """They are not set."""
    bench.error = HomeAssistantError("full")
    with pytest.raises(HomeAssistantError, match="full"):
        await bench.runtime.async_change(mode=Mode.FULL)
    assert bench.runtime.settings == Settings()
    assert bench.calls == []


async def test_settings_that_change_at_the_end(bench: Bench) -> None:
    """What is being saved is waited for, and nothing is saved later."""
    bench.disk.clear()
    change = asyncio.create_task(bench.runtime.async_change(mode=Mode.FULL))
    await asyncio.sleep(0)
    close = asyncio.create_task(bench.runtime.async_close())
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.calls == []
    bench.disk.set()
    await asyncio.gather(change, close)
    assert bench.calls[1:] == ["set", "closed", "learned"]
    with pytest.raises(HomeAssistantError, match="closed"):
        await bench.runtime.async_change(mode=Mode.OFF)
    assert bench.runtime.settings.mode is Mode.FULL


async def test_settings_of_a_miner(bench: Bench) -> None:
    """There are none without a manager."""
    hass = cast(Any, bench.hass)
    assert member_settings(hass, "rig-1") is None
    await async_change_member(hass, "rig-1", priority=3)
    bench.hass.data[FLEET] = bench.runtime
    assert member_settings(hass, "rig-1") == MemberSettings()
    await async_change_member(hass, "rig-1", priority=3)
    assert member_settings(hass, "rig-1") == MemberSettings(priority=3)


# --- What was learned ---------------------------------------------------------


async def test_what_was_learned_is_loaded(bench: Bench) -> None:
    """At the start."""
    state = await async_load_learned(cast(Any, bench.hass), cast(Any, bench.entry))
    assert state == ManagerState.from_json(None)


async def test_what_was_learned_is_saved(bench: Bench) -> None:
    """Once for all that changes in a while."""
    LearnedFile(cast(Any, bench.coordinator))
    assert bench.entry.unloading == ["stop listening"]
    bench.learn()
    assert bench.calls == []
    # What is not stored is no reason to save
    bench.learn(battery_first=True)
    assert bench.calls == []
    for miners in (["a"], ["a", "b"], ["a", "b"]):
        bench.learn(watts=Watts(draws=dict.fromkeys(miners, Draw())))
    [(content, delay)] = bench.calls
    assert delay == 900
    assert content() == bench.state.as_json()
    # A computer that falls asleep does not wait for that
    bench.learn(watts=Watts())
    bench.learn(sleepers={"a": Sleep(phase=Phase.ASLEEP)})
    assert [delay for _, delay in bench.calls] == [900, 900, 1]


async def test_the_end_of_learning(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """All of it is saved; an error is logged."""
    file = LearnedFile(cast(Any, bench.coordinator))
    await file.async_close()
    assert bench.calls == [bench.state.as_json()]
    bench.error = HomeAssistantError("full")
    await file.async_close()
    assert "What the manager learned was not saved: full" in caplog.text


async def test_a_computer_that_falls_asleep_is_saved_at_once(bench: Bench) -> None:
    """Nothing would wake it if that were lost."""
    LearnedFile(cast(Any, bench.coordinator))
    for phase in (Phase.ASLEEP, Phase.WAKING):
        bench.calls.clear()
        bench.learn(sleepers={"rig-1": Sleep(phase=phase)})
        [(content, delay)] = bench.calls
        assert delay == 1
    bench.learn()
    assert len(bench.calls) == 1
    assert content() == bench.state.as_json()
