"""The facts that the package relies on: their list, and the page of the docs that is made of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.statements.sent import PAGE

LIST = tomllib.loads(Path(__file__).with_name("facts.toml").read_text())
DOCUMENT = Path(__file__).parents[2] / "docs" / "unverified.md"
RESULTS: dict[str, str] = {}
"""What came of each fact in this run, by its name."""


@dataclass(frozen=True)
class Fact:
    """One of them; see the head of the list."""

    group: str
    name: str
    says: str
    page: str = ""
    otherwise: str = ""
    untried: str = ""
    steps: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The fact in the docs."""
        name = self.page.rsplit("/")[-1].removesuffix(".html")
        address = self.page if "/" in self.page else PAGE.format(self.page)
        untried = f" Not tried: {self.untried}." if self.untried else ""
        link = name and f" [{name}]({address})"
        return f"| `{self.name}` | {self.says}{untried}{link} | {self.otherwise} |\n"


FACTS = {row["name"]: Fact(group["title"], **row) for group in LIST["group"] for row in group["fact"]}


def document() -> str:
    """Write the page of the docs."""
    parts = [LIST["head"]]
    for title, facts in groupby(FACTS.values(), key=lambda fact: fact.group):
        rows = "".join(fact.row for fact in facts)
        parts.append(f"## {title}\n\n| name | fact | if not |\n|---|---|---|\n{rows}")
    return "\n".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
