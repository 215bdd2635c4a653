"""Entities, switches, buttons and config entries without Home Assistant and a miner."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, EntityCategory
from homeassistant.exceptions import ConfigEntryNotReady, Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import EntityDescription
import pytest

import custom_components.xmrig_miner as integration
from custom_components.xmrig_miner import binary_sensor, button, entity, select, switch
from custom_components.xmrig_miner.api.models import BackendType, PauseRule
from custom_components.xmrig_miner.const import CONF_KIND, CONF_VERIFICATION, DOMAIN
from custom_components.xmrig_miner.fleet.runtime import FLEET
from custom_components.xmrig_miner.kinds import EntryKind
from custom_components.xmrig_miner.process_entity import ProcessEntity

ID = "entry-1"
KEYS = [EntityDescription(key=key) for key in ("one", "two", "three")]
ONE, TWO, THREE = KEYS


def card(key: str, name: str = "RTX 3060") -> Any:
    """Return a graphics card."""
    return SimpleNamespace(
        key=key, name=name, label=f"{name} ({key})", manufacturer="NVIDIA"
    )


class Bench:
    """Stand-ins for a config entry, its coordinator, and the registries."""

    def __init__(self) -> None:
        """Start with a miner that answers, and empty registries."""
        self.calls: list[Any] = []
        """What was called, in order."""
        self.unloading: list[Any] = []
        self.listeners: list[Any] = []
        self.registered: dict[str, str] = {}
        """Entity IDs by their unique ID."""
        self.device: Any = SimpleNamespace(name_by_user=None, name="rig-1")
        self.users: dict[str, Any] = {}
        self.hass = SimpleNamespace(
            data={},
            is_stopping=False,
            auth=SimpleNamespace(async_get_user=self._user),
            states=SimpleNamespace(),
        )
        self.entry = SimpleNamespace(
            entry_id=ID,
            title="Rig",
            data={CONF_KIND: "miner"},
            async_on_unload=self.unloading.append,
        )
        self.snapshot = SimpleNamespace(restricted=False, config="config")
        self.coordinator = SimpleNamespace(
            hass=self.hass,
            config_entry=self.entry,
            data=self.snapshot,
            name="rig-one",
            device_id="device-1",
            last_update_success=True,
            async_add_listener=self._listen,
        )
        self.meter = SimpleNamespace(sensor="sensor.plug")
        self.runtime = SimpleNamespace(
            coordinator=self.coordinator,
            commands=SimpleNamespace(run=self._run),
            power=SimpleNamespace(
                meter=self.meter,
                limit=SimpleNamespace(async_restore_config=self.note("restore")),
                async_calibrate=self.note("calibrate"),
            ),
        )
        self.entry.runtime_data = self.runtime
        self.added: list[Any] = []

    def note(self, *what: Any) -> Any:
        """Return a function that notes its calls."""

        async def call(*arguments: Any, **details: Any) -> None:
            self.calls.append((*what, *arguments, *details.items()))

        return call

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[Any]:
        """Run a command."""
        names = (
            "start",
            "stop",
            "pause",
            "restore",
            "set_backend",
            "set_pause_rule",
            "select_pool",
        )
        yield SimpleNamespace(**{name: self.note(f"{name}!") for name in names})
        self.calls.append("done")

    async def _user(self, user_id: str) -> Any:
        return self.users.get(user_id)

    def _listen(self, listener: Any, _context: Any = None) -> Any:
        self.listeners.append(listener)
        return "stop listening"

    def add(self, entities: Any) -> None:
        """Add entities."""
        self.added.append(list(entities))

    # Registries

    def async_get_entity_id(self, *where: str) -> str | None:
        """Return the entity ID of an entity that was registered before."""
        platform, domain, unique_id = where
        assert (platform, domain) == ("switch", DOMAIN)
        return self.registered.get(unique_id)

    def async_remove(self, entity_id: str) -> None:
        """Remove an entity."""
        self.calls.append(("remove", entity_id))
        self.registered = {
            key: value for key, value in self.registered.items() if value != entity_id
        }

    def entries(self, registry: Any, entry_id: str) -> Any:
        """Return the registered entities of the config entry, and another one."""
        assert (registry, entry_id) == (self, ID)
        entities = [*self.registered.values(), "sensor.other"]
        return [
            SimpleNamespace(domain=each.partition(".")[0], entity_id=each)
            for each in entities
        ]

    def async_get(self, device_id: str) -> Any:
        """Return the device of the miner."""
        assert device_id == "device-1"
        return self.device

    def async_get_or_create(self, **facts: Any) -> None:
        """Keep a device up to date."""
        self.calls.append(facts)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins of which the registries are in place."""
    bench = Bench()

    def registry(hass: Any) -> Bench:
        assert hass is bench.hass
        return bench

    platform = SimpleNamespace(domain="switch")
    registries: list[tuple[Any, str, Any]] = [
        (er, "async_get", registry),
        (er, "async_entries_for_config_entry", bench.entries),
        (dr, "async_get", registry),
        (entity, "async_get_current_platform", lambda: platform),
    ]
    with ExitStack() as stack:
        for module, name, stand_in in registries:
            stack.enter_context(patch.object(module, name, stand_in))
        yield bench


