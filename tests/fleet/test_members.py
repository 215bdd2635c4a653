"""Members and figures from miners, without Home Assistant and miners."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.const import (
    CONF_MAX_TEMPERATURE,
    CONF_SLEEP_PLUG,
    CONF_TEMPERATURE_SENSOR,
    CONF_WAKE_MAC,
    DOMAIN,
)
from custom_components.xmrig_miner.fleet import members as module
from custom_components.xmrig_miner.fleet.members import (
    Members,
    async_figures,
    loaded_miners,
)
from custom_components.xmrig_miner.fleet.settings import FleetSettings, MemberSettings
from custom_components.xmrig_miner.manager import (
    Curve,
    Figures,
    ManagerState,
    Member,
    Sleep,
    SleepRules,
)
from custom_components.xmrig_miner.manager.members import Record
from custom_components.xmrig_miner.power.model import PowerModel
from tests.stand_ins import Entry, Hass

MODEL = PowerModel(threads=4, idle=60, full=140)
CURVE = Curve.from_model(MODEL)
UNKNOWN = PowerModel(threads=4)
SLEEPS = {CONF_WAKE_MAC: "aa:bb:cc:dd:ee:ff", CONF_SLEEP_PLUG: "switch.plug"}
RULES = SleepRules(
    after=1800, has_command=False, has_plug=True, can_sleep=True, can_wake=True
)
NOW = 1000.0


def card(temperature: float | None = None, power: float | None = None) -> Any:
    """Return a graphics card."""
    health = SimpleNamespace(temperature=temperature, power=power)
    return SimpleNamespace(health=health)


class Miner(Entry):
    """A miner whose power is known, with three of four threads mining."""

    def __init__(self, entry_id: str) -> None:
        """Start loaded, and without cards."""
        super().__init__(entry_id)
        self.uses_cpu: bool | None = True
        self.cards: list[Any] = []
        self.request = SimpleNamespace(mining=None, limited=False)
        self.snapshot = SimpleNamespace(
            summary=SimpleNamespace(algo="rx/0"),
            state=SimpleNamespace(request=self.request),
            backends=SimpleNamespace(gpus=self.cards, by_type={}),
            threads=3,
            user_threads=8,
            is_mining=True,
            restricted=False,
            hashrate=lambda: 1500.0,
            hashrate_now=lambda rate: rate + 0.5,
            is_enabled=lambda kind: self.uses_cpu if kind is BackendType.CPU else None,
        )
        self.meter = SimpleNamespace(
            model=MODEL,
            uses_cpu=True,
            cards_watts=0.0,
            sensor=None,
            watts=120.0,
            measured=lambda: 119.0,
        )
        self.limit = SimpleNamespace(
            user_cap=2, set_watts=100.0, interval=25, can_decide=True
        )
        self.calibration = SimpleNamespace(is_running=False)
        self.coordinator = SimpleNamespace(data=self.snapshot, last_update_success=True)
        self.power = SimpleNamespace(
            meter=self.meter,
            limit=self.limit,
            calibration=self.calibration,
            is_configured=True,
        )
        self.runtime_data = SimpleNamespace(
            coordinator=self.coordinator, power=self.power
        )


class Bench:
    """A miner, and how the manager sees it."""

    def __init__(self) -> None:
        """Start without issues and settings."""
        self.miner = Miner("rig-1")
        self.hass = Hass(self.miner)
        self.hass.show("switch.plug", "on")
        self.settings = FleetSettings()
        self.members = Members(cast(Any, self.hass))
        self.issues: dict[Any, Any] = {}

    def registry(self, hass: Any) -> Any:
        """Return the registry of issues."""
        assert hass is self.hass
        return self

    @property
    def all(self) -> tuple[Member, ...]:
        """Return all members."""
        return self.members.all(self.settings)

    @property
    def member(self) -> Member:
        """Return the only member."""
        [member] = self.all
        return member

    def figures(self, state: ManagerState | None = None) -> tuple[Figures, ...]:
        """Return the figures of all miners."""
        return async_figures(cast(Any, self.hass), state or ManagerState(), NOW)

    @property
    def has_problem(self) -> bool:
        """Return whether the only miner has a problem."""
        [figures] = self.figures()
        return figures.has_problem


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the miner."""
    bench = Bench()
    with (
        patch.object(ir, "async_get", bench.registry),
        patch.object(module, "counts_missing", lambda *_, **__: (1, 4)),
    ):
        yield bench


# --- Members ------------------------------------------------------------------


