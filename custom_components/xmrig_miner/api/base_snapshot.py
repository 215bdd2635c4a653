"""What is known about a miner or a proxy at one moment."""

from dataclasses import dataclass, field
from functools import cached_property

from .models import Config
from .state import MinerState


@dataclass(frozen=True, kw_only=True)
class BaseSnapshot:
    """The config of a miner or a proxy, and the state that is stored about it."""

    config: Config | None = field(default=None, repr=False)
    """None if the API is read-only, or it could not be read for a while."""
    restricted: bool = False
    """Whether the API is read-only, even if a truncated reply does not contain it."""
    state: MinerState = field(default_factory=MinerState, repr=False)
    """What was stored about it at that moment."""

    @cached_property
    def user_config(self) -> Config | None:
        """Return the config without values written by controls; None if unknown."""
        return None if self.config is None else self.state.user_config(self.config)

    @property
    def pool_labels(self) -> list[str]:
        """Return the labels of the pools, in the user's order."""
        return self.user_config.pool_labels if self.user_config else []

    @property
    def preferred_pool(self) -> str | None:
        """Return the label of the first enabled pool; None if unknown."""
        if self.config is None or self.user_config is None:
            return None
        return self.config.preferred_pool(self.user_config)
