"""Tests of changing a config, by the replies of a stand-in for a miner."""

import asyncio
from collections.abc import Callable
import copy
from typing import Any

import pytest

from custom_components.xmrig_miner.api.config_editor import (
    ATTEMPTS,
    SETTLE,
    ConfigEditor,
)
from custom_components.xmrig_miner.api.document import MISSING, Change, merge_patch
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigConflictError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigStorageError,
    XmrigUnsafeConfigError,
)
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.models import Config, Summary
from custom_components.xmrig_miner.api.state import MinerState, StateStore

from .stub import ADDRESS, DOCUMENT, EditableClient, retries


class Bench:
    """An editor of a miner, and what it stored."""

    def __init__(
        self, miner: EditableClient | None = None, state: MinerState = MinerState()
    ) -> None:
        """Initialize the editor."""
        self.miner = miner or EditableClient()
        self.saved: list[tuple[int, MinerState]] = []
        """The states that were saved, and how many configs were posted by then."""
        self.failing = False
        self.store = StateStore(state, self._save)
        self.link: MinerLink = self.miner.link()
        self.editor = ConfigEditor(self.link, self.store)

    async def _save(self, state: MinerState) -> None:
        if self.failing:
            raise XmrigStorageError("disk full")
        self.saved.append((len(self.miner.posted), state))

    async def edit(self, patch: dict[str, Any], **kwargs: Any) -> list[Change]:
        """Merge a patch into the config."""
        return await self.editor.edit(
            lambda config: Config(merge_patch(config.document, patch)), **kwargs
        )


RETRIES = Change(path=("retries",), old=5, new=7)


async def test_a_change() -> None:
    """What undoes it is stored before it is sent, and it has to last."""
    bench = Bench()
    assert await bench.edit({"retries": 7}) == [RETRIES]
    assert bench.miner.posted == [DOCUMENT | {"retries": 7}]
    first, before = bench.saved[0]
    assert first == 0
    config = Config(DOCUMENT | {"retries": 7})
    assert before.original_config(config).document == DOCUMENT
    assert before.user_config(config).document == DOCUMENT
    after = bench.store.state
    assert after.original_config(config).document == DOCUMENT
    assert after.all_edits.is_in(bench.miner.document) is True
    # Once to see it, and once after a while; a poll finds nothing external
    assert bench.editor.take_external_changes() == []
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == []


async def test_who_answers_is_verified_after_each_read() -> None:
    """A config does not say which miner sent it."""
    other = Summary(id="other")
    bench = Bench(EditableClient(summaries=(Summary(), Summary(), other)))
    with pytest.raises(Exception, match="Another miner"):
        await bench.edit({"retries": 7})
    bench = Bench(EditableClient(summaries=(other,)))
    with pytest.raises(Exception, match="Another miner"):
        await bench.edit({"retries": 7})
    assert bench.miner.posted == []
    assert bench.saved == []


async def test_no_change() -> None:
    """Nothing is sent or read again, but the state is updated."""
    bench = Bench()
    changes = await bench.edit(
        {"retries": 5}, update=lambda state: MinerState(threads=3)
    )
    assert changes == []
    assert bench.miner.posted == []
    assert bench.miner.reads == 1
    assert bench.store.state == MinerState(threads=3)
    assert [state.threads for _, state in bench.saved] == [3]


async def test_no_change_leaves_nothing_pending() -> None:
    """Pools of a write that was never sent would be accepted later."""
    state = MinerState(payout=Config(DOCUMENT).payout)
    bench = Bench(state=state)
    assert await bench.edit({"retries": 5}) == []
    assert bench.store.state == state


async def test_a_change_by_the_user() -> None:
    """A control restores its values from then on, and the whole config does not."""
    bench = Bench()
    await bench.edit({"retries": 7}, by_user=True)
    config = Config(bench.miner.document)
    state = bench.store.state
    assert state.user_config(config).document["retries"] == 7
    assert state.original_config(config).document["retries"] == 5


async def test_a_change_that_would_cut_off_access() -> None:
    """Nothing is stored or sent; a preview says the same."""
    bench = Bench()
    for unsafe in (bench.edit, _preview(bench)):
        with pytest.raises(XmrigUnsafeConfigError):
            await unsafe({"http": {"port": 1}})
    assert bench.saved == []
    assert bench.miner.posted == []


