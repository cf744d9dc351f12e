"""Resolve requirements/*.txt again: `make pins`, or `make pins ARGS="3.3 2.11"` for some of them.

One file serves several Python versions. pip resolves for each of them in turn, though only one is installed: it
takes the wheels of another version itself (--python-version), and `_AS_VERSION` makes it read environment
markers as that version too. A pin that not every version shares gets a marker.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"

Versions = dict[str, str]


@dataclass(frozen=True)
class Line:
    """One Airflow line: its file, what is fixed before resolving, and the Python versions it serves."""

    file: str
    title: str
    fixed: tuple[str, ...]
    pythons: tuple[str, ...]
    # Packages without a wheel, which pip may build.
    built: tuple[str, ...] = ()


def _floors() -> tuple[str, ...]:
    """The lowest versions of our own dependencies, as exact ones."""
    return tuple(requirement.replace(">=", "==") for requirement in _dependencies())


def _dependencies() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["dependencies"])


# A newer soupsieve needs Python 3.11.5, and Debian 12 has 3.11.2; with a newer pytest, pytest-xdist 3.8 forgets groups.
HELD = ("soupsieve<3", "pytest<9.2")

LINES = {
    "3.3": Line("airflow-3.3.txt", "Airflow 3.3", ("apache-airflow==3.3.*", *HELD), ("3.11", "3.12", "3.13", "3.14")),
    "2.11": Line(
        "airflow-2.11.txt", "Airflow 2.11", ("apache-airflow==2.11.*", *HELD), ("3.11", "3.12"), ("python-nvd3",)
    ),
    "lowest": Line(
        "lowest.txt",
        "The lowest versions that pyproject.toml allows",
        (*_floors(), *HELD),
        ("3.11", "3.12"),
        ("python-nvd3",),
    ),
}

_AS_VERSION = """
import sys
version, *arguments = sys.argv[1:]
import pip._vendor.packaging.markers as markers
real = markers.default_environment
def as_version():
    full = version + ".99"
    return {**real(), "python_version": version, "python_full_version": full, "implementation_version": full}
markers.default_environment = as_version
import pip._internal.cli.cmdoptions as options
# pip takes another version's wheels only where it may build nothing at all.
options.check_dist_restriction = lambda *args, **kwargs: None
from pip._internal.cli.main import main
sys.exit(main(arguments))
"""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(line: Line, python: str, requirements: Sequence[str]) -> Versions:
    """The versions that pip takes for these requirements on this Python version."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wanted = Path(folder) / "wanted.in"
        wanted.write_text("\n".join([*requirements, *line.fixed]) + "\n")
        command = [sys.executable, "-c", _AS_VERSION, python, "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--only-binary=:all:", f"--python-version={python}.99"]
        command += [f"--no-binary={name}" for name in line.built]
        command += [f"--target={folder}/none", f"--report={report}", "-r", str(wanted)]
        subprocess.run(command, check=True)
        installs = json.loads(report.read_text())["install"]
    return {_normal(item["metadata"]["name"]): item["metadata"]["version"] for item in installs}


def _top_level(name: str) -> list[str]:
    lines = (REQUIREMENTS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _marker(pythons: Sequence[str], all_pythons: Sequence[str]) -> str:
    if list(pythons) == list(all_pythons):
        return ""
    return " ; " + " or ".join(f'python_version == "{python}"' for python in pythons)


def pin_lines(found: Mapping[str, Versions], names: set[str]) -> list[str]:
    """One line a package, or one for each of its versions, for the given names."""
    all_pythons = list(found)
    lines = []
    for name in sorted(names):
        by_version: dict[str, list[str]] = {}
        for python, versions in found.items():
            if name in versions:
                by_version.setdefault(versions[name], []).append(python)
        lines += [f"{name}=={version}{_marker(p, all_pythons)}" for version, p in by_version.items()]
    return lines


def write(line: Line) -> None:
    """Resolve one line for each of its Python versions and write its file."""
    run_time = [*_dependencies(), *_top_level("local.in")]
    run: dict[str, Versions] = {}
    whole: dict[str, Versions] = {}
    for python in line.pythons:
        print(f"{line.file}: Python {python}", flush=True)
        run[python] = resolve(line, python, run_time)
        whole[python] = resolve(
            line, python, [*run_time, *_top_level("tools.in"), *(f"{n}=={v}" for n, v in run[python].items())]
        )
    run_names = {name for versions in run.values() for name in versions}
    tool_names = {name for versions in whole.values() for name in versions} - run_names
    text = [
        f"# {line.title}, Python {line.pythons[0]} to {line.pythons[-1]}: every version pinned by `make pins`.",
        "# As constraints: pip install airflow-provider-datagraph -c <this file>",
        "# --- run : the package's dependencies, and the local Redshift's",
        *pin_lines(run, run_names),
        "# --- tools : what tests and checks need beside them",
        *pin_lines(whole, tool_names),
    ]
    (REQUIREMENTS / line.file).write_text("\n".join(text) + "\n")


def main(names: Sequence[str]) -> None:
    for name in names or LINES:
        write(LINES[name])


if __name__ == "__main__":
    main(sys.argv[1:])
