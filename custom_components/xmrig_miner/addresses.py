"""Which config entry reaches which miner, and at what address."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
import ipaddress
import re
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PATH,
    CONF_PORT,
    CONF_SSL,
)
from homeassistant.core import HomeAssistant, callback
from yarl import URL

from .api.identity import Kind, MinerIdentity
from .const import (
    CONF_FINGERPRINT,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
)
from .coordinator import ProcessCoordinator
from .kinds import EntryKind, entries_of_kind, is_miner

_PLACE = (CONF_HOST, CONF_PORT, CONF_PATH)
_TLS = (CONF_SSL, CONF_VERIFICATION, CONF_FINGERPRINT)

_ENDPOINT = re.compile(
    r"/(?:1/(summary|threads|config)|2/(summary|backends|config)|api\.json|json_rpc)$"
)


def identity_of(entry: ConfigEntry[Any]) -> MinerIdentity:
    """Return the identity of the miner or proxy that a config entry is for."""
    return MinerIdentity(
        id=entry.data.get(CONF_MINER_ID),
        worker_id=entry.data.get(CONF_WORKER_ID),
        kind=Kind.MINER if is_miner(entry) else Kind.PROXY,
    )


def identity_data(identity: MinerIdentity) -> dict[str, str | None]:
    """Return what a config entry stores of an identity, including its kind."""
    return {
        CONF_KIND: identity.kind.value,
        CONF_MINER_ID: identity.id,
        CONF_WORKER_ID: identity.worker_id,
    }


@callback
def async_follow_identity(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    coordinator: ProcessCoordinator[Any, Any],
) -> None:
    """Store the identity of the miner that responds, now and whenever it changes.

    Other miners are told apart by it, for example after they swapped addresses.
    """
    names: tuple[str | None, str | None] | None = None

    @callback
    def store() -> None:
        nonlocal names
        summary = coordinator.data.summary
        if (summary.id, summary.worker_id) != names:
            names = summary.id, summary.worker_id
            async_store_identity(hass, entry, summary.identity)

    entry.async_on_unload(coordinator.async_add_listener(store))
    store()


@callback
def async_store_identity(
    hass: HomeAssistant, entry: ConfigEntry[Any], seen: MinerIdentity
) -> None:
    """Store the identity of the miner that responds, if it is the right one.

    It may have an id that it lacked before, or a new name: otherwise, one with the old
    name could be taken for it. A reply may lack either.
    """
    known = identity_of(entry)
    found = replace(
        seen, id=seen.id or known.id, worker_id=seen.worker_id or known.worker_id
    )
    # The user may have accepted another one since it responded
    if found != known and is_expected_at(hass, entry, seen):
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, **identity_data(found)}
        )


def is_miner_of(
    hass: HomeAssistant, entry: ConfigEntry[Any], seen: MinerIdentity
) -> bool:
    """Return whether a miner is the one that a config entry is for."""
    others = map(identity_of, _others(hass, entry))
    return identity_of(entry).matches(seen, others)


def is_expected_at(
    hass: HomeAssistant, entry: ConfigEntry[Any], seen: MinerIdentity
) -> bool:
    """Return whether a miner may answer at the address of a config entry.

    Nothing is known about a miner that was imported and never answered: any miner that
    no other entry is for may answer, but no proxy.
    """
    known = identity_of(entry)
    if known.is_known:
        return known.matches(seen, map(identity_of, _others(hass, entry)))
    return seen.kind is known.kind and not entries_of(hass, seen, besides=entry)


def entries_of(
    hass: HomeAssistant, seen: MinerIdentity, *, besides: ConfigEntry[Any]
) -> list[ConfigEntry[Any]]:
    """Return the other config entries for a miner; several for identical twins."""
    return [entry for entry in _others(hass, besides) if is_miner_of(hass, entry, seen)]


def entry_at(
    hass: HomeAssistant, data: Mapping[str, Any], *, besides: ConfigEntry[Any] | None
) -> ConfigEntry[Any] | None:
    """Return the other config entry that has the address of `data`."""
    return next(
        (
            entry
            for entry in _others(hass, besides)
            if is_same_address(entry.data, data)
        ),
        None,
    )


def is_same_address(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether two config entries have the same host, port and path."""
    return all(first.get(key) == second.get(key) for key in _PLACE)