def test_a_member(bench: Bench) -> None:
    """It has the state and the limits of its miner."""
    bench.settings = FleetSettings(members={"rig-1": MemberSettings(priority=3)})
    assert bench.member == Member(
        id="rig-1",
        curve=CURVE,
        size=4,
        algorithm="rx/0",
        threads=3,
        missing=(1, 4),
        max_threads=2,
        max_watts=100.0,
        priority=3,
        settle=25,
        plug_watts=119.0,
    )
    bench.miner.coordinator.last_update_success = False
    assert not bench.member.is_online


@pytest.mark.parametrize(
    ("is_mining", "threads", "expected"), [(True, 3, 3), (False, 3, 0), (None, 3, None)]
)
def test_its_threads(
    bench: Bench, *, is_mining: bool | None, threads: int, expected: int | None
) -> None:
    """Those that hash; unknown while it is unknown whether it mines."""
    bench.miner.snapshot.is_mining = is_mining
    bench.miner.snapshot.threads = threads
    assert bench.member.threads == expected


@pytest.mark.parametrize(
    ("cpu", "expected"),
    [
        (SimpleNamespace(enabled=True, thread_count=5), 5),
        (SimpleNamespace(enabled=False, thread_count=5), None),
        (None, None),
    ],
)
def test_its_threads_while_its_config_cannot_be_read(
    bench: Bench, cpu: Any, *, expected: int | None
) -> None:
    """Those that it lists: they draw power all the same."""
    bench.miner.snapshot.threads = None
    if cpu:
        bench.miner.snapshot.backends.by_type[BackendType.CPU] = cpu
    assert bench.member.threads == expected
    bench.miner.snapshot.is_mining = False
    assert bench.member.threads == 0
    bench.miner.snapshot.is_mining = True
    bench.miner.snapshot.backends = None
    assert bench.member.threads is None


@pytest.mark.parametrize(
    ("is_mining", "threads", "expected"),
    [(True, 3, 1), (True, 0, 0), (False, 3, 0), (None, 3, None), (True, None, None)],
)
def test_the_threads_of_a_load_that_is_on_or_off(
    bench: Bench,
    *,
    is_mining: bool | None,
    threads: int | None,
    expected: int | None,
) -> None:
    """It has one, or none."""
    bench.miner.meter.uses_cpu = False
    bench.miner.meter.cards_watts = 80.0
    bench.miner.snapshot.is_mining = is_mining
    bench.miner.snapshot.threads = cast(Any, threads)
    assert bench.member.threads == expected


def test_the_threads_of_a_miner_of_unknown_power(bench: Bench) -> None:
    """They are counted as well."""
    bench.miner.power.is_configured = False
    assert bench.member.curve is None
    assert bench.member.threads == 3


@pytest.mark.parametrize(
    ("change", "is_steerable"),
    [
        ({}, True),
        ({"is_mining": None}, True),
        ({"is_mining": False}, False),
        ({"is_mining": False, "limited": True}, True),
        ({"mining": True}, True),
        ({"mining": False}, False),
        ({"mining": False, "limited": True}, False),
        ({"restricted": True}, False),
        ({"is_running": True}, False),
        ({"can_decide": False}, False),
        ({"is_managed": False}, False),
    ],
)
def test_whether_it_can_be_steered(
    bench: Bench, change: dict[str, Any], *, is_steerable: bool
) -> None:
    """Not while something else decides about it."""
    miner = bench.miner
    for name, value in change.items():
        for part in (miner.snapshot, miner.request, miner.calibration, miner.limit):
            if hasattr(part, name):
                setattr(part, name, value)
    own = MemberSettings(is_managed=change.get("is_managed", True))
    bench.settings = FleetSettings(members={"rig-1": own})
    assert bench.member.is_steerable is is_steerable


def test_its_temperature(bench: Bench) -> None:
    """That of the hottest card, or of a sensor that the user chose."""
    bench.miner.cards += [card(60.0), card(70.0), card()]
    bench.miner.options = {CONF_MAX_TEMPERATURE: 80}
    assert bench.member.temperature == 70
    assert bench.member.max_temperature == 80
    bench.miner.options[CONF_TEMPERATURE_SENSOR] = "sensor.room"
    bench.hass.show("sensor.room", "21", unit_of_measurement="°C")
    assert bench.member.temperature == 21


