"""Rejects config changes that could not be reverted."""

from collections.abc import Mapping
from typing import Any

from .document import Change, diff, json_equal
from .exceptions import (
    XmrigBenchmarkError,
    XmrigConfigLimitError,
    XmrigUnsafeConfigError,
)
from .limits import Extent, JsonError, extent
from .models import Config
from .models.values import members

PROTECTED = ("http", "cc-client")
"""Objects of the config that control access to the miner: a wrong value could not be
corrected over HTTP. `cc-client` belongs to the fork xmrigCC."""

MAX_MEMBERS = 5000
"""Maximum number of members in a config. A config with a hundred pools has 2000."""

MAX_CONFIG = 512 * 1024
"""Maximum size in bytes of a config as XMRig prints it: half of `transport.MAX_REPLY`,
because XMRig fills in missing values."""

POOL_SIZE = 1024
"""Bytes that XMRig prints for a pool with only an address."""


def safe_changes(before: Config, after: Config, *, has_id: bool = True) -> list[Change]:
    """Return the changes between two configs.

    Raises XmrigUnsafeConfigError if they would cut off access: a missing `http` object
    turns off the API, and `http.restricted` cannot be reverted over the API. XMRig
    applies a new `api.id` at once (src/base/api/Api.cpp:164), so that another miner
    would seem to answer; if `has_id` is False, its worker id is what identifies it.
    Raises XmrigBenchmarkError during a benchmark.
    """
    check_config_size(before.document, after.document)
    changes = list(diff(before.document, after.document))
    if changes and "benchmark" in before.document and "pools" not in before.document:
        # A write replaces the whole file (observed on XMRig 6.26.0)
        raise XmrigBenchmarkError("A benchmark has no pools, which would be lost")
    if changes and not isinstance(after.document.get("http"), dict):
        raise XmrigUnsafeConfigError("A config without http would turn off the API")
    for change in changes:
        if change.path[0] in PROTECTED:
            raise XmrigUnsafeConfigError(f"{change.path[0]} is not changed over HTTP")
    for key in ("id",) if has_id else ("id", "worker-id"):
        if not json_equal(_api_value(before, key), _api_value(after, key)):
            raise XmrigUnsafeConfigError(f"api.{key} identifies the miner")
    if changes and before.has_pool and not after.has_pool:
        raise XmrigUnsafeConfigError("A miner needs a pool that is enabled")
    return changes


def _api_value(config: Config, key: str) -> Any:
    """Return a value of the `api` object; null, like a missing one, is XMRig's own."""
    return members(config.document.get("api")).get(key)


def check_config_size(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise XmrigConfigLimitError for a config that is too large to be written.

    A config that is larger than `transport.MAX_REPLY` could not be reverted. A config
    that already exceeds the limits may be changed as long as it does not grow.
    """
    try:
        new = _config_extent(after)
    except JsonError as err:
        raise XmrigConfigLimitError(f"The new config has {err}") from err
    if new.members > MAX_MEMBERS or new.size > MAX_CONFIG:
        old = _config_extent(before)
        if new.members > old.members or new.size > old.size:
            raise XmrigConfigLimitError(
                f"The new config has {new.members} members in {new.size} bytes"
            )


def _config_extent(config: Mapping[str, Any]) -> Extent:
    """Return how large a config is once XMRig has filled in missing values."""
    members, size = extent(dict(config))
    pools = config.get("pools")
    filled_in = POOL_SIZE * len(pools) if isinstance(pools, list) else 0
    return Extent(members, size + filled_in)