# --- Entities -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "given", "name"),
    [("rig-1", None, "rig-1"), ("rig-1", "Attic", "Attic"), (None, None, "rig-one")],
)
def test_an_entity(bench: Bench, own: str | None, given: str | None, name: str) -> None:
    """It is on the device of the miner, or of a card that is named after it."""
    bench.device = SimpleNamespace(name=own, name_by_user=given)
    plain = entity.XmrigEntity(cast(Any, bench.runtime), ONE)
    assert plain.runtime is cast(Any, bench.runtime)
    assert plain.coordinator is cast(Any, bench.coordinator)
    assert plain.snapshot is cast(Any, bench.snapshot)
    assert plain.entity_description is ONE
    assert plain.unique_id == "entry-1_one"
    assert plain.device_info == {"identifiers": {(DOMAIN, ID)}}
    of_card = entity.XmrigEntity(cast(Any, bench.runtime), ONE, card("cuda_0"))
    assert of_card.unique_id == "entry-1_cuda_0_one"
    info: Any = {
        "identifiers": {(DOMAIN, "entry-1_cuda_0")},
        "manufacturer": "NVIDIA",
        "model": "RTX 3060",
        "name": f"{name} RTX 3060 (cuda_0)",
        "via_device_id": "device-1",
    }
    assert of_card.device_info == info
    cards = [card("cuda_0"), card("cuda_1")]
    entity.async_update_cards(cast(Any, bench.coordinator), cards)
    assert bench.calls[0] == {"config_entry_id": ID, **info}
    assert len(bench.calls) == 2


def test_a_card_of_a_miner_whose_device_is_gone(bench: Bench) -> None:
    """It is named after the config entry."""
    bench.device = None
    of_card = entity.XmrigEntity(cast(Any, bench.runtime), ONE, card("cuda_0"))
    assert of_card.device_info
    assert of_card.device_info["name"] == "rig-one RTX 3060 (cuda_0)"


@pytest.mark.parametrize("sensor", ["sensor.plug", None])
async def test_an_entity_that_follows_the_meter(
    bench: Bench, sensor: str | None
) -> None:
    """If there is one, until it is removed."""
    bench.meter.sensor = sensor
    followed: list[Any] = []

    def track(*arguments: Any) -> Any:
        followed.append(arguments)
        return lambda: bench.calls.append("no longer")

    shown = entity.XmrigMeterEntity(cast(Any, bench.runtime), ONE)
    shown.hass = cast(Any, bench.hass)
    written = bench.calls.append
    with (
        patch.object(entity, "async_track_state_change_event", track),
        patch.object(shown, "async_write_ha_state", lambda: written("written")),
    ):
        await shown.async_added_to_hass()
        assert len(bench.listeners) == 1
        assert len(followed) == bool(sensor)
        for hass, entity_id, handle in followed:
            assert (hass, entity_id) == (bench.hass, "sensor.plug")
            handle(cast(Any, None))
            assert bench.calls == ["written"]
    removing = shown._on_remove  # noqa: SLF001
    assert removing
    assert len(removing) == 1 + bool(sensor)


