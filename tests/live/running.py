"""Home Assistant and a simulated miner as processes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
import json
import os
from pathlib import Path
import random
import re
import signal
import subprocess
from typing import Any

import pytest

from scripts.runner.client import NAME, Client
from scripts.runner.miner import DOMAIN, ENTRIES, listed
from scripts.runner.process import (
    HOST,
    PROJECT,
    VENV,
    HomeAssistant,
    RunError,
    port_is_free,
)

PYTHON = VENV / "bin" / "python"
TOKEN = "open-sesame"

PATIENCE = 300
"""Seconds until something counts as missing: on a busy computer, all of it takes longer."""

CLOSED_PAGE = re.compile(
    r"^.* ERROR \(MainThread\) \[homeassistant\] Error doing job: .*\n"
    r"Traceback .*\n(?: .*\n)*"
    r".*ClientConnectionResetError: Cannot write to closing transport$",
    re.MULTILINE,
)
"""What Home Assistant logs when a page is closed to which it is sending something."""


def free_port() -> int:
    """Return a port that nothing listens on, and nothing on the one after it either.

    It is below those that the system gives to outgoing connections, one of which could
    take it before it is used.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        if port_is_free(port) and port_is_free(port + 1):
            return port


class Run:
    """A run of scripts/run, without the set-up that precedes it."""

    def __init__(self, config: Path, *options: str) -> None:
        """Initialize it to use a config folder."""
        self.config = config
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    @cached_property
    def url(self) -> str:
        """Return where Home Assistant is reached."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> str:
        """Start it, and return its output once everything is set up."""
        self._process = subprocess.Popen(
            [
                *(str(PYTHON), "-m", "scripts.runner", "--port", str(self.port)),
                *("--config", str(self.config), *self._options),
            ],
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        said = ""
        for line in self._process.stdout:
            said += line
            if "Ctrl-C" in line:
                return said
        pytest.fail(f"scripts/run ended with {self._process.wait()}: {said}")

    def stop(self, number: signal.Signals) -> None:
        """End it by a signal, and check that no process is left."""
        assert self._process
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert children, "Home Assistant runs as its child"
        self._process.send_signal(number)
        self._process.communicate()
        assert self._process.returncode == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        assert port_is_free(self.port)

    def kill(self) -> None:
        """Kill it if it still runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.communicate()

    def files_with(self, text: str) -> set[str]:
        """Return the paths of the files in the config folder that contain a text."""
        return {
            path.relative_to(self.config).as_posix()
            for path in self.config.rglob("*")
            if path.is_file() and text.encode() in path.read_bytes()
        }

    @property
    def log(self) -> str:
        """Return what Home Assistant has logged in its last two starts."""
        logs = sorted(self.config.glob("home-assistant.log*"), reverse=True)
        return "".join(log.read_text() for log in logs)

    @property
    def errors(self) -> list[str]:
        """Return the errors among that, and the first line of each traceback."""
        marks = (" ERROR ", " CRITICAL ", "Traceback")
        return [
            line
            for line in CLOSED_PAGE.sub("", self.log).splitlines()
            if any(mark in line for mark in marks)
        ]


class SimulatedMiner:
    """A simulated miner as a process."""

    def __init__(self, *options: str) -> None:
        """Initialize it to listen always on the same port.

        `options` are those of the simulator's command line, beside port and token.
        """
        self.port = free_port()
        self.token = TOKEN
        self._options = options or ("--gpus", "1")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, as a miner that has run for a while."""
        # The environment of tests in a browser has nothing to make a certificate with
        self._process = subprocess.Popen(
            [
                *(PYTHON, "-m", "simulator", "--uptime", "1000"),
                *("--port", str(self.port), "--token", self.token, *self._options),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline()

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None


async def kill(process: HomeAssistant) -> None:
    """Kill Home Assistant, which saves nothing."""
    assert process._process  # noqa: SLF001
    process._process.kill()  # noqa: SLF001
    await process.wait()


async def remove_all(client: Client) -> None:
    """Remove all miners and the manager."""
    for entry in await listed(client):
        await client.delete(f"{ENTRIES}/{entry['entry_id']}")


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds, for instance after the next poll."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.2)


async def becomes(client: Client, entity_id: str, state: str) -> None:
    """Wait until an entity has a state."""

    async def has_become() -> bool:
        with suppress(RunError):
            return await client.state(entity_id) == state
        return False

    await eventually(has_become)


async def stored(config: Path, holds: Callable[[list[Any]], bool]) -> None:
    """Wait until the user and the integration's entries are on disk, as a test needs it.

    Home Assistant saves both a second after a change.
    """
    storage = config / ".storage"

    async def is_stored() -> bool:
        users = storage / "auth"
        if not users.exists() or NAME not in users.read_text():
            return False
        entries = json.loads((storage / "core.config_entries").read_text())
        return holds(
            [item for item in entries["data"]["entries"] if item["domain"] == DOMAIN]
        )

    await eventually(is_stored)
