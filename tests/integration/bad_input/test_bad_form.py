"""The form's entries: what isn't there, can't be named, or contradicts itself; every problem in one refusal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.integration.bad_input.refusals import LONG, refused, told_alone
from tests.support.segment import Segment

# One entry of each kind, and its sentence: the thing, the cause, the remedy. {w} is the warehouse.
ENTRIES: list[tuple[Any, tuple[str, ...]]] = [
    ("nowhere", ("nowhere", "database {w} has no schema nowhere", "correct the name, or create it first")),
    ("atlantis.crm", ("atlantis.crm", "there is no database atlantis", "correct the name")),
    ("{w}.crm.nothing", ("{w}.crm.nothing", "has no table nothing", "correct the name, or create it first")),
    ("CRM.Accounts", ("there is no database CRM", "has a table accounts", "write {w}.crm.accounts")),
    ("{w}.PG_Toast", ("schema 'PG_Toast'", "belongs to Redshift itself", "name a schema of your own")),
    ("template1.crm", ("database 'template1'", "belongs to Redshift", "a database of your own")),
    ("{w}.crm." + LONG, ("table name", "is 128 bytes long", "at most 127", "shorten it")),
    ("cr\x07m", ("schema name 'cr\\x07m'", "can't be printed", "remove it")),
    ("a.b.c.d", ("schemas has the entry 'a.b.c.d'", "write schema or database.schema or")),
    ('"crm', ("'\"crm'", "isn't closed", "close it, or remove it")),
    ("crm", ("names crm twice", "name each once")),
    ("{w}.CRM", ("{w}.crm", "is named twice", "name it once")),
    ("{w}.crm.accounts", ("{w}.crm.accounts names one table", "all of them", "keep one of the two")),
    (7, ("schemas has the entry 7", "each has to be a name")),
]


def fill(values: Iterable[Any], segment: Segment) -> list[Any]:
    return [value.format(w=segment.warehouse) if isinstance(value, str) else value for value in values]


def test_every_bad_entry_of_the_form_is_told_at_once(segment: Segment) -> None:
    entries = fill([entry for entry, _ in ENTRIES], segment)
    # The same text twice: `crm`.
    problems = refused(segment, segment.check(schemas=[*entries, "crm"]))
    for _, parts in ENTRIES:
        assert [p for p in problems if all(part in p for part in fill(parts, segment))], parts


FIELDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"schemas": ""}, ("Neither schemas nor profiles_sync is given", "name what Segment is to read")),
    ({"profiles_sync": "profiles"}, ("profiles_sync has the entry 'profiles'", "write database.schema, with")),
    (
        {"profiles_sync": "{w}.crm.accounts"},
        ("profiles_sync has the entry '{w}.crm.accounts'", "write database.schema, with"),
    ),
    ({"profiles_sync": "{w}.pg_x"}, ("schema 'pg_x'", "belongs to Redshift itself", "of your own")),
]


def test_one_bad_field_is_one_sentence(segment: Segment) -> None:
    for fields, parts in FIELDS:
        given = dict(zip(fields, fill(fields.values(), segment), strict=True))
        told_alone(refused(segment, segment.check(**given)), *fill(parts, segment))
