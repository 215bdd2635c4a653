"""Tests of docs/api.md: its examples run, and its names exist."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
import inspect
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from custom_components.xmrig_miner import api
from custom_components.xmrig_miner.api import models

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "custom_components" / "xmrig_miner"
TEXT = (ROOT / "docs" / "api.md").read_text()
TOKEN = "s3cret"

EXAMPLES = re.findall(
    r"`(\w+\.py)`[^\n]*:\n\n```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
)


@contextmanager
def simulated(*options: str) -> Iterator[str]:
    """Run a simulator as another process, and return its port."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--token", TOKEN]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as simulator:
        assert simulator.stdout
        yield simulator.stdout.readline().rpartition(":")[2].strip()
        simulator.terminate()


@pytest.fixture
def port() -> Iterator[str]:
    """Run a simulated miner, and return its port."""
    with simulated("--gpus", "3", "--uptime", "1000") as port:
        yield port


def run(folder: Path, script: str, port: str) -> subprocess.CompletedProcess[str]:
    """Run a script with a copy of the API, without Home Assistant."""
    shutil.copytree(PACKAGE / "api", folder / "xmrig", dirs_exist_ok=True)
    (folder / "script.py").write_text(script)
    start = "import runpy, sys; sys.modules['homeassistant'] = None; "
    start += "sys.path.insert(0, ''); runpy.run_path('script.py', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", start, "127.0.0.1", port, TOKEN],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_example_is_run() -> None:
    """Examples that are not run become outdated."""
    assert [name for name, _ in EXAMPLES] == ["read.py", "control.py", "proxy.py"]
    assert TEXT.count("```python") == len(EXAMPLES)


def test_read(tmp_path: Path, port: str) -> None:
    """The first example shows what the miner reports, and pauses it."""
    result = run(tmp_path, dict(EXAMPLES)["read.py"], port)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "rig-one is mining rx/0"
    assert re.fullmatch(r"[1-9][0-9.]+ H/s, \d+ shares", lines[1])
    assert lines[2:5] == ["cpu: 4 threads", "opencl: 2 threads", "cuda: 2 threads"]
    assert len(lines) == 9
    assert lines[-1] == "paused: True"


def test_control(tmp_path: Path, port: str) -> None:
    """The second example changes the config, restores it, and stores its state."""
    result = run(tmp_path, dict(EXAMPLES)["control.py"], port)
    assert (result.returncode, result.stderr) == (0, "")
    first, second, *restored = result.stdout.splitlines()
    assert first == "print-time: 60 -> 30"
    assert second == "1 thread"
    assert "restored print-time" in restored
    assert "restored cpu.rx" in restored
    state = json.loads((tmp_path / "miner.json").read_text())
    assert state["request"]["mining"] is True
    assert state["all_edits"] == {"edits": [], "pending": None}


def test_proxy(tmp_path: Path) -> None:
    """The third example lists workers, and changes the pools of a proxy and back."""
    with simulated("--proxy", "--uptime", "1000") as port:
        result = run(tmp_path, dict(EXAMPLES)["proxy.py"], port)
    assert (result.returncode, result.stderr) == (0, "")
    first, second, *workers, prefers, restored = result.stdout.splitlines()
    assert first == "rig-one is mining, 2 miners"
    assert re.fullmatch(r"2[56]\d0\.0 H/s, 2\d{3} shares", second)
    assert [line.partition(":")[0] for line in workers] == ["rig-a", "rig-b"]
    assert re.fullmatch(r"rig-a: 1[67]\d\d, 1[67]\d0\.0 H/s", workers[0])
    assert prefers == "prefers backup.example.org:3333"
    assert restored == "restored pools"


@pytest.mark.parametrize("name", ["read.py", "control.py", "proxy.py"])
def test_an_error_has_a_reason(tmp_path: Path, port: str, name: str) -> None:
    """An unreachable miner causes no traceback, and shows no token."""
    script = dict(EXAMPLES)[name]
    result = run(tmp_path, script, "1")
    assert result.returncode == 1
    assert result.stderr == "127.0.0.1:1 refused the connection\n"


def test_properties(tmp_path: Path, port: str) -> None:
    """Each expression in the table of properties can be evaluated."""
    table = TEXT[TEXT.index("### Its properties") :]
    spans = [
        span
        for row in re.findall(r"^\| `.*$", table, re.MULTILINE)
        for span in re.findall(r"`([^`]+)`", row.split(" | ")[1])
    ]
    assert len(spans) > 60
    lines = "\n".join(f"    print(repr({span})[:80])" for span in spans)
    script = f"""
import asyncio, sys
import aiohttp
from xmrig import BackendType, XmrigClient

async def main(host, port, token):
    async with aiohttp.ClientSession() as session:
        replies = await XmrigClient(session, host, int(port), token=token).get_all()
    summary, backends, config = replies.summary, replies.backends, replies.config
    cpu, opencl, cuda = (backends.by_type[name] for name in BackendType)
{lines}

asyncio.run(main(*sys.argv[1:]))
"""
    result = run(tmp_path, script, port)
    assert (result.returncode, result.stderr) == (0, "")
    shown = dict(zip(spans, result.stdout.splitlines(), strict=True))
    missing = [span for span, value in shown.items() if value in {"None", "[]", "()"}]
    # The connection to the pool is not encrypted
    assert missing == [
        "summary.connection.tls",
        'summary.document["connection"]["tls-fingerprint"]',
    ]


def words() -> set[str]:
    """Return every word of the page's code."""
    fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    code = fence.findall(TEXT) + re.findall(r"`[^`\n]+`", fence.sub("", TEXT))
    return {word for part in code for word in re.findall(r"\w+", part)}


def test_all_that_is_public_is_documented() -> None:
    """All imports of the examples are public."""
    assert sorted(api.__all__) == sorted(set(api.__all__))
    for name in api.__all__:
        assert hasattr(api, name)
    types = {name for name in api.__all__ if is_dataclass(getattr(api, name))}
    assert set(api.__all__) - words() - types == set()
    errors = {
        name for name in vars(api.exceptions) if re.match(r"Xmrig\w+Error$", name)
    }
    assert errors <= set(api.__all__)


@pytest.mark.parametrize(
    "kind", [api.XmrigClient, api.Miner, api.ProxyClient, api.Proxy]
)
def test_every_method_is_documented(kind: type[Any]) -> None:
    """Except what only Home Assistant needs."""
    internal = {
        "accept_payout",
        "forget_change",
        "is_overwritten",
        "observe",
        "pause_again",
        "pause_for_power_limit",
        "read_config",
        "restore_wanted_state",
        "resume_after_power_limit",
    }
    methods = {
        name
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods - words() <= internal
    assert not internal & words()


def test_every_value_of_a_model_is_read_or_documented() -> None:
    """Values that are neither read nor documented are useless."""
    own = PACKAGE / "api" / "models"
    sources = [
        path.read_text() for path in PACKAGE.rglob("*.py") if own not in path.parents
    ]
    named = words() | set(re.findall(r"\.(\w+)", "\n".join(sources)))
    for name in models.__all__:
        model = getattr(models, name)
        if is_dataclass(model):
            values = {field.name for field in fields(model)}
            values |= {
                key for key, value in vars(model).items() if isinstance(value, property)
            }
            assert values - named == set(), name
