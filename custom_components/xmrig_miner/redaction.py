"""The one list of the values of a miner that diagnostics and actions may show.

It is an allow-list, so fields added by later XMRig versions and by forks stay redacted.
A field has to have the expected form as well: a path where a number belongs is not
shown either.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
import re
from typing import Any

from .api.document import MISSING, Change, Path
from .api.privacy import (
    REDACTED,
    PoolAddress,
    connected_pool,
    is_algorithm,
    may_contain_wallet,
    may_show_key,
    redacted_path,
)


class Audience(Enum):
    """Who the values are shown to."""

    USER = auto()
    """An administrator: names and pools are shown, but no wallet, password or token."""
    PUBLIC = auto()
    """Everyone: diagnostics are attached to bug reports. Also hides what identifies a
    person or a network, such as entity IDs, which are made of names."""


type Form = Callable[[Any], Any]
"""Returns a value if it has the expected form, and what is shown in its place if not."""

type Rule = Form | Own | Members


@dataclass(frozen=True)
class Own:
    """A value that only the user may see."""

    form: Form


@dataclass(frozen=True)
class Members:
    """An object, or a list of objects, of which only the named members are shown."""

    named: Mapping[str, Rule]
    profiles: Rule | None = None
    """For members named after an algorithm; XMRig keeps adding algorithms."""
    otherwise: Form | None = None
    """For what stands in the place of an object."""

    def rule(self, key: str) -> Rule | None:
        """Return the rule for a member; None if it is not shown."""
        if (rule := self.named.get(key)) is not None:
            return rule
        return self.profiles if is_algorithm(key) else None


# --- Forms --------------------------------------------------------------------


def _form(*accepted: Callable[[Any], bool]) -> Form:
    """Return the form of values that any of some conditions accepts."""

    def show(value: Any) -> Any:
        return value if any(accepts(value) for accepts in accepted) else REDACTED

    return show


def _each(form: Form) -> Form:
    """Return the form of lists whose entries have a form."""

    def show(value: Any) -> Any:
        return [*map(form, value)] if isinstance(value, list) else REDACTED

    return show


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        item is None or _is_number(item) for item in value
    )


def _is_algorithm(value: Any) -> bool:
    return isinstance(value, str) and is_algorithm(value)


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)

    def matches(value: Any) -> bool:
        return isinstance(value, str) and compiled.fullmatch(value) is not None

    return matches


_is_word = _matches(r"[0-9A-Za-z_./+-]{1,25}")
"""A text of XMRig's own, of one word."""


def _is_list_of_words(value: Any) -> bool:
    """Return whether a value is a text of words with spaces in between."""
    return isinstance(value, str) and all(
        len(item) <= 255 and re.fullmatch(r"\w*", item) and not may_contain_wallet(item)
        for item in value.split(" ")
    )


def _is_text(value: Any) -> bool:
    """Return whether a value can be the name of hardware, as its driver says it."""
    return (
        isinstance(value, str) and len(value) <= 255 and not may_contain_wallet(value)
    )


_ADDRESS_OR_PATH = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f]*:"
    r"|(?:^|[\s=\"'])(?:~|\.{0,2}[/\\]|[A-Za-z]:[/\\])"
    r"|://|@"
)


def _is_name(value: Any) -> bool:
    """Return whether a value can be a name that a user gave, and nothing more."""
    return _is_text(value) and _ADDRESS_OR_PATH.search(value) is None


def _pool_url(value: Any) -> Any:
    """Return a pool's address without what comes before and after host and port."""
    address = PoolAddress.parse(value) if isinstance(value, str) else None
    if address is None:
        return REDACTED
    before = f"{REDACTED}@" if address.before else ""
    after = address.after
    if after not in ("", "/", "/json", "/json_rpc"):
        after = f"{after[0]}{REDACTED}"
    return f"{address.scheme}{before}{address.host}{address.port}{after}"


def _connected_pool(value: Any) -> Any:
    """Return the pool that a miner is connected to."""
    return (connected_pool(value) if isinstance(value, str) else None) or REDACTED


flag = _form(_is_flag)
number = _form(_is_number)
numbers = _form(_is_numbers)
flag_or_number = _form(_is_flag, _is_number)
flag_or_numbers = _form(_is_flag, _is_numbers)
algorithm = _form(_is_algorithm)
word = _form(_is_word)
words = _each(word)
text = _form(_is_text)
name = _form(_is_name)
assembly = _form(_is_flag, _matches("auto|none|intel|ryzen|bulldozer"))
argon2 = _form(_matches("(?i:default|x86_64|sse2|ssse3|xop|avx2|avx-512f)"))
coin = _form(
    _matches(
        "(?i:monero|xmr|sumokoin|sumo|arqma|arq|dero|graft|grft|ravencoin|rvn"
        "|wownero|wow|zephyr|zeph|townforge|yadacoin|yda)"
    )
)
fingerprint = _form(_matches(r"[0-9a-f]{64}"))


