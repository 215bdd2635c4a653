"""The copy of the project in which mutmut works."""

import ast
from collections.abc import Mapping
from itertools import chain
import json
from pathlib import Path
import shutil
import subprocess

PROJECT = Path(__file__).parents[2]
PACKAGE = Path("custom_components/xmrig_miner")
WORKSPACE = PROJECT / ".mutation"

# Decorators that are kept: mutmut knows the first two, and the others need a definition
# of the same name before or after
KEPT = {"classmethod", "staticmethod", "overload", "setter", "deleter"}

SETTINGS = {
    "source_paths": ["custom_components"],
    # The process from which the mutants' runs are forked has not run any test
    "process_isolation": "forkserver",
    # The same examples each time, so that results are reproducible
    "pytest_add_cli_args": ["-p", "no:cacheprovider", "--hypothesis-seed=0"],
    # Timeout for the tests of a mutant: 12 seconds plus 4 times their usual duration
    "timeout_constant": 3,
    "timeout_multiplier": 4,
    "do_not_mutate_patterns": [
        # Log messages are not behaviour
        r"\b_?LOGGER\.",
        # Neither are bounds of type parameters
        r"^\s*(async )?(def|class) \w+\[",
    ],
    "use_git_change_detection": False,
    "track_dependencies": False,
    "use_setproctitle": False,
}


def undecorated(source: str) -> str:
    """Return a module whose decorators are replaced by calls after the functions.

    The behaviour is the same, but mutmut skips decorated functions, and with them all
    properties and callbacks.
    """
    lines = source.splitlines()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not KEPT.intersection(map(_last_name, node.decorator_list))
    ]
    added: dict[int, list[str]] = {}
    removed: set[int] = set()
    # If two functions end with the same line, the inner one comes later
    for function in reversed(functions):
        value = function.name
        for decorator in reversed(function.decorator_list):
            assert decorator.end_lineno is not None
            removed.update(range(decorator.lineno, decorator.end_lineno + 1))
            value = f"{ast.unparse(decorator)}({value})"
        if function.decorator_list:
            assert function.end_lineno is not None
            line = f"{' ' * function.col_offset}{function.name} = {value}"
            added.setdefault(function.end_lineno, []).append(line)
    return "".join(
        f"{line}\n"
        for number, original in enumerate(lines, 1)
        for line in [
            *([] if number in removed else [original]),
            *added.get(number, []),
        ]
    )


def _last_name(decorator: ast.expr) -> str:
    """Return `setter` of `@value.setter`."""
    return ast.unparse(decorator).partition("(")[0].rpartition(".")[2]


def make(tests: Mapping[str, list[str]]) -> None:
    """Copy the project for the mutants of some modules, each with its tests."""
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    output = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [Path(name) for name in output.split("\0") if (PROJECT / name).is_file()]
    for name in files:
        (WORKSPACE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, WORKSPACE / name)
    for module in tests:
        path = WORKSPACE / PACKAGE / module
        path.write_text(undecorated(path.read_text()))
    settings = SETTINGS | {
        "only_mutate": [str(PACKAGE / module) for module in tests],
        "pytest_add_cli_args_test_selection": sorted(set(chain(*tests.values()))),
        "also_copy": sorted({name.parts[0] for name in files} - {PACKAGE.parts[0]}),
    }
    # By their import names, for mutmut's adapter
    names = {
        ".".join((PACKAGE / module).with_suffix("").parts).removesuffix(
            ".__init__"
        ): listed
        for module, listed in tests.items()
    }
    (WORKSPACE / "tests_of_modules.json").write_text(json.dumps(names))
    with (WORKSPACE / "pyproject.toml").open("a") as file:
        file.write("\n[tool.mutmut]\n")
        # Lists, strings, numbers and booleans are the same in JSON and TOML
        file.writelines(f"{key} = {json.dumps(settings[key])}\n" for key in settings)
