"""The wheel holds the package alone, and what Airflow needs to find it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.tooling.support import ROOT, Checkout

PACKAGE = "airflow_provider_datagraph"


def built(sources: Path, folder: Path) -> zipfile.ZipFile:
    done = Checkout(sources).run("python", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    assert done.returncode == 0, done.stdout
    (path,) = folder.iterdir()
    return zipfile.ZipFile(path)


def package_files(wheel: zipfile.ZipFile | None = None) -> set[str]:
    """The package's files in a wheel, by default in this checkout."""
    if wheel is not None:
        return {name for name in wheel.namelist() if name.startswith(f"{PACKAGE}/")}
    return {
        str(path.relative_to(ROOT)) for path in (ROOT / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


def test_holds_the_package_alone(wheel: zipfile.ZipFile) -> None:
    top = {name.split("/")[0] for name in wheel.namelist()}
    metadata = {name for name in top if name.endswith(".dist-info")}
    assert top - metadata == {PACKAGE}
    assert len(metadata) == 1


def test_holds_the_whole_package(wheel: zipfile.ZipFile) -> None:
    assert package_files(wheel) == package_files()
    assert f"{PACKAGE}/py.typed" in package_files()


def test_airflow_and_users_find_what_they_look_for(wheel: zipfile.ZipFile) -> None:
    (metadata,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    names = {name.removeprefix(metadata + "/") for name in wheel.namelist() if name.startswith(metadata)}
    assert names == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    entry_points = wheel.read(f"{metadata}/entry_points.txt").decode()
    assert "[apache_airflow_provider]\nprovider_info = " in entry_points
    described = wheel.read(f"{metadata}/METADATA").decode()
    # Airflow's page of providers links to it.
    assert "\nProject-URL: Documentation, https://" in described
    # A package index shows the README, where no relative link leads anywhere.
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", described) == []
