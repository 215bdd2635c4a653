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
"""The environment that scripts/setup makes for this."""

HOST = "127.0.0.1"
RESTART = 100
"""Its exit code when it was asked to restart (homeassistant.const.RESTART_EXIT_CODE)."""

STOP_TIMEOUT = 60
"""Seconds. It takes two; a stage of its shutdown that hangs may take 30."""


class RunError(Exception):
    """An error that prevents it from running, as a sentence for the developer."""


def port_is_free(port: int) -> bool:
    """Return whether something can listen on a port of this computer."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


class HomeAssistant:
    """A Home Assistant that runs while this context is entered."""

    def __init__(self, config: Path, port: int, house: str = "[]") -> None:
        """Set it up to listen on a port of this computer only.

        `config` is its folder, made or taken over when it starts. `house` is the YAML of
        its template entities.
        """
        self.config = config
        self._house = house
        self.port = port
        self._process: Process | None = None
        self._output: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return where it is reached."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """Return its log, which is overwritten at each start."""
        return self.config / "home-assistant.log"

    async def __aenter__(self) -> Self:
        """Start it; it may not answer yet."""
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
        """Stop it, if it has not ended by itself."""
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
        # The automations that its editor makes
        (self.config / "automations.yaml").touch()
        blueprints = Path("blueprints", "automation", "xmrig_miner")
        shutil.copytree(
            PROJECT / blueprints, self.config / blueprints, dirs_exist_ok=True
        )
        # Home Assistant takes these two from its storage only. Both are in the form of
        # their first version, to which it adds what is missing.
        self._store("http", 1, {"server_host": [HOST], "server_port": self.port})
        if not (self.config / ".storage" / "onboarding").exists():
            # All but the user: the step core_config would add integrations that need
            # the internet (homeassistant/components/onboarding/views.py).
            done = ["analytics", "core_config", "integration"]
            self._store("onboarding", 4, {"done": done})

    def _store(self, key: str, version: int, data: dict[str, Any]) -> None:
        """Write a file of Home Assistant's storage."""
        path = self.config / ".storage" / key
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"version": version, "key": key, "data": data}))


async def _pass_on(output: asyncio.StreamReader) -> None:
    """Print what Home Assistant says, but for one line.

    It says of every custom integration that it may be the cause of any trouble.
    """
    while line := await output.readline():
        if b"We found a custom integration xmrig_miner" not in line:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