def supported(bench: Bench, *keys: str) -> Any:
    """Return what a miner supports."""

    def find(snapshot: Any) -> Any:
        assert snapshot is bench.snapshot
        return [(each, None) for each in KEYS if each.key in found]

    found = list(keys)
    find.found = found  # type: ignore[attr-defined]
    return find


def make(runtime: Any, description: Any, gpu: Any) -> Any:
    """Return an entity as a text."""
    return f"{runtime is not None} {description.key} {gpu and gpu.key}"


def set_up(bench: Bench, find: Any, **options: Any) -> Any:
    """Set entities up, and return a poll."""
    entity.async_setup_entities(
        cast(Any, bench.entry), cast(Any, bench.add), make, find, **options
    )
    assert bench.unloading == ["stop listening"]
    [update] = bench.listeners
    return update


def test_entities_that_are_added_later(bench: Bench) -> None:
    """Once the miner supports them; what is missing for a while stays."""
    find = supported(bench, "one")
    update = set_up(bench, find)
    assert bench.added == [["True one None"]]
    update()
    assert len(bench.added) == 1
    bench.registered["entry-1_one"] = "switch.one"
    find.found[:] = ["two"]
    update()
    assert bench.added[1:] == [["True two None"]]
    bench.registered["entry-1_two"] = "switch.two"
    find.found[:] = ["one", "two", "three"]
    update()
    assert bench.added[2:] == [["True three None"]]


def test_an_entity_that_the_user_removed(bench: Bench) -> None:
    """It comes back with what it shows."""
    find = supported(bench, "one")
    update = set_up(bench, find)
    find.found.clear()
    update()
    find.found.append("one")
    update()
    assert bench.added == [["True one None"]] * 2


def test_entities_of_cards(bench: Bench) -> None:
    """Each has its own."""
    cards = [card("cuda_0"), card("cuda_1")]
    valued: list[Any] = []

    def has_value(_: Any, __: Any, gpu: Any) -> bool:
        valued.append(gpu)
        return True

    update = set_up(
        bench, lambda _: [(ONE, each) for each in cards], has_value=has_value
    )
    assert valued == cards
    cards.append(card("cuda_2"))
    update()
    assert bench.added == [["True one cuda_0", "True one cuda_1"], ["True one cuda_2"]]


def test_entities_without_a_value(bench: Bench) -> None:
    """They are added with the first one, or if they had one before."""
    bench.registered["entry-1_two"] = "switch.two"
    values = {"one"}
    asked: list[Any] = []

    def has_value(snapshot: Any, description: Any, gpu: Any) -> bool:
        asked.append((snapshot, gpu))
        return description.key in values

    find = supported(bench, "one", "two", "three")
    update = set_up(bench, find, has_value=has_value)
    assert bench.added == [["True one None", "True two None"]]
    assert asked == [(bench.snapshot, None)] * 3
    values.add("three")
    update()
    assert bench.added[1:] == [["True three None"]]


@pytest.mark.parametrize("controls", [True, False])
def test_a_miner_that_becomes_read_only(bench: Bench, *, controls: bool) -> None:
    """Its controls go, and come back later."""
    find = supported(bench, "one")
    update = set_up(bench, find, **({"controls": True} if controls else {}))
    bench.registered["entry-1_one"] = "switch.one"
    bench.snapshot.restricted = True
    update()
    update()
    assert bench.calls == ([("remove", "switch.one")] if controls else [])
    bench.snapshot.restricted = False
    update()
    assert len(bench.added) == 1 + controls


