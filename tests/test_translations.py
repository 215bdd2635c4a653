"""Rules of hassfest for texts and icons.

It runs in CI and is no package that could be installed, so what it refuses
(`script/hassfest/translations.py`, `icons.py`) is stated here.
"""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.const import Platform
import pytest
import voluptuous as vol

from custom_components import xmrig_miner

INTEGRATION = Path(xmrig_miner.__file__).parent
TEXTS: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())
ICONS: dict[str, Any] = json.loads((INTEGRATION / "icons.json").read_text())
PLATFORMS = [
    platform.value
    for platform in Platform
    if (INTEGRATION / f"{platform.value}.py").is_file()
]


def text(value: object) -> str:
    """Accept a text that hassfest accepts."""
    if not isinstance(value, str) or not value:
        raise vol.Invalid("not a text")
    if value != value.strip():
        raise vol.Invalid("leading or trailing blanks")
    if "://" in value:
        raise vol.Invalid("a URL; it belongs in a placeholder")
    if re.search(r"</?[a-zA-Z][^>]*>", value):
        raise vol.Invalid("HTML")
    if re.search(r"'\{\w+\}'", value):
        raise vol.Invalid("a placeholder in single quotes, which is left as it is")
    if "[%" in value:
        raise vol.Invalid("a reference, which only core's own build resolves")
    return value


def key(value: object) -> str:
    """Accept a key that hassfest accepts."""
    if not isinstance(value, str) or not re.fullmatch(
        r"[a-z0-9]+(?:[_-][a-z0-9]+)*", value
    ):
        raise vol.Invalid("a key is of a-z, 0-9 and single _ or - in between")
    return value


def mdi(value: object) -> str:
    """Accept an icon of the Material Design set."""
    if not isinstance(value, str) or not re.fullmatch(r"mdi:[a-z0-9-]+", value):
        raise vol.Invalid("not an mdi icon")
    return value


def described_fields_exist(step: dict[str, Any]) -> dict[str, Any]:
    """Refuse a description of a field that the step does not have."""
    if unknown := set(step.get("data_description", {})) - set(step.get("data", {})):
        raise vol.Invalid(f"described, but not in data: {sorted(unknown)}")
    return step


def state_icons_differ(icons: dict[str, Any]) -> dict[str, Any]:
    """Refuse a state's icon that is the default one."""
    if icons.get("default") in icons.get("state", {}).values():
        raise vol.Invalid("an icon of a state is that of the default")
    return icons


def schema(**optional: object) -> vol.Schema:
    """Return a closed schema in which nothing is required."""
    return vol.Schema({vol.Optional(name): value for name, value in optional.items()})


FIELDS = schema(data={key: text}, data_description={key: text})
STEP = vol.All(
    schema(
        title=text,
        description=text,
        submit=text,
        menu_options={key: text},
        menu_option_descriptions={key: text},
        sections={
            key: vol.All(
                FIELDS.extend({vol.Optional("name"): text}), described_fields_exist
            )
        },
    ).extend(FIELDS.schema),
    described_fields_exist,
)
FLOW = schema(
    flow_title=text,
    step={key: STEP},
    error={key: text},
    abort={key: text},
    progress={key: text},
    create_entry={key: text},
)
FIELD_TEXTS = schema(description=text).extend({vol.Required("name"): text})
TEXTS_SCHEMA = schema(
    title=text,
    config=FLOW,
    options=FLOW,
    config_subentries={
        key: FLOW.extend(
            {
                vol.Required("entry_type"): text,
                vol.Required("initiate_flow"): schema(user=text, reconfigure=text),
            }
        )
    },
    entity={
        vol.In(PLATFORMS): {
            key: schema(
                name=text,
                state={key: text},
                state_attributes={
                    key: schema(name=text, state={key: text}),
                },
                unit_of_measurement=text,
            )
        }
    },
    device={key: schema(name=text)},
    exceptions={key: {vol.Required("message"): text}},
    issues={
        key: vol.Any(
            {vol.Required("title"): text, vol.Required("description"): text},
            {vol.Required("title"): text, vol.Required("fix_flow"): FLOW},
        )
    },
    selector={key: schema(options={key: text})},
    services={
        key: schema(fields={key: FIELD_TEXTS}, sections={key: FIELD_TEXTS}).extend(
            {vol.Required("name"): text, vol.Required("description"): text}
        )
    },
    system_health=schema(info={key: text}),
)
ICONS_SCHEMA = schema(
    entity={
        vol.In(PLATFORMS): {
            key: vol.All(
                schema(
                    default=mdi,
                    state={key: mdi},
                    state_attributes={key: schema(default=mdi, state={key: mdi})},
                    range={vol.Coerce(float): mdi},
                ),
                state_icons_differ,
            )
        }
    },
    services={key: schema(service=mdi, sections={key: mdi})},
)


def test_texts_have_the_form_hassfest_asks_for() -> None:
    """The schema is closed: a text in the wrong place would never be shown."""
    TEXTS_SCHEMA(TEXTS)


def test_icons_have_the_form_hassfest_asks_for() -> None:
    """Only Material Design icons, and a state's icon only where it differs."""
    ICONS_SCHEMA(ICONS)


@pytest.mark.parametrize(
    "broken",
    [
        {"title": "XMRig "},
        {"title": "see https://example.org"},
        {"title": "<b>XMRig</b>"},
        {"exceptions": {"no_reply": {"message": "No reply from '{host}'"}}},
        {"exceptions": {"No_Reply": {"message": "No reply"}}},
        {"config": {"step": {"user": {"data_description": {"host": "Its name"}}}}},
        {"issues": {"old": {"title": "Old", "description": "a", "fix_flow": {}}}},
        {"entity": {"sensor": {"hashrate": "Hashrate"}}},
        {"common": {"hashrate": "[%key:common%]"}},
    ],
)
def test_the_schema_of_texts_can_refuse(broken: dict[str, Any]) -> None:
    """Each of these would be refused by hassfest."""
    with pytest.raises(vol.Invalid):
        TEXTS_SCHEMA(broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"entity": {"switch": {"mining": {"default": "hass:pickaxe"}}}},
        {
            "entity": {
                "switch": {
                    "mining": {"default": "mdi:pickaxe", "state": {"on": "mdi:pickaxe"}}
                }
            }
        },
    ],
)
def test_the_schema_of_icons_can_refuse(broken: dict[str, Any]) -> None:
    """Each of these would be refused by hassfest."""
    with pytest.raises(vol.Invalid):
        ICONS_SCHEMA(broken)


def test_texts_stand_in_translations_alone() -> None:
    """`strings.json` is core's; in a custom integration nothing reads it."""
    assert not (INTEGRATION / "strings.json").exists()


def placeholders(texts: object) -> set[str]:
    """Return the names in braces in a text, or in all texts of a dictionary."""
    if isinstance(texts, dict):
        return set().union(*(placeholders(value) for value in texts.values()))
    return set(re.findall(r"\{(\w+)\}", str(texts)))


def test_other_languages_have_the_form_hassfest_asks_for() -> None:
    """What they say is checked in test_languages.py."""
    for path in (INTEGRATION / "translations").glob("*.json"):
        TEXTS_SCHEMA(json.loads(path.read_text()))


def test_errors_have_no_markdown() -> None:
    """The frontend shows them as plain text."""
    errors = [
        *(value["message"] for value in TEXTS["exceptions"].values()),
        *TEXTS["config"]["error"].values(),
        *TEXTS["options"]["error"].values(),
        *TEXTS["config_subentries"]["worker"]["error"].values(),
    ]
    assert not [error for error in errors if "**" in error or "`" in error]
