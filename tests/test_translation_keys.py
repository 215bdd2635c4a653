"""Tests that all texts exist and are used.

A missing translation is no error to Home Assistant: the user sees a raw key.
"""

import ast
from collections.abc import Iterator
import dataclasses
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components import xmrig_miner
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigError,
    XmrigNotConfirmedError,
)
from custom_components.xmrig_miner.flows.connection_form import ERROR_FIELDS

from .test_translations import ICONS, INTEGRATION, PLATFORMS, TEXTS, placeholders

# What `ConfigFlow` aborts with by itself.
ABORTS_OF_HOME_ASSISTANT = {
    *("already_configured", "already_in_progress", "reauth_successful"),
    *("reconfigure_successful", "unique_id_mismatch"),
}


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the modules of the integration."""
    return {
        path.relative_to(INTEGRATION): ast.parse(path.read_text())
        for path in sorted(INTEGRATION.rglob("*.py"))
    }


# --- Entities -----------------------------------------------------------------


def descriptions(value: object) -> Iterator[Any]:
    """Yield the entity descriptions in a value and in what it contains."""
    # By name: Home Assistant's own descriptions are rebuilt by their metaclass and,
    # used without a subclass, are no instances of the class one imports.
    if "EntityDescription" in {base.__name__ for base in type(value).__mro__}:
        yield value
    elif isinstance(value, dict):
        yield from descriptions(tuple(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from descriptions(item)


def modules(platform: str) -> Iterator[ModuleType]:
    """Yield the modules of a platform: for miners, the manager, and proxies."""
    for package in ("", ".fleet", ".proxy"):
        name = f"{xmrig_miner.__name__}{package}.{platform}"
        if find_spec(name):
            yield import_module(name)


def entities(platform: str) -> set[str]:
    """Return the translation keys of a platform's descriptions and classes."""
    keys: set[str] = set()
    for module in modules(platform):
        for value in vars(module).values():
            keys |= {description.translation_key for description in descriptions(value)}
            if isinstance(value, type) and value.__module__ == module.__name__:
                own = vars(value).get("_attr_translation_key")
                keys |= {own} if own else set()
    return keys


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_entity_has_a_name_and_every_name_an_entity(platform: str) -> None:
    """An entity without a name is shown under its device's, next to its siblings."""
    named = {
        name for name, texts in TEXTS["entity"][platform].items() if texts.get("name")
    }
    assert named == entities(platform)


def test_names_stand_for_existing_platforms_only() -> None:
    """A platform that was taken away leaves no names behind."""
    assert set(TEXTS["entity"]) == set(PLATFORMS)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_option_of_an_enum_has_a_text(platform: str) -> None:
    """A state without a text is shown raw; a text without a state never is."""
    values = [value for module in modules(platform) for value in vars(module).values()]
    for description in descriptions(values):
        if options := getattr(description, "options", None):
            name = description.translation_key
            assert set(TEXTS["entity"][platform][name]["state"]) == set(options), name


def test_icons_belong_to_named_entities_and_their_states() -> None:
    """An icon of an entity or state that does not exist is never shown."""
    for platform, icons in ICONS["entity"].items():
        for name, icon in icons.items():
            assert name in TEXTS["entity"][platform]
            states = TEXTS["entity"][platform][name].get("state", {})
            assert set(icon.get("state", {})) <= {*states, "on", "off"}, name


# --- Exceptions and issues ----------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Asked:
    """A text that the code asks for."""

    key: str
    placeholders: frozenset[str] | None
    """Names that the code fills in; None if they cannot be determined."""
    where: str


