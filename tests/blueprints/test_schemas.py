"""Tests that Home Assistant can import every blueprint."""

from urllib.parse import urlsplit

from homeassistant.components.blueprint import importer
import pytest
from yarl import URL

from .house import FOLDER, NAMES, load


def test_each_blueprint_is_tested() -> None:
    """Every file has tests."""
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_schema(name: str) -> None:
    """It passes the schemas for blueprints and automations, with every input used."""
    blueprint = load(name)
    assert blueprint.validate() is None
    assert blueprint.metadata["homeassistant"] == {"min_version": "2026.9.0"}
    assert blueprint.name.startswith("XMRig: ")


@pytest.mark.parametrize("name", NAMES)
def test_source(name: str) -> None:
    """Its source URL can be imported, and is that of the file."""
    url = load(name).metadata["source_url"]
    repository, _, path = urlsplit(url).path.partition("/blob/main/")
    assert repository == "/ha-xmrig/ha-xmrig"
    assert (FOLDER.parents[2] / path).samefile(FOLDER / f"{name}.yaml")
    assert URL(importer._get_github_import_url(url)).host == "raw.githubusercontent.com"  # noqa: SLF001


@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_explained_where_it_has_no_default(name: str) -> None:
    """Required inputs have a name, a description and a selector."""
    for key, field in load(name).inputs.items():
        assert field, key
        assert field["name"], key
        assert field["selector"], key
        if "default" not in field:
            assert field["description"], key


@pytest.mark.parametrize("name", NAMES)
def test_miners_are_found_by_their_integration(name: str) -> None:
    """Selectors only offer entities of this integration."""
    filters = [
        entity_filter
        for field in load(name).inputs.values()
        for entity_filter in field["selector"].get("entity", {}).get("filter", [])
        if set(entity_filter.get("domain", [])) & {"switch", "number"}
        and "sensor" not in entity_filter["domain"]
    ]
    assert filters
    assert all(found["integration"] == "xmrig_miner" for found in filters)