def _preview(bench: Bench) -> Callable[[dict[str, Any]], Any]:
    return lambda patch: bench.editor.preview(
        lambda config: Config(merge_patch(config.document, patch))
    )


async def test_a_preview() -> None:
    """It returns the changes, and sends nothing."""
    bench = Bench()
    assert await _preview(bench)({"retries": 7}) == [RETRIES]
    assert bench.miner.posted == []
    assert bench.saved == []


async def test_a_state_that_cannot_be_stored() -> None:
    """What would undo the change is lost, so it is not sent."""
    bench = Bench()
    bench.failing = True
    with pytest.raises(XmrigStorageError):
        await bench.edit({"retries": 7})
    assert bench.miner.posted == []


async def test_a_refused_config() -> None:
    """Where its values show later, they were set externally."""
    bench = Bench(EditableClient(writes=(XmrigRefusedError("400"),)))
    with pytest.raises(XmrigRefusedError):
        await bench.edit({"retries": 7})
    bench.miner.edits[bench.miner.reads + 1] = retries(7)
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == ["retries"]


async def test_a_reply_that_was_lost() -> None:
    """The change took effect all the same, which shows."""
    bench = Bench(EditableClient(writes=(XmrigInterruptedError("reset"),)))
    assert await bench.edit({"retries": 7}) == [RETRIES]
    assert len(bench.miner.posted) == 1


async def test_a_change_that_never_arrived() -> None:
    """The error is that of the request."""
    error = XmrigInterruptedError("nothing arrived")
    bench = Bench(EditableClient(writes=(error,)))
    with pytest.raises(XmrigInterruptedError) as raised:
        await bench.edit({"retries": 7})
    assert raised.value is error
    assert len(bench.miner.posted) == 1


async def test_a_change_that_never_shows() -> None:
    """It is sent once, and named in the error."""
    bench = Bench(EditableClient(delay=10**6))
    with pytest.raises(XmrigNotConfirmedError) as raised:
        await bench.edit({"retries": 7})
    assert raised.value.command is Command.SET_CONFIG
    assert len(bench.miner.posted) == 1


@pytest.mark.parametrize("delay", [0, 1, 20])
async def test_a_change_that_shows_late(delay: int) -> None:
    """It is waited for."""
    bench = Bench(EditableClient(delay=delay))
    assert await bench.edit({"retries": 7}) == [RETRIES]
    assert len(bench.miner.posted) == 1


async def test_a_removed_default() -> None:
    """XMRig fills it in again, so that nothing shows."""
    bench = Bench()
    bench.miner.applied = lambda posted: posted | {"print-time": 60}
    assert await bench.edit({"print-time": None}) == [
        Change(path=("print-time",), old=60, new=MISSING)
    ]
    assert len(bench.miner.posted) == 1
    assert bench.editor.take_external_changes() == []


async def test_a_removed_default_whose_reply_was_lost() -> None:
    """Whether it arrived does not show."""
    error = XmrigInterruptedError("reset")
    bench = Bench(EditableClient(writes=(error,)))
    bench.miner.applied = lambda posted: posted | {"print-time": 60}
    with pytest.raises(XmrigInterruptedError):
        await bench.edit({"print-time": None})


async def test_what_the_miner_fills_in_is_its_own() -> None:
    """Only what was there before was changed by someone else."""
    bench = Bench()
    bench.miner.applied = lambda posted: (
        posted | {"cpu": posted["cpu"] | {"priority": None}}
    )
    assert await bench.edit({"retries": 7}) == [RETRIES]
    assert bench.editor.take_external_changes() == []


async def test_an_external_change_just_before() -> None:
    """It is kept, and reported by the next poll."""
    bench = Bench()
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == []
    bench.miner.edits[2] = lambda document: document.update({"print-time": 1})
    assert await bench.edit({"retries": 7}) == [RETRIES]
    assert bench.miner.document["print-time"] == 1
    assert bench.editor.take_external_changes() == ["print-time"]
    assert bench.editor.take_external_changes() == []


@pytest.mark.parametrize("read", [3, 4, 5])
async def test_an_external_change_at_the_same_time(read: int) -> None:
    """It is reported, whenever it shows beside the own one."""
    bench = Bench(EditableClient(delay=0))
    bench.editor.observe(Config(DOCUMENT))
    bench.miner.edits[read] = lambda document: document.update({"print-time": 1})
    assert await bench.edit({"retries": 7}) == [RETRIES]
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == ["print-time"]