def test_entities_that_the_options_no_longer_have(bench: Bench) -> None:
    """They are removed, if they are there."""
    bench.registered = {"entry-1_one": "switch.one", "entry-1_three": "switch.three"}
    entity.async_remove_entities(cast(Any, bench.coordinator), [TWO, THREE, ONE])
    assert bench.calls == [("remove", "switch.three"), ("remove", "switch.one")]
    assert bench.registered == {}


# --- Switches -----------------------------------------------------------------


@pytest.mark.parametrize("backend", list(BackendType))
async def test_the_switch_of_a_backend(bench: Bench, backend: BackendType) -> None:
    """It is there with its hardware."""
    found = switch._backend(backend)  # noqa: SLF001
    key = f"{backend}_backend"
    assert (found.key, found.translation_key) == (key, key)
    assert found.entity_category is EntityCategory.CONFIG
    assert found.entity_registry_enabled_default
    snapshot: Any = SimpleNamespace(
        has_hardware=lambda kind: ("has", kind), is_enabled=lambda kind: ("is", kind)
    )
    assert found.has_fn(snapshot) == cast(Any, ("has", backend))
    assert found.is_on_fn(snapshot) == cast(Any, ("is", backend))
    async with bench.runtime.commands.run() as miner:
        await found.set_fn(miner, True)
    assert bench.calls == [("set_backend!", backend, ("enabled", True)), "done"]
    assert [each.key for each in switch.DESCRIPTIONS].count(key) == 1


async def test_the_switch_of_a_pause_rule(bench: Bench) -> None:
    """It is unknown without a config."""
    rule = PauseRule.BATTERY
    found = switch._pause_rule("name", rule)  # noqa: SLF001
    assert (found.key, found.translation_key) == ("name", "name")
    assert found.entity_category is EntityCategory.CONFIG
    assert found.entity_registry_enabled_default is False
    snapshot: Any = SimpleNamespace(pause_rules={rule}, config="config")
    assert found.has_fn(snapshot)
    assert found.is_on_fn(snapshot) is True
    snapshot.pause_rules = {PauseRule.ACTIVITY}
    assert found.is_on_fn(snapshot) is False
    snapshot.config = None
    assert found.is_on_fn(snapshot) is None
    async with bench.runtime.commands.run() as miner:
        await found.set_fn(miner, False)
    assert bench.calls == [("set_pause_rule!", rule, ("enabled", False)), "done"]


def described(bench: Bench, is_on: bool | None) -> Any:
    """Return the description of a switch that only notes what is set."""

    def find(snapshot: Any) -> bool | None:
        assert snapshot is bench.snapshot
        return is_on

    async def set_fn(miner: Any, on: bool) -> None:
        await miner.set_backend(on)

    return switch.XmrigSwitchEntityDescription(key="one", is_on_fn=find, set_fn=set_fn)


@pytest.mark.parametrize("is_on", [True, False, None])
async def test_a_switch(bench: Bench, *, is_on: bool | None) -> None:
    """It is unavailable while its state is unknown."""
    shown = switch.XmrigSwitch(cast(Any, bench.runtime), described(bench, is_on))
    assert shown.is_on is is_on
    assert shown.available is (is_on is not None)
    bench.coordinator.last_update_success = False
    assert not shown.available
    await shown.async_turn_on()
    await shown.async_turn_off()
    on, off = ("set_backend!", True), ("set_backend!", False)
    assert bench.calls == [on, "done", off, "done"]


async def test_the_preferred_pool(bench: Bench) -> None:
    """It is unavailable while the config is unknown."""
    vars(bench.snapshot).update(pool_labels=["a", "b"], preferred_pool="b")
    shown = select.XmrigPoolSelect(cast(Any, bench.runtime), select.POOL, None)
    assert (shown.options, shown.current_option) == (["a", "b"], "b")
    assert shown.unique_id == "entry-1_pool"
    assert shown.available
    bench.snapshot.config = None
    assert not shown.available
    bench.snapshot.config = "config"
    bench.coordinator.last_update_success = False
    assert not shown.available
    await shown.async_select_option("a")
    assert bench.calls == [("select_pool!", "a"), "done"]


