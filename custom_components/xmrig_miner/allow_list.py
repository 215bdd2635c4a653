"""The values of a miner that diagnostics and actions may show.

It is an allow-list, so fields added by later XMRig versions and by forks stay redacted.
A field has to have the expected form as well: a path where a number belongs is not
shown either.
"""

from .allow_list_rules import (
    Members,
    Own,
    algorithm,
    all_of,
    argon2,
    assembly,
    coin,
    fingerprint,
    flag,
    flag_or,
    flag_or_name,
    flag_or_number,
    flag_or_numbers,
    list_of_words,
    matching,
    name,
    number,
    number_or,
    number_or_numbers,
    numbers,
    pool,
    pool_url,
    profile_entry,
    text,
    word,
    words,
)

ENTRY = Members({"kind": word, "ssl": flag, "verification": word})

_SHARES = all_of(number, "avg_time", "avg_time_ms", "hashes_total")

SUMMARY = Members(
    {
        **all_of(Own(name), "id", "worker_id", "ua"),
        **all_of(number, "uptime", "donate_level"),
        **all_of(flag, "restricted", "paused"),
        "resources": Members(
            {
                "memory": Members(
                    all_of(number, "free", "total", "resident_set_memory")
                ),
                "load_average": numbers,
                "hardware_concurrency": number,
            }
        ),
        "features": words,
        "results": Members(
            {
                **all_of(number, "diff_current", "shares_good", "shares_total"),
                **_SHARES,
                "best": numbers,
                # Of a proxy
                **all_of(number, "accepted", "rejected", "invalid", "expired"),
                **all_of(number, "latency", "hashes_donate"),
            }
        ),
        "algo": word,
        "connection": Members(
            {
                "pool": Own(pool),
                "tls": word,
                "tls-fingerprint": Own(fingerprint),
                "algo": word,
                **all_of(number, "uptime", "uptime_ms", "ping", "failures", "diff"),
                **all_of(number, "accepted", "rejected"),
                **_SHARES,
            }
        ),
        **all_of(word, "version", "kind"),
        "cpu": Members(
            {
                "brand": text,
                **all_of(word, "backend", "msr", "assembly", "arch"),
                **all_of(
                    number, "family", "model", "stepping", "proc_info", "l2", "l3"
                ),
                **all_of(number, "cores", "threads", "packages", "nodes"),
                **all_of(flag, "aes", "avx2", "x64", "64_bit"),
                "flags": words,
            }
        ),
        "algorithms": words,
        "hashrate": Members({"total": numbers, "highest": number}),
        "hugepages": flag_or_numbers,
        # Of a proxy
        "mode": word,
        **all_of(number, "donated", "workers"),
        "miners": Members(all_of(number, "now", "max")),
        "upstreams": Members(
            all_of(number, "active", "sleep", "error", "total", "ratio")
        ),
    }
)

BACKENDS = Members(
    {
        "type": word,
        **all_of(flag, "enabled", "hw-aes", "msr"),
        "algo": word,
        # May be a name of the user's choice.
        "profile": algorithm,
        **all_of(number, "priority", "memory"),
        "asm": assembly,
        "argon2-impl": argon2,
        **all_of(numbers, "hugepages", "hashrate"),
        "threads": Members(
            {
                **all_of(number, "intensity", "affinity", "av", "index", "blocks"),
                **all_of(number, "bfactor", "bsleep", "worksize", "unroll", "smx"),
                **all_of(number, "arch", "cu", "global_mem", "clock", "memory_clock"),
                **all_of(flag, "dataset_host", "gcn_asm"),
                **all_of(numbers, "hashrate", "strided_index"),
                "threads": number_or_numbers,
                **all_of(text, "name", "board"),
                "bus_id": matching(r"[0-9A-Fa-f:.]{1,16}|n/a"),
                "health": Members(
                    {
                        **all_of(number, "temperature", "power", "clock", "mem_clock"),
                        "rpm": number,
                        "fan_speed": number_or_numbers,
                    }
                ),
            }
        ),
        "platform": Members(
            {
                "index": number,
                **all_of(text, "profile", "version", "name", "vendor"),
                # Thousands of characters that no bug report needs.
                "extensions": Own(list_of_words),
            }
        ),
        "versions": Members(
            all_of(word, "cuda-runtime", "cuda-driver", "plugin", "nvml", "driver")
        ),
    }
)

