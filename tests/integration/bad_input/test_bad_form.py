"""The form's entries: what isn't there, can't be named, or contradicts itself; every problem in one refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.bad_input.refusals import LONG, refused, told_alone
from tests.support.segment import Segment

OWN = "a name of your own"
# The entry, and its sentence: the thing, the cause, the remedy. {w} is the warehouse.
ENTRIES: list[tuple[Any, tuple[str, ...]]] = [
    (["nowhere"], ("nowhere", "database {w} has no schema nowhere", "correct the name, or create it first")),
    (["{w}.nowhere"], ("{w}.nowhere", "has no schema nowhere", "correct the name")),
    (["atlantis.crm"], ("atlantis.crm", "there is no database atlantis", "correct the name")),
    (["{w}.crm.nothing"], ("{w}.crm.nothing", "has no table nothing", "correct the name, or create it first")),
    (["crm.accounts"], ("there is no database crm", "has a table accounts", "write {w}.crm.accounts")),
    (["CRM.Accounts"], ("there is no database CRM", "has a table accounts", "write {w}.crm.accounts")),
    (["crm.nope"], ("there is no database crm", "schema crm of {w} has no table nope")),
    (["pg_catalog"], ("schema 'pg_catalog'", "belongs to Redshift itself", "name a schema of your own")),
    (["PG_Toast"], ("schema 'PG_Toast'", "belongs to Redshift itself", "name a schema of your own")),
    (["information_schema"], ("'information_schema'", "belongs to Redshift", "a schema of your own")),
    (["{w}.catalog_history"], ("'catalog_history'", "belongs to Redshift", "a schema of your own")),
    (["{w}.pg_internal.x"], ("'pg_internal'", "belongs to Redshift itself", "a schema of your own")),
    (["padb_harvest.crm"], ("database 'padb_harvest'", "belongs to Redshift", "a database of your own")),
    (["template1.crm"], ("database 'template1'", "belongs to Redshift", "a database of your own")),
    ([LONG], ("schema name", "is 128 bytes long", "at most 127", "shorten it")),
    (["é" * 64], ("schema name", "is 128 bytes long", "at most 127", "shorten it")),
    (["{w}.crm." + LONG], ("table name", "is 128 bytes long", "at most 127", "shorten it")),
    (["cr\x07m"], ("schema name 'cr\\x07m'", "can't be printed", "remove it")),
    (["a.b.c.d"], ("'a.b.c.d'", "has 4 parts", "write schema, database.schema or")),
    (["{w}..crm"], ("'{w}..crm'", "has an empty part", "write schema, database.schema or")),
    (['"crm'], ("'\"crm'", "isn't closed", "close it, or remove it")),
    (['"crm"x'], ("goes on after a closing quote", "put a dot")),
    (["crm", "crm"], ("names crm twice", "name each once")),
    (["crm", "CRM"], ("{w}.crm", "is named twice", "name it once")),
    (["crm", "{w}.crm"], ("{w}.crm", "is named twice", "name it once")),
    (["{w}.crm.accounts", "{w}.crm.Accounts"], ("{w}.crm.accounts", "is named twice", "name it once")),
    (["crm", "{w}.crm.accounts"], ("{w}.crm.accounts names one table", "all of them", "keep one of the two")),
    (["crm", 7], ("schemas has the entry 7", "each has to be a name")),
    (["crm", "  "], ("schemas has the entry '  '", "each has to be a name")),
    ({"crm": []}, ("schemas is {{'crm': []}}", "give a list")),
    ('["crm"', ("schemas looks like JSON and isn't", "correct it")),
    ("[1]", ("schemas has the entry 1", "each has to be a name")),
    ([], ("Neither schemas nor profiles_sync is given", "name what Segment is to read")),
    ("", ("Neither schemas nor profiles_sync is given", "name what Segment is to read")),
]


def fill(value: Any, segment: Segment) -> Any:
    return [v.format(w=segment.warehouse) if isinstance(v, str) else v for v in value]


@pytest.mark.parametrize(("schemas", "parts"), ENTRIES, ids=lambda value: ascii(value)[:40])
def test_one_bad_entry_is_one_sentence(segment: Segment, schemas: Any, parts: tuple[str, ...]) -> None:
    given = fill(schemas, segment) if isinstance(schemas, list) else schemas
    told_alone(refused(segment, segment.check(schemas=given)), *fill(parts, segment))


FIELDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"profiles_sync": "atlantis.profiles"}, ("profiles_sync", "no database atlantis", "correct the name")),
    ({"profiles_sync": "profiles"}, ("profiles_sync is 'profiles'", "write database.schema")),
    ({"profiles_sync": "{w}.crm.accounts"}, ("profiles_sync is '{w}.crm.accounts'", "write database.schema")),
    ({"profiles_sync": "{w}.CRM"}, ("{w}.CRM", "is in profiles_sync and in schemas", "leave it in profiles_sync")),
    ({"profiles_sync": "{w}.crm"}, ("{w}.crm", "is in profiles_sync and in schemas", "leave it in profiles_sync")),
    ({"profiles_sync": "{w}.pg_x"}, ("schema 'pg_x'", "belongs to Redshift itself", "of your own")),
    ({"reverse_etl_database": "atlantis"}, ("reverse_etl_database", "no database atlantis", "correct the name")),
]


@pytest.mark.parametrize(("fields", "parts"), FIELDS, ids=lambda value: ascii(value)[:40])
def test_one_bad_field_is_one_sentence(segment: Segment, fields: dict[str, Any], parts: tuple[str, ...]) -> None:
    given = {name: value.format(w=segment.warehouse) for name, value in fields.items()}
    told_alone(refused(segment, segment.check(**given)), *fill(parts, segment))


ROLES = [
    ("", ("role name", "is empty", "give the name")),
    ("Linked", ("role name 'Linked'", "upper-case letters", "write it in lower case")),
    ("select", ("role name 'select'", "reserved word", "choose another")),
    ("sys:dba", ("role name 'sys:dba'", "':' or '/'", "choose another")),
    ("a.b", ("role name 'a.b'", "'.'", "choose another")),
    ("a\tb", ("role name 'a\\tb'", "can't be printed", "remove it")),
    (LONG, ("role name", "128 bytes", "shorten it")),
]


@pytest.mark.parametrize("make", [Segment.check, Segment.create_role])
@pytest.mark.parametrize(("role", "parts"), ROLES, ids=lambda value: ascii(value)[:40])
def test_a_name_that_no_role_can_have(
    segment: Segment, make: Callable[..., Any], role: str, parts: tuple[str, ...]
) -> None:
    told_alone(refused(segment, make(segment, role=role)), *parts)


DATABASES = [
    ("", ("database name", "is empty", "give the name")),
    ("Segment", ("'Segment'", "upper-case letters", "write it in lower case")),
    ("user", ("database name 'user'", "reserved word", "choose another")),
    ("template0", ("database 'template0'", "belongs to Redshift", "of your own")),
    ("a\tb", ("database name 'a\\tb'", "can't be printed", "remove it")),
    (LONG, ("database name", "128 bytes", "shorten it")),
]


@pytest.mark.parametrize("argument", ["checkpoint_database", "database"])
@pytest.mark.parametrize(("name", "parts"), DATABASES, ids=lambda value: ascii(value)[:40])
def test_a_name_that_no_database_can_have(linked: Segment, argument: str, name: str, parts: tuple[str, ...]) -> None:
    make = linked.create_database if argument == "database" else linked.check
    told_alone(refused(linked, make(**{argument: name})), *parts)


def test_every_bad_entry_of_the_form_is_told_at_once(segment: Segment) -> None:
    """All entries that can stand beside each other, in one form."""
    listed = [entry for entry in ENTRIES if isinstance(entry[0], list) and entry[0] not in ([], ["crm", "CRM"])]
    schemas = list(dict.fromkeys(value for entry, _ in listed for value in fill(entry, segment)))
    # The same text twice: `crm`, which is in many of them.
    problems = refused(segment, segment.check(schemas=[*schemas, "crm"]))
    for _, parts in listed:
        assert [p for p in problems if all(part in p for part in fill(parts, segment))], parts
