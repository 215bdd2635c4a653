"""The core depends on values alone."""

import ast
from pathlib import Path

import pytest

from custom_components.xmrig_miner import manager

FORBIDDEN = {"aiohttp", "asyncio", "datetime", "homeassistant", "random", "time"}
CORE = sorted(Path(str(manager.__file__)).parent.glob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_it_imports_nothing_that_has_a_clock_or_a_house(path: Path) -> None:
    """Neither Home Assistant nor time."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add(str(node.module).split(".")[0])
    assert not imported & FORBIDDEN
