"""Fixtures for examples with a Home Assistant."""

from collections.abc import Iterator
from socket import gaierror
from unittest.mock import patch

import pytest

from tests.sessions import Resolver


@pytest.fixture
def no_names() -> Iterator[None]:
    """Resolve no name, so that no request leaves this computer."""
    unknown = gaierror("Name or service not known")
    with patch.object(Resolver, "resolve", side_effect=unknown):
        yield
