"""Rules of hassfest and HACS, checked without a network.

Both run in CI as well. Neither is a package that could be installed, so the rules
that files can break are stated here (hassfest `script/hassfest/manifest.py`, HACS
`custom_components/hacs/validate/`); the settings of the hosting site cannot be.
"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import subprocess
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image
import pytest
from yarl import URL

from custom_components import xmrig_miner

INTEGRATION = Path(xmrig_miner.__file__).parent
ROOT = INTEGRATION.parent.parent

MANIFEST: dict[str, Any] = json.loads((INTEGRATION / "manifest.json").read_text())
HACS: dict[str, Any] = json.loads((ROOT / "hacs.json").read_text())
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

MANIFEST_KEYS = {
    *("after_dependencies", "bluetooth", "categories", "codeowners", "config_flow"),
    *("connectivity", "dependencies", "dhcp", "disabled", "documentation"),
    *("domain", "homekit"),
    *("import_executor", "integration_type", "iot_class", "issue_tracker"),
    *("loggers", "mqtt", "name", "preview_features", "quality_scale"),
    *("requirements", "single_config_entry", "ssdp", "usb", "version", "zeroconf"),
}
HACS_KEYS = {
    *("content_in_root", "country", "filename", "hacs", "hide_default_branch"),
    *("homeassistant", "name", "persistent_directory", "render_readme"),
    "zip_release",
}
# Parts of Home Assistant that are always loaded and need no entry in the manifest.
ALWAYS_THERE = {
    *(platform.value for platform in Platform),
    *("automation", "homeassistant", "labs", "persistent_notification"),
    *("system_health", "webhook", "websocket_api"),
}
KNOWN_HOSTS = {
    *("docs.aiohttp.org", "docs.astral.sh", "github.com", "my.home-assistant.io"),
    *("mutmut.readthedocs.io", "www.w3.org", "xmrig.com"),
    # Placeholders for a host
    *("HOST", "d", "example.org", "homeassistant.local", "rig", "x"),
}
"""Hosts in the URLs of the repository."""

QUALITY_RULES = {
    # Bronze
    *("action-setup", "appropriate-polling", "brands", "common-modules"),
    *("config-flow", "config-flow-test-coverage", "dependency-transparency"),
    *("docs-actions", "docs-conditions", "docs-high-level-description"),
    *("docs-installation-instructions", "docs-removal-instructions"),
    *("docs-triggers", "entity-event-setup", "entity-unique-id"),
    *("has-entity-name", "runtime-data", "test-before-configure"),
    *("test-before-setup", "unique-config-entry"),
    # Silver
    *("action-exceptions", "config-entry-unloading"),
    *("docs-configuration-parameters", "docs-installation-parameters"),
    *("entity-unavailable", "integration-owner", "log-when-unavailable"),
    *("parallel-updates", "reauthentication-flow", "test-coverage"),
    # Gold
    *("devices", "diagnostics", "discovery", "discovery-update-info"),
    *("docs-data-update", "docs-examples", "docs-known-limitations"),
    *("docs-supported-devices", "docs-supported-functions"),
    *("docs-troubleshooting", "docs-use-cases", "dynamic-devices"),
    *("entity-category", "entity-device-class", "entity-disabled-by-default"),
    *("entity-translations", "exception-translations", "icon-translations"),
    *("reconfiguration-flow", "repair-issues", "stale-devices"),
    # Platinum
    *("async-dependency", "inject-websession", "strict-typing"),
}


def repository_texts() -> Iterator[tuple[str, str]]:
    """Yield name and text of every text file that the repository tracks."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout: it tells the project's files from others")
    listing = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        try:
            yield name, path.read_text()
        except UnicodeDecodeError:
            continue


# --- The manifest -------------------------------------------------------------


def test_manifest_keys_are_known_and_in_hassfests_order() -> None:
    """Domain and name come first, then known keys in alphabetical order."""
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    assert set(keys) <= MANIFEST_KEYS


def test_manifest_describes_the_integration() -> None:
    """A locally polled device with a config flow and code owners."""
    assert MANIFEST["domain"] == INTEGRATION.name == "xmrig_miner"
    assert MANIFEST["name"] == HACS["name"] == "XMRig"
    assert MANIFEST["config_flow"] is True
    assert (INTEGRATION / "config_flow.py").is_file()
    assert MANIFEST["iot_class"] == "local_polling"
    assert MANIFEST["integration_type"] == "device"
    assert MANIFEST["codeowners"]
    assert all(name.startswith("@") for name in MANIFEST["codeowners"])


