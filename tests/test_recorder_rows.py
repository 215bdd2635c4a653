"""How many rows a miner adds to the recorder's database in an hour of steady mining."""

from collections import Counter
from collections.abc import Generator
import random
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback
import pytest

from simulator.backends import Backend

from .common import Rig
from .watts import METER, NUMBERS, drawn, report, set_up

POLLS = 120
"""A third of an hour."""
MAX_ROWS = 400

STEADY, BUSY = 0.01, 0.05
"""Standard deviations of a hashrate over 10 s, on a computer that does nothing else and
on one that is in use. Those over longer times are smaller."""

PARTS = (1, 6, 90)
"""Windows of 10 s in each of the miner's windows."""

SHARES = 1 / 3
"""Shares between two polls: pools choose a difficulty that leads to one each 30 s or so."""


@pytest.fixture
def jitter() -> float:
    """Return the standard deviation of a hashrate, for tests to say."""
    return STEADY


@pytest.fixture
def noise(jitter: float) -> Generator[random.Random]:
    """Let hashrates jitter."""
    noise = random.Random(20261101)
    windows = Backend._windows  # noqa: SLF001

    def jittering(*args: Any) -> list[float | None]:
        return [
            None if value is None else value * noise.gauss(1, jitter / parts**0.5)
            for value, parts in zip(windows(*args), PARTS, strict=True)
        ]

    with patch.object(Backend, "_windows", jittering):
        yield noise


async def count_rows(rig: Rig, noise: random.Random) -> Counter[str]:
    """Return the rows by `platform.key`."""
    names = {entity.entity_id: name for name, entity in rig.entities.items()}
    rows: Counter[str] = Counter()

    @callback
    def count(event: Event[EventStateChangedData]) -> None:
        # Equal states with a new report time are no such event, and no row
        if (name := names.get(event.data["entity_id"])) is not None:
            rows[name] += 1

    stop = rig.hass.bus.async_listen(EVENT_STATE_CHANGED, count)
    cards = [(gpu, gpu.power, gpu.temperature) for gpu in rig.simulator.gpus]
    for _ in range(POLLS):
        for gpu, power, temperature in cards:
            gpu.power = power + noise.randint(-2, 2)
            gpu.temperature = temperature + noise.randint(-1, 1)
        report(rig, round(drawn(rig.simulator) + noise.gauss(0, 1), 1))
        if noise.random() < SHARES:
            rig.simulator.surroundings.share_latency_ms = noise.randint(30, 90)
            rig.simulator.accept_share()
        await rig.poll()
    stop()
    return rows


@pytest.mark.parametrize(
    ("options", "chosen", "jitter", "expected"),
    [
        pytest.param({"gpus": 0}, {}, STEADY, 150, id="cpu"),
        pytest.param({"gpus": 0}, {}, BUSY, 350, id="cpu of a busy computer"),
        pytest.param({"gpus": 0, "restricted": True}, {}, STEADY, 150, id="read-only"),
        pytest.param({"gpus": 2}, {}, STEADY, 260, id="two GPUs"),
        pytest.param({"gpus": 0}, NUMBERS, STEADY, 270, id="estimated power"),
        pytest.param(
            {"gpus": 0}, {**NUMBERS, **METER}, STEADY, 360, id="measured power"
        ),
        pytest.param({"gpus": 0}, {**NUMBERS, **METER}, BUSY, 400, id="all of it"),
    ],
)
async def test_rows_of_an_hour(
    rig: Rig, chosen: dict[str, Any], noise: random.Random, expected: int
) -> None:
    """They stay below a bound with what is enabled by default."""
    for _ in range(int(POLLS * SHARES)):
        rig.simulator.accept_share()
    await set_up(rig, chosen)
    await rig.poll(6)
    rows = await count_rows(rig, noise)
    assert 3 * rows.total() <= expected <= MAX_ROWS, rows.most_common()


async def test_equal_states_are_no_rows(running: Rig) -> None:
    """No entity asks for its states to be written again and again."""
    assert not any(
        entity.force_update
        for component in running.hass.data["entity_components"].values()
        for entity in component.entities
    )
