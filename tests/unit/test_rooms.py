"""The rooms of the package: imports run one way, without circles, and no folder grows into a maze."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

NAME = "airflow_provider_datagraph"
PACKAGE = Path(__file__).parents[2] / NAME
ORDER = ("redshift", "access", "form", "hooks", "engine", "operators", "triggers", "sensors", "dags")
"""Each may import those before it."""
FOLDERS = "access access.schemas access.offboarding access.reach access.preflight redshift redshift.catalog".split()


def modules() -> dict[str, Path]:
    found = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in found.items()}


@cache
def imported(name: str) -> frozenset[str]:
    known, found = modules(), set()
    for node in ast.walk(ast.parse(known[name].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{NAME}."):
            base = str(node.module).removeprefix(f"{NAME}.")
            found |= {f"{base}.{one.name}" if f"{base}.{one.name}" in known else base for one in node.names}
    return frozenset(found)


def chain(name: str, folder: str, above: tuple[str, ...] = ()) -> int:
    """How many modules of its folder hang below each other, beginning with this one."""
    assert name not in above, f"a circle: {' -> '.join([*above, name])}"
    inside = [one for one in imported(name) if one.rpartition(".")[0] == folder]
    return 1 + max((chain(one, folder, (*above, name)) for one in inside), default=0)


@pytest.mark.parametrize("name", sorted(name for name in modules() if name.partition(".")[0] in ORDER))
def test_imports_run_one_way(name: str) -> None:
    room = ORDER.index(name.partition(".")[0])
    rooms = {one.partition(".")[0] for one in imported(name)} & set(ORDER)
    above = {one for one in rooms if ORDER.index(one) > room}
    assert above == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_stays_small(folder: str) -> None:
    inside = [name for name in modules() if name.rpartition(".")[0] == folder and modules()[name].name != "__init__.py"]
    assert 0 < len(inside) <= 9
    assert max(chain(name, folder) for name in inside) <= 4