def test_manifest_has_known_categories() -> None:
    """The store of Home Assistant sorts by a closed list of categories."""
    generated = "lib/python*/site-packages/homeassistant/generated"
    known = [*ROOT.glob(f".venv-run/{generated}/integration_categories.json")]
    if not known:
        pytest.skip("needs the newest Home Assistant: scripts/setup run")
    categories = {
        slug
        for category in json.loads(known[0].read_text())
        for slug in (
            category["slug"],
            *(f"{category['slug']}.{sub['slug']}" for sub in category["subcategories"]),
        )
    }
    assert MANIFEST["categories"]
    assert set(MANIFEST["categories"]) <= categories
    assert MANIFEST["connectivity"] == ["network"]


def test_manifest_pulls_in_no_package() -> None:
    """No requirement can break with an update of Home Assistant."""
    assert MANIFEST.get("requirements", []) == []


def test_manifest_links_are_https() -> None:
    """HACS wants both; hassfest refuses documentation on Home Assistant's own site."""
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")
    assert "home-assistant.io/integrations" not in MANIFEST["documentation"]
    assert MANIFEST["issue_tracker"].startswith(MANIFEST["documentation"])


def test_version_is_one_a_tag_can_bear() -> None:
    """The store compares the tag vX.Y.Z with this version."""
    version = AwesomeVersion(
        MANIFEST["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )
    assert PROJECT["project"]["version"] == version


def test_imported_components_are_declared() -> None:
    """Importing another component without declaring it fails in hassfest."""
    declared = {
        *MANIFEST.get("dependencies", []),
        *MANIFEST.get("after_dependencies", []),
    }
    undeclared = {
        (path.name, component)
        for path in INTEGRATION.rglob("*.py")
        for component in imported_components(path)
        if component not in declared | ALWAYS_THERE
        # Its platform is here, whichever file imports it
        and not (INTEGRATION / f"{component}.py").is_file()
    }
    assert not undeclared


def imported_components(path: Path) -> Iterator[str]:
    """Yield each component of Home Assistant that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases):
                names = [f"{module}.{alias.name}" for alias in aliases]
            case ast.Import(names=aliases):
                names = [alias.name for alias in aliases]
            case _:
                continue
        for name in names:
            if match := re.match(r"homeassistant\.components\.(\w+)", name):
                yield match[1]


def test_setup_without_yaml_is_declared() -> None:
    """With `async_setup` alone hassfest cannot tell that there is no YAML."""
    assert hasattr(xmrig_miner, "CONFIG_SCHEMA") or not hasattr(
        xmrig_miner, "async_setup"
    )


# --- HACS ---------------------------------------------------------------------


def test_hacs_json_holds_to_its_schema() -> None:
    """The schema is closed: one unknown key and the repository is refused."""
    assert set(HACS) <= HACS_KEYS
    assert AwesomeVersion(HACS["homeassistant"]).valid
    assert isinstance(HACS["hide_default_branch"], bool)


def test_one_integration_lives_here() -> None:
    """HACS takes the first folder it finds, so there has to be only one."""
    folders = {path.parent.name for path in ROOT.glob("custom_components/*/*.py")}
    assert folders == {INTEGRATION.name}


def test_my_links_open_this_integration() -> None:
    """In the store, and the form that adds a miner."""
    readme = (ROOT / "README.md").read_text()
    prefix = "https://my.home-assistant.io/redirect"
    account, repository = URL(MANIFEST["documentation"]).parts[1:]
    assert f"{prefix}/config_flow_start/?domain={MANIFEST['domain']})" in readme
    assert (
        f"{prefix}/hacs_repository/?owner={account}&repository={repository}"
        "&category=integration)"
    ) in readme


@pytest.mark.parametrize("name", ["README.md", "info.md"])
def test_there_is_a_description_for_users(name: str) -> None:
    """HACS shows info.md, the Marketplace only README.md."""
    assert (ROOT / name).read_text().startswith("# ")


def test_licence_is_recognisably_mit() -> None:
    """Licence detection compares with the canonical text."""
    title, _, rest = (ROOT / "LICENSE").read_text().partition("\n\n")
    notice, _, terms = rest.partition("\n\n")
    assert title == "MIT License"
    assert re.fullmatch(r"Copyright \(c\) \d{4} .+", notice)
    assert terms.startswith("Permission is hereby granted, free of charge,")
    assert "without restriction" in terms
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in terms
    assert PROJECT["project"]["license"] == "MIT"


@pytest.mark.parametrize(("name", "size"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_icon_is_square_transparent_and_trimmed(name: str, size: int) -> None:
    """The drawing reaches the edges, and the background is transparent."""
    with Image.open(INTEGRATION / "brand" / name) as image:
        assert image.format == "PNG"
        assert image.size == (size, size)
        alpha = image.convert("RGBA").getchannel("A")
    assert alpha.getextrema() == (0, 255)
    box = alpha.getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert size in (right - left, bottom - top)


# --- Quality scale ------------------------------------------------------------


def test_every_rule_of_the_quality_scale_is_answered() -> None:
    """Hassfest does not look at a custom integration's answers; this does."""
    rules = load_yaml_dict(INTEGRATION / "quality_scale.yaml")["rules"]
    assert len(QUALITY_RULES) == 54
    assert set(rules) == QUALITY_RULES
    for rule, value in rules.items():
        answer = {"status": value} if isinstance(value, str) else value
        assert set(answer) <= {"status", "comment"}, rule
        assert answer["status"] in ("done", "exempt"), rule
        assert answer["status"] == "done" or answer["comment"].strip(), rule


# --- The repository's texts ---------------------------------------------------


def test_texts_contain_no_path_of_a_machine() -> None:
    """A local path is useless to others."""
    home = re.compile(r"(?<![\w.$~}*-])/(?:root|home|Users|work)/[\w.]+")
    found = {
        (name, match[0])
        for name, text in repository_texts()
        for match in home.finditer(text)
    }
    assert not found


def test_texts_link_to_known_sites_only() -> None:
    """Package managers are used as each machine has them set up: no text names one's."""
    found = {
        (name, host)
        for name, text in repository_texts()
        for host in hosts(text)
        if host not in KNOWN_HOSTS
    }
    assert not found


def hosts(text: str) -> Iterator[str]:
    """Yield the names of hosts in the web addresses of a text, without placeholders."""
    for place in re.findall(r"https?://([^/\s\"']*)", text):
        host = place.rpartition("@")[2].partition(":")[0]
        yield from re.findall(r"[A-Za-z][\w.-]*", re.sub(r"\{[^}]*\}", "", host))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.org/simple/", ["example.org"]),
        ("'https://{name}.example.org'", ["example.org"]),
        ("http://user:pass@example.org:8080/", ["example.org"]),
        ("http://rig/", ["rig"]),
        ("http://127.0.0.1:8123 http://[::1]:1 http://{host}:{port}", []),
    ],
)
def test_hosts_are_found(text: str, found: list[str]) -> None:
    """The check above can fail."""
    assert list(hosts(text)) == found


# --- Locked versions ----------------------------------------------------------


@pytest.mark.parametrize("group", ["test", "floor", "run", "mutation"])
def test_all_versions_are_locked(group: str) -> None:
    """A nightly run does not break because of a release of something else.

    After a change of pyproject.toml: `scripts/setup lock`.
    """
    lines = (ROOT / "constraints" / f"{group}.txt").read_text().splitlines()
    locked = {line for line in lines if not line.startswith("#")}
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.!+]+", line) for line in locked)
    assert required(group) <= locked


def required(group: str) -> set[str]:
    """Return the packages that a dependency group names itself."""
    found: set[str] = set()
    for item in PROJECT["dependency-groups"][group]:
        found |= {item} if isinstance(item, str) else required(item["include-group"])
    return found


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("constraints/*")), ids=lambda path: path.name
)
def test_locked_versions_name_no_registry(path: Path) -> None:
    """They are for any registry, as each machine has it set up."""
    assert "://" not in path.read_text()


def test_json_files_name_nothing_twice() -> None:
    """Of two equal keys, the last one wins silently."""

    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    for path in INTEGRATION.rglob("*.json"):
        json.loads(path.read_text(), object_pairs_hook=without_twins)
