"""Tests of the sensors."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from simulator import DEFAULT_POOLS, FAULTS, Fault
from simulator.http import Reply, Request
from simulator.miner import SimulatedMiner
from tests.common import Rig

OF_THE_MINER = {
    "algorithm": True,
    "best_share": False,
    "difficulty": True,
    "donate_level": False,
    "hashes": False,
    "hashrate": True,
    "hashrate_15m": True,
    "hashrate_1m": True,
    "hashrate_highest": False,
    "huge_pages": True,
    "load_15m": False,
    "load_1m": False,
    "load_5m": False,
    "memory_free": False,
    "memory_used": False,
    "pool": True,
    "pool_connected_since": False,
    "pool_failures": False,
    "pool_ip": False,
    "pool_ping": True,
    "pool_tls": False,
    "reject_rate": False,
    "share_time": False,
    "shares_accepted": True,
    "shares_rejected": True,
    "status": True,
    "threads": True,
    "uptime": True,
}
OF_EACH_BACKEND = {"hashrate", "hashrate_1m", "hashrate_15m"}
OF_A_CARD = {
    "gpu_core_clock": False,
    "gpu_hashrate": True,
    "gpu_memory_clock": False,
    "gpu_power": True,
    "gpu_temperature": True,
}


@pytest.mark.parametrize(
    ("options", "in_use"),
    [
        ({"gpus": 0}, set()),
        ({"gpus": 1}, {"cpu", "cuda"}),
        ({"gpus": 2}, {"cpu", "cuda", "opencl"}),
        ({"gpus": 2, "config": {"cpu": {"enabled": False}}}, {"cuda", "opencl"}),
        ({"gpus": 1, "config": {"cuda": {"enabled": False}}}, set()),
        ({"gpus": 1, "config": {"cpu": {"enabled": False}}}, set()),
    ],
)
async def test_what_is_enabled_by_default(running: Rig, in_use: set[str]) -> None:
    """The main values, and backend hashrates if there are several backends."""
    expected = dict(OF_THE_MINER)
    for backend in ("cpu", "cuda", "opencl"):
        for key in OF_EACH_BACKEND:
            expected[f"{backend}_{key}"] = key == "hashrate" and backend in in_use
    for card in running.devices.keys() - {"miner"}:
        for key, enabled in OF_A_CARD.items():
            expected[f"{card}_{key}"] = enabled
        # A card of NVIDIA reports its fans in percent, one of AMD in rpm.
        fan = "gpu_fan_speed" if card.startswith("cuda") else "gpu_fan_rpm"
        expected[f"{card}_{fan}"] = True
    found = {
        name.partition("sensor.")[2]: entity
        for name, entity in running.entities.items()
    }
    assert {key: not found[key].disabled for key in expected} == expected


async def test_a_paused_miner_hashes_nothing_at_once(
    all_enabled: None, running: Rig
) -> None:
    """XMRig's own window still drains for seconds."""
    await running.turn("switch.mining", on=False)
    assert running.simulator.miner.hashrate_totals()[0]
    assert running.state("sensor.status") == "paused"
    for key in (
        "hashrate",
        "cpu_hashrate",
        "cuda_hashrate",
        "cuda_01:00.0_gpu_hashrate",
    ):
        assert running.state(f"sensor.{key}") == "0"
    assert float(running.state("sensor.hashrate_1m")) > 0
    assert running.state("sensor.threads") == "0"
    # The hashrate of an idle card is null, and so is the sum.
    await running.poll(3)
    assert running.simulator.miner.hashrate_totals()[0] is None
    assert running.state("sensor.hashrate") == "0"
    assert running.state("sensor.cuda_01:00.0_gpu_hashrate") == "0"


async def test_a_stopped_miner_has_no_threads(all_enabled: None, running: Rig) -> None:
    """Its hashrate is 0 at once."""
    await running.press("button.stop")
    for polls in (0, 6):
        await running.poll(polls)
        assert running.state("sensor.status") == "stopped"
        assert running.state("sensor.threads") == "0"
        for key in (
            "hashrate",
            "cpu_hashrate",
            "cuda_hashrate",
            "cuda_01:00.0_gpu_hashrate",
        ):
            assert running.state(f"sensor.{key}") == "0"
        assert running.state("sensor.cuda_01:00.0_gpu_temperature") == "unknown"


