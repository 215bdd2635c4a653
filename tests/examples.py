"""Examples in documents for users, so that tests can run them as written."""

from pathlib import Path
import re
from typing import Any

from homeassistant.util import yaml as yaml_util

ROOT = Path(__file__).parents[1]


class Examples:
    """The examples of a document, found by the start of the line before each."""

    def __init__(self, path: str) -> None:
        """Read the examples of a file in the repository."""
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
        """Return the number of examples."""
        return len(self._code)

    @property
    def languages(self) -> list[str]:
        """Return the language of each code block, even if it is no example."""
        return re.findall(r"^```(\w+)$", self.text, re.MULTILINE)

    def code(self, text: str) -> str:
        """Return the only example whose preceding line starts with a text."""
        [code] = [
            code for before, code in self._code.items() if before.startswith(text)
        ]
        return code

    def yaml(self, text: str) -> dict[str, Any]:
        """Return an example as Home Assistant parses it."""
        read = yaml_util.parse_yaml(self.code(text))
        assert isinstance(read, dict)
        return read
