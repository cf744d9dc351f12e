"""No password in any place that a full Airflow leaves; and each search finds one that is planted there."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.canary import forms, matches
from tests.e2e.places import PLACES, SERVER_LOG, Left, Place
from tests.e2e.scene import Evidence

HASH = re.compile(rb"md5([0-9a-f]{32})\b|sha256\|([0-9a-f]{64})\|([0-9a-f]{64})")
PASSWORDS = ("linked", "admin", "wrong", "weak", "rotated")
each_place = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)


def clear_forms(secret: str) -> dict[str, bytes]:
    """What the password itself may look like; its hash is another matter."""
    return {name: form for name, form in forms(secret).items() if name != "md5"}


def sent_hashes(left: Left) -> dict[str, bytes]:
    """All hashes that the server received in place of passwords, and their parts."""
    texts = [text for _, text in SERVER_LOG.contents(left)]
    found = {part for text in texts for match in HASH.finditer(text) for part in match.groups() if part}
    return {part.decode(): part for part in found}


# These tests come first: a planted secret stays in the server's log, and in Airflow's database.
@each_place
def test_no_password_is_there(evidence: Evidence, place: Place) -> None:
    # The temporary ones are a worker's and the triggerer's of two sensors, and two grants', at least.
    assert len(evidence.tokens) >= 6
    known = {name: getattr(evidence.secrets, name) for name in PASSWORDS}
    known |= {f"token {number}": token for number, token in enumerate(evidence.tokens)}
    wanted = {f"{name} of {whose}": form for whose, one in known.items() for name, form in clear_forms(one).items()}
    assert matches(place.contents(evidence.left), wanted) == set()


def test_the_hashes_are_in_statements_for_users_alone(evidence: Evidence) -> None:
    statements = [text for _, text in SERVER_LOG.contents(evidence.left) if HASH.search(text)]
    for kind in (b"md5", b"sha256|"):
        assert any(kind in text for text in statements)
    assert [text for text in statements if not re.match(rb"(CREATE|ALTER) USER\b", text)] == []


@pytest.mark.parametrize("place", [place for place in PLACES if place is not SERVER_LOG], ids=lambda place: place.name)
def test_the_hash_is_nowhere_else(evidence: Evidence, place: Place) -> None:
    hashes = sent_hashes(evidence.left)
    # One md5 hash and one of two parts for each warehouse, at least.
    assert len(hashes) >= 3 * len(evidence.scenes)
    for secret in vars(evidence.secrets).values():
        for scene in evidence.scenes:
            hashes |= {f"md5 of {login}": forms(secret, login)["md5"] for login in scene.logins}
    assert matches(place.contents(evidence.left), hashes) == set()


def test_a_hash_that_a_task_logs_is_masked(evidence: Evidence) -> None:
    logs = evidence.left.home.glob("logs/dag_id=secrets_modes/*/task_id=plan__role_with_hash_in_log/*.log")
    assert ["the hash: ***" in log.read_text() for log in logs] == [True]


def test_the_passwords_were_used(evidence: Evidence) -> None:
    # Otherwise their absence would say nothing.
    kept = evidence.left.passwords()
    for name in PASSWORDS:
        assert getattr(evidence.secrets, name).encode() in kept


@each_place
def test_the_search_finds_what_is_planted(evidence: Evidence, place: Place, tmp_path: Path) -> None:
    secret = evidence.secrets.planted
    copy = replace(evidence.left, home=tmp_path / "home")
    shutil.copytree(evidence.left.home, copy.home)
    place.plant(copy, secret)
    assert matches(place.contents(copy), clear_forms(secret))
