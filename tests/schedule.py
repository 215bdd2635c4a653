"""Which worker of pytest-xdist runs which file, and when."""

from typing import override

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING = ("tests/live/", "tests/crash/", "tests/end_to_end/", "tests/contract/")
"""Folders of tests that mostly wait, for processes in real time: the longest first."""

COMPUTING_WORKERS = 2
"""One for each processor; the others begin with tests that wait."""


def _place(scope: str) -> int:
    """Return how late a file is to begin at a worker for tests that wait."""
    return next(
        (place for place, name in enumerate(WAITING) if scope.startswith(name)),
        len(WAITING),
    )


class Schedule(LoadFileScheduling):
    """Lets some workers begin with the tests that wait, the others with those that do not.

    So neither processors nor processes are waited for at the end.
    """

    @override
    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give a file to a worker: of those of its kind, the one with the most tests."""
        computes = self.nodes.index(node) < COMPUTING_WORKERS
        scope = (max if computes else min)(self.workqueue, key=_place)
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)
