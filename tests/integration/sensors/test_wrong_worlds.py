"""Worlds in which Segment couldn't do its work, or could do more than it should: none is called proved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, codes
from tests.support.waiting import fire, trigger_of

GOOD = ("CREATE SCHEMA {crm}", "CREATE TABLE {crm}.accounts (id int, name varchar)")
USAGE, SELECT = "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}", "GRANT SELECT FOR TABLES IN SCHEMA {crm} TO ROLE {role}"
OPEN = (*GOOD, USAGE, SELECT)
TIMEOUT, FAILED = "timeout", "misconfigured"


@dataclass(frozen=True)
class World:
    """Statements in the warehouse and in the checkpoint database, what the sensor is asked, and what it has to say.

    In the statements `{other}` is another user, who is nobody's admin.
    """

    warehouse: tuple[str, ...]
    found: tuple[str, ...]
    ends: str = FAILED
    checkpoint: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    delegated: bool = False


TABLES = {"tables": ["{crm}.accounts"]}
WORLDS = {
    "the schema is missing": World((), ("schema_missing",), TIMEOUT),
    "the table is missing": World(("CREATE SCHEMA {crm}", USAGE), ("table_missing",), TIMEOUT, arguments=TABLES),
    "the table is missing, the schema closed": World(("CREATE SCHEMA {crm}",), ("schema_closed",), arguments=TABLES),
    "the only schema is empty": World(("CREATE SCHEMA {crm}",), ("schema_empty",), TIMEOUT),
    "the admin owns the schema and not the table": World(
        (*GOOD, "ALTER SCHEMA {crm} OWNER TO {other}"), ("schema_closed",), delegated=True
    ),
    "the admin sees one of two tables": World(
        (
            *GOOD,
            "CREATE TABLE {crm}.later (id int)",
            USAGE,
            "GRANT USAGE ON SCHEMA {crm} TO {other}",
            "GRANT SELECT ON {crm}.accounts TO ROLE {role}",
            "GRANT SELECT ON {crm}.accounts TO {other}",
        ),
        ("not_granted",),
        delegated=True,
    ),
    "USAGE is missing": World((*GOOD, "GRANT SELECT ON {crm}.accounts TO ROLE {role}"), ("schema_closed",)),
    "SELECT is missing": World((*GOOD, USAGE), ("not_granted",)),
    "one of two tables isn't granted": World(
        (*GOOD, "CREATE TABLE {crm}.b (id int)", USAGE, "GRANT SELECT ON {crm}.b TO ROLE {role}"),
        ("not_granted",),
    ),
    "one column is granted": World(
        (*GOOD, USAGE, "GRANT SELECT (id) ON {crm}.accounts TO ROLE {role}"),
        ("column_privileges",),
    ),
    "only UPDATE is granted": World(
        (*GOOD, USAGE, "GRANT UPDATE ON {crm}.accounts TO ROLE {role}"),
        ("not_granted",),
    ),
    "another role has it": World(
        (*GOOD, "GRANT USAGE ON SCHEMA {crm} TO {other}", "GRANT SELECT ON {crm}.accounts TO {other}"),
        ("schema_closed",),
    ),
    "the view's owner can't read": World(
        (
            "CREATE SCHEMA {crm}",
            "CREATE SCHEMA {crm}_below",
            "CREATE TABLE {crm}_below.t (id int)",
            "CREATE VIEW {crm}.v AS SELECT id FROM {crm}_below.t",
            "GRANT CREATE ON SCHEMA {crm} TO {other}",
            "ALTER TABLE {crm}.v OWNER TO {other}",
            USAGE,
            SELECT,
        ),
        ("view_refused",),
    ),
    "no CREATE on the checkpoint database": World(
        (*OPEN, "REVOKE CREATE ON DATABASE {checkpoint} FROM ROLE {role}"), ("checkpoint_closed",)
    ),
    "Segment's schema there is another's": World(OPEN, ("checkpoint_closed",), checkpoint=(f"CREATE SCHEMA {RETL}",)),
    "and it may only be used": World(
        OPEN,
        ("checkpoint_closed",),
        checkpoint=(f"CREATE SCHEMA {RETL}", f"GRANT USAGE ON SCHEMA {RETL} TO ROLE {{role}}"),
    ),
    "and its tables are closed": World(
        OPEN,
        ("checkpoint_closed",),
        checkpoint=(
            f"CREATE SCHEMA {RETL}",
            f"CREATE TABLE {RETL}.records (id int)",
            f"GRANT USAGE, CREATE ON SCHEMA {RETL} TO ROLE {{role}}",
            f"GRANT SELECT, INSERT ON {RETL}.records TO ROLE {{role}}",
        ),
    ),
}

MORE = {
    "a superuser": (("ALTER USER {user} CREATEUSER",), "user_is_superuser"),
    "CREATEDB": (("ALTER USER {user} CREATEDB",), "user_createdb"),
    "a system permission": (("GRANT CREATE USER TO ROLE {role}",), "system_permission"),
    "INSERT": (("GRANT INSERT ON {crm}.accounts TO ROLE {role}",), "can_write"),
    "UPDATE, itself": (("GRANT UPDATE ON {crm}.accounts TO {user}",), "can_write"),
    "DELETE, by a group": (
        ("CREATE GROUP {other}_g WITH USER {user}", "GRANT DELETE ON {crm}.accounts TO GROUP {other}_g"),
        "can_write",
    ),
    "TRUNCATE, on later tables too": (("GRANT TRUNCATE FOR TABLES IN SCHEMA {crm} TO ROLE {role}",), "can_write"),
    "DROP, by a role of the role": (
        (
            "CREATE ROLE {other}_r",
            "GRANT ROLE {other}_r TO ROLE {role}",
            "GRANT DROP ON {crm}.accounts TO ROLE {other}_r",
        ),
        "can_write",
    ),
    "a table of its own": (("ALTER TABLE {crm}.accounts OWNER TO {user}",), "can_write"),
    "CREATE in a read schema": (("GRANT CREATE ON SCHEMA {crm} TO ROLE {role}",), "can_create"),
    "CREATE in a read database": (("GRANT CREATE ON DATABASE {warehouse} TO ROLE {role}",), "can_create"),
    "no member": (
        (
            "REVOKE ROLE {role} FROM {user}",
            "GRANT USAGE ON SCHEMA {crm} TO {user}",
            "GRANT SELECT ON {crm}.accounts TO {user}",
            "GRANT CREATE ON DATABASE {checkpoint} TO {user}",
        ),
        "not_a_member",
    ),
    "a forbidden schema": (
        (
            "CREATE SCHEMA {crm}_pay",
            "CREATE TABLE {crm}_pay.salaries (cents int)",
            "GRANT USAGE ON SCHEMA {crm}_pay TO ROLE {role}",
            "GRANT SELECT ON {crm}_pay.salaries TO ROLE {role}",
        ),
        "forbidden_readable",
    ),
}
"""What the linked user could do beyond reading."""


def set_up(house: House, world: World) -> dict[str, Any]:
    """Make a world; the sensor's arguments."""
    other = house.cluster.user("other")
    names = {"crm": house.crm, "role": house.role, "user": house.user, "other": other, "checkpoint": house.checkpoint}
    names["warehouse"] = house.warehouse
    house.sql(*(text.format(**names) for text in world.warehouse))
    house.cluster.sql(house.checkpoint, *(text.format(**names) for text in world.checkpoint))
    if world.delegated:
        house.admin_connection(login=other, password=PASSWORD)
    given = world.arguments or {"schemas": ["{crm}"]}
    return {key: [text.format(**names) for text in texts] for key, texts in given.items()}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_no_wrong_world_is_proved(house: House, world: World) -> None:
    given = set_up(house, world)
    try:
        sensor = house.access(least_privilege=True, **given)
        payload = fire(trigger_of(sensor, seconds=0))
        looked = house.access(wait=False, **given).execute({})
        assert tuple(codes(looked)) == world.found
        assert payload["status"] == world.ends
        if world.ends == FAILED:
            assert payload["report"].keys() == looked.keys()
            assert codes(payload["report"]) == codes(looked)
            with pytest.raises(AirflowFailException):
                sensor.execute({})
    finally:
        house.cluster.sql(house.checkpoint, *([f"DROP SCHEMA {RETL} CASCADE"] if world.checkpoint else ()))


