"""A config that could not be read back is rejected before it is written."""

import time
from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.config_safety import MAX_CONFIG, MAX_MEMBERS
from custom_components.xmrig_miner.api.limits import MAX_DEPTH
from simulator import rapidjson

from .common import Rig
from .controls import act, config_of, is_same_config, restore, set_threads, writes


def nested(depth: int) -> dict[str, Any]:
    """Return nested objects."""
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


TOO_LARGE: dict[str, tuple[str, Any]] = {
    "keys": ("config_too_large", {f"key{number}": 1 for number in range(100_000)}),
    "keys of one object": (
        "config_too_large",
        {"cpu": {f"key{number}": [number] for number in range(MAX_MEMBERS)}},
    ),
    "text": ("config_too_large", {"title": "x" * MAX_CONFIG}),
    "pools": ("config_too_large", {"pools": [{"url": "pool.example.org"}] * 600}),
    "a list": ("config_too_large", {"cpu": {"rx": [0] * 100_000}}),
    "depth": ("config_not_json", nested(MAX_DEPTH + 1)),
    "much depth": ("config_not_json", nested(3000)),
}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("error", "patch"), TOO_LARGE.values(), ids=list(TOO_LARGE.keys())
)
async def test_what_is_too_large_is_refused(
    running: Rig, error: str, patch: dict[str, Any], dry_run: bool
) -> None:
    """Quickly, and without a write."""
    first = config_of(running.simulator)
    started = time.process_time()
    with pytest.raises(ServiceValidationError) as raised:
        await act(running, "set_config", config=patch, dry_run=dry_run)
    assert time.process_time() - started < 5
    assert raised.value.translation_key == error
    assert writes(running.simulator) == 0
    assert is_same_config(running.simulator, first)


async def test_what_is_just_not_too_large_is_written_and_undone(running: Rig) -> None:
    """It can be read back and changed within seconds."""
    first = config_of(running.simulator)
    pools = [
        {"url": f"pool{number}.example.org:3333", "user": "WALLET"}
        for number in range(200)
    ]
    started = time.process_time()
    await act(running, "set_config", config={"pools": pools})
    assert len(running.full_state("select.pool").attributes["options"]) == 200
    await set_threads(running, 3)
    await running.poll()
    assert running.state("number.cpu_threads") == "3"
    assert len(rapidjson.dumps(running.simulator.config)) < MAX_CONFIG
    await restore(running)
    assert is_same_config(running.simulator, first)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "options",
    [
        {
            "pools": [
                {"url": f"pool{number}.example.org:3333", "user": "x" * 100}
                for number in range(600)
            ]
        }
    ],
)
async def test_a_config_that_is_larger_already_may_shrink(running: Rig) -> None:
    """So that an existing large config can be changed."""
    await set_threads(running, 3)
    assert running.state("number.cpu_threads") == "3"
    with pytest.raises(ServiceValidationError) as raised:
        await act(running, "set_config", config={"title": "x" * 100})
    assert raised.value.translation_key == "config_too_large"
    pools = running.simulator.config["pools"][:10]
    await act(running, "set_config", config={"pools": pools})
    assert len(running.simulator.config["pools"]) == 10
