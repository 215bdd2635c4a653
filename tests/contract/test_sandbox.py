"""The real miner never runs outside a network namespace of its own."""

from collections.abc import Generator
from pathlib import Path
import subprocess
import sys

import pytest

from tests.contract.sandbox import NAMESPACE
from tests.missing import REQUIRED
from tests.targets import Sandbox, unshare_command


@pytest.fixture
def without_unshare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[None]:
    """Remove the command that creates a namespace, and existing sandboxes."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Sandbox, "idle", [])
    unshare_command.cache_clear()
    yield
    unshare_command.cache_clear()


@pytest.mark.usefixtures("without_unshare")
def test_without_a_namespace_tests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI, where the real miner must be tested."""
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="network namespace of its own"):
        Sandbox.take()


@pytest.mark.usefixtures("without_unshare")
def test_without_a_namespace_tests_are_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Elsewhere, as without a miner."""
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="network namespace of its own"):
        Sandbox.take()


def test_the_sandbox_does_not_start_in_the_namespace_of_the_tests() -> None:
    """Even if `unshare` claims to have made one."""
    command = [sys.executable, "-m", "tests.contract.sandbox"]
    process = subprocess.run(
        [*command, "0", str(NAMESPACE.readlink())],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == 1
    assert "XMRig is not started" in process.stderr