@pytest.mark.parametrize("is_complete", [True, False])
def test_a_member_that_may_sleep(bench: Bench, *, is_complete: bool) -> None:
    """It stays a member while it cannot be set up."""
    own = MemberSettings(is_managed=False, priority=2)
    bench.settings = FleetSettings(members={"rig-1": own})
    bench.miner.options = SLEEPS if is_complete else {}
    rules = RULES if is_complete else None
    assert bench.member.sleep == rules
    bench.miner.state = ConfigEntryState.SETUP_RETRY
    away = Member(
        id="rig-1", is_online=False, is_steerable=False, priority=2, sleep=RULES
    )
    assert bench.all == ((away,) if is_complete else ())
    bench.miner.disabled_by = "user"
    assert bench.all == ()


def test_several_members(bench: Bench) -> None:
    """One that is not there does not hide those after it."""
    away, second = Miner("away"), Miner("rig-2")
    away.state = ConfigEntryState.NOT_LOADED
    proxy = Entry("proxy", "proxy")
    bench.hass.entries = [away, proxy, bench.miner, second]
    assert [member.id for member in bench.all] == ["rig-1", "rig-2"]
    loaded = [bench.miner, second]
    assert [*loaded_miners(cast(Any, bench.hass))] == cast(Any, loaded)


# --- Curves -------------------------------------------------------------------


def test_a_curve_is_made_once(bench: Bench) -> None:
    """Until the power of the miner is known better, or the miner is gone."""
    curve = bench.member.curve
    assert bench.member.curve is curve
    bench.miner.meter.model = replace(MODEL, full=180)
    changed = bench.member.curve
    assert changed == Curve.from_model(bench.miner.meter.model)
    bench.miner.meter.cards_watts = 10.0
    assert bench.member.curve != changed
    bench.miner.meter.uses_cpu = False
    on_off = bench.member.curve
    assert on_off == Curve.on_off(10, 60)
    bench.miner.state = ConfigEntryState.NOT_LOADED
    assert bench.all == ()
    bench.miner.state = ConfigEntryState.LOADED
    assert bench.member.curve == on_off
    assert bench.member.curve is not on_off


@pytest.mark.parametrize(
    ("is_configured", "cards", "is_known"),
    [(True, 0.0, True), (False, 0.0, False), (False, 80.0, True), (True, 80.0, True)],
)
def test_a_power_that_is_not_configured(
    bench: Bench, *, is_configured: bool, cards: float, is_known: bool
) -> None:
    """It is known if cards report theirs."""
    bench.miner.power.is_configured = is_configured
    bench.miner.meter.cards_watts = cards
    assert (bench.member.curve is not None) is is_known


@pytest.mark.parametrize(
    ("model", "cards", "uses_cpu", "curve"),
    [
        # Of the CPU
        (MODEL, 0.0, True, CURVE),
        (UNKNOWN, 0.0, True, None),
        # Of the cards
        (MODEL, 50.0, False, Curve.on_off(50, 60)),
        (UNKNOWN, 50.0, False, Curve.on_off(50, 0)),
        (MODEL, 0.0, False, Curve.on_off(80, 60)),
        (PowerModel(threads=4, full=140), 0.0, False, None),
        (PowerModel(threads=4, idle=60), 0.0, False, None),
        (PowerModel(threads=4, idle=60, full=60), 0.0, False, None),
        (PowerModel(threads=4, idle=60, full=60.5), 0.0, False, Curve.on_off(0.5, 60)),
        (UNKNOWN, 0.0, False, None),
        # Of both
        (
            MODEL,
            50.0,
            True,
            Curve((60, 130, 150, 170, 190), (0, 1, 2, 3, 4), is_rated=False),
        ),
        (UNKNOWN, 50.0, True, Curve.on_off(4 * 12 + 50)),
        (PowerModel(threads=4, full=140), 50.0, True, Curve.on_off(140 + 50)),
    ],
)
def test_the_curve(
    bench: Bench,
    model: PowerModel,
    cards: float,
    uses_cpu: bool,
    curve: Curve | None,
) -> None:
    """With cards, the miner is on or off, unless its CPU can be told apart."""
    bench.miner.meter.model = model
    bench.miner.meter.cards_watts = cards
    bench.miner.meter.uses_cpu = uses_cpu
    assert bench.member.curve == curve


# --- What is to be learned ----------------------------------------------------


@pytest.mark.parametrize(
    ("change", "size"),
    [
        ({}, 4),
        ({"sensor": "sensor.plug"}, None),
        ({"sensor": "sensor.plug", "model": UNKNOWN}, 4),
        ({"uses_cpu": False}, None),
        ({"cards_watts": 50.0}, None),
        # How many there are is not known before the first poll of a miner that mines
        ({"model": PowerModel(threads=0)}, 8),
        ({"model": PowerModel(threads=0), "user_threads": 0}, None),
    ],
)
def test_a_size_that_is_learned(
    bench: Bench, change: dict[str, Any], size: int | None
) -> None:
    """That of a miner of which no meter but the house's shows what it draws."""
    for name, value in change.items():
        part = bench.miner.meter if hasattr(bench.miner.meter, name) else None
        setattr(part or bench.miner.snapshot, name, value)
    assert bench.member.size == size


