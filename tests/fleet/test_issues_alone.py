"""The repair issues of the house and of sleeping computers, without Home Assistant."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.const import (
    CONF_SLEEP_ENTITY,
    CONF_WAKE_ENTITY,
    DOMAIN,
)
from custom_components.xmrig_miner.fleet import sleep_issues, source_issues
from custom_components.xmrig_miner.fleet.house import House, Price
from custom_components.xmrig_miner.fleet.sleep_issues import SleepIssues
from custom_components.xmrig_miner.fleet.source_issues import GONE, SourceIssues
from custom_components.xmrig_miner.manager import (
    Figures,
    Flow,
    Sleep,
    SleepFault,
    Sources,
)
from tests.stand_ins import Entry, Hass

GRID = "sensor.grid"
HOUSE = House(sources=Sources(grid=Flow((GRID,))))


class Bench:
    """The manager, the registry of issues, and a timer."""

    def __init__(self) -> None:
        """Start with a house that has a meter, and without issues."""
        self.entry = Entry("manager", "manager")
        self.hass = Hass(self.entry)
        self.now = 1000.0
        whole = cast(Any, self.hass)
        whole.loop = SimpleNamespace(time=lambda: self.now)
        whole.is_running = True
        self.hass.show(GRID, "0")
        self.listeners: list[Any] = []
        self.raised: dict[str, Any] = {}
        """Issues by their ID."""
        self.ignored: set[str] = set()
        self.timers: list[Any] = []
        self.coordinator = SimpleNamespace(
            hass=self.hass,
            config_entry=self.entry,
            house=HOUSE,
            data=SimpleNamespace(figures=()),
            async_add_listener=self._listen,
        )

    def _listen(self, listener: Any) -> Any:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def start(self, kind: Any) -> None:
        """Follow the manager."""
        kind(cast(Any, self.coordinator)).async_start()
        assert len(self.listeners) == 1

    def update(self) -> None:
        """Decide."""
        [update] = self.listeners
        update()

    def unload(self) -> None:
        """Unload the manager."""
        for stop in self.entry.unloading:
            stop()
        assert self.listeners == []

    def raise_issue(
        self, hass: Any, key: str, entry: Any, facts: Any, *, is_fixable: bool = True
    ) -> None:
        """Raise an issue, or update it."""
        assert hass is self.hass
        assert facts.pop("name") == entry.title
        [entities] = facts.values()
        self.raised[f"{key}_{entry.entry_id}"] = SimpleNamespace(
            domain=DOMAIN,
            issue_id=f"{key}_{entry.entry_id}",
            translation_key=key,
            entities=entities,
            placeholder=next(iter(facts)),
            is_fixable=is_fixable,
        )

    def delete(self, hass: Any, domain: str, issue_id: str) -> None:
        """Delete an issue; no other than those of these tests."""
        assert (hass, domain) == (self.hass, DOMAIN)
        assert issue_id not in ("other", "ours")
        self.raised.pop(issue_id, None)

    def delete_unless_ignored(
        self, hass: Any, issue_id: str, *, ignored: bool = False
    ) -> None:
        """Delete an issue unless the user ignored it."""
        if ignored or issue_id not in self.ignored:
            self.delete(hass, DOMAIN, issue_id)

    def registry(self, hass: Any) -> Any:
        """Return the registry of issues, with those of another integration."""
        assert hass is self.hass
        others = {
            "other": SimpleNamespace(
                domain="other", issue_id="other", translation_key="sleep_failed"
            ),
            "ours": SimpleNamespace(
                domain=DOMAIN, issue_id="ours", translation_key="sensors_missing"
            ),
        }
        return SimpleNamespace(issues=others | self.raised)

    def later(self, hass: Any, delay: float, job: Any) -> Any:
        """Start a timer."""
        assert (hass, delay) == (self.hass, GONE)
        self.timers.append(job.target)
        return lambda: self.timers.remove(job.target)

    def pass_timer(self) -> None:
        """Let the timer end."""
        self.timers.pop()(None)

    @property
    def shown(self) -> dict[str, str]:
        """Return the entities that each issue names."""
        return {key: issue.entities for key, issue in self.raised.items()}


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins that are in place."""
    bench = Bench()
    with ExitStack() as stack:
        for module in (sleep_issues, source_issues):
            stack.enter_context(
                patch.multiple(
                    module,
                    async_raise_issue=bench.raise_issue,
                    async_delete_unless_ignored=bench.delete_unless_ignored,
                )
            )
        stack.enter_context(
            patch.multiple(
                ir, async_get=bench.registry, async_delete_issue=bench.delete
            )
        )
        stack.enter_context(
            patch.object(source_issues, "async_call_later", bench.later)
        )
        yield bench