def _all(rule: Rule, *names: str) -> dict[str, Rule]:
    """Return the same rule for some members."""
    return dict.fromkeys(names, rule)


# --- The allow-list -----------------------------------------------------------

ENTRY = Members({"kind": word, "ssl": flag, "verification": word})

_SHARES = _all(number, "avg_time", "avg_time_ms", "hashes_total")

SUMMARY = Members(
    {
        **_all(Own(name), "id", "worker_id", "ua"),
        **_all(number, "uptime", "donate_level"),
        **_all(flag, "restricted", "paused"),
        "resources": Members(
            {
                "memory": Members(_all(number, "free", "total", "resident_set_memory")),
                "load_average": numbers,
                "hardware_concurrency": number,
            }
        ),
        "features": words,
        "results": Members(
            {
                **_all(number, "diff_current", "shares_good", "shares_total"),
                **_SHARES,
                "best": numbers,
                # Of a proxy
                **_all(number, "accepted", "rejected", "invalid", "expired"),
                **_all(number, "latency", "hashes_donate"),
            }
        ),
        "algo": word,
        "connection": Members(
            {
                "pool": Own(_connected_pool),
                "tls": word,
                "tls-fingerprint": Own(fingerprint),
                "algo": word,
                **_all(number, "uptime", "uptime_ms", "ping", "failures", "diff"),
                **_all(number, "accepted", "rejected"),
                **_SHARES,
            }
        ),
        **_all(word, "version", "kind"),
        "cpu": Members(
            {
                "brand": text,
                **_all(word, "backend", "msr", "assembly", "arch"),
                **_all(number, "family", "model", "stepping", "proc_info", "l2", "l3"),
                **_all(number, "cores", "threads", "packages", "nodes"),
                **_all(flag, "aes", "avx2", "x64", "64_bit"),
                "flags": words,
            }
        ),
        "algorithms": words,
        "hashrate": Members({"total": numbers, "highest": number}),
        "hugepages": flag_or_numbers,
        # Of a proxy
        "mode": word,
        **_all(number, "donated", "workers"),
        "miners": Members(_all(number, "now", "max")),
        "upstreams": Members(
            _all(number, "active", "sleep", "error", "total", "ratio")
        ),
    }
)

BACKENDS = Members(
    {
        "type": word,
        **_all(flag, "enabled", "hw-aes", "msr"),
        "algo": word,
        # May be a name of the user's choice.
        "profile": algorithm,
        **_all(number, "priority", "memory"),
        "asm": assembly,
        "argon2-impl": argon2,
        **_all(numbers, "hugepages", "hashrate"),
        "threads": Members(
            {
                **_all(number, "intensity", "affinity", "av", "index", "blocks"),
                **_all(number, "bfactor", "bsleep", "worksize", "unroll", "smx"),
                **_all(number, "arch", "cu", "global_mem", "clock", "memory_clock"),
                **_all(flag, "dataset_host", "gcn_asm"),
                **_all(numbers, "hashrate", "strided_index"),
                "threads": _form(_is_number, _is_numbers),
                **_all(text, "name", "board"),
                "bus_id": _form(_matches(r"[0-9A-Fa-f:.]{1,16}|n/a")),
                "health": Members(
                    {
                        **_all(number, "temperature", "power", "clock", "mem_clock"),
                        "rpm": number,
                        "fan_speed": _form(_is_number, _is_numbers),
                    }
                ),
            }
        ),
        "platform": Members(
            {
                "index": number,
                **_all(text, "profile", "version", "name", "vendor"),
                # Thousands of characters that no bug report needs.
                "extensions": Own(_form(_is_list_of_words)),
            }
        ),
        "versions": Members(
            _all(word, "cuda-runtime", "cuda-driver", "plugin", "nvml", "driver")
        ),
    }
)

_PROFILE = Members(
    {
        **_all(number, "index", "intensity", "affinity", "worksize", "blocks"),
        **_all(number, "bfactor", "bsleep", "unroll"),
        **_all(flag, "dataset_host", "gcn_asm"),
        "strided_index": numbers,
        "threads": _form(_is_number, _is_numbers),
    },
    otherwise=_form(_is_flag, _is_number, _is_numbers, _is_algorithm),
)