def test_binary_sensors(bench: Bench) -> None:
    """What the reply about them lacks is unavailable or unknown."""
    vars(bench.snapshot).update(
        summary=SimpleNamespace(connection=SimpleNamespace(is_connected=True)),
        restricted=None,
        backends=None,
    )

    def states() -> list[tuple[bool, bool | None]]:
        sensors = (
            binary_sensor.XmrigBinarySensor(cast(Any, bench.runtime), description)
            for description in binary_sensor.DESCRIPTIONS
        )
        return [(sensor.available, sensor.is_on) for sensor in sensors]

    assert states() == [(True, True), (False, None), (True, None)]
    bench.snapshot.backends = SimpleNamespace(by_type={"cuda": "card"})
    assert states()[1] == (True, None)
    cpu = SimpleNamespace(msr="set")
    bench.snapshot.backends.by_type = {BackendType.CPU: cpu}
    assert states()[1] == (True, cast(Any, "set"))
    bench.coordinator.last_update_success = False
    assert {available for available, _ in states()} == {False}


@pytest.mark.parametrize("is_estimated", [True, False])
def test_whether_the_power_is_an_estimate(bench: Bench, *, is_estimated: bool) -> None:
    """A meter responds while the miner does not."""
    bench.meter.is_estimated = is_estimated
    shown = binary_sensor.XmrigPowerEstimatedBinarySensor(
        cast(Any, bench.runtime), binary_sensor.POWER_ESTIMATED
    )
    assert (shown.available, shown.is_on) == (True, is_estimated)
    bench.coordinator.last_update_success = False
    assert shown.available is not is_estimated


@pytest.mark.parametrize("is_configured", [True, False])
async def test_which_binary_sensors_there_are(
    bench: Bench, *, is_configured: bool
) -> None:
    """Whether the power is an estimate needs one; a proxy has its own."""
    bench.runtime.power.is_configured = is_configured
    removed: list[Any] = []
    proxies: list[Any] = []
    with (
        patch.object(
            binary_sensor, "async_remove_entities", lambda *given: removed.append(given)
        ),
        patch.object(
            binary_sensor, "setup_binary_sensors", lambda *given: proxies.append(given)
        ),
    ):
        hass, entry, add = cast(Any, (bench.hass, bench.entry, bench.add))
        await binary_sensor.async_setup_entry(hass, entry, add)
        keys = [
            [(type(shown), shown.entity_description.key) for shown in added]
            for added in bench.added
        ]
        plain, estimated = (
            binary_sensor.XmrigBinarySensor,
            binary_sensor.XmrigPowerEstimatedBinarySensor,
        )
        of_power = [[(estimated, "power_estimated")]] if is_configured else []
        names = ["pool_connected", "msr", "api_restricted"]
        assert keys == [[(plain, name) for name in names], *of_power]
        last = [] if is_configured else [binary_sensor.POWER_ESTIMATED]
        assert removed == ([(bench.coordinator, last)] if last else [])
        entry.data = {CONF_KIND: "proxy"}
        bench.added.clear()
        await binary_sensor.async_setup_entry(hass, entry, add)
        assert (proxies, bench.added) == ([(entry, add)], [])


@pytest.mark.parametrize("shows", [("one", "two"), ()])
def test_when_a_state_is_reported(bench: Bench, shows: tuple[str, ...]) -> None:
    """At each poll, or if something that it shows changed, or its state was replaced."""
    states: dict[str, Any] = {"sensor.some": "first"}
    shown: Any = ProcessEntity(cast(Any, bench.coordinator), ONE, "context")
    assert shown.coordinator_context == "context"
    shown.hass = SimpleNamespace(states=states)
    shown.entity_id = "sensor.some"
    shown.shows = shows
    shown.one, shown.two, shown.other = 1, None, 0
    written: list[Any] = []

    def write() -> None:
        written.append(0)
        states["sensor.some"] = "written"

    shown.async_write_ha_state = write

    def poll(**values: Any) -> int:
        before = len(written)
        vars(shown).update(values)
        for listener in (shown._handle_coordinator_update,) * 2:  # noqa: SLF001
            listener()
        return len(written) - before

    each, never = (1, 0) if shows else (2, 2)
    assert poll() == each
    assert poll(two=2) == each
    assert poll(other=1) == never
    states["sensor.some"] = "of another"
    assert poll() == each
    states.clear()
    assert poll() == each


