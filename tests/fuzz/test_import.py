"""Anything in the forms that import miners and undo that, from entries of any data."""

from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from tests.api.odd import any_json
from tests.forms import choose
from tests.takeover import conftest as takeover
from tests.takeover.conftest import ALL, Miners
from tests.takeover.other import install
from tests.takeover.stored import Home, started
from tests.takeover.test_import import registered
from tests.test_translations import TEXTS

from .home import check_stored, fill_in, forms, leave_forms

miners = takeover.miners

imports = settings(forms, max_examples=max(1, settings().max_examples // 10))
"""Each of these examples imports miners, and takes that back."""

chosen = st.sampled_from(
    [[*ALL], *([entry_id] for entry_id in ALL), [*ALL[:2]], [ALL[0]] * 2, [ALL[0], "x"]]
) | st.sampled_from([*ALL, [], {"x": 1}])
addresses = st.sampled_from(
    ["", "http://", "https://[::1", "127.0.0.1:x", "a/b@c", "http://user:p@127.0.0.1:1"]
)


async def put_back(home: Home, before: dict[str, Any]) -> None:
    """Remove all imported miners, which gives their entities back."""
    for entry in home.miners.values():
        await home.hass.config_entries.async_remove(entry.entry_id)
    await home.wait(30)
    for entry_id, (data, found) in before.items():
        old = home.old(entry_id)
        home.hass.config_entries.async_update_entry(old, data=data)
        if old.disabled_by:
            await home.hass.config_entries.async_set_disabled_by(entry_id, None)
        await home.wait()
        assert registered(home, entry_id) == found


async def fill_in_import(hass: HomeAssistant, home: Home, data: Any) -> None:
    """Fill in the list of miners, and then the form that undoes one of the imports."""
    flow, texts = hass.config_entries.flow, TEXTS["config"]
    menu = await home.menu()
    if "import_miners" not in (menu.get("menu_options") or []):
        return
    form: Any = await choose(hass, menu, "import_miners")
    await fill_in(hass, flow, form, texts, chosen, data)
    check_stored(hass)
    await home.wait(data.draw(st.sampled_from([0, 30])))
    for entry_id in ALL:
        if imported := home.imported(entry_id):
            assert home.old(entry_id).disabled_by
            context: Any = {
                "source": SOURCE_RECONFIGURE,
                "entry_id": imported.entry_id,
            }
            form = await flow.async_init(DOMAIN, context=context)
            await fill_in(hass, flow, form, texts, chosen, data)
            check_stored(hass)
            return


@pytest.mark.parametrize("is_installed", [False, True])
@imports
@given(data=st.data())
async def test_import(
    no_names: None, miners: Miners, is_installed: bool, data: Any
) -> None:
    """All entities of the other integration come back."""
    async with started(
        miners.stored, install if is_installed else lambda _: None
    ) as home:
        before = {
            entry_id: (dict(home.old(entry_id).data), registered(home, entry_id))
            for entry_id in ALL
        }
        odd = data.draw(
            st.dictionaries(
                st.sampled_from(ALL),
                st.dictionaries(
                    st.sampled_from(["address", "token", "x"]), addresses | any_json
                ),
            )
        )
        for entry_id, values in odd.items():
            old = home.old(entry_id)
            home.hass.config_entries.async_update_entry(old, data=old.data | values)
        try:
            await fill_in_import(home.hass, home, data)
        finally:
            leave_forms(home.hass)
            await put_back(home, before)