async def test_an_external_change_while_the_state_is_stored() -> None:
    """The change is made anew, to what there is by then."""
    bench = Bench()
    bench.miner.edits[2] = retries(9)
    change = Change(path=("cpu", "yield"), old=True, new=False)
    assert await bench.edit({"cpu": {"yield": False}}) == [change]
    assert [posted["retries"] for posted in bench.miner.posted] == [9]


async def test_a_config_that_cannot_be_read() -> None:
    """Before the change the error is raised at once; after it, it is read again."""
    error = XmrigInterruptedError("cut")
    bench = Bench()
    bench.miner.failing[1] = error
    with pytest.raises(XmrigInterruptedError):
        await bench.edit({"retries": 7})
    assert bench.miner.reads == 1
    for read in range(3, 9):
        bench = Bench()
        bench.miner.failing[read] = error
        assert await bench.edit({"retries": 7}) == [RETRIES]


async def test_a_config_that_cannot_be_read_once_it_was_overwritten() -> None:
    """It is read again, as any after a write."""
    bench = Bench(EditableClient(delay=0))
    bench.miner.edits[5] = retries(9)
    bench.miner.failing[7] = XmrigInterruptedError("cut")
    assert await bench.edit({"retries": 7})
    assert bench.miner.document["retries"] == 7


async def test_a_change_has_to_last_for_a_while() -> None:
    """It may be overwritten until then."""
    bench = Bench(EditableClient(delay=0))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bench.edit({"retries": 7})
    assert loop.time() == began
    await bench.editor.settle()
    assert loop.time() - began > SETTLE * 0.99


@pytest.mark.parametrize("uptime", [None, 99, 100, 101])
async def test_a_process_that_is_gone_overwrites_nothing(uptime: int | None) -> None:
    """Another one has the config of its file: nothing is written again."""
    bench = Bench(EditableClient(delay=0))
    bench.miner.reply(summary=Summary(uptime=100))
    await bench.edit({"retries": 7})
    bench.miner.reply(summary=Summary(uptime=uptime))
    retries(5)(bench.miner.document)
    await bench.editor.settle()
    assert bench.miner.document["retries"] == (5 if uptime == 99 else 7)
    assert not bench.editor.is_change_lost


async def test_an_own_value_that_shows_late() -> None:
    """It was overwritten, and writing it again was refused: it is not external."""
    bench = Bench(EditableClient(delay=0, writes=(None, XmrigRefusedError("400"))))
    bench.miner.edits[5] = retries(9)
    with pytest.raises(XmrigRefusedError):
        await bench.edit({"retries": 7})
    assert bench.editor.take_external_changes() == ["retries"]
    bench.miner.edits[bench.miner.reads + 1] = retries(7)
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == []


@pytest.mark.parametrize("read", [5, 6])
async def test_a_change_that_is_overwritten(read: int) -> None:
    """It is sent once more, and what else was changed is kept."""
    bench = Bench(EditableClient(delay=0))

    def overwrite(document: dict[str, Any]) -> None:
        document.update({"retries": 9, "print-time": 1})

    # The fifth read is the first one that has to show the change, the sixth the last
    bench.miner.edits[read] = overwrite
    again = Change(path=("retries",), old=9, new=7)
    assert await bench.edit({"retries": 7}) == [again]
    assert [posted["print-time"] for posted in bench.miner.posted] == [60, 1]
    assert bench.miner.document["retries"] == 7
    assert bench.editor.take_external_changes() == ["retries", "print-time"]


async def test_a_change_that_is_always_overwritten() -> None:
    """Two programs would fight for ever."""
    bench = Bench(EditableClient(delay=0))
    number = iter(range(100, 1000))

    def overwrite(document: dict[str, Any]) -> None:
        document.update(retries=next(number))

    original = bench.miner.config

    async def config() -> Config:
        shown = await original()
        if shown.document["retries"] == 7:
            bench.miner.edits[bench.miner.reads + 1] = overwrite
        return shown

    bench.miner.config = config  # type: ignore[method-assign]
    with pytest.raises(XmrigConflictError, match=ADDRESS):
        await bench.edit({"retries": 7})
    assert len(bench.miner.posted) == ATTEMPTS


