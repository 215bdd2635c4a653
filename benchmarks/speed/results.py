"""Measured results, and what they are compared with."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import platform
import time


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured figure."""

    name: str
    value: float
    unit: str = ""
    """Empty for a ratio."""
    target: float | None = None
    """The target: what it should be at most."""
    limit: float | None = None
    """The limit: what it must be at most, even on a busy machine. Only for ratios, and
    for figures that do not depend on the load."""
    note: str = ""

    @property
    def is_within_limit(self) -> bool:
        """Return whether the limit is met."""
        return self.limit is None or self.value <= self.limit

    def row(self) -> str:
        """Return it as a row of a table."""
        target = "" if self.target is None else f"{self.target:g}"
        met = (
            "" if self.target is None else "yes" if self.value <= self.target else "no"
        )
        return (
            f"| {self.name} | {_figure(self.value)} | {self.unit} | {target} | {met} |"
            f" {self.note} |"
        )


HEAD = "| measured | value | unit | target | met | note |\n|---|---:|---|---:|---|---|"


def table(results: Iterable[Result]) -> str:
    """Return a table in Markdown."""
    return "\n".join([HEAD, *(result.row() for result in results)])


def write(path: Path, results: Iterable[Result]) -> None:
    """Write results with a description of the machine."""
    document = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "results": [asdict(result) for result in results],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def read(text: str) -> list[Result]:
    """Return the results from the output of another process."""
    return [Result(**item) for item in json.loads(text)]


def as_text(results: Iterable[Result]) -> str:
    """Return results as one line for `read`."""
    return json.dumps([asdict(result) for result in results])


def _figure(value: float) -> str:
    """Return a number with three significant digits, or all digits before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
