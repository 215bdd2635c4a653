"""The backends that hash: cpu, opencl and cuda."""

from dataclasses import dataclass
from typing import Any

from .algorithms import Algorithm
from .hardware import Computer, Gpu
from .hashrate import WINDOWS, Meter, hundredths, pace
from .jsonvalue import Json
from .profiles import Profiles, clean_cpu, clean_cuda, clean_opencl, cpu_threads

type Windows = tuple[float | None, float | None, float | None]

_CLEANERS = {"cpu": clean_cpu, "opencl": clean_opencl, "cuda": clean_cuda}
_HUGE_PAGE = 2 * 1024**2


@dataclass(frozen=True)
class Worker:
    """One worker thread.

    If any `identity` changed, the miner restarts all threads.
    """

    identity: tuple[Any, ...]
    rate: float
    values: tuple[tuple[str, Any], ...]
    gpu_index: int = 0


class Backend:
    """One backend of a miner."""

    def __init__(self, kind: str, computer: Computer, version: tuple[int, ...]) -> None:
        """Create a backend without a job."""
        self.kind = kind
        self.algorithm: Algorithm | None = None
        self.profile: str | None = None
        self.workers: list[Worker] = []
        self.meter: Meter | None = None
        self.dataset_pages = 0
        self._rate = 0.0
        """H/s of all workers while they hash."""
        self._started_for: tuple[Algorithm, list[int]] | None = None
        """Of which job and on which GPUs the workers are, until the config changes."""
        self._computer = computer
        self._version = version
        self._config: Json = {}
        self._zero_is_null = version < (6, 22, 2)
        self._profiles = Profiles()
        self._argon2: str | None = None
        self._pages = (0, 0)
        self._ways = 0

    def configure(self, config: Json) -> None:
        """Apply a config; threads follow with the next job."""
        self._config = config
        self._started_for = None
        self._profiles = Profiles.read(config[self.kind], _CLEANERS[self.kind])

    @property
    def gpus(self) -> list[Gpu]:
        """The GPUs of this backend."""
        return [gpu for gpu in self._computer.gpus if gpu.kind == self.kind]

    @property
    def is_enabled(self) -> bool:
        """Whether it is enabled and has hardware."""
        return bool(self._config[self.kind]["enabled"]) and (
            self.kind == "cpu" or bool(self.gpus)
        )

    @property
    def rate(self) -> float:
        """Current hashrate in H/s."""
        if self.meter is None or not self.meter.is_running:
            return 0.0
        return self._rate

    def can_mine(self, algorithm: Algorithm) -> bool:
        """Whether it is enabled and has threads for the algorithm."""
        return self.is_enabled and self._profiles.name_for(algorithm) is not None

    def prepare(self, algorithm: Algorithm) -> None:
        """Select the Argon2 code when a job first needs it (CpuBackend::prepare)."""
        if self.kind == "cpu" and algorithm.uses_argon2:
            self._argon2 = self._config["cpu"]["argon2-impl"] or "AVX2"

    def set_job(self, algorithm: Algorithm | None, now: int) -> None:
        """Start, restart or stop the threads according to the job and the config.

        Threads that would stay the same continue, even for another algorithm
        (CpuBackend.cpp:355).
        """
        if not self.is_enabled:
            return self.stop()
        gpus = [gpu.index for gpu in self.gpus]
        if self._started_for == (algorithm, gpus):
            return None
        workers = self._workers_for(algorithm)
        if self.workers and _identities(workers) == _identities(self.workers):
            return None
        self.algorithm = algorithm
        self.profile = self._profiles.name_for(algorithm)
        self.stop()
        if not workers or algorithm is None:
            return None
        self.workers = workers
        self._rate = sum(worker.rate for worker in workers)
        self._started_for = algorithm, gpus
        self.meter = Meter(now, is_gpu=self.kind != "cpu")
        self._note_memory(algorithm)
        return None

    def stop(self) -> None:
        """End the threads; the memory figures are kept."""
        self.workers = []
        self._rate = 0.0
        self._started_for = None
        self.meter = None

    def hashrates(self, now: int, timer: int | None) -> list[float | None]:
        """Return the H/s of the 10 s, 60 s and 15 min windows, not rounded."""
        return self._windows(self._rate, now, timer)

    def latest_hashrate(self, now: int, timer: int | None) -> float:
        """Return the H/s of the 10 s window, not rounded; 0 while it has none."""
        window = WINDOWS[0]
        part = self.meter.part(now, window, timer) if self.meter else None
        return self._rate * (part or 0.0) * pace(now, window, self._computer.swing)

    def huge_pages(self) -> tuple[int, int]:
        """Return allocated and requested huge pages, including the dataset's."""
        allocated, total = self._pages
        if self._mines_randomx:
            total += self.dataset_pages
            allocated += self.dataset_pages if self._has_huge_pages else 0
        return allocated, total

    def to_json(self, now: int, timer: int | None) -> Json:
        """Return this backend's element of /2/backends."""
        config = self._config[self.kind]
        shown: Json = {
            "type": self.kind,
            "enabled": self.is_enabled,
            "algo": self.algorithm.name if self.algorithm else None,
            "profile": self.profile,
        }
        if self.kind == "cpu":
            shown |= {
                "hw-aes": config["hw-aes"] is not False,
                "priority": -1 if config["priority"] is None else config["priority"],
                "msr": self._computer.msr and self._mines_randomx,
                "asm": "ryzen" if config["asm"] is True else config["asm"],
                "argon2-impl": self._argon2,
                "hugepages": list(self.huge_pages()),
                "memory": self._ways * self.algorithm.scratchpad
                if self.algorithm
                else 0,
            }
        elif self.kind == "opencl":
            shown["platform"] = _PLATFORM if config["enabled"] and self.gpus else None
        elif config["enabled"] and self.gpus:
            shown["versions"] = _CUDA_VERSIONS
        if self.workers:
            shown["hashrate"] = self.show(self.hashrates(now, timer))
            shown["threads"] = [
                self._thread_json(worker, now, timer) for worker in self.workers
            ]
        return shown

    def thread_hashrates(self, now: int, timer: int | None) -> list[list[float | None]]:
        """Return the rounded windows of each thread."""
        return [
            self.show(self._windows(worker.rate, now, timer)) for worker in self.workers
        ]

    def show(self, windows: list[float | None]) -> list[float | None]:
        """Round windows like this version: before 6.22.2, zero is null too."""
        return [
            None
            if value is None or (self._zero_is_null and not hundredths(value))
            else hundredths(value)
            for value in windows
        ]

    @property
    def _mines_randomx(self) -> bool:
        return self.algorithm is not None and self.algorithm.is_randomx

    @property
    def _has_huge_pages(self) -> bool:
        return self._computer.huge_pages and bool(self._config["cpu"]["huge-pages"])

    def _windows(self, rate: float, now: int, timer: int | None) -> list[float | None]:
        if self.meter is None:
            return [None, None, None]
        parts = self.meter.parts(now, timer)
        swing = self._computer.swing
        return [
            None if part is None else rate * part * pace(now, window, swing)
            for part, window in zip(parts, WINDOWS, strict=True)
        ]

    def _note_memory(self, algorithm: Algorithm) -> None:
        if self.kind != "cpu":
            return
        ways = [dict(worker.values)["intensity"] for worker in self.workers]
        pages = sum(-(-algorithm.scratchpad * way // _HUGE_PAGE) for way in ways)
        self._ways = sum(ways)
        self._pages = (pages if self._has_huge_pages else 0, pages)

    def _workers_for(self, algorithm: Algorithm | None) -> list[Worker]:
        profile = self._profiles.name_for(algorithm)
        if algorithm is None or profile is None:
            return []
        entries = self._profiles.lists[profile]
        if self.kind == "cpu":
            return [
                self._cpu_worker(algorithm, *thread) for thread in cpu_threads(entries)
            ]
        return [
            Worker((repr(entry), affinity), gpu.thread_hashrate, values, gpu.index)
            for entry in entries
            for gpu in self.gpus
            if gpu.index == entry["index"]
            for affinity in self._affinities(entry)
            for values in (
                tuple(entry.items())
                if self.kind == "cuda"
                else (*entry.items(), ("affinity", affinity)),
            )
        ]

    def _affinities(self, entry: Json) -> list[int]:
        """Return one element per thread: an OpenCL entry may stand for several."""
        return [entry["affinity"]] if self.kind == "cuda" else entry["threads"]

    def _cpu_worker(self, algorithm: Algorithm, wanted: int, affinity: int) -> Worker:
        config = self._config["cpu"]
        intensity = algorithm.intensity(wanted)
        hardware_aes = config["hw-aes"] is not False
        if intensity <= 2:
            variant = intensity if hardware_aes else intensity + 2
        else:
            variant = intensity + (2 if hardware_aes else 5)
        return Worker(
            (
                algorithm.scratchpad,
                config["asm"],
                bool(config["huge-pages"]),
                hardware_aes,
                intensity,
                config["priority"],
                affinity,
            ),
            self._computer.thread_hashrate,
            (("intensity", intensity), ("affinity", affinity), ("av", variant)),
        )

    def _thread_json(self, worker: Worker, now: int, timer: int | None) -> Json:
        windows = self.show(self._windows(worker.rate, now, timer))
        shown = dict(worker.values) | {"hashrate": windows}
        if self.kind == "cpu":
            return shown
        gpu = next(gpu for gpu in self.gpus if gpu.index == worker.gpu_index)
        if self.kind == "opencl":
            shown |= {
                "board": gpu.board,
                "name": gpu.name,
                "bus_id": gpu.bus_id,
                "cu": 30,
                "global_mem": gpu.memory,
            }
        else:
            shown |= {
                "name": gpu.name,
                "bus_id": gpu.bus_id,
                "smx": 28,
                "arch": 86,
                "global_mem": gpu.memory,
                "clock": 1777,
                "memory_clock": 7501,
            }
        if gpu.has_health and self._config[self.kind][_HEALTH_SWITCH[self.kind]]:
            hashing = self.meter is not None and self.meter.is_running
            shown["health"] = gpu.health(hashing)
        return shown


def _identities(workers: list[Worker]) -> list[tuple[Any, ...]]:
    return [worker.identity for worker in workers]


_HEALTH_SWITCH = {"opencl": "adl", "cuda": "nvml"}
_CUDA_VERSIONS = {
    "cuda-runtime": "12.4",
    "cuda-driver": "12.8",
    "plugin": "6.22.1",
    "nvml": "12.570.133.07",
    "driver": "570.133.07",
}
_PLATFORM = {
    "index": 0,
    "profile": "FULL_PROFILE",
    "version": "OpenCL 2.1 AMD-APP (3635.0)",
    "name": "AMD Accelerated Parallel Processing",
    "vendor": "Advanced Micro Devices, Inc.",
    "extensions": "cl_khr_icd cl_amd_event_callback",
}
