"""The computer that a simulated miner runs on: processors, memory and GPUs."""

from dataclasses import dataclass, field
from typing import Any

from .jsonvalue import Json

_GIB = 1024**3


@dataclass
class Gpu:
    """One GPU; its readings may be changed at any time.

    Temperature in °C, power in W, clocks in MHz, fan in % (CUDA) or rpm (OpenCL). The
    miner reports 0 for a reading that it cannot get. While the GPU does not hash, the
    `idle_` readings apply. Without `has_health`, the miner was started without NVML or
    ADL and reports none.
    """

    kind: str
    index: int
    name: str
    bus_id: str
    memory: int
    thread_hashrate: float
    workers: int = 1
    board: str | None = None
    temperature: int = 61
    idle_temperature: int = 38
    power: int = 118
    idle_power: int = 12
    clock: int = 1740
    idle_clock: int = 210
    memory_clock: int = 6800
    idle_memory_clock: int = 405
    fan_speed: list[int] = field(default_factory=lambda: [54, 55])
    rpm: int = 1480
    has_health: bool = True

    def health(self, hashing: bool) -> Json:
        """Return the readings as the backend's API shows them."""
        health: Json = {
            "temperature": self.temperature if hashing else self.idle_temperature,
            "power": self.power if hashing else self.idle_power,
            "clock": self.clock if hashing else self.idle_clock,
            "mem_clock": self.memory_clock if hashing else self.idle_memory_clock,
        }
        if self.kind == "cuda":
            return health | {"fan_speed": self.fan_speed}
        return health | {"rpm": self.rpm}


@dataclass
class Computer:
    """The hardware that the miner finds when it starts."""

    threads: int = 4
    gpus: list[Gpu] = field(default_factory=list)
    thread_hashrate: float = 430.0
    swing: float = 0.0
    """Relative fluctuation of its hashrates."""
    huge_pages: bool = True
    msr: bool = True
    hostname: str = "rig"

    @property
    def cuda_gpus(self) -> list[Gpu]:
        """The GPUs that the CUDA backend uses."""
        return [gpu for gpu in self.gpus if gpu.kind == "cuda"]

    @property
    def opencl_gpus(self) -> list[Gpu]:
        """The GPUs that the OpenCL backend uses."""
        return [gpu for gpu in self.gpus if gpu.kind == "opencl"]

    def cuda_profile(self, _name: str) -> list[Json]:
        """Return the CUDA threads that the miner would choose: one per GPU."""
        return [
            {
                "index": gpu.index,
                "threads": 32,
                "blocks": 56,
                "bfactor": 8,
                "bsleep": 25,
                "affinity": -1,
                "dataset_host": False,
            }
            for gpu in self.cuda_gpus
        ]

    def opencl_profile(self, name: str) -> list[Json]:
        """Return the OpenCL threads that the miner would choose for a profile."""
        extra: Json = {"unroll": 8}
        if name == "rx":
            extra = {"bfactor": 6, "gcn_asm": False, "dataset_host": False}
        return [
            {
                "index": gpu.index,
                "intensity": 896,
                "worksize": 8,
                **({} if name == "rx" else {"strided_index": [0, 2]}),
                "threads": [-1] * gpu.workers,
                **extra,
            }
            for gpu in self.opencl_gpus
        ]

    def memory(self, has_dataset: bool) -> Json:
        """Return the memory in bytes; a RandomX dataset takes about 2.3 GB."""
        used = 2_468_999_168 if has_dataset else 179_859_456
        return {
            "free": 24_604_823_552 - used,
            "total": 25_276_502_016,
            "resident_set_memory": used,
        }

    def cpu(self, version: tuple[int, ...]) -> Json:
        """Return the CPU as the summary describes it."""
        return {
            "brand": "AMD Ryzen 9 5950X 16-Core Processor",
            "family": 25,
            "model": 33,
            "stepping": 0,
            "proc_info": 10620688,
            "aes": True,
            "avx2": True,
            "x64": True,
            "64_bit": True,
            "l2": 524288 * self.threads,
            "l3": 2097152 * self.threads,
            "cores": max(1, self.threads // 2),
            "threads": self.threads,
            "packages": 1,
            "nodes": 1,
            "backend": "hwloc/2.15.0" if version >= (6, 23) else "hwloc/2.12.0",
            "msr": "ryzen_19h",
            "assembly": "ryzen",
            "arch": "x86_64",
            "flags": [
                *("aes", "vaes", "avx", "avx2", "bmi2", "osxsave", "pdpe1gb"),
                *("sse2", "ssse3", "sse4.1", "popcnt", "cat_l3"),
            ],
        }

    def dmi(self) -> Json:
        """Return the firmware tables as shown by /2/dmi."""
        module: Json = {
            "type": "DDR4",
            "form_factor": "DIMM",
            "size": 16 * _GIB,
            "speed": 3_600_000_000,
            "rank": 2,
            "voltage": 1350,
            "width": 64,
            "total_width": 64,
            "vendor": "Crucial",
            "product": "BL16G36C16U4B.M8FB1",
        }
        return {
            "smbios": "3.3.0",
            "system": {"vendor": "ASUS", "product": "System Product Name"},
            "board": {"vendor": "ASUSTeK COMPUTER INC.", "product": "TUF GAMING X570"},
            "memory": [
                {
                    "id": f"DIMM_{slot}",
                    "slot": f"DIMM_{slot}",
                    **module,
                    "bank": f"BANK {index}",
                }
                for index, slot in enumerate(("A2", "B2"))
            ],
        }


def make_gpus(count: int) -> list[Gpu]:
    """Return some GPUs, alternately NVIDIA with CUDA and AMD with OpenCL."""
    gpus: list[Gpu] = []
    for number in range(count):
        place: dict[str, Any] = {
            "index": number // 2,
            "bus_id": f"{number + 1:02x}:00.0",
        }
        if number % 2 == 0:
            gpus.append(
                Gpu(
                    kind="cuda",
                    name="NVIDIA GeForce RTX 3060",
                    memory=12 * _GIB,
                    thread_hashrate=950.0,
                    **place,
                )
            )
        else:
            gpus.append(
                Gpu(
                    kind="opencl",
                    name="gfx1030",
                    board="AMD Radeon RX 6800",
                    memory=16 * _GIB,
                    thread_hashrate=480.0,
                    workers=2,
                    temperature=57,
                    idle_temperature=35,
                    power=104,
                    idle_power=9,
                    clock=2105,
                    idle_clock=500,
                    memory_clock=2000,
                    idle_memory_clock=96,
                    **place,
                )
            )
    return gpus