@pytest.mark.parametrize("is_managed", [True, False, None])
async def test_the_switch_of_the_manager(
    bench: Bench, *, is_managed: bool | None
) -> None:
    """It is there while there is a manager, and while the miner is offline."""
    bench.coordinator.last_update_success = False
    settings = None if is_managed is None else SimpleNamespace(is_managed=is_managed)

    def find(hass: Any, entry_id: str) -> Any:
        assert (hass, entry_id) == (bench.hass, ID)
        return settings

    shown = switch.XmrigManagedSwitch(cast(Any, bench.runtime), switch.MANAGED)
    shown.hass = cast(Any, bench.hass)
    with (
        patch.object(switch, "member_settings", find),
        patch.object(switch, "async_change_member", bench.note("change")),
        patch.object(
            shown, "async_write_ha_state", lambda: bench.calls.append("written")
        ),
    ):
        assert shown.is_on is is_managed
        assert shown.available is (is_managed is not None)
        for turn, is_on in (
            (shown.async_turn_on, True),
            (shown.async_turn_off, False),
        ):
            bench.calls.clear()
            await turn()
            change = ("change", bench.hass, ID, ("is_managed", is_on))
            assert bench.calls == [change, "written"]


# --- Platforms ----------------------------------------------------------------


async def platform(bench: Bench, module: Any) -> list[Any]:
    """Return how a platform sets its entities up."""
    calls: list[Any] = []
    add: Any = "add"

    def note(name: str) -> Any:
        return lambda *arguments, **options: calls.append((name, arguments, options))

    with ExitStack() as stack:
        for name in (
            "async_setup_entities",
            "async_remove_entities",
            "setup_switches",
            "setup_buttons",
            "setup_selects",
        ):
            if hasattr(module, name):
                stack.enter_context(patch.object(module, name, note(name)))
        await module.async_setup_entry(bench.hass, bench.entry, add)
    return calls


@pytest.mark.parametrize("module", [switch, button, select])
async def test_the_platforms_of_the_manager(bench: Bench, module: Any) -> None:
    """They have their own entities."""
    bench.entry.data = {CONF_KIND: "manager"}
    [(name, arguments, options)] = await platform(bench, module)
    names = {switch: "setup_switches", button: "setup_buttons", select: "setup_selects"}
    assert name == names[module]
    assert (arguments, options) == ((bench.entry, "add"), {})


@pytest.mark.parametrize("kind", ["miner", "proxy"])
async def test_the_select(bench: Bench, kind: str) -> None:
    """Of a miner and of a proxy, it is the preferred pool."""
    bench.entry.data = {CONF_KIND: kind}
    [(name, arguments, options)] = await platform(bench, select)
    assert name == "async_setup_entities"
    *given, find = arguments
    assert given == [bench.entry, "add", select.XmrigPoolSelect]
    assert options == {"controls": True}
    assert find(bench.snapshot) == [(select.POOL, None)]


