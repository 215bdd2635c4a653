"""The kinds of backends."""

from enum import StrEnum


class BackendType(StrEnum):
    """The kinds of backend that XMRig can be built with."""

    CPU = "cpu"
    OPENCL = "opencl"
    CUDA = "cuda"