def address_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config entry stores about the connection, except the token."""
    return {key: data[key] for key in (*_PLACE, *_TLS) if key in data}


def address(data: Mapping[str, Any]) -> str:
    """Return host, port and path as text, with an IPv6 address in brackets."""
    return f"{_host(data)}:{data[CONF_PORT]}{data.get(CONF_PATH, '')}"


def host_to_enter(data: Mapping[str, Any]) -> str:
    """Return what to enter as the host of a config entry, including any path."""
    path = data.get(CONF_PATH)
    return f"{_host(data)}{path}" if path else data[CONF_HOST]


def _host(data: Mapping[str, Any]) -> str:
    """Return the host, an IPv6 address in brackets."""
    return str(URL.build(scheme="http", host=data[CONF_HOST]).host_subcomponent)


def parse_address(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entered address as it is stored.

    Users paste whole URLs: the scheme and port in them take precedence over the fields.
    Raises ValueError if there is no valid host in it, or a port of 0.
    """
    url = _url(entered[CONF_HOST].strip())
    if not url.host:
        raise ValueError("no host")
    # Parsing does not check it
    URL.build(scheme="http", host=url.host)
    port = int(entered[CONF_PORT]) if url.explicit_port is None else url.explicit_port
    if not port:
        raise ValueError("no port")
    # Addresses in XMRig's documentation end with the path of an endpoint
    path = _ENDPOINT.sub("", url.path.rstrip("/")).rstrip("/")
    return {
        CONF_HOST: url.host,
        CONF_PORT: port,
        CONF_SSL: url.scheme == "https" if url.scheme else entered[CONF_SSL],
        CONF_VERIFICATION: entered[CONF_VERIFICATION],
        **({CONF_PATH: path} if path else {}),
    }


def has_login(text: str) -> bool:
    """Return whether an address contains a user name or a password."""
    url = _url(text.strip())
    return bool(url.user or url.password)


def with_address_of(
    data: Mapping[str, Any], other: Mapping[str, Any], *, moves_pin: bool = False
) -> dict[str, Any]:
    """Return `data` with the address of another config entry's data.

    The token stays: it belongs to the miner, and so does a pinned certificate, unless
    both are pinned and `moves_pin`. If neither is pinned, the verification is taken over
    with the address.
    """
    pins = [CONF_FINGERPRINT in place for place in (data, other)]
    moves_tls = not any(pins) or (moves_pin and all(pins))
    keys = (*_PLACE, *_TLS) if moves_tls else _PLACE
    kept = {key: value for key, value in data.items() if key not in keys}
    return kept | {key: other[key] for key in keys if key in other}


def exposes_token(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a token that was only sent over TLS would be sent in clear."""
    return bool(
        before[CONF_SSL] and not after[CONF_SSL] and after.get(CONF_ACCESS_TOKEN)
    )


@callback
def async_swap_addresses(
    hass: HomeAssistant,
    first: ConfigEntry[Any],
    second: ConfigEntry[Any],
    *,
    moves_pin: bool = False,
) -> None:
    """Swap the addresses of two config entries, and reload both."""
    swapped = {
        first.entry_id: with_address_of(first.data, second.data, moves_pin=moves_pin),
        second.entry_id: with_address_of(second.data, first.data, moves_pin=moves_pin),
    }
    for entry in (first, second):
        hass.config_entries.async_update_entry(
            entry, data=swapped[entry.entry_id], unique_id=None
        )
    for entry in (first, second):
        hass.config_entries.async_schedule_reload(entry.entry_id)


def miner_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """Return the config entries of all miners, disabled ones included."""
    return entries_of_kind(hass, EntryKind.MINER)


def reached_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """Return the config entries that have an address: miners and proxies."""
    return [*miner_entries(hass), *entries_of_kind(hass, EntryKind.PROXY)]


def _others(
    hass: HomeAssistant, entry: ConfigEntry[Any] | None
) -> Iterator[ConfigEntry[Any]]:
    """Yield the config entries of all miners and proxies but one.

    Only once they are needed: each poll asks which miner answers, but only twins have
    to be told apart.
    """
    for other in reached_entries(hass):
        if other != entry:
            yield other


def _url(text: str) -> URL:
    """Return an address as a URL, without a scheme if it has none."""
    try:
        return URL.build(authority=f"[{ipaddress.IPv6Address(text)}]")
    except ValueError:
        url = URL(text if "://" in text else f"//{text}")
    if url.scheme not in ("", "http", "https"):
        raise ValueError("not HTTP")
    return url
