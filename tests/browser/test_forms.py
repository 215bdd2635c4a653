"""A miner from its form to its removal, as a user does it who has nothing yet.

Each test goes on where the one before has ended.
"""

from collections.abc import Generator
from functools import partial
import json
from pathlib import Path
from typing import Any

from playwright.async_api import expect
import pytest

from scripts.runner.client import Client
from scripts.runner.miner import Device, Entry, devices, listed
from scripts.runner.process import HOST
from tests.live.running import TOKEN, SimulatedMiner, eventually, free_port

from .user import User

pytestmark = pytest.mark.usefixtures("nothing")


@pytest.fixture(scope="module")
def miner() -> Generator[SimulatedMiner]:
    """Return a miner with a card."""
    miner = SimulatedMiner("--gpus", "1", "--worker-id", "attic")
    try:
        miner.start()
        yield miner
    finally:
        miner.stop()


async def entry(client: Client) -> dict[str, Any]:
    """Return the config entry of the miner."""
    [found] = [entry for entry in await listed(client) if entry["title"] == "attic"]
    return found


async def is_loaded(client: Client) -> bool:
    """Return whether the miner is set up, as again after a change."""
    return bool((await entry(client))["state"] == "loaded")


async def device(client: Client) -> Device:
    """Return the miner's device."""
    found = await entry(client)
    return (await devices(client, Entry(found["entry_id"], found["title"])))[0]


async def test_a_miner_is_added_with_the_manager(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """What was wrong is said, and what was entered stays."""
    await user.log_in()
    await user.open("config/integrations/dashboard/add?domain=xmrig_miner")
    await user.click("OK")
    await user.fill(host="no-such-host.invalid", port=str(miner.port))
    await user.submit()
    await user.sees("This hostname was not found")
    await expect(user.input("port")).to_have_value(str(miner.port))
    await user.fill(host=HOST, access_token="wrong")
    await user.submit()
    await user.sees("The miner rejected the access token")
    await user.fill(access_token=TOKEN)
    await user.submit()
    await user.sees("How much power does attic draw?")
    await user.fill(idle_power="60", full_power="140")
    await user.submit()
    await user.choose("Mine with solar surplus")
    await user.finish()
    await eventually(partial(is_loaded, client))


async def registered(user: User) -> list[dict[str, Any]]:
    """Return the miner's device as it is registered, if it is."""
    registry = await user.command("config/device_registry/list")
    return [device for device in registry if device["name"] == "attic"]


async def open_device(user: User) -> None:
    """Open the page of the miner's device."""
    [found] = await registered(user)
    await user.open(f"config/devices/device/{found['id']}")
    await user.sees("Controls")


async def has_state(client: Client, name: str, state: str) -> bool:
    """Return whether an entity of the miner has a state."""
    return await client.state((await device(client)).entities[name]) == state


async def test_mining_is_switched_off_and_on(user: User, client: Client) -> None:
    """The switch shows what the miner does; it is managed no longer."""
    await open_device(user)
    managed = user.page.get_by_label("Toggle attic Managed")
    await managed.press("Space")
    await expect(managed).not_to_be_checked()
    mining = user.page.get_by_label("Toggle attic Mining")
    # The manager may have paused it, which ends a while later
    await expect(mining).to_be_checked()
    for turned_on in (False, True, False, True):
        await mining.press("Space")
        await expect(mining).to_be_checked(checked=turned_on)
        state = "on" if turned_on else "off"
        await eventually(partial(has_state, client, "switch.mining", state))
        # If the change comes late, it shows the old state again until then
        await expect(mining).to_be_checked(checked=turned_on)


async def test_threads_are_set_by_the_slider(user: User, client: Client) -> None:
    """An arrow key takes one thread away."""
    before = int(
        await client.state((await device(client)).entities["number.cpu_threads"])
    )
    await open_device(user)
    await user.page.get_by_role("slider", name="CPU threads").focus()
    await user.page.keyboard.press("ArrowLeft")

    async def is_set() -> bool:
        return await has_state(client, "number.cpu_threads", str(before - 1))

    await eventually(is_set)


async def test_options_of_the_power_are_changed(user: User, client: Client) -> None:
    """The form shows what was entered, and the change is applied."""
    configure = user.entry("attic").get_by_role("button", name="Configure")
    await user.click_in_entries(configure)
    await expect(user.input("full_power")).to_have_value("140")
    await user.fill(full_power="150")
    await user.submit()
    await user.finish()


async def test_it_is_reconfigured(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """A wrong port is refused, and the token stays although it is not shown."""
    await user.choose_for("attic", "Reconfigure")
    await expect(user.input("access_token")).to_have_value("")
    await user.fill(port=str(free_port()))
    await user.submit()
    await user.sees("refused the connection to this port")
    await user.fill(port=str(miner.port))
    await user.submit()
    await user.sees("Reconfiguration was successful")
    await user.finish("Close")
    await eventually(partial(is_loaded, client))


async def test_another_token_is_asked_for(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """The miner's token was changed in its config."""
    miner.stop()
    miner.token = "another"
    miner.start()

    async def asks() -> bool:
        flows = await user.command("config_entries/flow/progress")
        return any(flow["context"]["source"] == "reauth" for flow in flows)

    await eventually(asks)
    await user.open("config/integrations/dashboard")
    await user.click("Reconfigure")
    await user.fill(access_token="another")
    await user.submit()
    await user.sees("Re-authentication was successful")
    await user.finish("Close")
    await eventually(partial(is_loaded, client))


async def test_diagnostics_hold_no_secret(user: User) -> None:
    """They are downloaded as a file."""
    await open_device(user)
    async with user.page.expect_download() as started:
        await user.click("Download diagnostics")
    content = Path(await (await started.value).path()).read_text()
    assert json.loads(content)["data"]
    assert "another" not in content
    assert "WALLET" not in content


async def test_a_repair_is_solved(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """The wallet was changed at the miner, which the user accepts."""
    address = f"http://{HOST}:{miner.port}/2/config"
    headers = {"Authorization": f"Bearer {miner.token}"}
    request = user.page.request
    config = await (await request.get(address, headers=headers)).json()
    config["pools"][0]["user"] = "48ELSEWHERE"
    await request.put(address, headers=headers, data=config)

    async def is_raised() -> bool:
        return "payout_changed" in await user.repairs()

    await eventually(is_raised)
    await user.open("config/repairs")
    # Another may be that the miner lost what was set: it has restarted
    await user.open_repair("The pools or wallets of attic were changed")
    await user.submit()
    await user.sees("The issue is repaired!")
    assert not await is_raised()


async def test_the_miner_is_deleted(user: User, client: Client) -> None:
    """Nothing of it is left."""
    await user.choose_for("attic", "Delete")
    await user.page.locator("dialog-box ha-button", has_text="Delete").click()

    async def is_gone() -> bool:
        return not await registered(user)

    await eventually(is_gone)
    assert "attic" not in [entry["title"] for entry in await listed(client)]
