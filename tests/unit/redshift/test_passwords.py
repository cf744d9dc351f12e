"""Redshift's password policy and hashes, by AWS's documented examples."""

from __future__ import annotations

import hashlib

import pytest

from airflow_provider_datagraph.redshift.passwords import HASHES, hashed, md5_hash, policy_problems, sha256_hash

LENGTH = "be 8 to 64 characters long"
UPPER = "hold an upper-case letter"
LOWER = "hold a lower-case letter"
DIGIT = "hold a digit"
PRINTABLE = "hold only printable ASCII characters without spaces"
FORBIDDEN = "hold none of ' \" \\ / @"


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        ("Abcdef12", []),
        ("Zbcdef09", []),
        ("ABCDEFz9", []),
        ("ABCDEFa0", []),
        ("Abcdef1", [LENGTH]),
        ("Aa1" + "x" * 61, []),
        ("Aa1" + "x" * 62, [LENGTH]),
        ("abcdefg1", [UPPER]),
        ("ABCDEFG1", [LOWER]),
        ("ZYXWV`{1", [LOWER]),
        ("zyxwv[^1", [UPPER]),
        ("Abcdefg:", [DIGIT]),
        ("Abcdefgh", [DIGIT]),
        ("Abcdef 12", [PRINTABLE]),
        ("Abcdef1\x7f", [PRINTABLE]),
        ("Abcdef1~", []),
        ("Abcdef1!", []),
        ("Abcdef1é", [PRINTABLE]),
        ("Äbcdef12", [UPPER, PRINTABLE]),
        ("ABCDEFé1", [LOWER, PRINTABLE]),
        ("Abcdefg٣", [DIGIT, PRINTABLE]),
        ("", [LENGTH, UPPER, LOWER, DIGIT]),
        ("/ ", [LENGTH, UPPER, LOWER, DIGIT, PRINTABLE, FORBIDDEN]),
    ],
)
def test_the_policy_is_told_phrase_by_phrase(password: str, problems: list[str]) -> None:
    assert policy_problems(password) == problems


@pytest.mark.parametrize("character", [chr(code) for code in range(33, 127)])
def test_five_printable_characters_are_forbidden(character: str) -> None:
    assert policy_problems("Abcdef12" + character) == ([FORBIDDEN] if character in "'\"\\/@" else [])


def test_md5_is_as_aws_documents_it() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    assert md5_hash("ez", "user1") == "md5153c434b4b77c89e6b94f12c5393af5b"
    assert hashed("ez", "user1", "md5") == "md5153c434b4b77c89e6b94f12c5393af5b"


def test_sha256_is_as_aws_documents_it() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    salt = "c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6"
    digest = "821708135fcc42eb3afda85286dee0ed15c2c461d000291609f77eb113073ec2"
    assert sha256_hash("Mypassword1", bytes.fromhex(salt)) == f"sha256|{digest}|{salt}"


def test_sha256_salts_are_32_random_bytes() -> None:
    texts = [hashed("Mypassword1", "user1", "sha256") for _ in range(2)]
    assert texts[0] != texts[1]
    for text in texts:
        kind, digest, salt = text.split("|")
        assert (kind, len(bytes.fromhex(salt))) == ("sha256", 32)
        assert digest == hashlib.sha256(b"Mypassword1" + bytes.fromhex(salt)).hexdigest()


def test_passwords_are_hashed_as_utf8() -> None:
    assert md5_hash("pä", "ü") == "md5" + hashlib.md5("päü".encode()).hexdigest()
    assert sha256_hash("pä", b"s") == f"sha256|{hashlib.sha256('pä'.encode() + b's').hexdigest()}|73"


def test_there_are_two_kinds_of_hashes() -> None:
    assert HASHES == ("md5", "sha256")
    with pytest.raises(ValueError) as caught:
        hashed("Secret123", "user1", "SHA256")
    assert str(caught.value) == "unknown kind of password hash 'SHA256': use md5 or sha256"
