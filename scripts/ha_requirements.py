"""Print what a real Home Assistant would install at its first start.

Run by the Python of an environment with Home Assistant, with the components of a
configuration as arguments. Home Assistant itself looks at the same manifests, but one
by one while it starts, which takes minutes, and fails where no registry is reachable.

Some of it is replaced by empty stand-ins, written into the environment: what needs a
compiler or something of the system, and only serves voice and cameras, which every
Home Assistant loads. One of them is the program ffmpeg, in the environment's bin.
"""

import json
from pathlib import Path
import sys
import sysconfig

import homeassistant
from homeassistant.auth.mfa_modules import totp
from homeassistant.bootstrap import CORE_INTEGRATIONS, DEFAULT_INTEGRATIONS
from homeassistant.requirements import DISCOVERY_INTEGRATIONS

COMPONENTS = Path(homeassistant.__file__).parent / "components"

# Distribution: the module and the class that Home Assistant imports from it
STAND_INS = {
    "pymicro-vad": ("pymicro_vad", "MicroVad"),
    "pyspeex-noise": ("pyspeex_noise", "AudioProcessor"),
    "PyTurboJPEG": ("turbojpeg", "TurboJPEG"),
}

# Imported by the camera component, but only required by PyTurboJPEG
INSTEAD = {"numpy"}

FFMPEG = "#!/bin/sh\necho ffmpeg version 7.0\n"


def requirements(components: set[str]) -> set[str]:
    """Return the requirements of components and of all that they may load.

    The rules are those of homeassistant/requirements.py: dependencies, "after"
    dependencies, and what discovers a component.
    """
    found: set[str] = INSTEAD.union(totp.REQUIREMENTS)
    waiting, seen = set(components), set[str]()
    while waiting:
        seen.add(component := waiting.pop())
        path = COMPONENTS / component / "manifest.json"
        if not path.exists():
            continue
        manifest = json.loads(path.read_text())
        found.update(manifest.get("requirements", ()))
        waiting.update(manifest.get("dependencies", ()))
        waiting.update(manifest.get("after_dependencies", ()))
        waiting.update(
            discovery
            for discovery, keys in DISCOVERY_INTEGRATIONS.items()
            if any(key in manifest for key in keys)
        )
        waiting -= seen
    return found


def write_stand_in(distribution: str, version: str) -> None:
    """Register a distribution in the environment without installing its code."""
    module, name = STAND_INS[distribution]
    site_packages = Path(sysconfig.get_path("purelib"))
    folder = site_packages / f"{distribution.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    (site_packages / f"{module}.py").write_text(
        f'"""Stand-in of {distribution}."""\n\n\nclass {name}:\n    """Does nothing."""\n'
    )


def main() -> None:
    """Print the requirements and write the stand-ins."""
    for requirement in sorted(
        requirements({*sys.argv[1:], *CORE_INTEGRATIONS, *DEFAULT_INTEGRATIONS})
    ):
        distribution, _, version = requirement.partition("==")
        if distribution in STAND_INS:
            write_stand_in(distribution, version)
        else:
            print(requirement)
    ffmpeg = Path(sys.prefix) / "bin" / "ffmpeg"
    ffmpeg.write_text(FFMPEG)
    ffmpeg.chmod(0o755)


if __name__ == "__main__":
    main()
