"""The pinned versions: complete, without an address, and the lowest ones are the declared ones."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tooling.support import ROOT

FOLDER = ROOT / "requirements"
PINNED = [*(f"airflow-{line}.txt" for line in ("3.3", "3.2", "3.1", "3.0", "2.11")), "lowest.txt"]
DEPENDENCIES = {
    "apache-airflow",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-common-compat",
    "apache-airflow-providers-common-sql",
    "redshift-connector",
    "tenacity",
}
HASHES = re.compile(r"( --hash=sha256:[0-9a-f]{64})+$")


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith("#")]


def requirements(file: Path) -> list[Requirement]:
    return [Requirement(HASHES.sub("", line)) for line in lines(file)]


def pins(name: str) -> dict[str, str]:
    """Name and version of each pin for the Python that runs this."""
    found = {}
    for pin in requirements(FOLDER / name):
        (version,) = pin.specifier
        assert version.operator == "==", pin
        assert "*" not in version.version, pin
        if pin.marker is None or pin.marker.evaluate():
            assert pin.name not in found, pin
            found[pin.name] = version.version
    return found


@pytest.mark.parametrize("name", PINNED)
def test_every_version_is_pinned(name: str) -> None:
    wanted = {
        *DEPENDENCIES,
        *(one.name for source in ("local.in", "tools.in") for one in requirements(FOLDER / source)),
    }
    assert wanted - set(pins(name)) == set()


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.name)
def test_every_pin_has_hashes_and_no_address_of_an_index(file: Path) -> None:
    assert [line for line in lines(file) if not HASHES.search(line)] == []
    text = file.read_text()
    assert "//" not in text
    assert "--" not in text.replace("# --- ", "").replace(" --hash=", "").replace(" --require-hashes ", "")


@pytest.mark.parametrize("name", ["Makefile", "scripts/setup", "docker/redshift.Dockerfile"])
def test_hashes_are_asked_for(name: str) -> None:
    found = re.findall(r"\binstall (?:.*\\\n)*.* -r .*", (ROOT / name).read_text())
    assert found
    assert [command for command in found if "--require-hashes" not in command] == []


def test_the_local_redshift_has_the_same_in_its_image() -> None:
    assert {*lines(FOLDER / "local.txt")} <= {*lines(FOLDER / "airflow-3.3.txt")}


def test_lowest_are_the_declared_ones() -> None:
    lowest = pins("lowest.txt")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert sorted(f"{name}>={lowest[name]}" for name in DEPENDENCIES) == sorted(declared)
