"""Captured replies of real miners, and helpers to inspect parsed replies."""

from dataclasses import fields, is_dataclass
from functools import cache, cached_property
import json
from pathlib import Path
from typing import Any

from custom_components.xmrig_miner.api.models import Backends, Config, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot

FIXTURES = Path(__file__).parent.parent / "fixtures"
CAPTURES = FIXTURES / "captures"

OLD = "xmrig-6.22.2"
NEW = "xmrig-6.26.0"
VERSIONS = (OLD, NEW)


def capture(version: str, state: str, name: str) -> Any:
    """Return the reply of a miner of a version in a state."""
    return json.loads((CAPTURES / version / state / f"{name}.json").read_bytes())


def error(version: str, name: str) -> tuple[int, str]:
    """Return the status and body of a refused call."""
    refusal = json.loads((CAPTURES / version / "errors.json").read_bytes())[name]
    return refusal["status"], refusal["body"]


def gpu_backends() -> Any:
    """Return the backends of a miner with GPUs, for which there is no capture.

    Made by the schema in XMRig's source: two OpenCL cards, the first with two threads,
    and a CUDA card (src/backend/opencl/OclBackend.cpp:490, OclThread.cpp:110,
    src/backend/cuda/CudaBackend.cpp:506, CudaThread.cpp:87).
    """
    return json.loads((FIXTURES / "gpu_backends.json").read_bytes())


def snapshot(version: str, state: str) -> Snapshot:
    """Return the snapshot of a miner of a version in a state."""
    summary = Summary.from_json(capture(version, state, "summary"))
    config = capture(version, state, "config")
    return Snapshot(
        summary=summary,
        backends=Backends.from_json(capture(version, state, "backends")),
        config=None if summary.restricted else Config(config),
        restricted=bool(summary.restricted),
    )


@cache
def attributes(model: type[Any]) -> list[str]:
    """Return the names of the fields and properties of a model."""
    properties = [
        name
        for name, attribute in vars(model).items()
        if isinstance(attribute, property | cached_property)
    ]
    return [*(field.name for field in fields(model)), *properties]


def read_all(model: Any) -> None:
    """Read every field and property of a model, and of all models in it."""
    if is_dataclass(model):
        for name in attributes(type(model)):  # type: ignore[arg-type]  # It is hashable
            read_all(getattr(model, name))
    elif isinstance(model, tuple):
        for item in model:
            read_all(item)
    elif isinstance(model, dict):
        for item in model.values():
            read_all(item)