async def test_the_switches(bench: Bench) -> None:
    """The one of the manager is there once there is a manager."""
    [managed, others] = await platform(bench, switch)
    for (name, arguments, options), kind in (
        (managed, switch.XmrigManagedSwitch),
        (others, switch.XmrigSwitch),
    ):
        assert name == "async_setup_entities"
        assert arguments[:3] == (bench.entry, "add", kind)
        assert options["controls"] is True
    find = managed[1][3]
    assert find(None) == []
    bench.hass.data[FLEET] = "manager"
    assert find(None) == [(switch.MANAGED, None)]
    assert others[1][3](None) == [(each, None) for each in switch.DESCRIPTIONS]
    has_value = others[2]["has_value"]
    description = SimpleNamespace(has_fn=lambda snapshot: ("has", snapshot))
    assert has_value("snapshot", description, None) == ("has", "snapshot")
    assert managed[2].keys() == {"controls"}


@pytest.mark.parametrize("sensor", ["sensor.plug", None])
async def test_the_buttons(bench: Bench, sensor: str | None) -> None:
    """A calibration needs a meter."""
    bench.meter.sensor = sensor
    *removed, (name, arguments, options) = await platform(bench, button)
    expected: Any = (
        "async_remove_entities",
        (bench.coordinator, [button.CALIBRATE]),
        {},
    )
    assert removed == ([] if sensor else [expected])
    assert name == "async_setup_entities"
    assert arguments[:3] == (bench.entry, "add", button.XmrigButton)
    assert options == {"controls": True}
    descriptions = [*button.DESCRIPTIONS, *([button.CALIBRATE] if sensor else [])]
    assert arguments[3](None) == [(each, None) for each in descriptions]


async def test_the_button_of_a_proxy(bench: Bench) -> None:
    """It has no power."""
    bench.entry.data = {CONF_KIND: "proxy"}
    del bench.runtime.power
    [(_, arguments, _)] = await platform(bench, button)
    assert arguments[3](None) == [(button.PROXY_RESTORE_CONFIG, None)]


# --- Buttons ------------------------------------------------------------------


def pressed(bench: Bench, description: Any) -> button.XmrigButton:
    """Return a button."""
    shown = button.XmrigButton(bench.runtime, description, None)
    shown.hass = cast(Any, bench.hass)
    shown.entity_id = "button.one"
    assert shown.coordinator is cast(Any, bench.coordinator)
    assert shown.entity_description is description
    assert shown.unique_id == f"entry-1_{description.key}"
    return shown


async def test_what_buttons_do(bench: Bench) -> None:
    """Each does one thing."""
    done = []
    for description in (
        *button.DESCRIPTIONS,
        button.CALIBRATE,
        button.PROXY_RESTORE_CONFIG,
    ):
        bench.calls.clear()
        await pressed(bench, description).async_press()
        done.append(list(bench.calls))
    assert done == [
        [("start!",), "done"],
        [("stop!",), "done"],
        [("restore",)],
        [("calibrate",)],
        [("restore!",), "done"],
    ]


@pytest.mark.parametrize(
    ("context", "is_allowed"),
    [
        (None, True),
        (SimpleNamespace(user_id=None), True),
        (SimpleNamespace(user_id="admin"), True),
        (SimpleNamespace(user_id="user"), False),
        (SimpleNamespace(user_id="gone"), False),
    ],
)
@pytest.mark.parametrize("admin_only", [True, False])
async def test_who_may_press_a_button(
    bench: Bench, context: Any, *, is_allowed: bool, admin_only: bool
) -> None:
    """Some are for administrators; automations have no user."""
    bench.users = {
        name: SimpleNamespace(is_admin=name == "admin") for name in ("admin", "user")
    }
    description = button.XmrigButtonEntityDescription(
        key="one",
        press_fn=bench.note("pressed"),
        admin_only=admin_only,
    )
    shown = pressed(bench, description)
    shown._context = context  # noqa: SLF001
    if is_allowed or not admin_only:
        await shown.async_press()
        assert bench.calls == [("pressed", bench.runtime)]
        return
    with pytest.raises(Unauthorized) as raised:
        await shown.async_press()
    assert bench.calls == []
    assert raised.value.context is context
    assert raised.value.entity_id == "button.one"
    assert raised.value.permission == POLICY_CONTROL


# --- Config entries -----------------------------------------------------------


