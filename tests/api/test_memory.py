"""Tests of what is remembered to undo what was written."""

import json
from typing import Any

import pytest

from custom_components.xmrig.api.document import same
from custom_components.xmrig.api.memory import Memory
from custom_components.xmrig.api.models import BackendType, Config

OWNERS: dict[str, Any] = {
    "cpu": {"enabled": True, "rx": [0, 1, 2, 3], "cn": [[1, 0], [2, 3]]},
    "pause-on-active": 120,
    "retries": 5,
}


def as_read(memory: Memory) -> Memory:
    """Return a memory as it comes back from the disk."""
    return Memory.from_json(json.loads(json.dumps(memory.as_json())))


def config(**cpu: Any) -> Config:
    """Return the owner's config with other values in its `cpu` object."""
    return Config({**OWNERS, "cpu": OWNERS["cpu"] | cpu})


def written(memory: Memory, before: Config, after: Config) -> Memory:
    """Return a memory after a write that the miner showed as it was."""
    return as_read(as_read(memory.with_write(before, after)).with_write_shown(after))


def test_an_empty_memory_takes_a_config_for_the_owners() -> None:
    """As long as nothing was written, all of it is."""
    assert Memory.from_json(None) == Memory()
    assert same(Memory().owners(config()).document, OWNERS)


def test_all_of_it_outlives_the_process() -> None:
    """Nothing is lost on the way to the disk and back, nor null taken for nothing."""
    memory = Memory(
        backends=frozenset({BackendType.CPU, BackendType.CUDA}),
        mining=False,
        asked_here=True,
        threads=2,
        started=1790000000.25,
        payees=frozenset({"a", "b"}),
    ).with_write(
        Config({"cpu": {"priority": None, "hint": 1}}),
        Config({"cpu": {"priority": 2, "asm": None}}),
    )
    assert as_read(memory) == memory
    assert as_read(Memory()) == Memory()


def test_what_was_written_is_undone_whole() -> None:
    """The owner's values come back however often others were written over them."""
    memory = written(Memory(), config(), config(rx=[0, 1]))
    memory = written(memory, config(rx=[0, 1]), config(rx=[0], enabled=False))
    assert same(memory.owners(config(rx=[0], enabled=False)).document, OWNERS)


def test_nothing_is_left_to_undo_once_it_is_undone() -> None:
    """Then what the owner changes next is theirs."""
    memory = written(Memory(), config(), config(rx=[0, 1]))
    memory = written(memory, config(rx=[0, 1]), config())
    assert memory.edits == ()
    assert same(memory.owners(config(rx=[0, 1])).document, config(rx=[0, 1]).document)


def test_what_somebody_else_wrote_over_it_is_the_owners() -> None:
    """Only that; what was written beside it is undone."""
    memory = written(Memory(), config(), config(rx=[0], cn=[[1, 0]]))
    shown = config(rx=[2, 3], cn=[[1, 0]])
    assert same(memory.owners(shown).document, config(rx=[2, 3]).document)
    memory = written(memory, shown, config(rx=[2], cn=[[1, 0]]))
    assert same(
        memory.owners(config(rx=[2], cn=[[1, 0]])).document,
        config(rx=[2, 3]).document,
    )


@pytest.mark.parametrize("arrived", [True, False])
def test_whether_a_write_arrived_need_not_be_known(arrived: bool) -> None:
    """When either side ended in the middle of it, the owner's values still are."""
    memory = written(Memory(), config(), config(rx=[0, 1, 2]))
    before, after = config(rx=[0, 1, 2]), config(rx=[0])
    memory = as_read(memory.with_write(before, after))
    now = after if arrived else before
    assert same(memory.owners(now).document, OWNERS)
    memory = written(memory, now, config(rx=[0, 1]))
    assert same(memory.owners(config(rx=[0, 1])).document, OWNERS)


def test_writes_of_a_whole_and_of_a_part_of_it_do_not_hide_each_other() -> None:
    """A list may become an object, whose number of threads is then changed."""
    whole = {"intensity": 1, "threads": 4, "affinity": -1}
    memory = written(Memory(), config(), config(rx=whole))
    memory = written(memory, config(rx=whole), config(rx=whole | {"threads": 2}))
    assert same(memory.owners(config(rx=whole | {"threads": 2})).document, OWNERS)

    owners = config(rx=whole)
    memory = written(Memory(), owners, config(rx=whole | {"threads": 2}))
    memory = written(memory, config(rx=whole | {"threads": 2}), config(rx=[0]))
    assert same(memory.owners(config(rx=[0])).document, owners.document)


def test_what_the_miner_puts_for_a_removed_value_is_not_the_owners() -> None:
    """It fills in its own default, and the owner's value is still known."""
    owners = config()
    without = Config({key: OWNERS[key] for key in OWNERS if key != "retries"})
    shown = Config({**OWNERS, "retries": 3})
    memory = as_read(Memory().with_write(owners, without)).with_write_shown(shown)
    assert same(as_read(memory).owners(shown).document, OWNERS)


def test_what_is_remembered_is_not_shown_by_accident() -> None:
    """It may hold wallets, which a log would keep."""
    memory = Memory().with_write(
        Config({"pools": [{"user": "WALLET"}]}), Config({"pools": [{"user": "OTHER"}]})
    )
    assert "WALLET" not in repr(memory)
    assert "OTHER" not in repr(memory)
