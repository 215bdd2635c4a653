"""How a computer sleeps according to the options of its miner."""

from typing import Any, cast

import pytest

from custom_components.xmrig_miner.const import (
    CONF_SLEEP_AFTER,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
)
from custom_components.xmrig_miner.fleet.sleep_options import SleepOptions, is_mac
from custom_components.xmrig_miner.manager import SleepRules
from tests.stand_ins import Hass

MAC = "aa:bb:cc:dd:ee:ff"
WAKE, SLEEP, PLUG = "button.wake", "script.sleep", "switch.plug"
FULL = {CONF_WAKE_ENTITY: WAKE, CONF_SLEEP_ENTITY: SLEEP, CONF_SLEEP_PLUG: PLUG}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MAC, True),
        (f" {MAC.upper()} ", True),
        ("aa-bb-cc-dd-ee-ff", True),
        ("aabbccddeeff", True),
        ("aa:bb-cc:dd:ee:ff", False),
        (f"{MAC}:00", False),
        (f"x{MAC}", False),
        ("aa:bb:cc:dd:ee", False),
        ("ag:bb:cc:dd:ee:ff", False),
        ("", False),
    ],
)
def test_mac_addresses(text: str, *, expected: bool) -> None:
    """In each of the usual notations."""
    assert is_mac(text) is expected


@pytest.mark.parametrize(
    ("key", "name", "domains"),
    [
        (
            CONF_WAKE_ENTITY,
            "wake_entity",
            {"button", "input_button", "script", "switch", "input_boolean"},
        ),
        (CONF_SLEEP_ENTITY, "sleep_entity", {"button", "input_button", "script"}),
        (CONF_SLEEP_PLUG, "plug", {"switch", "input_boolean"}),
    ],
)
def test_entities(key: str, name: str, domains: set[str]) -> None:
    """Only those that can do it."""
    kinds = {"button", "input_button", "script", "switch", "input_boolean", "sensor"}
    for domain in kinds:
        entity_id = f"{domain}.one"
        found = getattr(SleepOptions.from_options({key: entity_id}), name)
        assert found == (entity_id if domain in domains else None)
    for value in (5, "button", "switch.a b", None):
        assert getattr(SleepOptions.from_options({key: value}), name) is None


@pytest.mark.parametrize(
    ("stored", "minutes"),
    [(1, 1), (1440, 1440), (0, 30), (1441, 30), ("long", 30), (None, 30), (45, 45)],
)
def test_how_long_it_rests(stored: Any, minutes: int) -> None:
    """Half an hour unless that is set."""
    assert SleepOptions.from_options({CONF_SLEEP_AFTER: stored}).after == minutes


def test_the_mac_address() -> None:
    """Without blanks."""
    assert SleepOptions.from_options({CONF_WAKE_MAC: f" {MAC} "}).wake_mac == MAC
    for value in ("", "one", 5, None):
        assert SleepOptions.from_options({CONF_WAKE_MAC: value}).wake_mac is None


@pytest.mark.parametrize(
    ("options", "wakes", "sleeps"),
    [
        ({}, False, False),
        ({CONF_WAKE_ENTITY: WAKE}, True, False),
        ({CONF_WAKE_MAC: MAC}, True, False),
        ({CONF_SLEEP_ENTITY: SLEEP}, False, True),
        ({CONF_SLEEP_PLUG: PLUG}, False, True),
        ({CONF_WAKE_MAC: MAC, CONF_SLEEP_PLUG: PLUG}, True, True),
    ],
)
def test_whether_it_may_sleep(
    options: dict[str, Any], *, wakes: bool, sleeps: bool
) -> None:
    """It needs a way to sleep and a way to wake."""
    found = SleepOptions.from_options(options)
    assert (found.wakes, found.sleeps) == (wakes, sleeps)
    assert found.is_complete is (wakes and sleeps)
    rules = found.rules(cast(Any, Hass()))
    assert (rules is not None) is (wakes and sleeps)
    assert rules is None or not rules.has_command


def test_the_entities() -> None:
    """Each once."""
    assert SleepOptions.from_options(FULL).entities == (WAKE, SLEEP, PLUG)
    both = {CONF_WAKE_ENTITY: PLUG, CONF_SLEEP_PLUG: PLUG}
    assert SleepOptions.from_options(both).entities == (PLUG,)


@pytest.mark.parametrize(
    ("states", "can_sleep", "can_wake"),
    [
        ({WAKE: "1", SLEEP: "off", PLUG: "on"}, True, True),
        ({WAKE: "unknown", SLEEP: "off", PLUG: "on"}, True, True),
        ({WAKE: "unavailable", SLEEP: "off", PLUG: "on"}, False, True),
        ({WAKE: "1", SLEEP: "off", PLUG: "unavailable"}, False, True),
        ({WAKE: "1", SLEEP: "off"}, False, True),
        ({SLEEP: "off", PLUG: "on"}, False, False),
    ],
)
def test_entities_that_are_away(
    states: dict[str, str], *, can_sleep: bool, can_wake: bool
) -> None:
    """It might not wake again."""
    hass = Hass()
    for entity_id, state in states.items():
        hass.show(entity_id, state)
    found = SleepOptions.from_options({**FULL, CONF_SLEEP_AFTER: 2})
    assert found.rules(cast(Any, hass)) == SleepRules(
        after=120,
        has_command=True,
        has_plug=True,
        can_sleep=can_sleep,
        can_wake=can_wake,
    )


def test_what_needs_no_entity() -> None:
    """Wake-on-LAN, which is always there."""
    options = {CONF_WAKE_MAC: MAC, CONF_SLEEP_ENTITY: SLEEP}
    rules = SleepOptions.from_options(options).rules(cast(Any, Hass()))
    assert rules
    assert rules.can_wake
    assert not rules.can_sleep
    assert rules.has_command
    assert not rules.has_plug
