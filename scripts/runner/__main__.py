"""Run Home Assistant with miners: what scripts/run does after the set-up."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import signal
import sys
from urllib.parse import urlsplit

import aiohttp

from . import automations, dashboard, demo
from .client import PASSWORD, USERNAME, Client
from .house import ENERGY_SOURCES, play, template_sensors
from .miner import Connection, ensure_miners
from .process import PROJECT, RESTART, HomeAssistant, RunError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; an IPv6 address has brackets."""
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


async def _run(arguments: argparse.Namespace) -> None:
    """Run Home Assistant until it has to stop."""
    async with AsyncExitStack() as stack:
        miners, house = None, "[]"
        if not arguments.miner:
            miners = await demo.start(
                stack,
                arguments.config.absolute() / "simulated",
                arguments.simulator_port,
                token=arguments.token or demo.TOKEN,
                tls=arguments.tls,
                restricted=arguments.restricted,
            )
            house = template_sensors(miners.names)
        home_assistant = await stack.enter_async_context(
            HomeAssistant(arguments.config.absolute(), arguments.port, house)
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_running(home_assistant))
            client = await Client.connect(session, home_assistant.url)
            if miners:
                tasks.create_task(play(session, home_assistant.url, miners.plugs))
                await client.command("energy/save_prefs", energy_sources=ENERGY_SOURCES)
                connections = miners.connections
            else:
                host, port = arguments.miner
                connections = [Connection(host, port, arguments.token, arguments.tls)]
            await _prepare(client, home_assistant, connections)


async def _keep_running(home_assistant: HomeAssistant) -> None:
    """Start it again each time it exits for a restart."""
    while (code := await home_assistant.wait()) == RESTART:
        await home_assistant.start()
    raise RunError(
        f"Home Assistant ended by itself (exit code {code}). Its log:"
        f" {home_assistant.log}"
    )


async def _prepare(
    client: Client, home_assistant: HomeAssistant, connections: list[Connection]
) -> None:
    """Set up the miners, and print the address."""
    entries = await ensure_miners(client, home_assistant.config, connections)
    await automations.show(client, entries)
    await dashboard.show(client)
    listed = "".join(
        f"\nMiner            {entry.title} at {connection.host}:{connection.port}"
        for entry, connection in zip(entries, connections, strict=True)
    )
    print(
        f"\nHome Assistant   {home_assistant.url}"
        f"\nUser, password   {USERNAME}, {PASSWORD}"
        f"{listed}"
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
