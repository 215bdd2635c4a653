"""Tests of what is remembered to undo what was written."""

import json
from typing import Any

import pytest

from custom_components.xmrig.api.document import changes, same
from custom_components.xmrig.api.memory import Ledger, Memory
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
    return shown(memory, before, after, after)


def shown(memory: Memory, before: Config, after: Config, result: Config) -> Memory:
    """Return a memory after a write by a control, and what the miner then showed."""
    memory = as_read(memory.with_write(before, after, by_owner=False))
    made = list(changes(before.document, after.document))
    return as_read(memory.with_write_read_as(result, made).with_write_done())


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
        by_owner=False,
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
    assert memory.controlled == Ledger()
    assert memory.written == Ledger()
    assert same(memory.owners(config(rx=[0, 1])).document, config(rx=[0, 1]).document)


def test_what_somebody_else_wrote_over_it_is_the_owners() -> None:
    """Only that; what was written beside it is undone."""
    memory = written(Memory(), config(), config(rx=[0], cn=[[1, 0]]))
    others = config(rx=[2, 3], cn=[[1, 0]])
    assert same(memory.owners(others).document, config(rx=[2, 3]).document)
    memory = written(memory, others, config(rx=[2], cn=[[1, 0]]))
    assert same(
        memory.owners(config(rx=[2], cn=[[1, 0]])).document,
        config(rx=[2, 3]).document,
    )


@pytest.mark.parametrize("arrived", [True, False])
def test_whether_a_write_arrived_need_not_be_known(arrived: bool) -> None:
    """When either side ended in the middle of it, the owner's values still are."""
    memory = written(Memory(), config(), config(rx=[0, 1, 2]))
    before, after = config(rx=[0, 1, 2]), config(rx=[0])
    memory = as_read(memory.with_write(before, after, by_owner=False))
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
    without = Config({key: OWNERS[key] for key in OWNERS if key != "retries"})
    result = Config({**OWNERS, "retries": 3})
    memory = shown(Memory(), config(), without, result)
    assert same(memory.owners(result).document, OWNERS)


def test_what_the_miner_fills_into_a_value_is_not_the_owners() -> None:
    """Nor does it hide what was there before."""
    after = Config({**OWNERS, "pools": [{"url": "a"}]})
    result = Config({**OWNERS, "pools": [{"url": "a", "algo": None}]})
    memory = shown(Memory(), config(), after, result)
    assert same(memory.owners(result).document, OWNERS)


def test_what_somebody_else_wrote_meanwhile_is_the_owners() -> None:
    """A value that was written before is not taken for one of this write."""
    memory = written(Memory(), config(), config(rx=[0]))
    memory = shown(
        memory, config(rx=[0]), config(rx=[0], cn=[]), config(rx=[2, 3], cn=[])
    )
    assert same(
        memory.owners(config(rx=[2, 3], cn=[])).document, config(rx=[2, 3]).document
    )


def test_what_is_remembered_is_not_shown_by_accident() -> None:
    """It may hold wallets, which a log would keep."""
    memory = Memory().with_write(
        Config({"pools": [{"user": "WALLET"}]}),
        Config({"pools": [{"user": "OTHER"}]}),
        by_owner=False,
    )
    assert "WALLET" not in repr(memory)
    assert "OTHER" not in repr(memory)


def test_what_the_owner_wrote_by_an_action_is_their_own() -> None:
    """A control gives it back, and it is undone only with all the rest."""
    lists = config(rx=[[1, 0], [2, 3]])
    memory = Memory().with_write(config(), lists, by_owner=True).with_write_done()
    assert same(memory.owners(lists).document, lists.document)
    capped = config(rx=[[1, 0]])
    memory = written(memory, lists, capped)
    assert same(memory.owners(capped).document, lists.document)
    assert same(memory.original(capped).document, OWNERS)


def test_what_a_control_wrote_beside_it_is_still_known() -> None:
    """The owner takes over only what the action changed."""
    capped = config(rx=[0], cn=[[1, 0]])
    memory = written(Memory(), config(), capped)
    now = config(rx=[2, 3], cn=[[1, 0]])
    memory = as_read(memory.with_write(capped, now, by_owner=True).with_write_done())
    assert same(memory.owners(now).document, config(rx=[2, 3]).document)
    assert same(memory.original(now).document, OWNERS)


def test_a_memory_of_an_earlier_version() -> None:
    """What it lacks is as in an empty one, and what it has is kept."""
    assert Memory.from_json({"mining": False, "backends": ["cpu"]}) == Memory(
        mining=False, backends=frozenset({BackendType.CPU})
    )
