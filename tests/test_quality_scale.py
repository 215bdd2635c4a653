"""What hassfest checks of the quality scale in Home Assistant's own integrations.

It does not look at a custom one (`script/hassfest/quality_scale_validation/`).
"""

import ast
from pathlib import Path
import re

from homeassistant.const import Platform
import pytest

from custom_components import xmrig_miner

INTEGRATION = Path(xmrig_miner.__file__).parent
PLATFORMS = [
    platform.value
    for platform in Platform
    if (INTEGRATION / f"{platform.value}.py").is_file()
]
ENTRY_FUNCTIONS = {
    "async_get_config_entry_diagnostics",
    "async_migrate_entry",
    "async_remove_config_entry_device",
    "async_remove_entry",
    "async_setup_entry",
    "async_unload_entry",
}


def module(name: str) -> ast.Module:
    """Return a file of the integration."""
    return ast.parse((INTEGRATION / f"{name}.py").read_text())


def functions(name: str) -> dict[str, ast.AsyncFunctionDef]:
    """Return the asynchronous functions of a file, methods included."""
    return {
        node.name: node
        for node in ast.walk(module(name))
        if isinstance(node, ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("name", ["__init__", "diagnostics", *PLATFORMS])
def test_config_entries_are_typed(name: str) -> None:
    """Strict typing includes the runtime data."""
    found = ENTRY_FUNCTIONS & set(functions(name))
    assert found
    for function in found:
        annotation = functions(name)[function].args.args[1].annotation
        assert isinstance(annotation, ast.Name)
        assert re.fullmatch(r"[A-Za-z]+ConfigEntry", annotation.id)


@pytest.mark.parametrize("name", PLATFORMS)
def test_platforms_define_parallel_updates(name: str) -> None:
    """Commands included."""
    assert any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "PARALLEL_UPDATES"
        for node in module(name).body
    )


def test_runtime_data_is_stored_at_set_up() -> None:
    """In the function that Home Assistant calls, so that it is easy to find."""
    assert any(
        isinstance(node, ast.Attribute)
        and node.attr == "runtime_data"
        and isinstance(node.ctx, ast.Store)
        for node in ast.walk(functions("__init__")["async_setup_entry"])
    )


def test_flows_begin_in_the_file_that_is_named_after_them() -> None:
    """Including the check that nothing is added twice."""
    assert {
        "async_step_integration_discovery",
        "async_step_reauth",
        "async_step_reconfigure",
        "async_step_user",
    } <= set(functions("config_flow"))
    assert "_abort_if_unique_id_configured" in ast.unparse(module("config_flow"))


@pytest.mark.parametrize("name", ["__init__", *PLATFORMS])
def test_actions_are_not_registered_with_an_entry(name: str) -> None:
    """They exist from `async_setup` on, so automations with them are validated."""
    set_up = ast.unparse(functions(name)["async_setup_entry"])
    assert "async_register_entity_service" not in set_up
    assert "hass.services." not in set_up


def test_entities_have_names_of_their_own() -> None:
    """Each entity class has a base that names the entity after its device."""
    classes = {
        node.name: node
        for path in INTEGRATION.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }

    def has_entity_name(name: str) -> bool:
        if (found := classes.get(name)) is None:
            return False
        return any(
            ast.unparse(line) == "_attr_has_entity_name = True" for line in found.body
        ) or any(
            has_entity_name(ast.unparse(base).partition("[")[0]) for base in found.bases
        )

    entities = {
        name
        for name, node in classes.items()
        if any(
            ast.unparse(base).split("[")[0].endswith("Entity") for base in node.bases
        )
    }
    assert entities
    assert not [name for name in sorted(entities) if not has_entity_name(name)]
