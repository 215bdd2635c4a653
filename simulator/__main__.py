"""Run a simulated miner: python -m simulator --port 18088 --token s3cret."""

import argparse
import asyncio
import contextlib
import signal
from typing import Any

from . import DEFAULT_POOLS, FAULTS, ProxySimulator, Simulator, StratumMiner


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="An XMRig that does not mine: its HTTP API, for trying things out.",
        epilog="faults:\n"
        + "\n".join(
            f"  {name:14} {fault.description}" for name, fault in FAULTS.items()
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=int, default=18088, help="port to listen on, 0 for any free one"
    )
    parser.add_argument(
        "--token", help="access token; without one the API is read-only and open"
    )
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="GPUs")
    parser.add_argument(
        "--threads", type=int, default=4, metavar="N", help="CPU threads"
    )
    parser.add_argument("--worker-id", default="rig-one", help="the miner's name")
    parser.add_argument(
        "--restricted", action="store_true", help="read-only, even with a token"
    )
    parser.add_argument(
        "--tls", action="store_true", help="https too, with a self-signed certificate"
    )
    parser.add_argument(
        "--version", default="6.26.0", help="version of XMRig, such as 6.22.2"
    )
    parser.add_argument(
        "--uptime",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="start as if running for so long: 1000 fills every hashrate window",
    )
    parser.add_argument(
        "--proxy", action="store_true", help="an xmrig-proxy with two miners instead"
    )
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME", help="see below")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    options = vars(arguments) | {
        "restricted": arguments.restricted or arguments.token is None,
        "pools": DEFAULT_POOLS,
    }
    if options.pop("proxy"):
        await _run_proxy(options, stop)
        return
    async with Simulator(**options) as simulator:
        print(f"Simulated XMRig {simulator.version} on {simulator.url}", flush=True)
        await stop.wait()


async def _run_proxy(options: dict[str, Any], stop: asyncio.Event) -> None:
    miners = [StratumMiner("rig-a", hashrate=1700), StratumMiner("rig-b", hashrate=900)]
    taken = ("host", "port", "token", "worker_id", "restricted", "version", "pools")
    async with ProxySimulator(
        miners=miners, **{name: options[name] for name in taken}
    ) as simulator:
        # It has no shares of the time before its start
        simulator.advance(options["uptime"])
        print(f"Simulated proxy {simulator.version} on {simulator.url}", flush=True)
        await stop.wait()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(_run(_parse()))
