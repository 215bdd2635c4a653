"""Anything in the forms of a miner, a proxy and the manager, step by step."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER
from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.const import DOMAIN, SUBENTRY_WORKER
from tests.test_translations import TEXTS
from tests.watts import NO_CARDS

from .home import Home, forms, run


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner without graphics cards."""
    return NO_CARDS


@forms
@given(data=st.data())
async def test_add(home: Home, data: Any) -> None:
    """A miner or the manager, of which there may be none yet."""
    entries = home.hass.config_entries
    context = {"source": SOURCE_USER}
    await run(home, entries.flow, DOMAIN, context, TEXTS["config"], data)


@pytest.mark.parametrize("index", range(3), ids=["miner", "proxy", "manager"])
@forms
@given(data=st.data())
async def test_reconfigure(home: Home, index: int, data: Any) -> None:
    """Each kind of entry."""
    entry = home.rigs[index].entry
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    flow = home.hass.config_entries.flow
    await run(home, flow, DOMAIN, context, TEXTS["config"], data)


@forms
@given(data=st.data())
async def test_reauthenticate(home: Home, data: Any) -> None:
    """The token is stored only if it is accepted."""
    entry = home.rigs[0].entry
    context = {"source": SOURCE_REAUTH, "entry_id": entry.entry_id}
    flow = home.hass.config_entries.flow
    await run(home, flow, DOMAIN, context, TEXTS["config"], data)


@pytest.mark.parametrize("index", [0, 2], ids=["miner", "manager"])
@forms
@given(data=st.data())
async def test_options(home: Home, index: int, data: Any) -> None:
    """Each kind of entry that has options."""
    flow = home.hass.config_entries.options
    handler = home.rigs[index].entry.entry_id
    await run(home, flow, handler, None, TEXTS["options"], data)


@forms
@given(data=st.data())
async def test_workers(home: Home, data: Any) -> None:
    """Only workers that the proxy has become devices."""
    flow = home.hass.config_entries.subentries
    handler = (home.proxy.entry.entry_id, SUBENTRY_WORKER)
    texts = TEXTS["config_subentries"][SUBENTRY_WORKER]
    await run(home, flow, handler, {"source": SOURCE_USER}, texts, data)
