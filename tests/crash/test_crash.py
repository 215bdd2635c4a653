"""What undoes changes of a config survives SIGKILL and a full disk at any moment.

`--crashes 200` is the long form.
"""

from collections.abc import Generator
import json
from pathlib import Path
import random
import subprocess
import sys
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest

from .home import TOKEN

LONGEST = 4
"""Seconds until it is killed, in which it sends about three commands."""


@pytest.fixture
def port(loopback: None) -> Generator[int]:
    """Start a simulated miner as a process, and yield its port."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--token", TOKEN]
    with subprocess.Popen(
        [*command, "--uptime", "1000"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()


def _config(port: int) -> Any:
    """Return the config that the miner has now."""
    request = Request(
        f"http://127.0.0.1:{port}/2/config",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with urlopen(request) as response:
        return json.load(response)


@pytest.mark.timeout(0)
def test_killed_at_any_moment(
    port: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The next start reads what was stored, and restores the whole config by it."""
    rounds = request.config.getoption("--crashes")
    chance = random.Random(20261129 if rounds < 10 else None)
    first = _config(port)
    changed = 0
    for number in range(rounds + 1):
        command = [sys.executable, "-m", "tests.crash.home", str(tmp_path), str(port)]
        with subprocess.Popen(
            [*command, str(chance.random()).removeprefix("0.")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin
            assert process.stdout
            restored = json.loads(process.stdout.readline())
            assert restored == {"state": "loaded", "issues": []}, number
            assert _config(port) == first, number
            if number == rounds:
                break
            process.stdin.write("go\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0, LONGEST))
            # It ends by itself only if a command failed in another way
            assert process.poll() is None, number
            process.kill()
        changed += _config(port) != first
    assert changed or rounds < 10
