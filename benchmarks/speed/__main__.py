"""Measures everything, prints a table, and writes JSON.

python -m benchmarks.speed [--short] [--part NAME] [--json FILE] [--markdown FILE]
"""

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
import os
from pathlib import Path
import subprocess
import sys

from . import fleet, lifecycle, proxy, refresh, rows
from .refresh import PACKAGES
from .results import Result, as_text, read, table, write

PARTS = {
    "refresh": refresh.measure,
    "times": fleet.measure_times,
    "steady": fleet.measure_steady,
    "memory": fleet.measure_memory,
    "rows": rows.measure,
    "set-up": lifecycle.measure_set_up,
    "start": lifecycle.measure_start,
    "stored": lifecycle.measure_stored,
    "import": lifecycle.measure_import,
    "proxy": proxy.measure,
}
LONG = {"steady"}
"""Parts in real time, which the short form leaves out."""


def _measured(part: str, *, short: bool) -> list[Result]:
    """Measure a part in a separate process, so that no other part warms it up."""
    command = [sys.executable, "-m", __package__, "--run", part]
    process = subprocess.run(
        [*command, *(["--short"] if short else [])],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGES.absolute())},
    )
    return read(process.stdout.splitlines()[-1])


def main() -> int:
    """Return 0 if all results are within their limits."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--run", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    if arguments.run:
        measure = PARTS[arguments.run]
        print(as_text(asyncio.run(measure(short=arguments.short))))
        return 0
    parts = arguments.part or [
        part for part in PARTS if not arguments.short or part not in LONG
    ]
    # Two parts at once change the figures, but the limits allow for a busy machine
    with ThreadPoolExecutor(2 if arguments.short else 1) as pool:
        measured = pool.map(partial(_measured, short=arguments.short), parts)
        results = [result for part in measured for result in part]
    print(table(results))
    if arguments.json:
        write(arguments.json, results)
    if arguments.markdown:
        arguments.markdown.write_text(table(results) + "\n")
    failed = [result.name for result in results if not result.is_within_limit]
    for name in failed:
        print(f"over its limit: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
