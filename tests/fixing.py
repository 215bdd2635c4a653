"""Fixing an issue through the dialog."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN

from .forms import check_texts
from .test_translations import TEXTS


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the active issues by ID."""
    return {
        issue_id: issue
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active
    }


@dataclass
class Fix:
    """The dialog that fixes an issue."""

    hass: HomeAssistant
    client: TestClient[Any, Any]
    issue: ir.IssueEntry
    step: dict[str, Any]
    """The current step."""

    @classmethod
    async def start(
        cls,
        hass: HomeAssistant,
        hass_client: ClientSessionGenerator,
        issue: ir.IssueEntry,
    ) -> Self:
        """Open the dialog."""
        assert issue.is_fixable
        assert await async_setup_component(hass, "repairs", {})
        fix = cls(hass, await hass_client(), issue, {})
        await fix._post("", {"handler": DOMAIN, "issue_id": issue.issue_id})
        return fix

    async def submit(self) -> None:
        """Submit the form that is shown."""
        assert self.step["type"] == "form"
        await self._post(f"/{self.step['flow_id']}", {})

    async def choose(self, option: str) -> None:
        """Choose an option of the menu that is shown."""
        assert option in self.step["menu_options"]
        await self._post(f"/{self.step['flow_id']}", {"next_step_id": option})

    async def show_again(self) -> None:
        """Show the step again, as in a browser that was reloaded."""
        await self._request("GET", f"/{self.step['flow_id']}")

    async def _post(self, path: str, data: dict[str, Any]) -> None:
        await self._request("POST", path, json=data)

    async def _request(self, method: str, path: str, **data: Any) -> None:
        url = f"/api/repairs/issues/fix{path}"
        response = await self.client.request(method, url, **data)
        self.step = await response.json()
        assert response.status == HTTPStatus.OK, self.step
        await self.hass.async_block_till_done(wait_background_tasks=True)
        key = self.issue.translation_key
        assert key
        check_texts(self.step, TEXTS["issues"][key]["fix_flow"])
