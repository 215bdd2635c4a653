"""Each trouble shows what docs/faults.md says, and leaves nothing wrong behind.

After a change that is meant, `scripts/test tests/faults --snapshot-update` writes the
page anew.
"""

from collections.abc import Generator
import logging
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.common import Rig
from tests.controls import MINING
from tests.sessions import Resolver

from . import network, outcome
from .outcome import HEAD, Outcome
from .troubles import Trouble, troubles

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
INTRODUCTION = """# Faults

What a miner's entities, the log, repairs, and three actions show while something is wrong,
each for three polls (30 s). Every row is a test over real connections to a simulated
miner (`tests/faults`), which writes this page, and fails once the row is not true
anymore. In each of them, no exception is logged, no secret, and one poll after
the fault has ended, what entities show is what the miner does, and commands work.

- *Entities*: `unavailable` are all of them, except past events.
- *Mining* off, two of four *CPU threads*, and the action `set_config`: `done`, or the
  error by its key in `translations/en.json`. A command that fails may have reached the
  miner.
- *Log*: warnings and errors, each once; that polls fail is logged with the text of the
  key, and only once.
"""

TROUBLES = {f"{trouble.group}: {trouble.name}": trouble for trouble in troubles()}
POLLS = 3

_rows: dict[str, str] = {}


def _page(rows: dict[str, str]) -> str:
    """Return the page with rows by the names of faults."""
    groups: dict[str, list[str]] = {}
    for name, trouble in TROUBLES.items():
        groups.setdefault(trouble.group, []).append(rows[name])
    tables = [f"## {group}\n\n{HEAD}\n" + "\n".join(groups[group]) for group in groups]
    return "\n\n".join([INTRODUCTION.strip(), *tables]) + "\n"


def _rows_of_page() -> dict[str, str]:
    """Return the rows of the page by the names of faults."""
    rows: dict[str, str] = {}
    group = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif line.startswith("| "):
            rows[f"{group}: {line.split(' | ')[0].removeprefix('| ')}"] = line
    return {name: rows.get(name, "") for name in TROUBLES}


@pytest.fixture(scope="module", autouse=True)
def page(request: pytest.FixtureRequest) -> Generator[None]:
    """At the end, write the page with the new rows if requested."""
    yield
    if request.config.option.update_snapshots:
        PAGE.write_text(_page(_rows_of_page() | _rows))


async def _outcome(
    rig: Rig, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> Outcome:
    """Cause a fault, and return its effects."""
    before = rig.states
    async with trouble.during(rig):
        await rig.poll(POLLS)
        shown = outcome.entities(rig, before)
        asked = outcome.repairs(rig)
        error = outcome.poll_error(rig)
        pause = await outcome.result_of_pause(rig)
        threads = await outcome.result_of_threads(rig, 2)
        set_config = await outcome.result_of_set_config(rig)
    await rig.poll(trouble.polls_after)
    after = outcome.differences(rig, before)
    left = outcome.repairs(rig)
    return Outcome(
        entities=shown,
        pause=pause,
        threads=threads,
        set_config=set_config,
        log=outcome.log(rig, caplog, error),
        repairs=asked,
        after="; ".join(filter(None, [*after, left])) or "as before",
    )


@pytest.fixture
def options(name: str) -> dict[str, Any]:
    """Let the miner use TLS where that is in trouble."""
    return {"tls": TROUBLES[name].has_tls}


@pytest.fixture(autouse=True)
def names_and_authorities() -> Generator[None]:
    """Let Home Assistant know the miner's name, and trust the authority."""
    context = network.AUTHORITY.trust()
    with (
        patch("homeassistant.util.ssl.client_context", return_value=context),
        patch.object(Resolver, "resolve", network.resolve_anew),
    ):
        yield


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_trouble(
    rig: Rig,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    """It shows what the page says, and nothing of it is left one poll after it."""
    caplog.set_level(logging.INFO)
    trouble = TROUBLES[name]
    trouble.prepare(rig)
    await rig.set_up()
    found = await _outcome(rig, trouble, caplog)
    row = _rows[name] = found.row(trouble.name)
    if not request.config.option.update_snapshots:
        assert row == _rows_of_page()[name]
    assert found.after == (trouble.lasts or "as before")
    await rig.turn(MINING, on=True)
    assert await outcome.result_of_threads(rig, 3) == "done"
    assert rig.simulator.is_hashing


def test_the_page_has_exactly_these_rows() -> None:
    """Each of them once, and at least a hundred."""
    rows = _rows_of_page()
    assert "" not in rows.values()
    assert PAGE.read_text() == _page(rows)
    assert len(rows) >= 100
