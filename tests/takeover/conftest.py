"""Fixtures: the miners of the capture, as far as they answer."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from freezegun.api import FrozenDateTimeFactory
import pytest

from simulator import Simulator

from .stored import KELLER, OPEN, PORTS, RIG_ONE, Stored, captured, set_port


@dataclass
class Miners:
    """The three miners of the capture; the one without a token is restricted."""

    rig_one: Simulator
    keller: Simulator
    open: Simulator

    @property
    def stored(self) -> Stored:
        """Return the captured storage with the ports of these miners."""
        stored = captured()
        for entry_id, miner in zip(
            PORTS, (self.rig_one, self.keller, self.open), strict=True
        ):
            set_port(stored, entry_id, miner.port)
        return stored


@pytest.fixture
async def miners(
    loopback: None, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[Miners]:
    """Return the miners, which mine."""
    async with AsyncExitStack() as stack:
        yield Miners(
            *[
                await stack.enter_async_context(
                    Simulator(
                        token=token,
                        restricted=token is None,
                        worker_id=name,
                        uptime=1000,
                        watch_delay=0,
                    )
                )
                for name, token in (
                    ("rig-one", "s3cret-one"),
                    ("keller", "s3cret-two"),
                    ("open", None),
                )
            ]
        )


ALL = (RIG_ONE, KELLER, OPEN)
