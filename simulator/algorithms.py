"""The algorithms of XMRig: names, families and scratchpads (base/crypto/Algorithm.h)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Algorithm:
    """One algorithm.

    `code` is XMRig's ID, which the miner sorts by: its first byte is the family, its
    second the scratchpad's size as a power of 2.
    """

    name: str
    code: int
    aliases: tuple[str, ...] = ()
    since: tuple[int, int, int] = (6, 0, 0)

    @property
    def is_randomx(self) -> bool:
        """Whether it needs a dataset before hashing."""
        return self.code >> 24 == 0x72

    @property
    def uses_argon2(self) -> bool:
        """Whether it is Argon2, or fills its dataset using Argon2."""
        return self.is_randomx or self.code >> 24 == 0x61

    @property
    def scratchpad(self) -> int:
        """Scratchpad bytes for each hash in flight."""
        return 1 << (self.code >> 16 & 0xFF)

    def intensity(self, wanted: int) -> int:
        """Return how many hashes a thread computes at once of `wanted` ones."""
        if self.name == "ghostrider":
            return 8
        return max(1, min(wanted, 5 if self.code >> 24 == 0x63 else 1))


# In the order in which the summary lists them (Algorithm::all), without KawPow, which
# Debian's packages are built without
ALGORITHMS = (
    Algorithm("cn/0", 0x63150000, ("cn", "cryptonight", "cryptonight/0")),
    Algorithm("cn/1", 0x63150100, ("cryptonight/1", "cryptonight_v7")),
    Algorithm("cn/2", 0x63150200, ("cryptonight/2", "cryptonight_v8")),
    Algorithm("cn/r", 0x63150272, ("cryptonight/r", "cryptonight_r")),
    Algorithm("cn/fast", 0x63150166, ("cryptonight/fast", "cn/msr")),
    Algorithm("cn/half", 0x63150268, ("cryptonight/half",)),
    Algorithm("cn/xao", 0x63150078, ("cryptonight/xao",)),
    Algorithm("cn/rto", 0x63150172, ("cryptonight/rto",)),
    Algorithm("cn/rwz", 0x63150277, ("cryptonight/rwz",)),
    Algorithm("cn/zls", 0x6315027A, ("cryptonight/zls",)),
    Algorithm("cn/double", 0x63150264, ("cryptonight/double",)),
    Algorithm("cn/ccx", 0x63150063, ("cryptonight/ccx", "cn/conceal")),
    Algorithm("cn-lite/0", 0x63140000, ("cn-lite", "cryptonight-lite")),
    Algorithm("cn-lite/1", 0x63140100, ("cryptonight-lite/1",)),
    Algorithm("cn-heavy/0", 0x63160000, ("cn-heavy", "cryptonight-heavy")),
    Algorithm("cn-heavy/tube", 0x63160172, ("cryptonight-heavy/tube",)),
    Algorithm("cn-heavy/xhv", 0x63160068, ("cryptonight-heavy/xhv",)),
    Algorithm("cn-pico", 0x63120200, ("cn-pico/0", "cn-pico/trtl", "cn-trtl")),
    Algorithm("cn-pico/tlo", 0x63120274, ("cn/ultra", "cn-talleo")),
    Algorithm("cn/upx2", 0x63110200, ("cryptonight/upx2",)),
    Algorithm("rx/0", 0x72151200, ("rx", "randomx", "randomx/0", "rx/test")),
    Algorithm("rx/2", 0x72151202, ("randomx/v2", "rx/v2"), since=(6, 26, 0)),
    Algorithm("rx/wow", 0x72141177, ("randomx/wow", "randomwow")),
    Algorithm("rx/arq", 0x72121061, ("randomx/arq", "randomarq")),
    Algorithm("rx/graft", 0x72151267, ("randomx/graft", "randomgraft")),
    Algorithm("rx/sfx", 0x72151273, ("randomx/sfx", "randomsfx")),
    Algorithm("rx/yada", 0x72151279, ("randomx/yada",), since=(6, 22, 0)),
    Algorithm("argon2/chukwa", 0x61130000, ("chukwa",)),
    Algorithm("argon2/chukwav2", 0x61140000),
    Algorithm("argon2/ninja", 0x61120000, ("argon2/wrkz",)),
    Algorithm("ghostrider", 0x6C150000, ("ghostrider/rtm", "gr")),
)

CALIBRATED = (
    *("cn/r", "cn-lite/1", "cn-pico", "cn/ccx", "argon2/chukwav2", "ghostrider"),
    *("cn-heavy/xhv", "rx/0", "rx/graft", "rx/arq"),
)
"""Those that MoneroOcean's build measures, in its order (src/core/MoBenchmark.h)."""

_BY_NAME = {
    name: algorithm
    for algorithm in ALGORITHMS
    for name in (algorithm.name, *algorithm.aliases)
}


def find(name: object) -> Algorithm | None:
    """Return the algorithm with a name or alias, in any case; None if there is none."""
    return _BY_NAME.get(name.lower()) if isinstance(name, str) else None


# Coin names by lower-case code (base/crypto/Coin.cpp); either may be posted
COINS = {
    "monero": "XMR",
    "sumokoin": "SUMO",
    "arqma": "ARQ",
    "graft": "GRFT",
    "ravencoin": "RVN",
    "wownero": "WOW",
    "zephyr": "ZEPH",
    "townforge": "Townforge",
    "yadacoin": "YDA",
}


def find_coin(name: object) -> str | None:
    """Return a coin's code by its name or code; None if XMRig does not know it."""
    if not isinstance(name, str):
        return None
    for long_name, code in COINS.items():
        if name.lower() in (long_name, code.lower()):
            return code
    return None
