"""Rules for the texts in languages other than English.

They hold for the texts of the integration and for those of the dashboard. What
Home Assistant calls its own things is compared with its frontend in `tests/browser`.
"""

from collections import Counter
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components import xmrig_miner

from .test_translations import placeholders

INTEGRATION = Path(xmrig_miner.__file__).parent
FOLDERS = [INTEGRATION / "translations", INTEGRATION / "frontend/web/translations"]
LANGUAGES = sorted(path.stem for path in FOLDERS[0].glob("*.json"))
OTHERS = [language for language in LANGUAGES if language != "en"]

PLURAL_FORMS = {"zero", "one", "two", "few", "many", "other"}

type Key = tuple[str, ...]

WORDS = {
    "": "api cpu cuda gpu h h/j hash hashes hashrate huge min miner miners mod msr opencl pages ping proxy "
    "pool pools share shares tls worker workers xmrig",
    "cs": "offline port",
    "de": "budget difficulty host manager mining name offline port reserve smart solar "
    "status threads w/thread",
    "es": "host manual",
    "fr": "budget calibration configuration connexion mode port ports surplus thread threads "
    "w/thread",
    "it": "budget host mining surplus thread w/thread",
    "da": "mining offline online port proxy reserve smart status",
    "nb": "mining port proxy reserve smart status",
    "nl": "budget host is offline online reserve status thread threads w/thread",
    "pl": "host offline port",
    "pt-BR": "host manual online status thread threads w/thread",
    "sv": "mining port proxy smart status",
}
"""Words that a language shares with English, in lower case; first those of all
languages."""

FULL_STOPS = str.maketrans("。？！：", ".?!:")

LONGEST_NAME = 32
"""Maximum length of the name of an entity that is short in English."""
STRETCH = 2
"""How many times longer than in English a long name may be."""


def flat(texts: dict[str, Any], path: Key = ()) -> dict[Key, str]:
    """Return each text by its path; one with plural forms counts as its last form."""
    if texts and texts.keys() <= PLURAL_FORMS and path:
        return {path: texts["other"]}
    found: dict[Key, str] = {}
    for key, value in texts.items():
        here = (*path, key)
        found |= flat(value, here) if isinstance(value, dict) else {here: value}
    return found


def texts_of(language: str) -> dict[Key, str]:
    """Return all texts of a language, those of the integration and the dashboard."""
    found: dict[Key, str] = {}
    for folder in FOLDERS:
        path = folder / f"{language}.json"
        found |= flat(json.loads(path.read_text()), (folder.parent.name,))
    return found


ENGLISH = texts_of("en")


def translated(language: str) -> dict[Key, str]:
    """Return the texts of a language that English also has."""
    texts = texts_of(language)
    return {key: texts[key] for key in ENGLISH if key in texts}


def in_order(pattern: str, text: str) -> list[str]:
    """Return what matches a pattern, sorted: languages differ in the order of words."""
    return sorted(re.findall(pattern, text))


def form(text: str) -> tuple[object, ...]:
    """Return what a text has in common with its translation."""
    return (
        placeholders(text),
        in_order(r"`[^`]*`", text),
        text.count("\n\n"),
        len(re.findall(r"\*\*[^*]+\*\*", text)),
        text.count("*") % 2,
        text.rstrip(" )")[-1:].translate(FULL_STOPS) in ".?!:",
    )


def is_shared(text: str, language: str) -> bool:
    """Return whether a text that equals the English one is valid in the language."""
    words = f"{WORDS['']} {WORDS.get(language, '')}".split()
    plain = re.sub(r"\{\w+\}|`[^`]*`", "", text)
    return {word.lower() for word in re.findall(r"[A-Za-z/]+", plain)} <= {*words}


def names(texts: dict[Key, str]) -> dict[Key, str]:
    """Return the names of entities."""
    return {
        key: text
        for key, text in texts.items()
        if key[1] == "entity" and len(key) == 5 and key[-1] == "name"
    }


def test_both_parts_have_the_same_languages() -> None:
    """A dashboard in another language than its entities would look broken."""
    assert sorted(path.stem for path in FOLDERS[1].glob("*.json")) == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_translated(language: str) -> None:
    """Nothing is missing, and nothing is left of what English no longer has."""
    assert ENGLISH.keys() ^ texts_of(language).keys() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_texts_have_the_form_of_the_english_ones(language: str) -> None:
    """Placeholders, code, paragraphs, bold names, and a full stop at the end."""
    texts = translated(language)
    wrong = {
        key: text for key, text in texts.items() if form(text) != form(ENGLISH[key])
    }
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_texts_are_messages_that_can_be_formatted(language: str) -> None:
    """In ICU messages, an apostrophe before a brace would show the placeholder's name."""
    wrong = [
        text for text in translated(language).values() if re.search(r"'['{}<|#]", text)
    ]
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_left_in_english(language: str) -> None:
    """Words that are the same are listed above."""
    left = {
        key: text
        for key, text in translated(language).items()
        if text == ENGLISH[key] and not is_shared(text, language)
    }
    assert not left


@pytest.mark.parametrize("language", OTHERS)
def test_names_of_entities_differ(language: str) -> None:
    """Two names of a platform are the same only if they are in English, too."""
    texts = names(translated(language))
    for platform in {key[2] for key in texts}:
        english = Counter(ENGLISH[key] for key in texts if key[2] == platform)
        other = Counter(text for key, text in texts.items() if key[2] == platform)
        assert sorted(english.values()) == sorted(other.values())


@pytest.mark.parametrize("language", OTHERS)
def test_names_of_entities_are_short(language: str) -> None:
    """Cards and tables cut off longer ones."""
    long = [
        text
        for key, text in names(translated(language)).items()
        if len(text) > max(LONGEST_NAME, STRETCH * len(ENGLISH[key]))
    ]
    assert not long


@pytest.mark.parametrize("language", OTHERS)
def test_names_in_texts_are_those_that_are_shown(language: str) -> None:
    """What is bold is looked for on the screen, so it has to be there."""
    texts = translated(language)
    by_english: dict[str, set[str]] = {}
    for key, text in ENGLISH.items():
        by_english.setdefault(text, set()).add(texts.get(key, text))
    for key, text in texts.items():
        for name in re.findall(r"\*+([^*]+)\*+", ENGLISH[key]):
            if name in by_english:
                assert any(f"*{shown}*" in text for shown in by_english[name]), key