_PROFILE = Members(
    {
        **all_of(number, "index", "intensity", "affinity", "worksize", "blocks"),
        **all_of(number, "bfactor", "bsleep", "unroll"),
        **all_of(flag, "dataset_host", "gcn_asm"),
        "strided_index": numbers,
        "threads": number_or_numbers,
    },
    otherwise=profile_entry,
)

CONFIG = Members(
    {
        "api": Members(all_of(Own(name), "id", "worker-id")),
        # The address in it is that of the miner in its network.
        "http": Members({**all_of(flag, "enabled", "restricted"), "port": number}),
        **all_of(flag, "autosave", "background", "colors", "dmi", "syslog", "watch"),
        **all_of(flag, "pause-on-battery", "daemonized"),
        **all_of(flag_or_number, "pause-on-active", "verbose"),
        **all_of(number, "donate-level", "donate-over-proxy", "retries", "retry-pause"),
        **all_of(number, "print-time", "health-print-time"),
        "title": Own(flag_or_name),
        "user-agent": Own(name),
        # Of a proxy
        **all_of(flag, "algo-ext", "custom-diff-stats", "debug"),
        **all_of(number, "custom-diff", "reuse-timeout"),
        "bind": Members({"port": number, "tls": flag}),
        "mode": matching("nicehash|simple|extra_nonce"),
        "workers": flag_or("user|password|agent|ip"),
        "randomx": Members(
            {
                **all_of(number, "init", "init-avx2", "scratchpad_prefetch_mode"),
                **all_of(flag, "1gb-pages", "rdmsr", "cache_qos"),
                "wrmsr": flag_or_number,
                "mode": matching("auto|fast|light"),
                "numa": flag_or_numbers,
            }
        ),
        "cpu": Members(
            {
                **all_of(flag, "enabled", "huge-pages-jit", "hw-aes", "yield"),
                **all_of(flag, "astrobwt-avx2", "force-autoconfig"),
                **all_of(flag_or_number, "huge-pages", "memory-pool"),
                **all_of(number, "priority", "max-threads-hint", "max-cpu-usage"),
                "astrobwt-max-size": number,
                "asm": assembly,
                "argon2-impl": argon2,
            },
            profiles=_PROFILE,
            otherwise=flag,
        ),
        "opencl": Members(
            {
                **all_of(flag, "enabled", "cache", "adl"),
                "platform": number_or("(?i:amd|nvidia|intel)"),
            },
            profiles=_PROFILE,
            otherwise=flag,
        ),
        # `nvml` may also be a path.
        "cuda": Members(
            all_of(flag, "enabled", "nvml"), profiles=_PROFILE, otherwise=flag
        ),
        "pools": Members(
            {
                "algo": algorithm,
                "coin": coin,
                "url": Own(pool_url),
                "rig-id": Own(name),
                **all_of(flag, "nicehash", "enabled", "tls", "sni", "daemon"),
                "submit-to-origin": flag,
                "keepalive": flag_or_number,
                "tls-fingerprint": Own(fingerprint),
                **all_of(number, "daemon-poll-interval", "daemon-job-timeout"),
                "daemon-zmq-port": number,
            }
        ),
        "tls": Members(
            {
                "enabled": flag,
                "protocols": matching(r"TLSv1(?:\.[1-3])?(?: TLSv1\.[1-3])*"),
                **all_of(Own(name), "ciphers", "ciphersuites"),
            },
            otherwise=flag,
        ),
        "dns": Members({**all_of(number, "ip_version", "ttl"), "ipv6": flag}),
        "benchmark": Members(
            {
                "size": number_or("[0-9]{1,3}M"),
                "algo": algorithm,
                "submit": flag,
            }
        ),
    }
)
