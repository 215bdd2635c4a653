"""The process of Home Assistant, and the folder it runs in."""

import asyncio
from asyncio.subprocess import Process
import json
import os
from pathlib import Path
import shutil
import socket
import sys
from types import TracebackType
from typing import Any, Self

PROJECT = Path(__file__).parents[2]
VENV = PROJECT / ".venv-run"
"""The environment that scripts/setup creates for this."""

HOST = "127.0.0.1"
RESTART = 100
"""Its exit code for a restart (homeassistant.const.RESTART_EXIT_CODE)."""

STOP_TIMEOUT = 180
"""Seconds. It takes two; a stage of its shutdown that hangs may take 30, and a busy
computer takes longer."""


class RunError(Exception):
    """An error that prevents a run, as a message for the developer."""


def port_is_free(port: int) -> bool:
    """Return whether a port of this computer is free."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


class HomeAssistant:
    """Home Assistant, running as long as this context."""

    def __init__(self, config: Path, port: int, house: str = "[]") -> None:
        """Set it up to listen on a local port.

        `config` is its folder, which is created if it does not exist. `house` is the
        YAML of its template entities.
        """
        self.config = config
        self._house = house
        self.port = port
        self._process: Process | None = None
        self._output: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """Return its log, which is overwritten at each start."""
        return self.config / "home-assistant.log"

    async def __aenter__(self) -> Self:
        """Start it; it may not respond yet."""
        if not port_is_free(self.port):
            raise RunError(
                f"Port {self.port} is in use, perhaps by another Home Assistant. End"
                " that, or choose another port with --port."
            )
        self._write_config()
        await self.start()
        return self

    async def start(self) -> None:
        """Start the process."""
        environment = os.environ | {"PATH": f"{VENV / 'bin'}:{os.environ['PATH']}"}
        # The project's own package custom_components must not be found.
        environment.pop("PYTHONPATH", None)
        # Without bytecode, Home Assistant takes three times as long to start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # In its own session, so that Ctrl-C reaches only this process, which then stops
        # it. Two signals would end it before it has saved its state.
        self._process = await asyncio.create_subprocess_exec(
            VENV / "bin" / "python",
            *("-m", "homeassistant", "--config", self.config),
            cwd=self.config,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stderr
        self._output = asyncio.create_task(_pass_on(self._process.stderr))

    async def wait(self) -> int:
        """Wait until it ends, and return its exit code."""
        assert self._process
        return await self._process.wait()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it unless it has ended by itself."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            process.terminate()
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        finally:
            # Still there if it hangs, or if Ctrl-C came again
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _write_config(self) -> None:
        """Create the folder, or update an existing one."""
        components = self.config / "custom_components"
        components.mkdir(parents=True, exist_ok=True)
        link = components / "xmrig_miner"
        link.unlink(missing_ok=True)
        link.symlink_to(PROJECT / "custom_components" / "xmrig_miner")
        shutil.copy(PROJECT / "scripts" / "configuration.yaml", self.config)
        (self.config / "house.yaml").write_text(self._house)
        # Automations created in its editor
        (self.config / "automations.yaml").touch()
        blueprints = Path("blueprints", "automation", "xmrig_miner")
        shutil.copytree(
            PROJECT / blueprints, self.config / blueprints, dirs_exist_ok=True
        )
        # Home Assistant takes these two from its storage only. Both are in the form of
        # their first version, to which it adds what is missing.
        self._store("http", 1, {"server_host": [HOST], "server_port": self.port})
        if not (self.config / ".storage" / "onboarding").exists():
            # All except the user: the step core_config would add integrations that need
            # the internet (homeassistant/components/onboarding/views.py).
            done = ["analytics", "core_config", "integration"]
            self._store("onboarding", 4, {"done": done})

    def _store(self, key: str, version: int, data: dict[str, Any]) -> None:
        """Write a file of Home Assistant's storage."""
        path = self.config / ".storage" / key
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"version": version, "key": key, "data": data}))


async def _pass_on(output: asyncio.StreamReader) -> None:
    """Print the output of Home Assistant, except for one line.

    That line warns about every custom integration.
    """
    while line := await output.readline():
        if b"We found a custom integration xmrig_miner" not in line:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
