"""The reduction of a statement to its template."""

from __future__ import annotations

import pytest

from scripts.statements import DOCUMENT, document
from tests.statements.sent import entries
from tests.statements.templates import template


@pytest.mark.parametrize(
    ("statement", "reduced"),
    [
        (
            'GRANT SELECT, INSERT ON TABLE "a"."b""c", "d.e"."f" TO ROLE "r"',
            "GRANT <privileges> ON TABLE <name> TO ROLE <name>",
        ),
        ('REVOKE ALL ON SCHEMA "a" FROM ROLE "r";', "REVOKE <privileges> ON SCHEMA <name> FROM ROLE <name>"),
        ("CREATE USER \"u\" PASSWORD 'md5\\\\''x'", "CREATE USER <name> PASSWORD <text>"),
        ("SELECT a FROM svv_roles WHERE b IN ('x', 'y''z')", "SELECT a FROM svv_roles WHERE b IN (<text>)"),
        (
            "SELECT a FROM t WHERE identity_type IN ('role', 'public')",
            "SELECT a FROM t WHERE identity_type IN ('role', 'public')",
        ),
        ("SELECT a FROM t WHERE schema_name IN ('public')", "SELECT a FROM t WHERE schema_name IN (<text>)"),
        (
            "SELECT has_schema_privilege('u', 's', 'create'), has_schema_privilege('v', 's', 'create')",
            "SELECT has_schema_privilege(<text>, <text>, 'create')",
        ),
        ("GRANT EVERYTHING ON SCHEMA s TO ROLE r", "GRANT EVERYTHING ON SCHEMA s TO ROLE r"),
        ('GRANT "r" TO "u"', "GRANT <name> TO <name>"),
        ('GRANT ROLE "r" TO "u"', "GRANT ROLE <name> TO <name>"),
    ],
)
def test_names_and_literals_go_and_keywords_stay(statement: str, reduced: str) -> None:
    assert template(statement) == reduced


def test_every_entry_is_its_own_template_and_stands_there_once() -> None:
    listed = [entry.template for entry in entries()]
    assert [template(text) for text in listed] == listed
    assert len(set(listed)) == len(listed)
    assert all(entry.page.startswith("https://docs.aws.amazon.com/redshift/latest/dg/") for entry in entries())


def test_the_documents_list_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "run `make docs`"
