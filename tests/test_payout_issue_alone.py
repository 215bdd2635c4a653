"""The repair for pools that changed, without Home Assistant and miners."""

from types import SimpleNamespace
from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import AbortFlow
import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.payout_issue import PayoutChangedFlow, changed_pools

from .stand_ins import Entry, Hass


def config(**pools: str) -> Any:
    """Return a config by the fingerprints and labels of its pools."""
    return SimpleNamespace(payout_fingerprints=pools, payout=frozenset(pools))


class Bench:
    """A miner with one accepted pool and a new one, and the dialog."""

    def __init__(self) -> None:
        """Start with the dialog closed."""
        self.entry = Entry("rig-1")
        self.accepted: list[Any] = []
        self.failure: XmrigError | None = None
        self.state = SimpleNamespace(
            payout=frozenset("a"), accepts_payout=self._accepts
        )
        self.coordinator = SimpleNamespace(
            data=SimpleNamespace(config=config(a="pool A", b="pool B")),
            last_update_success=True,
            process=SimpleNamespace(state=self.state, accept_payout=self._accept),
        )
        self.entry.runtime_data.coordinator = self.coordinator
        self.hass = Hass(Entry("rig-0"), self.entry)
        self.flow = PayoutChangedFlow("rig-1")
        self.flow.hass = cast(Any, self.hass)

    def _accepts(self, payout: frozenset[str]) -> bool:
        return bool(payout == self.state.payout)

    async def _accept(self, config: Any) -> None:
        if self.failure:
            raise self.failure
        self.accepted.append(config)

    async def step(self, answer: Any = None) -> Any:
        """Return the next step."""
        return await self.flow.async_step_confirm(answer)


@pytest.fixture
def bench() -> Bench:
    """Return the miner."""
    return Bench()


@pytest.mark.parametrize(
    ("accepted", "changed"),
    [
        ("a", {"b": "pool B"}),
        ("ab", None),
        ("abc", {"a": "pool A", "b": "pool B"}),
        ("", {"a": "pool A", "b": "pool B"}),
        (None, {"a": "pool A", "b": "pool B"}),
    ],
)
def test_which_pools_changed(bench: Bench, accepted: str | None, changed: Any) -> None:
    """New ones, or all of them if some are gone."""
    state: Any = bench.state
    state.payout = None if accepted is None else frozenset(accepted)
    coordinator = cast(Any, bench.coordinator)
    assert changed_pools(coordinator, bench.coordinator.data.config) == changed


async def test_pools_are_accepted(bench: Bench) -> None:
    """Those that the form shows."""
    form = await bench.step()
    assert (form["type"], form["step_id"], form["errors"]) == ("form", "confirm", {})
    assert form["description_placeholders"] == {
        "name": "Title of rig-1",
        "pools": "pool B",
    }
    # An empty answer is one
    end = await bench.step({})
    assert (end["type"], end["data"]) == ("create_entry", {})
    assert bench.accepted == [bench.coordinator.data.config]


async def test_pools_change_while_the_form_is_open(bench: Bench) -> None:
    """They are shown, and accepted only then."""
    await bench.step()
    changed = bench.coordinator.data.config = config(b="pool B", c="pool C")
    for answer, errors in (({}, {"base": "changed_again"}), (None, {})):
        form = await bench.step(answer)
        assert (form["type"], form["errors"]) == ("form", errors)
        assert form["description_placeholders"]["pools"] == "pool B, pool C"
    assert bench.accepted == []
    assert (await bench.step({}))["type"] == "create_entry"
    assert bench.accepted == [changed]


async def test_an_answer_without_a_form(bench: Bench) -> None:
    """Nothing that was not shown is accepted."""
    assert (await bench.step({}))["errors"] == {"base": "changed_again"}
    assert bench.accepted == []


async def test_pools_that_cannot_be_stored(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why."""
    await bench.step()
    bench.failure = XmrigError("disk full")
    end = await bench.step({})
    assert (end["type"], end["reason"]) == ("abort", "not_accepted")
    [record] = caplog.records
    expected = "The pools of Title of rig-1 were not accepted: disk full"
    assert (record.levelname, record.message) == ("WARNING", expected)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("not loaded", "no_config"),
        ("unreachable", "no_config"),
        ("without a config", "no_config"),
        ("undone", "resolved"),
    ],
)
async def test_nothing_can_be_accepted(
    bench: Bench, change: str, reason: str, *, is_open: bool
) -> None:
    """Before the form is shown, or while it is."""
    if is_open:
        await bench.step()
    match change:
        case "not loaded":
            bench.entry.state = ConfigEntryState.SETUP_RETRY
        case "unreachable":
            bench.coordinator.last_update_success = False
        case "without a config":
            bench.coordinator.data.config = None
        case _:
            bench.state.payout = frozenset("ab")
    end = await bench.step({} if is_open else None)
    assert (end["type"], end["reason"]) == ("abort", reason)
    assert bench.accepted == []


async def test_the_entry_is_gone(bench: Bench) -> None:
    """It was disabled, or removed."""
    assert bench.entry.state is ConfigEntryState.LOADED
    bench.entry.disabled_by = "user"
    with pytest.raises(AbortFlow) as end:
        await bench.step()
    assert end.value.reason == "entry_removed"
    bench.hass.entries.clear()
    with pytest.raises(AbortFlow, match="entry_removed"):
        await bench.step()