CONFIG = Members(
    {
        "api": Members(_all(Own(name), "id", "worker-id")),
        # The address in it is that of the miner in its network.
        "http": Members({**_all(flag, "enabled", "restricted"), "port": number}),
        **_all(flag, "autosave", "background", "colors", "dmi", "syslog", "watch"),
        **_all(flag, "pause-on-battery", "daemonized"),
        **_all(flag_or_number, "pause-on-active", "verbose"),
        **_all(number, "donate-level", "donate-over-proxy", "retries", "retry-pause"),
        **_all(number, "print-time", "health-print-time"),
        "title": Own(_form(_is_flag, _is_name)),
        "user-agent": Own(name),
        # Of a proxy
        **_all(flag, "algo-ext", "custom-diff-stats", "debug"),
        **_all(number, "custom-diff", "reuse-timeout"),
        "bind": Members({"port": number, "tls": flag}),
        "mode": _form(_matches("nicehash|simple|extra_nonce")),
        "workers": _form(_is_flag, _matches("user|password|agent|ip")),
        "randomx": Members(
            {
                **_all(number, "init", "init-avx2", "scratchpad_prefetch_mode"),
                **_all(flag, "1gb-pages", "rdmsr", "cache_qos"),
                "wrmsr": flag_or_number,
                "mode": _form(_matches("auto|fast|light")),
                "numa": flag_or_numbers,
            }
        ),
        "cpu": Members(
            {
                **_all(flag, "enabled", "huge-pages-jit", "hw-aes", "yield"),
                **_all(flag, "astrobwt-avx2", "force-autoconfig"),
                **_all(flag_or_number, "huge-pages", "memory-pool"),
                **_all(number, "priority", "max-threads-hint", "max-cpu-usage"),
                "astrobwt-max-size": number,
                "asm": assembly,
                "argon2-impl": argon2,
            },
            profiles=_PROFILE,
            otherwise=flag,
        ),
        "opencl": Members(
            {
                **_all(flag, "enabled", "cache", "adl"),
                "platform": _form(_is_number, _matches("(?i:amd|nvidia|intel)")),
            },
            profiles=_PROFILE,
            otherwise=flag,
        ),
        # `nvml` may also be a path.
        "cuda": Members(
            _all(flag, "enabled", "nvml"), profiles=_PROFILE, otherwise=flag
        ),
        "pools": Members(
            {
                "algo": algorithm,
                "coin": coin,
                "url": Own(_pool_url),
                "rig-id": Own(name),
                **_all(flag, "nicehash", "enabled", "tls", "sni", "daemon"),
                "submit-to-origin": flag,
                "keepalive": flag_or_number,
                "tls-fingerprint": Own(fingerprint),
                **_all(number, "daemon-poll-interval", "daemon-job-timeout"),
                "daemon-zmq-port": number,
            }
        ),
        "tls": Members(
            {
                "enabled": flag,
                "protocols": _form(_matches(r"TLSv1(?:\.[1-3])?(?: TLSv1\.[1-3])*")),
                **_all(Own(name), "ciphers", "ciphersuites"),
            },
            otherwise=flag,
        ),
        "dns": Members({**_all(number, "ip_version", "ttl"), "ipv6": flag}),
        "benchmark": Members(
            {
                "size": _form(_is_number, _matches("[0-9]{1,3}M")),
                "algo": algorithm,
                "submit": flag,
            }
        ),
    }
)


# --- Showing ------------------------------------------------------------------


def shown_entry(data: Mapping[str, Any]) -> Any:
    """Return a config entry's data as diagnostics show it."""
    return _shown(dict(data), ENTRY, ("entry",), Audience.PUBLIC)


def shown_summary(document: Mapping[str, Any], audience: Audience) -> Any:
    """Return a summary as an audience may see it."""
    return _shown(dict(document), SUMMARY, ("summary",), audience)


def shown_backends(document: Iterable[Any], audience: Audience) -> Any:
    """Return the backends as an audience may see them."""
    return _shown(list(document), BACKENDS, ("backends",), audience)


def shown_config(document: dict[str, Any], audience: Audience) -> Any:
    """Return a config as an audience may see it."""
    return _shown(document, CONFIG, (), audience)


def shown_change(change: Change) -> dict[str, Any]:
    """Return a change of the config as an administrator may see it.

    `path` names the changed key, with dots in between; `old` is left out if there was
    no such key before, `new` if there is none any more.
    """
    rule: Rule | None = CONFIG
    for key in change.path:
        rule = rule.rule(key) if isinstance(rule, Members) else None
    return {"path": redacted_path(change.path)} | {
        key: _shown(value, rule, change.path, Audience.USER)
        for key, value in (("old", change.old), ("new", change.new))
        if value is not MISSING
    }


def _shown(value: Any, rule: Rule | None, parents: Path, audience: Audience) -> Any:
    """Return a value as an audience may see it; null is shown as it is."""
    if value is None or value == "":
        return value
    if isinstance(rule, Members):
        if isinstance(value, list):
            return [_shown_item(item, rule, parents, audience) for item in value]
        return _shown_item(value, rule, parents, audience)
    if isinstance(rule, Own):
        return rule.form(value) if audience is Audience.USER else REDACTED
    return rule(value) if rule else REDACTED


def _shown_item(value: Any, rule: Members, parents: Path, audience: Audience) -> Any:
    """Return an object, or the value in its place, as an audience may see it.

    The members stay in their order, so that a hidden key can be found again.
    """
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        hidden = 0
        for key, member in value.items():
            if may_show_key(parents, key):
                shown_key = key
            else:
                hidden += 1
                shown_key = f"{REDACTED} {hidden}"
            members[shown_key] = _shown(
                member, rule.rule(key), (*parents, key), audience
            )
        return members
    if value is None or value == "":
        return value
    return rule.otherwise(value) if rule.otherwise else REDACTED
