"""What the sweeps share."""

from collections.abc import Callable
import logging

import pytest
import pytest_socket

from tests.conftest import COMBINATIONS


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Let tests speak to this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Keep no more of the log than what matters: it would be millions of lines."""
    caplog.set_level(logging.WARNING)


@pytest.fixture
def count(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[int], None]:
    """Return how to note the number of combinations that a test ran."""
    sweep = request.path.stem.removeprefix("test_").replace("_", " ")
    return lambda number: record_property(COMBINATIONS, [sweep, number])
