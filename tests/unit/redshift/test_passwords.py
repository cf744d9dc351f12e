"""Redshift's password policy and hashes, by AWS's documented examples."""

from __future__ import annotations

import hashlib

import pytest

from airflow_provider_datagraph.redshift.passwords import HASHES, md5_hash, policy_problems, sha256_hash

LENGTH = "be 8 to 64 characters long"
UPPER = "hold an upper-case letter"
LOWER = "hold a lower-case letter"
DIGIT = "hold a digit"
PRINTABLE = "hold only printable ASCII characters without spaces"
FORBIDDEN = "hold none of ' \" \\ / @"


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        *((fine, []) for fine in ("Abcdef12", "Zbcdef09", "ABCDEFz9", "ABCDEFa0", "Aa1" + "x" * 61, "Abcdef1~")),
        *((wrong, [LENGTH]) for wrong in ("Abcdef1", "Aa1" + "x" * 62)),
        *((wrong, [UPPER]) for wrong in ("abcdefg1", "zyxwv[^1")),
        *((wrong, [LOWER]) for wrong in ("ABCDEFG1", "ZYXWV`{1")),
        *((wrong, [DIGIT]) for wrong in ("Abcdefgh", "Abcdefg:")),
        *((wrong, [PRINTABLE]) for wrong in ("Abcdef 12", "Abcdef1\x7f", "Abcdef1é")),
        ("Äbcdef12", [UPPER, PRINTABLE]),
        ("ABCDEFé1", [LOWER, PRINTABLE]),
        ("Abcdefg٣", [DIGIT, PRINTABLE]),
        ("/ ", [LENGTH, UPPER, LOWER, DIGIT, PRINTABLE, FORBIDDEN]),
    ],
)
def test_the_policy_is_told_phrase_by_phrase(password: str, problems: list[str]) -> None:
    assert policy_problems(password) == problems


def test_five_printable_characters_are_forbidden() -> None:
    told = {character: policy_problems(f"Abcdef12{character}") for character in map(chr, range(33, 127))}
    assert {character for character, problems in told.items() if problems} == set("'\"\\/@")
    assert told["/"] == [FORBIDDEN]


def test_hashes_are_as_aws_documents_them() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    assert md5_hash("ez", "user1") == "md5153c434b4b77c89e6b94f12c5393af5b"
    assert HASHES["md5"]("ez", "user1") == "md5153c434b4b77c89e6b94f12c5393af5b"

    salt = "c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6"
    digest = "821708135fcc42eb3afda85286dee0ed15c2c461d000291609f77eb113073ec2"
    assert sha256_hash("Mypassword1", bytes.fromhex(salt)) == f"sha256|{digest}|{salt}"


def test_sha256_salts_are_32_random_bytes() -> None:
    first, second = (HASHES["sha256"]("Mypassword1", "user1") for _ in range(2))
    assert first != second
    salt = bytes.fromhex(first.rpartition("|")[2])
    assert [*HASHES] == ["md5", "sha256"]
    assert (len(salt), first) == (32, sha256_hash("Mypassword1", salt))


def test_passwords_are_hashed_as_utf8() -> None:
    assert md5_hash("pä", "ü") == "md5" + hashlib.md5("päü".encode()).hexdigest()
    assert sha256_hash("pä", b"s") == f"sha256|{hashlib.sha256('pä'.encode() + b's').hexdigest()}|73"
