"""Fixtures of the client's tests."""

from collections.abc import Iterator
import logging

import pytest

from .wire import TOKEN


@pytest.fixture(autouse=True)
def reveals_no_secret(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check in every test that no secret is logged."""
    caplog.set_level(logging.DEBUG)
    yield
    # The test's own server and certificate do not log what is sent.
    assert TOKEN not in caplog.text
    assert "WALLET" not in caplog.text
