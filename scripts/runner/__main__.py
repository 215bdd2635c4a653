"""Run Home Assistant with a miner: what scripts/run does after the set-up."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import signal
import sys
from urllib.parse import urlsplit

import aiohttp

from simulator import Simulator

from . import dashboard
from .client import PASSWORD, USERNAME, Client
from .miner import Connection, devices, ensure_miner
from .process import HOST, PROJECT, RESTART, HomeAssistant, RunError, port_is_free

TOKEN = "simulated"
UPTIME = 1000
"""Seconds that a simulated miner has run: enough for its average over 15 minutes."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, where an IPv6 address has brackets."""
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.port and parts.netloc == text:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")


def _parse() -> argparse.Namespace:
    """Return the arguments of scripts/run; its --help describes them."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        usage="scripts/run [OPTION...], see scripts/run --help",
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("--miner", type=_address)
    parser.add_argument("--token")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--restricted", action="store_true")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--simulator-port", type=int, default=18088)
    parser.add_argument("--config", type=Path, default=PROJECT / ".run")
    arguments = parser.parse_args()
    if arguments.miner and arguments.restricted:
        parser.error("--restricted is for a simulated miner")
    return arguments


async def _miner(arguments: argparse.Namespace, stack: AsyncExitStack) -> Connection:
    """Return the connection to the miner, a simulated one by default."""
    tls = arguments.tls
    if arguments.miner:
        host, port = arguments.miner
        return Connection(host, port, arguments.token, tls)
    port = arguments.simulator_port
    if not port_is_free(port):
        raise RunError(
            f"Port {port} is in use, perhaps by another simulated miner. End that, or"
            " choose another port with --simulator-port."
        )
    token = arguments.token or TOKEN
    await stack.enter_async_context(
        Simulator(
            token=token,
            gpus=1,
            restricted=arguments.restricted,
            tls=tls,
            host=HOST,
            port=port,
            uptime=UPTIME,
        )
    )
    return Connection(HOST, port, token, tls)


async def _run(arguments: argparse.Namespace) -> None:
    """Run Home Assistant until it is asked to end."""
    async with AsyncExitStack() as stack:
        connection = await _miner(arguments, stack)
        home_assistant = await stack.enter_async_context(
            HomeAssistant(arguments.config.absolute(), arguments.port)
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_running(home_assistant))
            tasks.create_task(_prepare(home_assistant, connection))


async def _keep_running(home_assistant: HomeAssistant) -> None:
    """Start it again whenever it ends because it was asked to restart."""
    while (code := await home_assistant.wait()) == RESTART:
        await home_assistant.start()
    raise RunError(
        f"Home Assistant ended by itself (exit code {code}). Its log:"
        f" {home_assistant.log}"
    )


async def _prepare(home_assistant: HomeAssistant, connection: Connection) -> None:
    """Set the miner up once Home Assistant has started, and print the address."""
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, home_assistant.url)
        entry = await ensure_miner(client, home_assistant.config, connection)
        # None at all if it has never been reached
        if miner := await devices(client, entry):
            await dashboard.show(client, entry.title, miner)
    print(
        f"\nHome Assistant   {home_assistant.url}"
        f"\nUser, password   {USERNAME}, {PASSWORD}"
        f"\nMiner            {entry.title} at {connection.host}:{connection.port}"
        f"\nLog              {home_assistant.log}"
        "\nCtrl-C ends it.",
        flush=True,
    )


async def _main(arguments: argparse.Namespace) -> None:
    """Run, and stop everything on the first signal."""
    running = asyncio.create_task(_run(arguments))
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        print("Ended.")


try:
    asyncio.run(_main(_parse()))
except* RunError as errors:
    sys.exit("\n".join(f"scripts/run: {error}" for error in errors.exceptions))