def asked(of_exceptions: bool) -> Iterator[Asked]:
    """Yield what calls with `translation_key=` ask for: exceptions or issues."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            arguments = {
                keyword.arg: keyword.value for keyword in node.keywords if keyword.arg
            }
            issue = ast.unparse(node.func).endswith("create_issue")
            if issue is of_exceptions or (
                of_exceptions and "translation_domain" not in arguments
            ):
                continue
            for key in possible_keys(arguments.get("translation_key")):
                yield Asked(
                    key,
                    names_of(arguments.get("translation_placeholders")),
                    f"{path}:{node.lineno}",
                )


def possible_keys(node: ast.AST | None) -> set[str]:
    """Return the possible keys of an expression."""
    if node and ast.unparse(node) == "error.key":
        others = (cause for cause in causes() if cause is not XmrigNotConfirmedError)
        return {
            *(cause.key for cause in others),
            *(XmrigNotConfirmedError("", command).key for command in Command),
        }
    return set(constants(node))


def causes(of: type[XmrigError] = XmrigError) -> Iterator[type[XmrigError]]:
    """Yield the error classes of the API."""
    for cause in of.__subclasses__():
        yield cause
        yield from causes(cause)


def constants(node: ast.AST | None) -> Iterator[str]:
    """Yield the strings in an expression."""
    for child in ast.walk(node) if node else ():
        match child:
            case ast.Constant(value=str(value)):
                yield value


def names_of(node: ast.AST | None) -> frozenset[str] | None:
    """Return the keys of a dictionary literal; empty without one."""
    match node:
        case None:
            return frozenset()
        case ast.Dict(keys=keys) if all(isinstance(key, ast.Constant) for key in keys):
            return frozenset(constants(ast.Tuple([key for key in keys if key])))
    return None


def literals() -> set[str]:
    """Return every string and every keyword name in the code."""
    return {
        value
        for tree in trees().values()
        for node in ast.walk(tree)
        for value in (
            [node.value]
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            else [node.arg]
            if isinstance(node, ast.keyword) and node.arg
            else []
        )
    }


@pytest.mark.parametrize(
    ("section", "of_exceptions"), [("exceptions", True), ("issues", False)]
)
def test_every_text_asked_for_exists_and_is_filled(
    section: str, of_exceptions: bool
) -> None:
    """An error names its cause only if its text exists and no brace stays empty."""
    for question in asked(of_exceptions):
        assert question.key in TEXTS.get(section, {}), question
        if question.placeholders is not None:
            wanted = placeholders(TEXTS[section][question.key])
            assert wanted <= question.placeholders, question


@pytest.mark.parametrize("section", ["exceptions", "issues", "selector", "device"])
def test_every_text_is_asked_for(section: str) -> None:
    """A text whose key the code does not know is a leftover."""
    of_commands = {XmrigNotConfirmedError("", command).key for command in Command}
    known = literals() | of_commands | {key for key, _ in selects_of_actions()}
    assert set(TEXTS.get(section, {})) <= known


def selects_of_actions() -> Iterator[tuple[str, list[str]]]:
    """Yield the translation key and the options of each choice in services.yaml."""
    for action in load_yaml_dict(INTEGRATION / "services.yaml").values():
        for field in (action or {}).get("fields", {}).values():
            select = field["selector"].get("select") or {}
            if key := select.get("translation_key"):
                yield key, select["options"]


# --- Flows --------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts",
    [TEXTS["config"], TEXTS["options"], *TEXTS["config_subentries"].values()],
)
def test_steps_errors_and_aborts_of_flows_are_used(texts: dict[str, Any]) -> None:
    """Each is a string of the code; some reasons to abort are Home Assistant's own."""
    known = literals()
    for part in ("step", "error"):
        assert set(texts.get(part, {})) <= known
    assert set(texts.get("abort", {})) <= known | ABORTS_OF_HOME_ASSISTANT


def test_every_step_of_the_config_flow_has_a_text_for_each_field() -> None:
    """A field without a label is shown by its key; without a description it is bare."""
    for name, step in TEXTS["config"]["step"].items():
        for fields in (step, *step.get("sections", {}).values()):
            described = set(fields.get("data_description", {}))
            assert set(fields.get("data", {})) == described, name


def test_what_the_config_flow_writes_out_has_a_text() -> None:
    """Every step id, every reason to abort, every error with a field of its own."""
    assert set(ERROR_FIELDS) <= set(TEXTS["config"]["error"])
    texts = TEXTS["config"]
    steps = texts["step"] | TEXTS["options"]["step"]
    aborts = texts["abort"] | TEXTS["options"]["abort"]
    flows = [path for path in trees() if path.parts[0] == "flows"]
    for path in (Path("config_flow.py"), *flows):
        for node in ast.walk(trees()[path]):
            match node:
                case ast.keyword(arg="step_id", value=value):
                    assert set(constants(value)) <= set(steps)
                case ast.keyword(arg="reason", value=value):
                    assert set(constants(value)) <= set(aborts)


# --- Actions ------------------------------------------------------------------


def test_actions_have_fields_texts_and_icons() -> None:
    """services.yaml, the translations and icons.json name the same actions."""
    actions = load_yaml_dict(INTEGRATION / "services.yaml")
    texts = TEXTS.get("services", {})
    assert set(actions) == set(texts) == set(ICONS.get("services", {}))
    for name, action in actions.items():
        fields = (action or {}).get("fields", {})
        assert set(fields) == set(texts[name].get("fields", {})), name
    for key, options in selects_of_actions():
        assert set(options) == set(TEXTS["selector"][key]["options"])
