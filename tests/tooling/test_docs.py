"""The documentation: no link is dead, every snippet is from a file that a test runs, every message is one of ours."""

from __future__ import annotations

import ast
import re
from itertools import chain

import pytest

from airflow_provider_datagraph import operators, sensors
from airflow_provider_datagraph.least_admin import sql
from airflow_provider_datagraph.links import DOCS as SITE
from scripts.docs_pages import ELSEWHERE, IMAGES, PACKAGE
from tests.tooling.support import ROOT

DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text() for path in sorted(DOCS.rglob("*.md"))}
PAGES |= {name: (ROOT / source).read_text() for name, source in ELSEWHERE.items()}
# Each is run by a test: tests/dags.
FOLDERS = ("dags", "docs/examples", f"{PACKAGE}/example_dags")
RUN = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.py")]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[\w-]+)?\)|" + rf"\({re.escape(SITE)}/?([\w/-]*?)/?(#[\w-]+)?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# What the site's pages have from docstrings.
GENERATED = {"#arguments", "#report-and-errors"}


def anchors(page: str) -> set[str]:
    """Those of a page's headings, as the site makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", PAGES[page]), re.MULTILINE)
    return {"#" + re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", one).strip().lower()) for one in headings}


@pytest.mark.parametrize("page", PAGES)
def test_no_link_is_dead(page: str) -> None:
    for path, anchor, published, its_anchor in LINK.findall(FENCED.sub("", PAGES[page])):
        target = str((DOCS / page).parent.joinpath(path).resolve().relative_to(DOCS)) if path else page
        if published or its_anchor or not (path or anchor):
            target = f"{published or 'index'}.md"
        assert target in PAGES or (not target.endswith(".md") and (DOCS / target).is_file()), (page, target)
        # What follows a picture's name tells for which colours it is.
        wanted = its_anchor or (anchor if target in PAGES else "")
        assert not wanted or wanted in anchors(target) | GENERATED, (page, target, wanted)
    for image in re.findall(re.escape(IMAGES) + r"([\w.-]+)", PAGES[page]):
        assert (DOCS / "images" / image).exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_snippet_is_from_a_file_that_a_test_runs(page: str) -> None:
    for shown in re.findall(r"^```python\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL):
        included = re.fullmatch(r'--8<-- "(.*)"\n', shown)
        sources = [path for path in RUN if (path == ROOT / included[1] if included else shown in path.read_text())]
        assert sources, (page, shown)


def test_the_least_admin_is_as_shown() -> None:
    shown = re.search(r"```sql\n(.*?)\n```", PAGES["index.md"], re.DOTALL)
    assert shown and shown[1].splitlines() == [*sql("segment_admin", ["analytics.crm", "analytics.billing.invoices"])]


@pytest.mark.parametrize("name", [*operators.__all__, *sensors.__all__])
def test_every_class_has_a_page(name: str) -> None:
    text = PAGES[f"operators/{name}.md"]
    assert text.startswith(f"# {name}\n\n```python\n--8<-- ") and "\n<!-- reference -->\n" in text
    (example,) = re.findall(r'--8<-- "(.*)"', text)
    assert re.search(rf"^from {PACKAGE}\.\w+ import .*\b{name}\b", (ROOT / example).read_text(), re.MULTILINE)


def test_messages_are_ours() -> None:
    trees = (ast.parse(path.read_text()) for path in (ROOT / PACKAGE).rglob("*.py"))
    ours = {n.value for n in chain.from_iterable(map(ast.walk, trees)) if isinstance(n, ast.Constant)}
    findings = (ROOT / PACKAGE / "access" / "findings.txt").read_text()
    texts = [findings, *(text for text in ours if isinstance(text, str))]
    quoted = re.findall(r"^\| `(.*?)` \|", PAGES["troubleshooting.md"], re.MULTILINE)
    assert len(quoted) > 20
    pieces = [piece for message in quoted for piece in message.split("…")]
    assert [piece for piece in pieces if not any(piece in text for text in texts)] == []
