"""What the COPY lines of the images bring is all that their other lines, and the compose file's commands, need."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import compose_check
from tests.tooling.support import ROOT
from tests.tooling.test_wheel import built, package_files

SERVICES = compose_check.load()["services"]
INSTRUCTION = re.compile(r"^(COPY|RUN|CMD|WORKDIR) ((?:.*\\\n)*.*)$", re.MULTILINE)
LET_THROUGH = (ROOT / ".dockerignore").read_text().split()
TEXTS = {name: (ROOT / SERVICES[name]["build"]["dockerfile"]).read_text() for name in ("scheduler", "redshift")}
COPIES = [(name, line) for name, text in TEXTS.items() for line in re.findall(r"(?m)^COPY .*\n", text)]


class Image:
    """An image's files, as far as they come from this checkout.

    :param text: its Dockerfile.
    :param tree: a folder for them.
    """

    def __init__(self, text: str, tree: Path) -> None:
        self.tree = self.place = tree
        self.named: list[Path] = []
        self.command: list[str] = []
        for instruction, rest in INSTRUCTION.findall(text):
            if instruction == "COPY":
                self._copy(*(word for word in rest.split() if not word.startswith("--")))
            elif instruction == "RUN":
                self.named += [self._inside(word) for word in shlex.split(rest) if word.startswith("/")]
            elif instruction == "WORKDIR":
                self.place = self._inside(rest)
                self.place.mkdir(parents=True)
            else:
                self.command = json.loads(rest)

    def _inside(self, path: str) -> Path:
        return self.tree / path.lstrip("/") if path.startswith("/") else self.place / path

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            assert f"!{source.split('/')[0]}" in LET_THROUGH, f"{source}: kept out by .dockerignore"
            if (ROOT / source).is_dir():
                # Docker copies what is in a folder, not the folder.
                caches = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, self._inside(target), ignore=caches, dirs_exist_ok=True)
            else:
                self._inside(target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, self._inside(target))


def check(service: str, text: str, folder: Path) -> None:
    """Hold a service's image, built from this Dockerfile, against what is done with it."""
    image = Image(text, folder / "image")
    assert [path for path in image.named if not path.exists()] == []
    if service == "redshift":
        for command in (image.command, SERVICES[service]["command"]):
            # Without site-packages: what is installed here leads to this checkout.
            words = [sys.executable, "-ESs", *command[1:], "-h"]
            done = subprocess.run(words, cwd=image.place, capture_output=True, text=True, check=False)
            assert done.stdout.startswith("usage: "), done.stderr
    else:
        [package] = {path for path in image.named if path.is_dir()}
        assert package_files(built(package, folder / "wheel")) == package_files()


@pytest.mark.parametrize("service", TEXTS)
def test_an_image_has_all_that_it_needs(service: str, tmp_path: Path) -> None:
    check(service, TEXTS[service], tmp_path)


@pytest.mark.parametrize(("service", "line"), COPIES, ids=lambda value: value.strip())
def test_it_needs_each_line(service: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(service, TEXTS[service].replace(line, ""), tmp_path)


def test_airflows_image_keeps_to_its_constraints() -> None:
    [command] = re.findall(r"pip install (?:.*\\\n)*.*", TEXTS["scheduler"])
    assert '-c "${AIRFLOW_USER_HOME_DIR}/constraints.txt"' in command
