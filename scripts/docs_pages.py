"""What mkdocs asks while it builds the site: pages that stand elsewhere in the repository, and what docstrings say.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from airflow_provider_datagraph.links import DOCS as SITE

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "airflow_provider_datagraph"
IMAGES = "https://raw.githubusercontent.com/airflow-provider-datagraph/airflow-provider-datagraph/main/docs/images/"
# Each is written once: for people who read the repository, too.
ELSEWHERE = {
    "index.md": "README.md",
    "security.md": "SECURITY.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
FIELD = re.compile(r":(\w+)(?: ([\w.]+))?: ?(.*)")
ROLE = re.compile(r":\w+:`[.~]*([\w.]+)`")
TO_SITE = re.compile(rf"\({re.escape(SITE)}/?([\w/-]*?)/?(#[\w-]+)?\)")
SHORT = {"Sequence": "list", "Mapping": "mapping", "str": "text"}


class Told(NamedTuple):
    """What a docstring says.

    :param text: what comes before its fields.
    :param fields: kind, name and text of each, such as ``("param", "role", …)``.
    """

    text: str
    fields: list[tuple[str, str, str]]

    def of(self, kind: str) -> dict[str, str]:
        """Take the texts of the fields of a kind, by their names."""
        return {name: text for found, name, text in self.fields if found == kind}


def told(documented: Any) -> Told:
    """Read a docstring in Sphinx's form.

    :param documented: a class or a function.
    """
    text: list[str] = []
    fields: list[tuple[str, str, str]] = []
    for line in (inspect.getdoc(documented) or "").splitlines():
        field = FIELD.match(line)
        if field:
            fields.append((field[1], field[2] or "", field[3]))
        elif fields and line.startswith(" "):
            kind, name, start = fields[-1]
            fields[-1] = (kind, name, f"{start} {line.strip()}")
        else:
            text.append(re.sub(r"(https://\S*?([\w#-]+)(?:\.html|/)?)(,?)$", r"[\2](\1)\3", line))
    return Told(markdown("\n".join(text)).strip(), [(kind, name, markdown(said)) for kind, name, said in fields])


def markdown(text: str) -> str:
    """Write reStructuredText's marks as Markdown's."""
    return ROLE.sub(lambda role: f"`{role[1].rpartition('.')[2]}`", text).replace("``", "`")


def kinds(annotation: str) -> str:
    """Say what an argument takes, apart from templates, which every text is."""
    found = [one for one in re.split(r" \| (?![^\[]*\])", annotation) if one not in ("None", "Missing", "Any")]
    short = list(dict.fromkeys(SHORT.get(one.partition("[")[0], one) for one in found))
    if {*short} & {"bool", "int", "float", "timedelta"} and "list" not in short:
        short.remove("text") if "text" in short else None
    return ", ".join(short)


def default(value: Any) -> str:
    """Say what an argument is where it is left out."""
    if value is inspect.Parameter.empty:
        return "**has to be given**"
    return "" if value is None or getattr(value, "name", "") == "LEFT_OUT" else f"`{value!r}`"


HEAD = ("| argument | takes | default | what it is |", "|---|---|---|---|")


def rows(owner: type[Any], known: set[str]) -> Iterator[str]:
    """Write a row for each argument that a class names itself.

    :param known: what has a row already; it grows.
    :raises KeyError: if the docstring leaves an argument out.
    """
    texts = told(owner).of("param")
    for one in inspect.signature(vars(owner)["__init__"]).parameters.values():
        if one.kind is one.KEYWORD_ONLY and one.name not in known:
            known.add(one.name)
            said = texts[one.name].replace("|", "\\|")
            yield f"| `{one.name}` | {kinds(str(one.annotation))} | {default(one.default)} | {said} |"


def reference(kind: type[Any]) -> Iterator[str]:
    """Write what a class's page says by its code: what it is for, its arguments, what it returns and raises."""
    room = kind.__module__.split(".")[1]
    first, *bases = [one for one in kind.__mro__ if one.__module__.startswith(PACKAGE) and "__init__" in vars(one)]
    known: set[str] = set()
    yield from (told(kind).text, "", "## Arguments", "", *HEAD, *rows(first, known), "")
    yield from ("What it shares with others:", "", *HEAD)
    for base in bases:
        yield from rows(base, known)
    yield ""
    yield "`task_id` and all else that Airflow's " + ("sensors" if room == "sensors" else "operators") + " take, too."
    result = next(told(vars(one)["execute"]) for one in kind.__mro__ if "execute" in vars(one))
    yield from ("", "## Report and errors", "")
    yield from (f"It returns {text}\n" for _, text in result.of("return").items())
    raised = {**result.of("raises"), **told(kind).of("raises")}
    yield from (f"- `{name}`: {text}" for name, text in raised.items())
    yield "\n[What every report holds](../operators.md#the-report), and"
    yield "[which errors are retried](../operators.md#what-is-retried)."


def interface() -> Iterator[str]:
    """Write what is public beside operators and sensors."""
    for room in ("example_dags", "hooks", "triggers", "xcom", "exceptions"):
        module = import_module(f"{PACKAGE}.{room}")
        yield from (f"## `{module.__name__}`", "")
        for name in module.__all__:
            found = getattr(module, name)
            if not callable(found):
                continue
            said = told(found)
            yield from (f"### `{name}`", "", said.text, "")
            yield from (f"- `{name}`: {text}" for name, text in said.of("param").items())
            yield from (f"- returns {text}" for text in said.of("return").values())
            yield from (f"- raises `{name}`: {text}" for name, text in said.of("raises").items())
            yield ""


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add the pages that stand elsewhere."""
    from mkdocs.structure.files import File

    for name, source in ELSEWHERE.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to the published site to this one's pages, and write what docstrings say."""
    if "<!-- reference -->" in markdown:
        name = Path(page.file.src_uri).stem
        room = import_module(f"{PACKAGE}.{'sensors' if name.endswith('Sensor') else 'operators'}")
        markdown = markdown.replace("<!-- reference -->", "\n".join(reference(getattr(room, name))))
    if "<!-- interface -->" in markdown:
        markdown = markdown.replace("<!-- interface -->", "\n".join(interface()))
    markdown = markdown.replace(f"({IMAGES}", "(images/")
    return TO_SITE.sub(lambda link: f"({link[1] or 'index'}.md{link[2] or ''})", markdown)