@pytest.mark.parametrize(
    ("uses_cpu", "powers", "size"),
    [
        (True, (), 4),
        (None, (), 4),
        (False, (), None),
        (False, (None, 0), None),
        # The meter sees it only afterwards
        (False, (None, 80), 4),
    ],
)
def test_a_cpu_that_is_switched_off(
    bench: Bench, *, uses_cpu: bool | None, powers: Any, size: int | None
) -> None:
    """Nothing is learned of its threads, unless cards explain what is drawn."""
    bench.miner.uses_cpu = uses_cpu
    bench.miner.cards += [card(power=power) for power in powers]
    assert bench.member.size == size
    if not powers:
        bench.miner.snapshot.backends = cast(Any, None)
        assert bench.member.size == size


@pytest.mark.parametrize("sensor", ["sensor.plug", None])
@pytest.mark.parametrize("uses_cpu", [True, False])
def test_what_is_to_be_measured(
    bench: Bench, *, sensor: str | None, uses_cpu: bool
) -> None:
    """Numbers of threads, with their power if there is a sensor."""
    asked: list[Any] = []

    def missing(model: PowerModel, *, needs_watts: bool) -> tuple[int, ...]:
        asked.append((model, needs_watts))
        return (2,)

    bench.miner.meter.sensor = cast(Any, sensor)
    bench.miner.meter.uses_cpu = uses_cpu
    with patch.object(module, "counts_missing", missing):
        assert bench.member.missing == ((2,) if uses_cpu else ())
    assert asked == ([(MODEL, sensor is not None)] if uses_cpu else [])


# --- Figures ------------------------------------------------------------------


def test_figures(bench: Bench) -> None:
    """They are those that the miner reports."""
    bench.miner.cards.append(card(61.0))
    own = Figures(
        id="rig-1",
        name="Title of rig-1",
        is_online=True,
        algorithm="rx/0",
        hashrate=1500.5,
        watts=120.0,
        temperature=61.0,
    )
    assert bench.figures() == (own,)
    bench.miner.power.is_configured = False
    bench.miner.coordinator.last_update_success = False
    assert bench.figures() == (replace(own, is_online=False, watts=None),)


@pytest.mark.parametrize("state", list(ConfigEntryState))
def test_the_figures_of_a_miner_that_is_not_loaded(
    bench: Bench, state: ConfigEntryState
) -> None:
    """It is offline if it failed, and unknown while it is set up."""
    bench.miner.state = state
    [figures] = bench.figures()
    failed = {"setup_retry", "setup_error", "migration_error", "failed_unload"}
    if state is ConfigEntryState.LOADED:
        assert figures.is_loaded
        return
    assert figures == Figures(
        id="rig-1",
        name="Title of rig-1",
        is_online=False if state.value in failed else None,
        is_loaded=False,
    )
    bench.miner.disabled_by = "user"
    assert bench.figures() == ()


@pytest.mark.parametrize(
    ("change", "has_problem"),
    [
        ({}, True),
        ({"domain": "other"}, False),
        ({"active": False}, False),
        ({"dismissed_version": "2026.11.0"}, False),
        ({"data": None}, False),
        ({"data": {}}, False),
        ({"data": {"entry_id": "rig-2"}}, False),
    ],
)
def test_a_miner_with_a_problem(
    bench: Bench, change: dict[str, Any], *, has_problem: bool
) -> None:
    """It has a repair that the user did not ignore."""
    assert not bench.has_problem
    issue = {
        "domain": DOMAIN,
        "active": True,
        "dismissed_version": None,
        "data": {"entry_id": "rig-1"},
    }
    bench.issues["one"] = SimpleNamespace(**{**issue, **change})
    assert bench.has_problem is has_problem


def test_what_the_manager_knows_of_it(bench: Bench) -> None:
    """Whether it is left alone for a while, and its sleep."""
    sleep = Sleep()
    state = ManagerState(sleepers={"rig-1": sleep})
    [figures] = bench.figures(state)
    assert figures.sleep is sleep
    assert not figures.is_left_out
    for until, is_left_out in ((NOW, False), (NOW + 1, True)):
        record = replace(Record(), left_out_until=until)
        [figures] = bench.figures(ManagerState(records={"rig-1": record}))
        assert figures.is_left_out is is_left_out