async def test_a_value_that_the_miner_replaces() -> None:
    """It is out of range: written again, it changes nothing, and all is as before."""
    bench = Bench(EditableClient(delay=0))
    bench.miner.applied = lambda posted: (
        posted | {"retries": min(posted["retries"], 100)}
    )
    with pytest.raises(XmrigNotConfirmedError):
        await bench.edit({"retries": 999})
    assert [posted["retries"] for posted in bench.miner.posted] == [999, 999, 5]
    assert bench.miner.document == DOCUMENT
    bench.editor.observe(await bench.editor.read())
    assert bench.editor.take_external_changes() == []
    state = bench.store.state
    assert state.original_config(Config(DOCUMENT)).document == DOCUMENT
    # What is taken back was seen, too
    for number in (9, 5):
        bench.editor.observe(Config(DOCUMENT | {"retries": number}))
        assert bench.editor.take_external_changes() == ["retries"]


async def test_what_is_stored_before_a_replaced_value_is_taken_back() -> None:
    """If that fails too, the value that the miner chose is the written one."""
    bench = Bench(
        EditableClient(delay=0, writes=(None, None, XmrigRefusedError("400")))
    )
    bench.miner.applied = lambda posted: (
        posted | {"retries": min(posted["retries"], 100)}
    )
    with pytest.raises(XmrigRefusedError):
        await bench.edit({"retries": 999})
    shown = Config(bench.miner.document)
    assert shown.document["retries"] == 100
    assert bench.store.state.original_config(shown).document == DOCUMENT
    assert [posted for posted, _ in bench.saved] == [0, 1, 2]


async def test_a_value_that_is_set_again_externally() -> None:
    """It is external once the own write was seen."""
    bench = Bench()
    await bench.edit({"retries": 7})
    for number in (9, 7):
        bench.editor.observe(Config(DOCUMENT | {"retries": number}))
        assert bench.editor.take_external_changes() == ["retries"]


async def test_a_rewrite() -> None:
    """The config is sent as it is; whether it arrived may be unknown."""
    bench = Bench()
    assert await bench.editor.rewrite() is None
    assert bench.miner.posted == [DOCUMENT]
    error = XmrigInterruptedError("reset")
    bench = Bench(EditableClient(writes=(error,)))
    assert await bench.editor.rewrite() is error


@pytest.mark.parametrize("is_observed", [True, False])
async def test_a_config_that_differs_is_read_twice(*, is_observed: bool) -> None:
    """Of another miner that answers for a moment, nothing is used."""
    bench = Bench()
    editor = bench.editor
    first = await editor.read()
    assert bench.miner.reads == 1
    if is_observed:
        editor.observe(first)
    assert (await editor.read()).document == DOCUMENT
    assert bench.miner.reads == 2
    bench.miner.edits = {3: retries(1), 4: retries(5)}
    assert (await editor.read()).document["retries"] == 5
    assert bench.miner.reads == 5
    bench.miner.edits = {6: retries(1)}
    assert (await editor.read()).document["retries"] == 1
    assert bench.miner.reads == 7
    # One that changes all the time is read three times
    bench.miner.edits = {read: retries(read) for read in range(8, 20)}
    assert (await editor.read()).document["retries"] == 10
    assert bench.miner.reads == 10


async def test_the_same_reading_again_is_no_change() -> None:
    """And a path that changed twice is named once."""
    editor = Bench().editor
    one, two = Config({"retries": 1}), Config({"retries": 2})
    for config in (one, one, two, one, two):
        editor.observe(config)
    assert editor.take_external_changes() == ["retries"]


def overwritten(bench: Bench) -> None:
    """Put the first config back, as a program that read it earlier does."""
    bench.miner.document = copy.deepcopy(DOCUMENT)


async def test_the_next_change_comes_after_one_that_was_overwritten() -> None:
    """Both last."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    overwritten(bench)
    await bench.edit({"print-time": 30})
    assert bench.miner.document == DOCUMENT | {"retries": 7, "print-time": 30}
    assert len(bench.miner.posted) == 3


async def test_a_change_that_is_written_again() -> None:
    """What undoes it is as if it had lasted at once, and none of it is external."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    state = bench.store.state
    overwritten(bench)
    await bench.editor.settle()
    assert bench.miner.document == DOCUMENT | {"retries": 7}
    assert bench.store.state == state
    assert bench.editor.take_external_changes() == []
    assert bench.editor.is_change_lost is False


