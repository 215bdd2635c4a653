"""Tests of what may be shown of the texts of a miner."""

import pytest

from custom_components.xmrig_miner.api.privacy import (
    REDACTED,
    PoolAddress,
    connected_pool,
    is_algorithm,
    may_contain_wallet,
    may_show_key,
    redacted_path,
)

LONGEST_WORD = "abcdefghijklmnopqrstuvwxy"
WALLET = f"{LONGEST_WORD}Z"
"""As short as one can be."""


@pytest.mark.parametrize(
    ("url", "scheme", "before", "host", "port", "after"),
    [
        ("a.example.org", "", "", "a.example.org", "", ""),
        ("a.example.org:1", "", "", "a.example.org", ":1", ""),
        ("a.example.org:65535", "", "", "a.example.org", ":65535", ""),
        ("stratum+ssl://a.org:1", "stratum+ssl://", "", "a.org", ":1", ""),
        ("STRATUM+TCP://A.org:1", "STRATUM+TCP://", "", "A.org", ":1", ""),
        ("a.org:1/b?c=d#e", "", "", "a.org", ":1", "/b?c=d#e"),
        ("a.org:1#b@c:2\nd", "", "", "a.org", ":1", "#b@c:2\nd"),
        ("a.org/b", "", "", "a.org", "", "/b"),
        ("a.org?b#c", "", "", "a.org", "", "?b#c"),
        (f"{WALLET}:x@a.org:1", "", f"{WALLET}:x@", "a.org", ":1", ""),
        ("user@@a.org", "", "user@@", "a.org", "", ""),
        ("tcp://user@a.org", "tcp://", "user@", "a.org", "", ""),
        ("[2001:db8::1]:1", "", "", "[2001:db8::1]", ":1", ""),
        ("[::1]", "", "", "[::1]", "", ""),
        ("[::ffff:192.0.2.1]:1", "", "", "[::ffff:192.0.2.1]", ":1", ""),
        ("192.0.2.1:1", "", "", "192.0.2.1", ":1", ""),
        (f"{'a2' * 28}.onion:1", "", "", f"{'a2' * 28}.onion", ":1", ""),
        (f"b.{'a2' * 8}.onion:1", "", "", f"b.{'a2' * 8}.onion", ":1", ""),
        ("a_b-c.org", "", "", "a_b-c.org", "", ""),
    ],
)
def test_the_parts_of_an_address(
    url: str, scheme: str, before: str, host: str, port: str, after: str
) -> None:
    """Together they are all of it."""
    assert PoolAddress.parse(url) == PoolAddress(scheme, before, host, port, after)
    assert scheme + before + host + port + after == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        ":1",
        "a.org:",
        "a.org:0",
        "a.org:65536",
        "a.org:123456",
        "a.org:x",
        "a.org:1:2",
        "a.org:-1",
        "gopher://a.org",
        "a b.org",
        "-a.org",
        "a-.org",
        "a..org",
        "a.org.",
        f"{'a-' * 31}ab.org",
        ".".join(["abcd"] * 51),
        f"{WALLET}.org",
        f"a.{WALLET}",
        f"{WALLET}.onion",
        f"{'a2' * 27}.onion",
        f"{'a2' * 28}.onion.org",
        # The host may be after a wallet
        "W/x@a.org:1",
        "W#a.org:1",
        "W?a.org:1",
        "[2001:db8::1",
        "[2001:db8::g]",
        "[192.0.2.1]",
        "[]",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_certain(url: str) -> None:
    """Any of its parts may be a wallet."""
    assert PoolAddress.parse(url) is None


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("a.org:1", "a.org:1"),
        (f"tcp://{WALLET}@a.org/{WALLET}", "a.org:3333"),
        ("[::1]", "[::1]:3333"),
        (f"{'a.' * 125}abc", f"{'a.' * 125}abc:3333"),
        (f"{'a-' * 31}a.org", f"{'a-' * 31}a.org:3333"),
    ],
)
def test_the_label_of_an_address(url: str, label: str) -> None:
    """Host and port, by default that of XMRig."""
    address = PoolAddress.parse(url)
    assert address is not None
    assert address.label == label


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("a.org:3333", True),
        ("a.org", True),
        ("[2001:db8::1]:3333", True),
        # Printed without brackets
        ("2001:db8::1:3333", True),
        ("::1:3333", True),
        ("2001:db8::1:", False),
        ("2001:db8::1:x", False),
        ("2001:db8::g:3333", False),
        ("[2001:db8::g]:3333", False),
        ("a:b:3333", False),
        ("tcp://a.org:3333", False),
        ("user@a.org:3333", False),
        ("a.org:3333/x", False),
        ("a.org/x", False),
        ("a.org:0", False),
        (f"{WALLET}.org:3333", False),
        (f"{WALLET}:3333", False),
        ("", False),
    ],
)
def test_the_connected_pool(text: str, is_shown: bool) -> None:
    """It is shown as it is, or not at all."""
    assert connected_pool(text) == (text if is_shown else None)


def test_no_connected_pool() -> None:
    """There is nothing to show."""
    assert connected_pool(None) is None


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (LONGEST_WORD, False),
        (WALLET, True),
        (f"x {WALLET} y", True),
        (f"{LONGEST_WORD}-{LONGEST_WORD}", False),
        ("0" * 26, True),
    ],
)
def test_a_wallet_is_long(text: str, may: bool) -> None:
    """Wherever in a text it is."""
    assert may_contain_wallet(text) is may


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("rx", True),
        ("*", True),
        ("rx/0", True),
        ("cn-heavy/xhv", True),
        ("ghostrider", True),
        ("rx/", False),
        ("rx/123456789", False),
        ("rx/A", False),
        ("rx/0 ", False),
        ("my-rx", False),
        ("", False),
    ],
)
def test_algorithms(name: str, is_one: bool) -> None:
    """All variants of XMRig's families."""
    assert is_algorithm(name) is is_one


@pytest.mark.parametrize(
    ("parents", "key", "may"),
    [
        ((), "print-time", True),
        ((), "rx/0", True),
        ((), WALLET, False),
        ((), "Key", False),
        ((), "a-b-c-d-e", True),
        ((), "a-b-c-d-e-f", False),
        ((), "1gb-pages", True),
        ((), "sha256", True),
        # Profiles have any name that the user chose
        (("cpu",), "rx", True),
        (("cpu",), "enabled", True),
        (("cpu",), "secret", False),
        (("opencl",), "platform", True),
        (("opencl",), "secret", False),
        (("cuda",), "loader", True),
        (("cuda",), "secret", False),
        # But only there
        (("pools",), "secret", True),
        (("cpu", "rx"), "secret", True),
    ],
)
def test_keys(parents: tuple[str, ...], key: str, may: bool) -> None:
    """Words are shown, except in place of a profile's name."""
    assert may_show_key(parents, key) is may


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), ""),
        (("retries",), "retries"),
        (("cpu", "rx", "threads"), "cpu.rx.threads"),
        (("cpu", "secret"), f"cpu.{REDACTED}"),
        (("cpu", "secret", "secret"), f"cpu.{REDACTED}.secret"),
        ((WALLET, "retries"), f"{REDACTED}.retries"),
        (("pools", WALLET, "url"), f"pools.{REDACTED}.url"),
    ],
)
def test_paths(path: tuple[str, ...], shown: str) -> None:
    """Each key is judged by its place."""
    assert redacted_path(path) == shown
    assert redacted_path(iter(path)) == shown
