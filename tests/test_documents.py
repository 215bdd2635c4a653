"""Tests of the links between the documents, and of what they name."""

import json
from pathlib import Path
import re

import pytest

from custom_components.xmrig_miner.button import CALIBRATE, DESCRIPTIONS

from .examples import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
)

ENGLISH = json.loads(
    (ROOT / "custom_components/xmrig_miner/translations/en.json").read_text()
)

FAMILIES = ("CPU ", "CUDA ", "Hashrate (", "Invalid ", "Load (", "OpenCL ", "Pool ")
"""How names begin of which the documents name several at once."""


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings of a document, as GitHub makes them."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_link_leads_somewhere(name: str) -> None:
    """To a file of the repository, and to a heading in it."""
    document = ROOT / name
    wrong: list[str] = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_a_wrong_link_is_found() -> None:
    """The anchors are those that GitHub makes."""
    assert {"mine-on-solar-surplus", "what-you-need"} <= anchors(ROOT / "README.md")
    assert "mining" not in anchors(ROOT / "README.md")


def test_each_entity_is_named() -> None:
    """And each reason of the manager, with the name that the user sees."""
    documents = "".join(
        (ROOT / name).read_text() for name in ("README.md", "docs/solar.md")
    )
    names = [
        entity["name"]
        for entities in ENGLISH["entity"].values()
        for entity in entities.values()
        if not entity.get("name", FAMILIES[0]).startswith(FAMILIES)
    ]
    names += ENGLISH["entity"]["sensor"]["reason"]["state"].values()
    assert [name for name in names if f"*{name}*" not in documents] == []


def test_what_only_administrators_may_use_is_named() -> None:
    """SECURITY.md names the buttons in their row."""
    rows = (ROOT / "SECURITY.md").read_text().splitlines()
    [row] = [row for row in rows if row.endswith("| administrators, and automations |")]
    names = {
        description.key: ENGLISH["entity"]["button"][description.key]["name"]
        for description in (*DESCRIPTIONS, CALIBRATE)
        if description.admin_only
    }
    assert names.keys() == {"restore_config", "calibrate"}
    assert re.findall(r"\*\*(.+?)\*\*", row) == list(names.values())
