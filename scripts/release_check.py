"""Build what is released, and hold it against its tag and the changelog."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import airflow_provider_datagraph

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = airflow_provider_datagraph.__name__


def problems(tags: list[str], changelog: str, version: str) -> list[str]:
    """Tell what keeps a version from being released.

    :param tags: of the commit.
    :param changelog: its text.
    :param version: that of ``pyproject.toml``.
    :return: a sentence each.
    """
    found = []
    if f"v{version}" not in tags:
        found.append(f"The commit has no tag v{version}; it has: {', '.join(tags) or 'none'}.")
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        found.append(f"CHANGELOG.md has no heading '## [{version}] - <date>'.")
    if airflow_provider_datagraph.__version__ != version:
        found.append(f"The package says that it is {airflow_provider_datagraph.__version__}, pyproject.toml {version}.")
    return found


def contents(wheel: list[str], sdist: list[str]) -> list[str]:
    """Tell what a wheel and an sdist lack, or hold and mustn't: the package's files are those that git has.

    :param wheel: the names in it.
    :param sdist: likewise, without the folder that they are all in.
    """
    known = subprocess.run(["git", "ls-files", PACKAGE], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    files = set(known.stdout.split())
    found = [f"The wheel lacks {name}." for name in sorted(files - {*wheel})]
    found += [f"The wheel holds {name}." for name in sorted({*wheel} - files) if ".dist-info/" not in name]
    return found + [f"The sdist lacks {name}." for name in sorted(files - {*sdist})]


def main() -> int:
    """Check, build, and look into what was built."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    tags = subprocess.run(["git", "tag", "--points-at"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = problems(tags.stdout.split(), (ROOT / "CHANGELOG.md").read_text(), version)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build"], cwd=ROOT, check=True)
    (wheel,), (sdist,) = (ROOT / "dist").glob("*.whl"), (ROOT / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as held:
        names = [name.partition("/")[2] for name in held.getnames()]
    found += contents(zipfile.ZipFile(wheel).namelist(), names)
    print("\n".join(found) or f"{version} is as it should be.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
