"""What tests do without something that scripts/setup installs."""

import os

import pytest

REQUIRED = "XMRIG_TESTS_REQUIRE_MINER"


def missing(message: str) -> BaseException:
    """Return what skips a test, or fails it where nothing may be left out."""
    if os.environ.get(REQUIRED) == "1":
        return pytest.fail.Exception(message)
    return pytest.skip.Exception(message)
