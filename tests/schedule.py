"""Which worker of pytest-xdist runs which file, and when."""

from typing import override

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING = ("tests/live/", "tests/crash/", "tests/end_to_end/", "tests/contract/")
"""Folders of tests that mostly wait for other processes, the longest tests first."""

LONG = (
    "tests/fleet/",
    "tests/fuzz/",
    "tests/soak/",
    "tests/takeover/test_killed_import.py",
    "tests/test_absurd_replies.py",
    "tests/test_invariants.py",
)
"""Files with few tests that take seconds each, which one worker would end with."""


def _position(scope: str) -> int:
    """Return when a file runs on a worker for tests that wait."""
    return next(
        (index for index, folder in enumerate(WAITING) if scope.startswith(folder)),
        len(WAITING) + scope.startswith(LONG),
    )


class Schedule(LoadFileScheduling):
    """Overlaps tests that wait with tests that compute.

    One half of the workers starts with the former, the other one with the latter.
    """

    @override
    def _assign_work_unit(self, node: WorkerController) -> None:
        """Assign a file to a worker: of its kind, the one with the most tests."""
        computes = self.nodes.index(node) < self.numnodes // 2
        scope = (max if computes else min)(self.workqueue, key=_position)
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)
