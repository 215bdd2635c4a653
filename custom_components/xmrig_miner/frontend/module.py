"""Serving the dashboard's module, and having browsers load it.

`web/` contains what a browser loads: ES modules without a build step, and their texts in
each language. Its address has the version and a digest of the files in it, so that
browsers may keep them and yet never mix those of two versions.
"""

from hashlib import sha256
from pathlib import Path

from homeassistant.components.frontend import (
    DOMAIN as FRONTEND_DOMAIN,
    add_extra_js_url,
)
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_when_setup

from ..const import DOMAIN

WEB = Path(__file__).parent / "web"
ENTRY_POINT = "xmrig.js"
"""The file that imports all others."""


@callback
def async_serve_module(hass: HomeAssistant) -> None:
    """Serve the module once Home Assistant's frontend is set up, if it ever is.

    It stays until Home Assistant stops, whichever config entries come and go: dashboards
    may use it, and without miners it says how to add one.
    """
    async_when_setup(hass, FRONTEND_DOMAIN, _async_serve)


async def _async_serve(hass: HomeAssistant, _component: str) -> None:
    """Serve the module, and have every page load it."""
    integration = await async_get_integration(hass, DOMAIN)
    digest = await hass.async_add_executor_job(_digest)
    url = f"/{DOMAIN}/{integration.version}-{digest}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(WEB), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{url}/{ENTRY_POINT}")


def _digest() -> str:
    """Return a text that changes with any file of the module."""
    digest = sha256()
    for path in sorted(WEB.rglob("*.js*")):
        digest.update(path.relative_to(WEB).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