@pytest.mark.parametrize(("statements", "code"), MORE.values(), ids=MORE)
def test_what_must_not_be_possible_is_a_finding_or_an_end(house: House, statements: tuple[str, ...], code: str) -> None:
    given = set_up(house, World((*OPEN, *statements), ()))
    try:
        sensor = house.access(forbidden=["*_pay"], **given)
        told = sensor.execute({})
        assert codes(told) == [code]
        assert not told["findings"][0]["blocking"]
        # Again as an end, by the trigger; the remedy is one.
        strict = house.access(forbidden=["*_pay"], least_privilege=True, **given)
        payload = fire(trigger_of(strict, seconds=0))
        assert (payload["status"], codes(payload["report"])) == (FAILED, [code])
        if code == "can_write":
            assert codes(house.access(tables=[f"{house.crm}.accounts"]).execute({})) == [code]
    finally:
        house.sql(*([f"ALTER USER {house.user} NOCREATEUSER"] if code == "user_is_superuser" else ()))
        house.sql(f"REVOKE CREATE ON DATABASE {house.warehouse} FROM ROLE {house.role}")
        groups = [name for name in house.cluster.column("SELECT groname FROM pg_group") if name.endswith("_g")]
        house.sql(*(f"REVOKE ALL ON ALL TABLES IN SCHEMA {house.crm} FROM GROUP {name}" for name in groups))
        house.sql(*(f"DROP GROUP {name}" for name in groups))


def test_a_healthy_world_has_no_finding_three_times_in_a_row(house: House) -> None:
    given = set_up(house, World(OPEN, ()))
    for deferred in (False, True, False):
        sensor = house.access(least_privilege=True, probe_checkpoint=True, forbidden=["payroll"], **given)
        report = fire(trigger_of(sensor))["report"] if deferred else sensor.execute({})
        assert (report["findings"], report["in_place"], report["proof"]["unproved"]) == ([], 1, 0)