async def test_a_second_change_that_is_written_again() -> None:
    """The value before the first one can still be restored."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    await bench.editor.settle()
    first = bench.miner.document
    await bench.edit({"retries": 9})
    state = bench.store.state
    bench.miner.document = first
    await bench.editor.settle()
    assert bench.miner.document == DOCUMENT | {"retries": 9}
    assert bench.store.state == state
    for undo in (state.user_config, state.original_config):
        assert undo(Config(bench.miner.document)).document == DOCUMENT


@pytest.mark.parametrize(
    ("before", "now", "is_written"),
    [
        (100, 99, False),
        (100, 0, False),
        (100, 100, True),
        (100, 101, True),
        # Unknown
        (None, 1, True),
        (100, None, True),
    ],
)
async def test_a_process_that_restarted_since(
    before: int | None, now: int | None, *, is_written: bool
) -> None:
    """It was no other writer: what the miner has then is compared by the next poll."""
    bench = Bench(EditableClient(delay=0, summaries=(Summary(uptime=before),)))
    await bench.edit({"retries": 7})
    overwritten(bench)
    bench.miner.reply(summary=Summary(uptime=now))
    await bench.editor.settle()
    assert len(bench.miner.posted) == (2 if is_written else 1)
    assert bench.editor.is_change_lost is False


async def test_what_else_the_other_writer_changed_is_external() -> None:
    """Only the own values are written again."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    bench.miner.document = DOCUMENT | {"print-time": 1}
    await bench.editor.settle()
    assert bench.miner.document == DOCUMENT | {"retries": 7, "print-time": 1}
    assert bench.editor.take_external_changes() == ["print-time"]


async def test_a_config_that_cannot_be_read_before_it_is_written_again() -> None:
    """It is read once more, as any after a write."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    overwritten(bench)
    # Twice to see that it was overwritten, and once to write it
    bench.miner.failing[bench.miner.reads + 3] = XmrigInterruptedError("cut")
    await bench.editor.settle()
    assert len(bench.miner.posted) == 2
    assert bench.editor.is_change_lost is False


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_reply_that_is_lost_while_it_is_verified(failures: int) -> None:
    """One of them hides no other writer."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    overwritten(bench)
    for number in range(failures):
        bench.miner.failing[bench.miner.reads + 1 + number] = XmrigResponseError("cut")
    await bench.editor.settle()
    assert bench.miner.document["retries"] == (7 if failures == 1 else 5)
    # Without a reply, nothing is known of another writer
    assert bench.editor.due_in is None or failures == 1
    assert bench.editor.is_change_lost is False


@pytest.mark.parametrize("posts", [1, 2])
async def test_a_command_that_is_cancelled_while_the_last_change_is_verified(
    posts: int,
) -> None:
    """It is verified later, also if it was being written again."""
    bench = Bench(EditableClient(delay=0))
    await bench.edit({"retries": 7})
    overwritten(bench)
    # What is written again does not show
    bench.miner.applied = lambda _: DOCUMENT
    command = asyncio.create_task(bench.edit({"print-time": 30}))
    await asyncio.sleep(SETTLE / 2 if posts == 1 else SETTLE * 2)
    assert len(bench.miner.posted) == posts
    command.cancel()
    with pytest.raises(asyncio.CancelledError):
        await command
    bench.miner.applied = lambda posted: posted
    await bench.editor.settle()
    assert bench.miner.document == DOCUMENT | {"retries": 7}


async def test_a_change_is_lost_until_one_lasts() -> None:
    """Another one that is shown may be overwritten too."""
    writes = (None, XmrigRefusedError("400"), None)
    bench = Bench(EditableClient(delay=0, writes=writes))
    await bench.edit({"retries": 7})
    overwritten(bench)
    await bench.editor.settle()
    assert bench.editor.is_change_lost is True
    await bench.edit({"retries": 7})
    assert bench.editor.is_change_lost is True
    await bench.editor.settle()
    assert bench.editor.is_change_lost is False


async def test_how_long_a_change_has_to_last() -> None:
    """A client that read the config before may overwrite it within that time."""
    assert SETTLE > 0.5