@pytest.mark.parametrize("options", [{"uptime": 0, "gpus": 0}])
async def test_a_starting_miner_has_no_hashrate_yet(running: Rig) -> None:
    """The dataset is built, then the first window fills."""
    assert running.state("sensor.status") == "starting"
    assert running.state("sensor.threads") == "0"
    assert running.state("sensor.pool_ping") == "unknown"
    await running.poll(2)
    assert running.state("sensor.status") == "starting"
    assert running.state("sensor.threads") == "4"
    assert running.state("sensor.hashrate") == "unknown"
    await running.poll(2)
    assert running.state("sensor.status") == "mining"
    assert running.state("sensor.hashrate") == "1720.0"
    assert running.state("sensor.hashrate_1m") == "unknown"


async def test_a_miner_without_a_pool_names_none(
    all_enabled: None, running: Rig
) -> None:
    """XMRig still reports the previous pool."""
    for pool in DEFAULT_POOLS:
        running.simulator.set_pool_reachable(str(pool["url"]), False)
    await running.poll()
    assert running.state("sensor.status") == "no_pool"
    of_pool = {"pool", "pool_ip", "pool_connected_since", "pool_tls"}
    assert {running.state(f"sensor.{key}") for key in of_pool} == {"unknown"}
    assert running.state("sensor.difficulty") == "unknown"
    assert running.state("sensor.pool_failures") == "1"
    await running.poll(2)
    assert running.state("sensor.status") == "no_pool"


@pytest.mark.parametrize(
    "options",
    [
        {
            "pools": [
                {"url": "stratum+ssl://pool.example.org:443", "user": "W", "tls": True}
            ]
        }
    ],
)
async def test_tls_of_the_pool(all_enabled: None, running: Rig) -> None:
    """Its version, or "none" without TLS."""
    assert running.state("sensor.pool_tls") == "TLSv1.3"


async def test_shares(all_enabled: None, running: Rig) -> None:
    """Accepted, rejected, their rate, and the best share."""
    accepted = int(running.state("sensor.shares_accepted"))
    assert running.state("sensor.shares_rejected") == "0"
    assert running.state("sensor.reject_rate") == "0.0"
    running.simulator.reject_share()
    running.simulator.accept_share(actual=2**53 - 1)
    await running.refresh()
    assert running.state("sensor.shares_rejected") == "1"
    rate = 100 / (accepted + 2)
    assert float(running.state("sensor.reject_rate")) == pytest.approx(rate, abs=0.01)
    assert running.state("sensor.best_share") == str(2**53 - 1)
    # One more of many shows within a minute
    assert running.state("sensor.shares_accepted") == str(accepted)
    await running.pass_time(timedelta(minutes=1))
    assert int(running.state("sensor.shares_accepted")) > accepted


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_a_reading_of_zero_is_no_reading(all_enabled: None, running: Rig) -> None:
    """XMRig reports 0 if it could not read it."""
    cuda, opencl = running.simulator.gpus
    cuda.temperature = cuda.power = cuda.clock = cuda.memory_clock = 0
    cuda.fan_speed = []
    opencl.has_health = False
    await running.refresh()
    for card in ("cuda_01:00.0", "opencl_02:00.0"):
        for key in ("temperature", "power", "core_clock", "memory_clock"):
            assert running.state(f"sensor.{card}_gpu_{key}") == "unknown"
    assert running.state("sensor.cuda_01:00.0_gpu_fan_speed") == "unknown"
    assert running.state("sensor.opencl_02:00.0_gpu_fan_rpm") == "unknown"
    assert running.state("sensor.cuda_01:00.0_gpu_hashrate") == "950.0"


type Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def change_summary(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Change], None]:
    """Return a fault that changes the summary."""

    def change_summary(change: Change) -> None:
        def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
            change(reply.document)
            return reply

        fault = Fault("another summary", distort=distort, path="/summary")
        monkeypatch.setitem(FAULTS, "changed", fault)
        simulator.fault = "changed"

    return change_summary


def nullify(value: Any) -> Any:
    """Return a document with null for every value."""
    if isinstance(value, dict):
        return {key: nullify(item) for key, item in value.items()}
    return [nullify(item) for item in value] if isinstance(value, list) else None


async def test_nulls_are_unknown(
    all_enabled: None, running: Rig, change_summary: Callable[[Change], None]
) -> None:
    """Missing values are neither zero nor an error."""
    who = {"kind": "miner", "id": running.simulator.miner.identity}
    change_summary(lambda summary: summary.update(nullify(summary) | who))
    await running.refresh()
    of_backends = {"threads", "pause_reason", *OF_EACH_BACKEND}
    for key in (
        OF_THE_MINER.keys() - of_backends - {"hashrate", "hashrate_1m", "hashrate_15m"}
    ):
        assert running.state(f"sensor.{key}") == "unknown", key
    # The backends still show it
    assert running.state("sensor.hashrate") == "2670.0"


