"""A check that no linter here has: no package index's address in a file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("airflow_provider_datagraph", "local_redshift", "dags", "demo", "tests", "scripts", "benchmarks")

# Where packages come from is the user's choice: a pinned file that names an index would override it.
INDEX_ADDRESS = re.compile(
    r"^\s*(--(extra-)?index-url|--find-links|-i|-f)\b"
    r"|https?://[^\s\"']*/simple\b"
    r"|\b(pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org)\b",
    re.MULTILINE,
)


def address_findings(path: str, text: str) -> Iterator[str]:
    """Where this text names a package index."""
    for match in INDEX_ADDRESS.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield f"{path}:{line}: the address of a package index: {match.group().strip()}"


def project_files() -> list[str]:
    """What git has or would add; outside a checkout (an unpacked archive), the sources alone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return [str(p.relative_to(ROOT)) for source in SOURCES for p in sorted((ROOT / source).rglob("*.py"))]
    return sorted(name for name in listed.split("\0") if (ROOT / name).is_file())


def findings() -> Iterator[str]:
    for path in project_files():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield from address_findings(path, text)


def main() -> int:
    found = list(findings())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
