"""Tests of the layers: imports lead one way, and `api/` needs no Home Assistant."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from custom_components.xmrig_miner.miner_entry import PLATFORMS

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "xmrig_miner"
SIMULATOR = ROOT / "simulator"

MAX_LAYERS = 6
"""From a platform to the API: platform, entity, runtime data, power, coordinator, API."""

API_IMPORTS = {"aiohttp", "orjson", "yarl"} | sys.stdlib_module_names
"""What `api/` may import in addition to itself."""

type Name = tuple[str, ...]
type Imports = dict[Name, set[Name]]


def is_face(name: Name) -> bool:
    """Return whether a file is the `__init__` of a package below the integration."""
    return len(name) > 1 and name[-1] == "__init__"


@cache
def files(root: Path = INTEGRATION) -> dict[Name, Path]:
    """Return the files in a folder by their relative names."""
    return {
        path.relative_to(root).with_suffix("").parts: path
        for path in root.rglob("*.py")
    }


def module(name: Name, root: Path) -> Name | None:
    """Return the file of a module or package; None if there is none."""
    candidates = (name, (*name, "__init__"))
    return next((file for file in candidates if file in files(root)), None)


@cache
def imported(name: Name, root: Path = INTEGRATION) -> dict[str, tuple[Name, str]]:
    """Return the file of each imported name, including type-checking imports."""
    found: dict[str, tuple[Name, str]] = {}
    for node in ast.walk(ast.parse(files(root)[name].read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        package = name[: len(name) - node.level]
        if node.module:
            package = (*package, *node.module.split("."))
        for alias in node.names:
            source = module((*package, alias.name), root) or module(package, root)
            assert source is not None, f"{name} imports what is not there: {alias.name}"
            found[alias.asname or alias.name] = (source, alias.name)
    return found


def origin(source: Name, name: str, root: Path) -> Name:
    """Return the file that defines a name, past each `__init__` that re-exports it."""
    while is_face(source) and name in imported(source, root):
        source, name = imported(source, root)[name]
    return source


def imports(package: str | None = None, root: Path = INTEGRATION) -> Imports:
    """Return which file imports which, in a whole folder or in one of its packages."""
    names = [name for name in files(root) if package is None or name[0] == package]
    found = {
        name: {origin(*taken, root) for taken in imported(name, root).values()} - {name}
        for name in names
        if not is_face(name)
    }
    return {name: {other for other in found[name] if other in found} for name in found}


def circles(graph: Imports) -> Iterator[list[Name]]:
    """Yield the circle for each file that indirectly imports itself."""
    for start in graph:
        ways = [[start]]
        seen: set[Name] = set()
        while ways:
            way = ways.pop(0)
            for name in graph[way[-1]]:
                if name == start:
                    yield [*way, start]
                    ways.clear()
                    break
                if name not in seen:
                    seen.add(name)
                    ways.append([*way, name])


def longest_chain(graph: Imports, start: Name) -> list[Name]:
    """Return the longest chain of imports from a file, in a graph without circles."""

    @cache
    def chain(name: Name) -> tuple[Name, ...]:
        return (name, *max(map(chain, sorted(graph[name])), key=len, default=()))

    return list(chain(start))


def leading_to(graph: Imports, end: Name) -> Imports:
    """Return the part of a graph without circles that leads to a file."""

    @cache
    def leads(name: Name) -> bool:
        return name == end or any(map(leads, graph[name]))

    return {
        name: set(filter(leads, others))
        for name, others in graph.items()
        if leads(name)
    }


def rooms() -> Imports:
    """Return which part of the integration imports which.

    A package is one part, and so is a platform with the files beside it.
    """
    found: Imports = {}
    for name, others in imports().items():
        targets = found.setdefault(room(name), set())
        targets |= {room(other) for other in others} - {room(name)}
    return found


def room(name: Name) -> Name:
    """Return the part of the integration that a file belongs to."""
    platform = name[0].split("_")[0]
    return (platform,) if platform in PLATFORMS else name[:1]


@pytest.mark.parametrize("root", [INTEGRATION, SIMULATOR], ids=lambda root: root.name)
def test_no_circle(root: Path) -> None:
    """Including type-checking imports."""
    graph = imports(root=root)
    assert len(graph) > 1
    shown = {" -> ".join("/".join(name) for name in way) for way in circles(graph)}
    assert shown == set()


def test_a_circle_is_found() -> None:
    """The check above can fail."""
    graph: Imports = {("a",): {("b",)}, ("b",): {("c",)}, ("c",): {("b",)}}
    assert sorted(circles(graph)) == [
        [("b",), ("c",), ("b",)],
        [("c",), ("b",), ("c",)],
    ]
    assert longest_chain({("a",): {("b",)}, ("b",): set()}, ("a",)) == [("a",), ("b",)]
    assert leading_to(
        {("a",): {("b",), ("c",)}, ("b",): set(), ("c",): set()}, ("b",)
    ) == {
        ("a",): {("b",)},
        ("b",): set(),
    }


def test_the_way_to_the_wire_is_short() -> None:
    """Each layer is one more to read when following a command."""
    assert len(longest_chain(imports("api"), ("api", "miner"))) <= 9


@pytest.mark.parametrize("platform", map(str, PLATFORMS))
def test_few_layers_lie_between_a_platform_and_the_api(platform: str) -> None:
    """Each layer is one more to read when following a value or a command."""
    graph = rooms()
    assert not list(circles(graph))
    chain = longest_chain(leading_to(graph, ("api",)), (platform,))
    assert chain[-1] == ("api",)
    assert len(chain) <= MAX_LAYERS, chain


def test_the_api_imports_nothing_from_above() -> None:
    """Neither from the integration nor from Home Assistant."""
    for name in [name for name in files() if name[0] == "api"]:
        assert all(source[0] == "api" for source, _ in imported(name).values()), name
        for node in ast.walk(ast.parse(files()[name].read_text())):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            assert {item.partition(".")[0] for item in modules} <= API_IMPORTS, name


def test_the_api_works_without_home_assistant(tmp_path: Path) -> None:
    """The package can be copied, under any name."""
    shutil.copytree(INTEGRATION / "api", tmp_path / "xmrig")
    modules = [
        ".".join(("xmrig", *name[1:]))
        for name in files()
        if name[0] == "api" and not is_face(name)
    ]
    script = f"""
import importlib, sys
sys.modules["homeassistant"] = None
for module in {modules}:
    importlib.import_module(module)
assert not any(name.startswith("custom_components") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)


def test_the_tree_in_contributing_lists_every_file() -> None:
    """New files have to be added to it."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    tree = text[text.index("custom_components/xmrig_miner/\n") :].partition("```")[0]
    listed = set(tree.split())
    names = [f"{name[-1]}.py" for name in files() if not is_face(name)]
    assert set(names) - listed == set()
