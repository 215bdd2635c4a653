"""A certificate is pinned, changes, and is pinned again, as a user sees it."""

from collections.abc import Generator
from functools import partial

from playwright.async_api import expect
import pytest

from scripts.runner.client import Client
from scripts.runner.miner import listed
from scripts.runner.process import HOST
from tests.live.running import TOKEN, SimulatedMiner, eventually

from .user import User

pytestmark = pytest.mark.usefixtures("nothing")


@pytest.fixture(scope="module")
def miner() -> Generator[SimulatedMiner]:
    """Return a miner with TLS; each start makes a certificate."""
    miner = SimulatedMiner("--tls", "--worker-id", "cellar")
    try:
        miner.start()
        yield miner
    finally:
        miner.stop()


async def is_loaded(client: Client) -> bool:
    """Return whether the only miner is set up."""
    [entry] = await listed(client)
    return bool(entry["state"] == "loaded")


async def test_the_certificate_that_was_seen_is_pinned(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """It is shown before anything is sent."""
    await user.open("config/integrations/dashboard/add?domain=xmrig_miner")
    await user.click("OK")
    await user.fill(host=f"https://{HOST}:{miner.port}", access_token=TOKEN)
    await user.submit()
    await user.sees("Is this the miner's certificate?")
    await expect(user.dialog).to_contain_text("SHA-256")
    await user.choose("Pin this certificate")
    await user.sees("How much power does cellar draw?")
    await user.submit()
    await user.finish()
    await eventually(partial(is_loaded, client))


async def test_another_one_is_asked_about(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """The repair shows both."""
    miner.stop()
    miner.start()

    async def is_raised() -> bool:
        return "certificate_changed" in await user.repairs()

    await eventually(is_raised)
    await user.open("config/repairs")
    await user.open_repair("The certificate of cellar changed")
    await user.sees("Shown now")
    await user.page.get_by_text("Pin the new certificate", exact=True).click()
    await user.sees("The issue is repaired!")
    assert not await is_raised()
    await eventually(partial(is_loaded, client))


async def test_the_choice_is_shown_in_the_form(user: User) -> None:
    """With what each of the three means."""
    await user.choose_for("cellar", "Reconfigure")
    for choice in (
        "By a certificate authority",
        "Pin the miner's certificate",
        "Do not verify",
    ):
        await user.sees(choice)
    await user.submit()
    await user.sees("Reconfiguration was successful")
    await user.finish("Close")