@pytest.mark.parametrize("kind", list(EntryKind))
async def test_the_life_of_a_config_entry(bench: Bench, kind: EntryKind) -> None:
    """Its kind does all of it."""
    bench.entry.data = {CONF_KIND: kind.value}
    stopping: list[Any] = []

    def listen_once(event: str, handle: Any) -> str:
        assert event == EVENT_HOMEASSISTANT_STOP
        stopping.append(handle)
        return "no longer"

    bench.hass.bus = SimpleNamespace(async_listen_once=listen_once)
    calls: list[Any] = []

    def note(name: str, result: Any = None) -> Any:
        async def call(*arguments: Any) -> Any:
            calls.append((name, *arguments))
            return result

        return call

    lifecycle = SimpleNamespace(
        create=note("create", "runtime"),
        start=note("start"),
        close=note("close"),
        unload=note("unload", "unloaded"),
        remove=note("remove"),
        is_device_removable=lambda entry, device: (entry, device),
    )
    hass, entry = cast(Any, bench.hass), cast(Any, bench.entry)
    with patch.dict(integration._LIFECYCLES, {kind: cast(Any, lifecycle)}):  # noqa: SLF001
        assert await integration.async_setup_entry(hass, entry) is True
        assert entry.runtime_data == "runtime"
        assert bench.unloading == ["no longer"]
        assert calls == [("create", hass, entry), ("start", hass, entry)]
        [stop] = stopping
        await stop(None)
        assert await integration.async_unload_entry(hass, entry) == cast(
            Any, "unloaded"
        )
        await integration.async_remove_entry(hass, entry)
        assert calls[2:] == [
            ("close", entry),
            ("unload", hass, entry),
            ("remove", hass, entry),
        ]
        device: Any = "device"
        removable = await integration.async_remove_config_entry_device(
            hass, entry, device
        )
        assert removable == cast(Any, (entry, device))
        # Set up while Home Assistant stops, it ends at once
        calls.clear()
        bench.hass.is_stopping = True
        with pytest.raises(ConfigEntryNotReady) as end:
            await integration.async_setup_entry(hass, entry)
        assert calls == [("create", hass, entry), ("close", entry)]
        assert end.value.translation_placeholders == {"name": "Rig"}
        assert end.value.translation_key == "not_loaded"
        assert end.value.translation_domain == DOMAIN


@pytest.mark.parametrize(
    ("version", "is_known", "changes"),
    [((1, 1), True, 1), ((1, 2), True, 0), ((1, 3), True, 0), ((2, 1), False, 0)],
)
async def test_a_config_entry_of_another_version(
    bench: Bench, version: tuple[int, int], changes: int, *, is_known: bool
) -> None:
    """An earlier one is migrated; a later one cannot be."""
    bench.entry.version, bench.entry.minor_version = version
    bench.entry.data = {"verify_ssl": False, "ssl": True}
    updated: list[Any] = []
    bench.hass.config_entries = SimpleNamespace(
        async_update_entry=lambda entry, **values: updated.append((entry, values))
    )
    hass, entry = cast(Any, bench.hass), cast(Any, bench.entry)
    assert await integration.async_migrate_entry(hass, entry) is is_known
    data = {"ssl": True, CONF_VERIFICATION: "none"}
    expected = (bench.entry, {"data": data, "minor_version": 2})
    assert updated == [expected] * changes


async def test_what_all_config_entries_share(bench: Bench) -> None:
    """It is set up once."""
    names = [
        "async_setup_services",
        "async_watch_automations",
        "async_follow_names",
        "async_follow_entities",
        "async_register_details",
        "async_serve_module",
    ]
    done: list[Any] = []

    def note(name: str) -> Any:
        return lambda *arguments: done.append((name, *arguments))

    with ExitStack() as stack:
        for name in names:
            stack.enter_context(patch.object(integration, name, note(name)))
        assert await integration.async_setup(cast(Any, bench.hass), {}) is True
    assert done == [(name, bench.hass) for name in names]
