"""Tests of the threads that a limit leaves, and of the origin of caps."""

import pytest

from custom_components.xmrig_miner.power.thread_cap import (
    ThreadCaps,
    cap_of,
    target_threads,
)

FULL = 8


def caps(user: int | None, *limit: int) -> ThreadCaps:
    """Return caps."""
    return ThreadCaps(user=user, limit=frozenset(limit))


@pytest.mark.parametrize("is_limiting", [False, True])
@pytest.mark.parametrize(
    ("full", "user", "fitting", "free", "held"),
    [
        # Unknown
        (0, None, 3, None, None),
        (0, 2, None, None, None),
        # No limit: it matters only while the miner is held back
        (FULL, None, None, None, FULL),
        (FULL, 3, None, None, 3),
        (FULL, 12, None, None, FULL),
        # A limit
        (FULL, None, FULL, FULL, FULL),
        (FULL, None, 5, 5, 5),
        (FULL, 3, 5, 3, 3),
        (FULL, 5, 3, 3, 3),
        (FULL, None, 0, 0, 0),
        (FULL, 3, 0, 0, 0),
    ],
)
def test_target_threads(
    full: int,
    user: int | None,
    fitting: int | None,
    free: int | None,
    held: int | None,
    is_limiting: bool,
) -> None:
    """The minimum of all threads, the user's cap, and the limit."""
    target = target_threads(
        caps(user), full=full, fitting=fitting, is_limiting=is_limiting
    )
    assert target == (held if is_limiting else free)


@pytest.mark.parametrize(
    ("before", "current", "full", "after"),
    [
        # Nothing new
        (caps(None), 8, 8, caps(None)),
        (caps(3), 3, 8, caps(3)),
        (caps(None, 2), 2, 8, caps(None, 2)),
        (caps(5, 2), 5, 8, caps(5, 2)),
        # A write of the limit that did or did not arrive
        (caps(None, 2, 4), 2, 8, caps(None, 2, 4)),
        (caps(None, 2, 4), 4, 8, caps(None, 2, 4)),
        # The user's
        (caps(None), 3, 8, caps(3)),
        (caps(None, 2), 3, 8, caps(3)),
        (caps(5, 2), 3, 8, caps(3)),
        (caps(5, 2), 8, 8, caps(None)),
        (caps(3), 8, 8, caps(None)),
        # Another algorithm has fewer threads
        (caps(5, 4), 2, 2, caps(5, 4)),
        (caps(5), 2, 2, caps(5)),
        (caps(None), 2, 2, caps(None)),
        (caps(None), 1, 2, caps(1)),
    ],
)
def test_detect_user_cap(
    before: ThreadCaps, current: int, full: int, after: ThreadCaps
) -> None:
    """A cap that the limit did not set is the user's."""
    assert before.detect_user_cap(current=current, full=full) == after


def test_the_limits_cap_while_it_is_set_and_after() -> None:
    """Both are known until the new one is set; the full number is not a cap."""
    setting = caps(6, 4).about_to_set(2)
    assert setting == caps(6, 4, 2)
    assert setting.with_threads_set(2, full=FULL) == caps(6, 2)
    assert setting.with_threads_set(6, full=FULL) == caps(6)
    assert caps(None, 2).with_threads_set(FULL, full=FULL) == caps(None)


def test_caps_outlive_a_restart() -> None:
    """As JSON."""
    for some in (caps(None), caps(3, 1, 2)):
        assert ThreadCaps.from_json(some.as_json()) == some
    assert (cap_of(3, 4), cap_of(4, 4), cap_of(5, 4)) == (3, None, None)
    # It would not be read again
    assert (cap_of(0, 4), cap_of(1, 4)) == (None, 1)
