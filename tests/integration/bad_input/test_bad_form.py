"""The form's entries: what isn't there, can't be named, or contradicts itself; every problem in one refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.bad_input.refusals import LONG, refused, told_alone
from tests.integration.world import World

OWN = "a name of your own"
# The entry, and its sentence: the thing, the cause, the remedy. {w} is the warehouse.
ENTRIES: list[tuple[Any, tuple[str, ...]]] = [
    (["nowhere"], ("nowhere", "database {w} has no schema nowhere", "correct the name, or create it first")),
    (["{w}.nowhere"], ("{w}.nowhere", "has no schema nowhere", "correct the name")),
    (["atlantis.crm"], ("atlantis.crm", "there is no database atlantis", "correct the name")),
    (["{w}.crm.nothing"], ("{w}.crm.nothing", "has no table nothing", "correct the name, or create it first")),
    (["crm.accounts"], ("there is no database crm", "has a table accounts", "write {w}.crm.accounts")),
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
    ([], ("Neither schemas nor profiles_sync is given", "name what Segment is to read")),
]


def fill(value: Any, world: World) -> Any:
    return [v.format(w=world.warehouse.name) if isinstance(v, str) else v for v in value]


@pytest.mark.parametrize(("schemas", "parts"), ENTRIES, ids=lambda value: ascii(value)[:40])
def test_one_bad_entry_is_one_sentence(world: World, schemas: Any, parts: tuple[str, ...]) -> None:
    given = fill(schemas, world) if isinstance(schemas, list) else schemas
    told_alone(refused(world, world.check(schemas=given)), *fill(parts, world))


FIELDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"profiles_sync": "atlantis.profiles"}, ("profiles_sync", "no database atlantis", "correct the name")),
    ({"profiles_sync": "profiles"}, ("profiles_sync is 'profiles'", "write database.schema")),
    ({"profiles_sync": "{w}.crm"}, ("{w}.crm", "is in profiles_sync and in schemas", "leave it in profiles_sync")),
    ({"profiles_sync": "{w}.pg_x"}, ("schema 'pg_x'", "belongs to Redshift itself", "of your own")),
    ({"checkpoint_database": "Segment"}, ("'Segment'", "upper-case letters", "write it in lower case")),
    ({"checkpoint_database": "user"}, ("database name 'user'", "reserved word", "choose another")),
    ({"checkpoint_database": "template0"}, ("database 'template0'", "belongs to Redshift", "of your own")),
    ({"checkpoint_database": LONG}, ("database name", "128 bytes", "shorten it")),
    ({"checkpoint_database": ""}, ("database name", "is empty", "give the name")),
    ({"role": "Linked"}, ("role name 'Linked'", "upper-case letters", "write it in lower case")),
    ({"role": "select"}, ("role name 'select'", "reserved word", "choose another")),
    ({"role": "sys:dba"}, ("role name 'sys:dba'", "':' or '/'", "choose another")),
    ({"role": "a.b"}, ("role name 'a.b'", "'.'", "choose another")),
    ({"role": LONG}, ("role name", "128 bytes", "shorten it")),
    ({"role": "awsuser"}, ("There is a user named awsuser", "can't share", "choose another role name")),
    ({"reverse_etl_database": "atlantis"}, ("reverse_etl_database", "no database atlantis", "correct the name")),
]


@pytest.mark.parametrize(("fields", "parts"), FIELDS, ids=lambda value: ascii(value)[:40])
def test_one_bad_field_is_one_sentence(world: World, fields: dict[str, Any], parts: tuple[str, ...]) -> None:
    given = {name: value.format(w=world.warehouse.name) for name, value in fields.items()}
    told_alone(refused(world, world.check(**given)), *fill(parts, world))


def test_every_bad_entry_of_the_form_is_told_at_once(world: World) -> None:
    """All entries that can stand beside each other, in one form."""
    alone: tuple[Any, ...] = ({"crm": []}, '["crm"', [])
    listed = [entry for entry in ENTRIES if entry[0] not in alone and entry[0] != ["crm", "CRM"]]
    schemas = list(dict.fromkeys(value for entry, _ in listed for value in fill(entry, world)))
    # The same text twice: `crm`, which is in many of them.
    problems = refused(world, world.check(schemas=[*schemas, "crm"]))
    for _, parts in listed:
        assert [p for p in problems if all(part in p for part in fill(parts, world))], parts


def test_bad_fields_connections_and_identities_are_told_with_the_form(world: World) -> None:
    world.user_connection(password="weak")
    task = world.check(
        schemas=["nowhere", "crm", "crm"],
        profiles_sync="atlantis.x",
        checkpoint_database="Upper",
        role="awsuser",
        reverse_etl_database="lemuria",
    )
    problems = refused(world, task)
    for part in ("nowhere", "crm twice", "atlantis", "'Upper'", "named awsuser", "lemuria", "Redshift's policy"):
        assert len([p for p in problems if part in p]) == 1, (part, problems)
    assert len(problems) == 7
