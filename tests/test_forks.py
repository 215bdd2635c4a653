"""Builds that keep XMRig's API, and miners that cannot keep their config."""

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.xmrig_miner.const import CONF_READ_ONLY
from simulator import ARM, FAULTS, MONEROOCEAN, XMRIGCC, Fault, SimulatedMiner
from simulator.http import Reply, Request

from .common import Rig
from .fixing import issues

MINING = "switch.mining"
STOP = "button.stop"
THREADS = "number.cpu_threads"


def raised(rig: Rig) -> set[str | None]:
    """Return the kinds of issues."""
    return {issue.translation_key for issue in issues(rig.hass).values()}


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ({"fork": MONEROOCEAN}, "6.26.0-mo4"),
        ({"fork": XMRIGCC, "version": "6.25.0"}, "3.4.9"),
        ({"fork": ARM}, "6.26.0"),
    ],
    ids=["moneroocean", "xmrigcc", "arm"],
)
async def test_everything_works_with_a_fork(running: Rig, version: str) -> None:
    """It is monitored and controlled, and its own settings are left alone."""
    assert running.state("sensor.status") == "mining"
    assert running.devices["miner"].sw_version == version
    assert raised(running) == set()
    before = running.simulator.config
    await running.turn(MINING, on=False)
    assert running.simulator.miner.is_paused
    await running.turn(MINING, on=True)
    await running.call("number", "set_value", THREADS, value=1)
    assert running.state(THREADS) == "1"
    assert running.simulator.config != before
    await running.press(STOP)
    assert running.state("sensor.status") == "stopped"
    await running.press("button.start")
    await running.call("number", "set_value", THREADS, value=4)
    assert running.simulator.config == before
    assert raised(running) == set()


@pytest.mark.parametrize("options", [{"fork": MONEROOCEAN}])
class TestMoneroOcean:
    """The pool changes the algorithm with any job."""

    async def test_the_algorithm_changes(self, running: Rig) -> None:
        """Threads, hashrate and cap follow the profile of the new one."""
        await running.call("number", "set_value", THREADS, value=2)
        for algorithm in ("cn/ccx", "ghostrider", "rx/0"):
            running.simulator.set_algorithm(algorithm)
            await running.poll(4)
            assert running.state("sensor.algorithm") == algorithm
            assert running.state("sensor.status") == "mining"
            assert running.state(THREADS) == "2"
            activity = running.full_state("event.activity").attributes
            assert activity["event_type"] == "algorithm_changed"
        assert raised(running) == set()

    async def test_it_writes_its_config_after_a_calibration(self, running: Rig) -> None:
        """That is neither lost nor taken for a change of the pools."""
        await running.call("number", "set_value", THREADS, value=2)
        performance = {"rx/0": 1720.4, "cn/ccx": 310.0, "kawpow": -1}
        running.simulator.edit_config(
            lambda config: config.update({"algo-perf": performance})
        )
        await running.poll()
        assert raised(running) == set()
        await running.call("number", "set_value", THREADS, value=4)
        assert running.simulator.config["algo-perf"] == performance


@pytest.mark.parametrize(
    "options",
    [
        {
            "fork": MONEROOCEAN,
            "uptime": 5,
            "config": {"algo-perf": {"rx/arq": 10.0}, "bench-algo-time": 20},
        }
    ],
)
async def test_a_calibration_before_the_first_pool(running: Rig) -> None:
    """It is starting, with hashes and without, until it has measured all algorithms."""
    hashrates = set()
    for _ in range(20):
        assert running.state("sensor.status") == "starting"
        assert running.state(MINING) == "on"
        assert running.state("binary_sensor.pool_connected") == "off"
        assert running.state("sensor.algorithm") == "unknown"
        hashrates.add(running.state("sensor.hashrate"))
        await running.poll()
    assert len(hashrates) > 3
    await running.poll(3)
    assert running.state("sensor.status") == "mining"
    assert running.state("sensor.algorithm") == "rx/0"
    measured = running.simulator.config["algo-perf"]
    assert measured["rx/arq"] == 10.0
    assert measured["cn-pico"] > 0
    assert raised(running) == set()
    # Nothing is measured again
    running.simulator.restart()
    await running.poll(3)
    assert running.state("sensor.status") == "mining"


@pytest.mark.parametrize("options", [{"fork": XMRIGCC, "version": "6.25.0"}])
class TestXmrigCc:
    """A server of its own commands the miner as well."""

    async def test_a_pause_by_its_server_is_external(self, running: Rig) -> None:
        """It is shown as such, and not undone."""
        running.simulator.rpc_direct("pause")
        await running.poll(2)
        assert running.state("sensor.pause_reason") == "at_the_miner"
        assert running.simulator.miner.is_paused
        running.simulator.rpc_direct("resume")
        await running.poll()
        assert running.state(MINING) == "on"

    async def test_its_server_writes_the_config(self, running: Rig) -> None:
        """The newer value stays, also after one of ours."""
        await running.call("number", "set_value", THREADS, value=2)
        running.simulator.edit_config(lambda config: config["cpu"].update(priority=2))
        await running.poll()
        await running.call("number", "set_value", THREADS, value=4)
        assert running.simulator.config["cpu"]["priority"] == 2
        assert running.simulator.config["cpu"]["rx"] == [0, 1, 2, 3]


