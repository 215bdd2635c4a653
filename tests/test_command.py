"""Commands without Home Assistant: the poll after them, and what their errors become."""

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigClosedError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigLimitedError,
    XmrigNotConfirmedError,
    XmrigNotMiningError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTimeoutError,
    XmrigUnsafeConfigError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.command import Commands
from custom_components.xmrig_miner.const import DOMAIN


class Bench:
    """Commands to a stand-in for a miner, and how often it was polled."""

    def __init__(self) -> None:
        """Initialize the commands."""
        self.polls = 0
        self.coordinator = SimpleNamespace(
            process="the miner", name="rig-one", async_refresh_once=self._refresh
        )
        self.commands: Commands[Any] = Commands(cast(Any, self.coordinator))

    async def _refresh(self) -> None:
        self.polls += 1

    async def run(self, error: Exception | None = None) -> None:
        """Run a command that ends with an error, or well."""
        async with self.commands.run() as process:
            assert process == "the miner"
            assert self.polls == 0
            if error:
                raise error


async def test_a_command_is_followed_by_a_poll() -> None:
    """Callers find the new states."""
    bench = Bench()
    await bench.run()
    assert bench.polls == 1


@pytest.mark.parametrize(
    ("error", "kind", "key", "polls"),
    [
        (XmrigLimitedError("-"), ServiceValidationError, "limited", 1),
        (XmrigNotMiningError("-"), ServiceValidationError, "off_already", 1),
        (XmrigReadOnlyError("-"), ServiceValidationError, "read_only", 1),
        (XmrigRefusedError("-"), ServiceValidationError, "refused", 1),
        (XmrigUnsafeConfigError("-"), ServiceValidationError, "unsafe_config", 1),
        (XmrigAuthenticationError("-"), HomeAssistantError, "invalid_auth", 1),
        (XmrigResponseError("-"), HomeAssistantError, "not_xmrig", 1),
        (
            XmrigNotConfirmedError("-", Command.PAUSE),
            HomeAssistantError,
            "not_confirmed_pause",
            1,
        ),
        # It may have taken effect before the connection ended
        (XmrigInterruptedError("-"), HomeAssistantError, "cannot_connect", 1),
        # A poll would only take another timeout
        (XmrigTimeoutError("-"), HomeAssistantError, "cannot_connect", 0),
        (XmrigConnectionError("-"), HomeAssistantError, "cannot_connect", 0),
        (XmrigClosedError("-"), HomeAssistantError, "closed", 0),
    ],
)
async def test_an_error(
    error: XmrigError, kind: type[Exception], key: str, polls: int
) -> None:
    """It names the miner, and is one of the request if a better request helps."""
    bench = Bench()
    with pytest.raises(HomeAssistantError) as raised:
        await bench.run(error)
    assert type(raised.value) is kind
    assert raised.value.__cause__ is error
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == key
    assert raised.value.translation_placeholders == {"name": "rig-one"}
    assert bench.polls == polls


async def test_an_error_with_facts() -> None:
    """They are named too."""
    found = MinerIdentity(id="other", worker_id="rig-two")
    with pytest.raises(HomeAssistantError) as raised:
        await Bench().run(XmrigAnotherMinerError("-", found))
    assert raised.value.translation_placeholders == {
        "name": "rig-one",
        "found": "rig-two (other)",
    }


async def test_a_limit_says_why_it_leaves_no_thread() -> None:
    """In place of the error's own text."""
    bench = Bench()
    text = AsyncMock(return_value=("managed_rest", {"minimum": "80"}))
    bench.commands.limit_text = text
    with pytest.raises(ServiceValidationError) as raised:
        await bench.run(XmrigLimitedError("-"))
    assert raised.value.translation_key == "managed_rest"
    assert raised.value.translation_placeholders == {"name": "rig-one", "minimum": "80"}
    # By then, it leaves some
    text.return_value = None
    bench.polls = 0
    await bench.run(XmrigLimitedError("-"))


async def test_other_exceptions_are_left_alone() -> None:
    """They are bugs."""
    bench = Bench()
    with pytest.raises(ZeroDivisionError):
        await bench.run(ZeroDivisionError())
    assert bench.polls == 0
