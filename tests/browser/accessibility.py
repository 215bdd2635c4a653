"""What axe-core finds on a page that some users could not use."""

from functools import cache, partial
from pathlib import Path

from playwright.async_api import Page

from scripts.runner.process import PROJECT
from tests.missing import missing

from .user import nothing_of

AXE = PROJECT / "tests/frontend/node_modules/axe-core/axe.min.js"

# Everything around our own elements is Home Assistant's
SEARCH = """axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.flatMap(({ id, impact, nodes }) => nodes
    .map((node) => ({ id, impact, target: node.target.flat().join(' '),
                      why: node.failureSummary }))
    .filter(({ target }) => target.includes('xmrig-'))))"""


@cache
def _source(path: Path) -> str:
    """Return axe-core."""
    if not path.exists():
        raise missing("axe-core is missing: run scripts/setup frontend")
    return path.read_text()


async def check_accessibility(page: Page) -> None:
    """Wait until axe-core finds nothing serious, as it does in what only appears."""
    await page.evaluate(_source(AXE))
    await nothing_of(partial(_serious_findings, page))


async def _serious_findings(page: Page) -> list[str]:
    """Return what axe-core takes for serious or critical on the integration's elements."""
    return [
        f"{found['id']} at {found['target']}: {found['why']}"
        for found in await page.evaluate(SEARCH)
        if found["impact"] in ("serious", "critical")
    ]
