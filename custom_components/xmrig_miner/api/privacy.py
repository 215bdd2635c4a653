"""Decides which texts of a miner may be shown: pool addresses and config keys.

Wallets do not only occur in their own field. An address copied from another miner may
contain one before the host, in the path or after `#`, and a thread profile may have any
name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
import ipaddress
import re

from .thread_profiles import SETTINGS

REDACTED = "**REDACTED**"
"""Replaces what is not shown; the same marker as in Home Assistant's diagnostics."""

DEFAULT_POOL_PORT = 3333
"""The port for an address without one (XMRig src/base/net/stratum/Url.cpp)."""

_WALLET = re.compile(r"[0-9A-Za-z]{26,}")
"""The shortest addresses in use, those of Bitcoin, have 26 characters. Keys, tokens and
hashes are at least as long; words and hostnames are shorter."""

_ONION = re.compile(r"(?:.+\.)?(?:[a-z2-7]{16}|[a-z2-7]{56})\.onion")

_SCHEMES = (
    *("stratum+tcp", "stratum+ssl", "stratum+http", "stratum+https"),
    *("daemon+http", "daemon+https", "tcp", "ssl", "http", "https", "socks5"),
)

_ADDRESS = re.compile(
    rf"(?P<scheme>(?:{'|'.join(map(re.escape, _SCHEMES))})://)?"
    r"(?P<user>[^/?#]*@)?"
    r"(?P<host>[0-9A-Za-z_.-]+|\[[0-9A-Fa-f:.]+\])"
    # Without a port, the rest may be the host after a wallet
    r"(?:(?P<port>:[0-9]{1,5})(?P<rest>[/?#].*)?|(?P<portless>[/?#][^@:]*)?)",
    re.IGNORECASE | re.DOTALL,
)

_HOST_LABEL = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?")

_ALGORITHM = re.compile(
    r"\*|(?:cn|cn-lite|cn-heavy|cn-pico|rx|argon2|astrobwt|kawpow|ghostrider"
    r"|panthera|defyx|flex)(?:/[0-9a-z]{1,8})?"
)

_WORD = r"(?:[a-z]{1,16}[0-9]{0,3}|[0-9]{1,4}[a-z]{0,4})"
_KEY = re.compile(rf"{_WORD}(?:[-_]{_WORD}){{0,4}}")

_BACKENDS = ("cpu", "opencl", "cuda")
_BACKEND_SETTINGS = SETTINGS | {"cache", "loader", "platform", "adl", "nvml"}


@dataclass(frozen=True)
class PoolAddress:
    """The parts of a pool's address; `before` and `after` may contain a wallet."""

    scheme: str
    """With `://`; empty if there is none."""
    before: str
    """User and password, with `@`."""
    host: str
    port: str
    """With `:`, empty if there is none."""
    after: str
    """Path, query and fragment."""

    @classmethod
    def parse(cls, url: str) -> PoolAddress | None:
        """Return the parts of an address; None if they are uncertain."""
        found = _ADDRESS.fullmatch(url)
        if found is None or not _is_host(found["host"]):
            return None
        port = found["port"] or ""
        if port and not 0 < int(port[1:]) < 2**16:
            return None
        return cls(
            scheme=found["scheme"] or "",
            before=found["user"] or "",
            host=found["host"],
            port=port,
            after=found["rest"] or found["portless"] or "",
        )

    @property
    def label(self) -> str:
        """Return host and port: they identify a pool, and contain no secret."""
        return f"{self.host}{self.port or f':{DEFAULT_POOL_PORT}'}"


@lru_cache(maxsize=1024)
def connected_pool(text: str | None) -> str | None:
    """Return the pool that a miner reports as connected, if it may be shown.

    XMRig prints everything before the first colon of the address as the host, then a
    port, and an IPv6 address without brackets (src/base/net/stratum/NetworkState.cpp).
    """
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if ":" in host and not host.startswith("["):
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return None
        return text if port.isdecimal() else None
    address = PoolAddress.parse(text)
    return text if address and address.host + address.port == text else None


def may_contain_wallet(text: str) -> bool:
    """Return whether a text may contain a wallet, a key or a token."""
    return _WALLET.search(text) is not None


def is_algorithm(name: str) -> bool:
    """Return whether a text looks like the name of an algorithm or a family of them."""
    return _ALGORITHM.fullmatch(name) is not None


def may_show_key(parents: tuple[str, ...], key: str) -> bool:
    """Return whether a key of a config may be shown; `parents` is its object's path.

    XMRig's own keys are words. Thread profiles are named by the user: only names of
    algorithms are shown.
    """
    if is_algorithm(key):
        return True
    if len(parents) == 1 and parents[0] in _BACKENDS:
        return key in _BACKEND_SETTINGS
    return _KEY.fullmatch(key) is not None


def redacted_path(path: Iterable[str]) -> str:
    """Return a config path as text, with secret keys replaced."""
    keys = tuple(path)
    return ".".join(
        key if may_show_key(keys[:index], key) else REDACTED
        for index, key in enumerate(keys)
    )


def _is_host(host: str) -> bool:
    """Return whether a text can be a hostname or an IP address, but not a wallet."""
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    if _ONION.fullmatch(host):
        return True
    labels = host.split(".")
    return len(host) <= 253 and all(
        _HOST_LABEL.fullmatch(label) and not may_contain_wallet(label)
        for label in labels
    )