async def test_text_in_place_of_numbers_is_unknown(
    all_enabled: None, running: Rig
) -> None:
    """XMRig never sends numbers as text.

    A hashrate that is missing is bridged for a minute.
    """
    running.simulator.fault = "strings"
    await running.poll(8)
    for key in (
        "hashrate",
        "difficulty",
        "memory_used",
        "load_1m",
        "uptime",
        "huge_pages",
    ):
        assert running.state(f"sensor.{key}") == "unknown", key
    assert running.state("sensor.algorithm") == "rx/0"


async def test_noise_is_no_news(
    hass: HomeAssistant,
    all_enabled: None,
    running: Rig,
    change_summary: Callable[[Change], None],
) -> None:
    """Small changes of memory, load and uptime are not published."""

    def noise(summary: dict[str, Any]) -> None:
        summary["resources"]["memory"]["free"] += 50_000
        summary["resources"]["memory"]["resident_set_memory"] -= 50_000
        summary["resources"]["load_average"] = [5.02, 4.99, 5.01]
        summary["uptime"] += 1
        summary["connection"]["uptime"] += 1

    def news(summary: dict[str, Any]) -> None:
        summary["resources"]["memory"]["free"] += 2 * 1024 * 1024
        summary["resources"]["load_average"][0] = 5.2

    assert running.state("sensor.load_1m") == "5.0"
    written = async_capture_events(hass, EVENT_STATE_CHANGED)
    change_summary(noise)
    await running.refresh()
    assert not written
    change_summary(news)
    await running.refresh()
    assert {event.data["entity_id"] for event in written} == {
        running.entity_id("sensor.memory_free"),
        running.entity_id("sensor.load_1m"),
    }


async def test_the_start_of_the_miner_stands_still(running: Rig) -> None:
    """Until the next start; a clock that was set back is ignored."""
    started = running.state("sensor.uptime")
    assert started == "2026-11-01T11:43:20+00:00"
    await running.pass_time(timedelta(hours=1))
    assert running.state("sensor.uptime") == started
    running.simulator.miner.wall_step = -10_000
    await running.poll()
    assert running.state("sensor.uptime") == "unknown"
    running.simulator.restart()
    await running.poll()
    assert running.state("sensor.uptime") == "2026-11-01T13:00:10+00:00"


# --- Units of hashrates -------------------------------------------------------

HASHRATES = ("hashrate", "hashrate_1m", "hashrate_15m", "hashrate_highest")


@pytest.mark.parametrize(
    ("thread", "unit", "state", "precision"),
    [
        (2.5, "H/s", "10.0", 2),
        (430, "H/s", "1720.0", 0),
        (3086.4, "kH/s", "12.35", 2),
        (12_530_864, "MH/s", "50.12", 2),
    ],
)
@pytest.mark.parametrize("options", [{"gpus": 0}])
async def test_the_unit_of_hashrates_suits_the_miner(
    all_enabled: None,
    rig: Rig,
    thread: float,
    unit: str,
    state: str,
    precision: int,
) -> None:
    """All of them have the same one."""
    rig.simulator.surroundings.computer.thread_hashrate = thread
    rig.simulator.restart()
    rig.simulator.advance(1000)
    await rig.set_up()
    for key in HASHRATES:
        shown = rig.full_state(f"sensor.{key}")
        assert shown.attributes["unit_of_measurement"] == unit
        assert float(shown.state) == pytest.approx(float(state), rel=0.01)
        options = rig.entities[f"sensor.{key}"].options
        assert options["sensor"]["suggested_display_precision"] == precision
    assert rig.state("sensor.hashrate") == state


@pytest.mark.parametrize("options", [{"gpus": 0}])
async def test_the_unit_of_hashrates_stays(running: Rig) -> None:
    """Changing it would end the statistics."""
    assert running.state("sensor.hashrate") == "1720.0"
    running.simulator.surroundings.computer.thread_hashrate = 10_000
    running.simulator.restart()
    running.simulator.advance(1000)
    await running.reload()
    for key in ("hashrate", "hashrate_15m"):
        shown = running.full_state(f"sensor.{key}")
        assert shown.attributes["unit_of_measurement"] == "H/s"
        assert shown.state == "40000.0"
