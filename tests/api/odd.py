"""Replies that no miner sends."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    Config,
    Summary,
)
from custom_components.xmrig_miner.api.snapshot import Snapshot

from .captures import NEW, capture, gpu_backends, read_all

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 10**30, 10**400, -(2**63) - 1, 2**64])
    | st.floats()
    | st.text()
    | st.sampled_from(["cpu", "opencl", "cuda", "1", "0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["enabled", "type"]), inner)
    ),
    max_leaves=8,
)


def places(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value of a document."""
    found = [path] if path else []
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            found += places(value, (*path, index))
    return found


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value at a path."""
    changed = deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def everywhere(document: Any, value: Any) -> Any:
    """Return a document with another value in place of every value."""
    if isinstance(document, dict):
        return {key: everywhere(item, value) for key, item in document.items()}
    if isinstance(document, list):
        return [everywhere(item, value) for item in document]
    return value


def without(document: Any, path: tuple[Any, ...]) -> Any:
    """Return a document without the value at a path."""
    changed = deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    return changed


def read_snapshot(summary: Any, backends: Any, config: Any) -> Snapshot:
    """Read all values that are calculated from replies."""
    known = Snapshot(
        summary=Summary.from_json(summary),
        backends=Backends.from_json(backends),
        config=Config(config),
    )
    read_all(known)
    for backend in (None, *BackendType):
        known.hashrate_now(known.summary.hashrate, backend)
    return known


SUMMARY = capture(NEW, "mining", "summary")
BACKENDS = gpu_backends()
CONFIG = capture(NEW, "mining", "config")


def nested(depth: int) -> Any:
    """Return nested objects."""
    value: Any = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value
