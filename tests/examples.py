"""The examples in texts for users, so that tests run what is written there."""

from pathlib import Path
import re
from typing import Any

from homeassistant.util import yaml as yaml_util

ROOT = Path(__file__).parents[1]


class Examples:
    """The examples of a text, each by how the line before it begins."""

    def __init__(self, path: str) -> None:
        """Read them from a file below the root of the repository."""
        self.text = (ROOT / path).read_text()
        self._code = {
            found["text"]: found["code"]
            for found in re.finditer(
                r"^(?P<text>[^\n]+)\n\n```(?:json|yaml)\n(?P<code>.*?)^```$",
                self.text,
                re.MULTILINE | re.DOTALL,
            )
        }

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._code)

    @property
    def languages(self) -> list[str]:
        """Return the language of each block of code, those of no example included."""
        return re.findall(r"^```(\w+)$", self.text, re.MULTILINE)

    def code(self, text: str) -> str:
        """Return the only example whose line before begins so."""
        [code] = [
            code for before, code in self._code.items() if before.startswith(text)
        ]
        return code

    def yaml(self, text: str) -> dict[str, Any]:
        """Return an example as Home Assistant reads it."""
        read = yaml_util.parse_yaml(self.code(text))
        assert isinstance(read, dict)
        return read
