"""The dashboard that opens after the login."""

from .client import Client

URL_PATH = "xmrig-miner"


async def show(client: Client) -> None:
    """Show the integration's own dashboard, which updates itself."""
    existing = await client.command("lovelace/dashboards/list")
    if all(dashboard["url_path"] != URL_PATH for dashboard in existing):
        await client.command(
            "lovelace/dashboards/create",
            url_path=URL_PATH,
            title="Mining",
            icon="mdi:pickaxe",
        )
        await client.command(
            "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
        )
    await client.command(
        "lovelace/config/save",
        url_path=URL_PATH,
        config={"strategy": {"type": "custom:xmrig"}},
    )
