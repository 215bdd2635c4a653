"""Kinds of config entries, without Home Assistant."""

from typing import Any, cast

import pytest

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.kinds import (
    EntryKind,
    entries_of_kind,
    entry_kind,
    is_miner,
    is_of_kind,
)

from .stand_ins import Entry, Hass


def test_the_kind_of_an_entry() -> None:
    """One from before there were other kinds is for a miner."""
    proxy, miner, later = cast(Any, [Entry("a", "proxy"), Entry("b"), Entry("c", "?")])
    del miner.data[CONF_KIND]
    assert entry_kind(proxy) is EntryKind.PROXY
    assert entry_kind(miner) is EntryKind.MINER
    assert [is_miner(entry) for entry in (proxy, miner, later)] == [False, True, False]
    both = (EntryKind.MANAGER, EntryKind.PROXY)
    assert [is_of_kind(entry, *both) for entry in (proxy, miner)] == [True, False]
    with pytest.raises(ValueError, match="not a valid"):
        entry_kind(later)


@pytest.mark.parametrize("include_disabled", [None, True, False])
def test_entries_of_a_kind(*, include_disabled: bool | None) -> None:
    """Disabled ones are included by default; an ignored discovery has no kind."""
    entries = [Entry("a"), Entry("b", "proxy"), Entry("c")]
    asked: list[Any] = []

    def find(domain: str, **details: bool) -> list[Entry]:
        asked.append((domain, details))
        return entries

    hass: Any = Hass()
    hass.config_entries.async_entries = find
    given = {} if include_disabled is None else {"include_disabled": include_disabled}
    found = entries_of_kind(hass, EntryKind.MINER, **given)
    assert [entry.entry_id for entry in found] == ["a", "c"]
    given = {"include_disabled": include_disabled is not False}
    assert asked == [(DOMAIN, {"include_ignore": False} | given)]
