"""What the tests of the client share."""

from collections.abc import Iterator
import logging

import pytest

from .wire import TOKEN


@pytest.fixture(autouse=True)
def reveals_no_secret(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold every test to it that no secret reaches a log."""
    caplog.set_level(logging.DEBUG)
    yield
    # The test's own server and certificate do not speak of what is sent.
    assert TOKEN not in caplog.text
    assert "WALLET" not in caplog.text