# --- Sensors of the house -----------------------------------------------------


def test_a_house_in_which_nothing_is_missing(bench: Bench) -> None:
    """An issue of before goes, also one that the user ignored."""
    bench.raise_issue(
        bench.hass,
        "no_grid_power",
        bench.entry,
        {"name": "Title of manager", "sensors": ""},
    )
    bench.ignored = {"no_grid_power_manager"}
    bench.start(SourceIssues)
    assert bench.raised == {}
    assert bench.timers == []


def test_sensors_that_are_missing(bench: Bench) -> None:
    """They are named after a while, and again once that changes."""
    bench.coordinator.house = House(
        sources=Sources(grid=Flow((GRID, "sensor.b"))),
        importing=Price(sensor="sensor.a"),
    )
    bench.start(SourceIssues)
    bench.update()
    assert bench.raised == {}
    bench.pass_timer()
    assert bench.shown == {"sensors_missing_manager": "`sensor.a`, `sensor.b`"}
    [issue] = bench.raised.values()
    assert issue.placeholder == "sensors"
    assert issue.is_fixable
    bench.hass.show("sensor.a", "0")
    bench.update()
    bench.pass_timer()
    assert bench.shown == {"sensors_missing_manager": "`sensor.b`"}
    bench.coordinator.house = House()
    bench.pass_timer()
    assert bench.shown == {"no_grid_power_manager": ""}
    bench.coordinator.house = HOUSE
    bench.update()
    assert bench.raised == {}
    assert bench.timers == []


def test_a_sensor_that_is_back_soon(bench: Bench) -> None:
    """The wait for it ends; the next one takes as long."""
    del bench.hass.states[GRID]
    bench.start(SourceIssues)
    bench.hass.show(GRID, "0")
    bench.update()
    assert bench.timers == []
    del bench.hass.states[GRID]
    bench.update()
    assert len(bench.timers) == 1
    bench.unload()
    assert bench.timers == []
    assert bench.raised == {}


def test_a_sensor_that_returns_in_the_moment_of_the_timer(bench: Bench) -> None:
    """It is not missing."""
    del bench.hass.states[GRID]
    bench.start(SourceIssues)
    bench.hass.show(GRID, "0")
    bench.pass_timer()
    assert bench.raised == {}
    assert bench.timers == []


def test_sensors_while_home_assistant_starts(bench: Bench) -> None:
    """None is missing; it is looked at again."""
    cast(Any, bench.hass).is_running = False
    del bench.hass.states[GRID]
    bench.start(SourceIssues)
    bench.pass_timer()
    assert bench.raised == {}
    assert len(bench.timers) == 1


@pytest.mark.parametrize("ignored", [True, False])
def test_a_manager_that_is_gone(bench: Bench, *, ignored: bool) -> None:
    """What was ignored stays while it is only unloaded."""
    facts = {"name": "Title of manager", "sensors": ""}
    for key in ("sensors_missing", "no_grid_power"):
        bench.raise_issue(bench.hass, key, bench.entry, facts.copy())
    bench.ignored = {"sensors_missing_manager"}
    source_issues.async_delete_source_issues(
        cast(Any, bench.hass), cast(Any, bench.entry), ignored=ignored
    )
    assert [*bench.raised] == ([] if ignored else ["sensors_missing_manager"])


# --- Computers that sleep -----------------------------------------------------


def figures(entry_id: str, fault: SleepFault | None = None) -> Figures:
    """Return a miner that may sleep."""
    return Figures(id=entry_id, name="", is_online=True, sleep=Sleep(fault=fault))


