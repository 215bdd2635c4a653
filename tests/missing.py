"""Handles tests whose requirements scripts/setup did not install."""

import os

import pytest

REQUIRED = "XMRIG_TESTS_REQUIRE_MINER"


def missing(message: str) -> BaseException:
    """Return the exception that skips a test, or fails it if nothing may be skipped."""
    if os.environ.get(REQUIRED) == "1":
        return pytest.fail.Exception(message)
    return pytest.skip.Exception(message)
