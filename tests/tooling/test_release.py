"""What a release and a contribution are held against."""

from __future__ import annotations

import re

from scripts.release_check import contents, problems
from tests.tooling.support import ROOT
from tests.tooling.test_wheel import package_files

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_what_keeps_a_version_from_being_released() -> None:
    heading = "# Changelog\n\n## [0.1.0] - 2026-12-01\n"
    assert problems(["v0.1.0"], heading, "0.1.0") == []
    assert [text.split()[0] for text in problems(["other"], heading, "0.2.0")] == ["The", "CHANGELOG.md", "The"]
    assert len(problems(["v0.1.0"], heading.replace(" - 2026-12-01", ""), "0.1.0")) == 1


def test_what_is_built_is_the_package() -> None:
    files = [*package_files()]
    assert contents([*files, "x.dist-info/METADATA"], files) == []
    found = contents([*files[1:], "tests/x.py"], files[1:])
    assert found == [f"The wheel lacks {files[0]}.", "The wheel holds tests/x.py.", f"The sdist lacks {files[0]}."]


def test_the_changelog_keeps_its_form() -> None:
    assert re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)[0] == "[Unreleased]"
    kinds = {*"Added Changed Deprecated Removed Fixed Security".split()}
    assert {*re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)} <= kinds


def test_workflows_call_targets_that_there_are() -> None:
    made = {*re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    files = [*(ROOT / ".github").rglob("*.yml"), *ROOT.glob(".*.yaml")]
    called = re.findall(r"\bmake ([a-z-]+)", "\n".join(path.read_text() for path in files))
    assert len(called) >= 6 and {*called} <= made
