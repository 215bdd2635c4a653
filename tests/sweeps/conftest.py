"""What the sweeps share."""

from collections.abc import Callable, Coroutine
import logging
from typing import Any, Protocol

import pytest
import pytest_socket

from tests.conftest import COMBINATIONS

from .folding import Swept
from .home import Home, play


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow connections to this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Keep no more of the log than what matters: it would be millions of lines."""
    caplog.set_level(logging.WARNING)


TIMEOUT = 1800
"""Seconds of real time that one command may take with all its combinations."""

type Sweep = Callable[[Home], Coroutine[Any, Any, Swept]]


class Check(Protocol):
    """Runs a sweep, notes its size, and fails if something is wrong."""

    def __call__(self, sweep: Sweep, *, all_entities: bool = False) -> None:
        """Run it, with all entities or with those that are compared at least."""


@pytest.fixture
def check(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Check:
    """Return how to run a sweep."""

    def run(sweep: Sweep, *, all_entities: bool = False) -> None:
        swept = play(sweep, all_entities=all_entities)
        name = request.path.stem.removeprefix("test_").replace("_", " ")
        record_property(COMBINATIONS, [name, swept.ran, swept.every])
        assert not swept.wrong, "\n".join(swept.wrong)

    return run