def sleepers(bench: Bench, *found: Figures) -> None:
    """Let the manager have some miners."""
    bench.coordinator.data.figures = found
    for each in found:
        if bench.hass.config_entries.async_get_entry(each.id) is None:
            bench.hass.entries.append(Entry(each.id))


def test_computers_that_do_not_obey(bench: Bench) -> None:
    """Each has its issue until it does."""
    still, failed = figures("a"), figures("b", SleepFault.SLEEP)
    awake = Figures(id="d", name="", is_online=True)
    bench.hass.entries.append(Entry("d"))
    sleepers(bench, awake, still, failed)
    bench.start(SleepIssues)
    assert bench.shown == {"sleep_failed_b": ""}
    [issue] = bench.raised.values()
    assert issue.placeholder == "entities"
    assert issue.is_fixable is False
    sleepers(bench, figures("a", SleepFault.WAKE), failed)
    bench.update()
    assert set(bench.shown) == {"wake_failed_a", "sleep_failed_b"}
    sleepers(bench, figures("a", SleepFault.SLEEP), still)
    bench.update()
    assert set(bench.shown) == {"sleep_failed_a"}
    bench.hass.entries.clear()
    bench.update()
    assert bench.raised == {}


def test_the_issues_of_a_manager_that_is_unloaded(bench: Bench) -> None:
    """Those that the user ignored stay until it is removed."""
    sleepers(bench, figures("a", SleepFault.SLEEP), figures("b", SleepFault.WAKE))
    bench.start(SleepIssues)
    bench.ignored = {"wake_failed_b"}
    bench.unload()
    assert set(bench.shown) == {"wake_failed_b"}
    sleep_issues.async_delete_sleep_issues(cast(Any, bench.hass), ignored=True)
    assert bench.raised == {}


def test_entities_of_a_computer_that_are_missing(bench: Bench) -> None:
    """They are named after a while; each absence counts anew."""
    options = {CONF_WAKE_ENTITY: "button.wake", CONF_SLEEP_ENTITY: "script.sleep"}
    bench.hass.entries.append(Entry("a", **options))
    sleepers(bench, figures("a", SleepFault.SLEEP), figures("b"))
    bench.start(SleepIssues)
    bench.now += GONE - 1
    bench.update()
    assert bench.shown == {"sleep_failed_a": ""}
    bench.now += 1
    bench.update()
    missing = "sleep_entities_missing_a"
    assert bench.shown == {
        "sleep_failed_a": "",
        missing: "`button.wake`, `script.sleep`",
    }
    assert bench.raised[missing].is_fixable is False
    bench.hass.show("script.sleep", "off")
    bench.update()
    assert bench.shown[missing] == "`button.wake`"
    bench.hass.show("button.wake", "unavailable")
    bench.update()
    assert missing not in bench.raised
    del bench.hass.states["script.sleep"]
    bench.update()
    bench.now += GONE
    cast(Any, bench.hass).is_running = False
    bench.update()
    assert missing not in bench.raised
    cast(Any, bench.hass).is_running = True
    bench.update()
    assert missing not in bench.raised
    bench.now += GONE
    bench.update()
    assert bench.shown[missing] == "`script.sleep`"


@pytest.mark.parametrize("ignored", [True, False])
def test_missing_entities_after_a_reload(bench: Bench, *, ignored: bool) -> None:
    """What the user ignored stays so; for another issue, they are not missing yet."""
    options = {CONF_WAKE_ENTITY: "button.wake", CONF_SLEEP_ENTITY: "script.sleep"}
    bench.hass.entries.append(Entry("a", **options))
    sleepers(bench, figures("a"))
    bench.start(SleepIssues)
    bench.now += GONE
    bench.update()
    missing = "sleep_entities_missing_a"
    before = bench.raised[missing]
    bench.ignored = {missing} if ignored else set()
    bench.unload()
    bench.entry.unloading.clear()
    bench.start(SleepIssues)
    assert bench.raised == ({missing: before} if ignored else {})
    bench.now += GONE
    bench.update()
    assert [*bench.raised] == [missing]
    for entity_id in options.values():
        bench.hass.show(entity_id, "unknown")
    bench.update()
    assert bench.raised == {}