@pytest.mark.parametrize("options", [{"token": None, "restricted": True}])
async def test_a_miner_that_gupax_started_is_monitored(rig: Rig) -> None:
    """It is read-only, without a token."""
    data = {
        key: value for key, value in rig.entry.data.items() if key != "access_token"
    }
    rig.hass.config_entries.async_update_entry(
        rig.entry, data=data | {CONF_READ_ONLY: True}
    )
    await rig.set_up()
    assert rig.state("sensor.status") == "mining"
    assert {name.partition(".")[0] for name in rig.entities} == {
        *("binary_sensor", "event", "sensor")
    }
    assert raised(rig) == set()


class TestConfigThatIsNotKept:
    """A miner without a config file, or with one that it may not write."""

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Let the config never be written."""
        return {"is_writable": False}

    @pytest.mark.parametrize("seconds", [0, 0.3, 10])
    async def test_it_is_noticed_after_a_restart(
        self, running: Rig, seconds: float
    ) -> None:
        """A change applies, and is gone then. What was requested is restored.

        A restart before the change has lasted is not mistaken for another writer.
        """
        await running.press(STOP)
        assert running.state("sensor.status") == "stopped"
        assert raised(running) == set(), "XMRig does not say that it was not written"
        await running.pass_time(timedelta(seconds=seconds))
        running.simulator.restart()
        await running.poll(2)
        assert raised(running) == {"config_not_kept"}
        assert running.state(MINING) == "off"

    async def test_it_is_over_once_a_change_was_kept(self, running: Rig) -> None:
        """The file can be written again."""
        await running.call("number", "set_value", THREADS, value=2)
        await running.poll()
        running.simulator.restart()
        await running.poll(2)
        assert raised(running) == {"config_not_kept"}
        assert running.state(THREADS) == "2", "restored"
        running.simulator.surroundings.is_writable = True
        await running.call("number", "set_value", THREADS, value=3)
        await running.poll()
        running.simulator.restart()
        await running.poll(2)
        assert raised(running) == set()

    async def test_a_restart_without_changes_says_nothing(self, running: Rig) -> None:
        """There was nothing to keep."""
        running.simulator.restart()
        await running.poll(2)
        assert raised(running) == set()


async def test_a_config_that_was_kept_is_not_reported(running: Rig) -> None:
    """Nor one in which the user changed one of several values."""
    await running.call("number", "set_value", THREADS, value=2)
    running.simulator.restart()
    await running.poll(2)
    assert raised(running) == set()
    await running.press(STOP)
    running.simulator.edit_config(lambda config: config["cpu"].update(enabled=True))
    running.simulator.restart()
    await running.poll(2)
    assert raised(running) == set()


class TestBenchmark:
    """XMRig in its benchmark mode, as 6.26.0 reports it: it has no pool at all."""

    @pytest.fixture(autouse=True)
    def options(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """Let the miner run a benchmark."""

        def distort(_miner: SimulatedMiner, request: Request, reply: Reply) -> Reply:
            if request.method != "GET" or reply.document is None:
                return reply
            document = copy.deepcopy(reply.document)
            if request.path == "/2/summary":
                endless = 2**64 - 1
                document["results"]["diff_current"] = endless
                document["connection"] |= {
                    "pool": "benchmark:3333",
                    "ip": None,
                    "diff": endless,
                }
            if request.path == "/2/config":
                del document["pools"]
                document["benchmark"] = {"size": "1M", "algo": "rx/0", "submit": False}
            return replace(reply, document=document)

        monkeypatch.setitem(FAULTS, "benchmark", Fault("benchmark", distort=distort))
        return {"fault": "benchmark"}

    async def test_it_is_monitored(self, running: Rig) -> None:
        """It mines, without a difficulty and without an alarm about its pools."""
        assert running.state("sensor.status") == "mining"
        assert running.state("sensor.difficulty") == "unknown"
        assert raised(running) == set()
        await running.turn(MINING, on=False)
        assert running.simulator.miner.is_paused

    async def test_its_config_is_not_changed(self, running: Rig) -> None:
        """XMRig would save it as it is during the benchmark: without the pools."""
        before = running.simulator.config
        with pytest.raises(ServiceValidationError) as refused:
            await running.call("number", "set_value", THREADS, value=2)
        assert refused.value.translation_key == "benchmark"
        assert running.simulator.config == before
