"""Run mutants: what scripts/mutate does once its environment exists."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from fnmatch import fnmatch
from functools import cache
import json
from pathlib import Path
import signal
import subprocess
import sys
from textwrap import dedent
import time
import tomllib

from . import workspace
from .workspace import PACKAGE, PROJECT, WORKSPACE

LIST = Path("tests/mutants.toml")
MUTMUT = Path(__file__).with_name("adapted.py")

# Prefixes of mutmut's progress lines
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

# Results of a mutant's tests, by the exit status of their process
NAMES = {0: "survived", 1: "killed", 33: "not tested", -signal.SIGXCPU: "timed out"}


class MutationError(Exception):
    """An error that ends the run, as a sentence for the terminal."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A changed detail of a module."""

    module: str
    key: str
    """The function and the line as changed, under which its reason is listed."""
    result: str
    diff: str


def _mutmut(*arguments: str) -> str:
    """Return what mutmut prints.

    Raises MutationError, with the end of it, if mutmut fails.
    """
    result = subprocess.run(
        [sys.executable, MUTMUT, *arguments],
        cwd=WORKSPACE,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        lines = [line for line in result.stdout.splitlines() if line[:1] not in SPINNER]
        end = "\n".join(lines[-40:])
        raise MutationError(f"mutmut {arguments[0]} failed, at the end with:\n{end}")
    return result.stdout


def _module(name: str) -> str:
    """Return the module of a mutant by its name in mutmut."""
    path = Path(*name.split(".")[:-1])
    is_package = (PROJECT / path).is_dir()
    file = path / "__init__.py" if is_package else path.with_suffix(".py")
    return str(file.relative_to(PACKAGE))


def _readable(original: str) -> str:
    """Return the name of a function or method by its name in mutmut."""
    is_method = original.startswith("xǁ")
    return original[2:].replace("ǁ", ".") if is_method else original[2:]


@cache
def _functions(path: Path) -> dict[str, list[str]]:
    """Return the lines of the functions and mutants in a module."""
    source = path.read_text()
    lines = source.splitlines()
    return {
        node.name: dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])).split(
            "\n"
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _mutant(name: str, result: str) -> Mutant:
    """Return a mutant by its name in mutmut, such as `a.b.xǁClassǁmethod__mutmut_3`."""
    mangled = name.rpartition(".")[2]
    original, _, _ = mangled.partition("__mutmut_")
    sources = _functions(WORKSPACE / "mutants" / PACKAGE / _module(name))
    # Under one name, so that defaults in the first line can be compared
    before, after = (
        [lines[0].replace(function, _readable(original)), *lines[1:]]
        for function in (f"{original}__mutmut_orig", mangled)
        for lines in (sources[function],)
    )
    # Without the lines with names and positions
    diff = list(unified_diff(before, after, lineterm=""))[3:]
    added, removed = (
        " ".join(line[1:].strip() for line in diff if line.startswith(sign))
        for sign in "+-"
    )
    # If something was removed, at most a bracket is new
    is_change = added != "pass" and any(map(str.isalnum, added))
    return Mutant(
        module=_module(name),
        key=f"{_readable(original)}: {added if is_change else f'without {removed}'}",
        result=result,
        diff="\n".join(diff),
    )


def _run(tests: dict[str, list[str]]) -> Iterator[Mutant]:
    """Run the mutants of some modules, and yield those that survive.

    They share one start of mutmut, which takes longer than most modules. `tests` are
    those of each module.
    """
    workspace.make(tests)
    began = time.monotonic()
    _mutmut("run", "--max-children", "2")
    took = time.monotonic() - began
    results = {
        name: NAMES.get(status, f"ended with {status}")
        for path in sorted((WORKSPACE / "mutants").rglob("*.meta"))
        for name, status in json.loads(path.read_text())["exit_code_by_key"].items()
    }
    print(f"{len(results)} mutants in {took:.0f} s")
    for module in tests:
        counts = Counter(
            result for name, result in results.items() if _module(name) == module
        )
        print(
            f"{module}:",
            ", ".join(f"{count} {result}" for result, count in sorted(counts.items())),
            flush=True,
        )
    for name, result in results.items():
        if result == "timed out":
            # Almost always an infinite loop; otherwise, the computer was too busy
            mutant = _mutant(name, result)
            print(f"\n{mutant.module}, {result}: {mutant.key}", flush=True)
        elif result != "killed":
            yield _mutant(name, result)


def _selected(names: list[str], known: Iterable[str]) -> list[str]:
    """Return the modules for names of modules and folders; all modules without names.

    Raises MutationError if there is no module, or no tests are listed for it.
    """
    folder = PROJECT / PACKAGE
    modules = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    for pattern in known:
        if not any(fnmatch(module, pattern) for module in modules):
            raise MutationError(
                f"{LIST} lists tests for {pattern}, which is not there."
            )
    tested = [m for m in modules if any(fnmatch(m, pattern) for pattern in known)]
    selected = [] if names else tested
    for name in names:
        short = name.removeprefix(f"{PACKAGE}/").rstrip("/")
        found = [m for m in tested if m == short or m.startswith(f"{short}/")]
        if not found:
            raise MutationError(f"{LIST} lists no tests for {name} in {PACKAGE}.")
        selected += found
    return sorted(set(selected))


def main() -> int:
    """Run the mutants of the modules on the command line; return the exit status."""
    listed = tomllib.loads((PROJECT / LIST).read_text())
    tests: dict[str, list[str]] = listed["tests"]
    reasons: dict[str, dict[str, str]] = listed["survivors"]
    modules = _selected(sys.argv[1:], tests)

    def tests_of(module: str) -> list[str]:
        return next(tests[pattern] for pattern in tests if fnmatch(module, pattern))

    found: set[tuple[str, str]] = set()
    unexplained = 0
    for survivor in _run({module: tests_of(module) for module in modules}):
        found.add((survivor.module, survivor.key))
        if survivor.key not in reasons.get(survivor.module, {}):
            unexplained += 1
            print(f"\n{survivor.module}, {survivor.result}: {survivor.key}")
            print(survivor.diff, flush=True)
    outdated = [
        (module, key)
        for module in modules
        for key in reasons.get(module, {})
        if (module, key) not in found
    ]
    for module, key in outdated:
        print(f"\n{LIST} gives a reason for what no longer survives in {module}: {key}")
    print(f"\n{unexplained} survived without a reason, {len(found)} in all")
    return 1 if unexplained or outdated else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MutationError as err:
        sys.exit(f"mutate: {err}")
