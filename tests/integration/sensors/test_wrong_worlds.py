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
OPEN = (
    *GOOD,
    "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}",
    "GRANT SELECT FOR TABLES IN SCHEMA {crm} TO ROLE {role}",
)
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
    "the table is missing": World(
        ("CREATE SCHEMA {crm}", "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}"),
        ("table_missing",),
        TIMEOUT,
        arguments=TABLES,
    ),
    "the table is missing, the schema closed": World(("CREATE SCHEMA {crm}",), ("schema_closed",), arguments=TABLES),
    "the only schema is empty": World(("CREATE SCHEMA {crm}",), ("schema_empty",), TIMEOUT),
    "the admin owns the schema and not the table": World(
        (
            *GOOD,
            "ALTER SCHEMA {crm} OWNER TO {other}",
        ),
        ("schema_closed",),
        delegated=True,
    ),
    "the admin sees one of two tables": World(
        (
            *GOOD,
            "CREATE TABLE {crm}.later (id int)",
            "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}",
            "GRANT USAGE ON SCHEMA {crm} TO {other}",
            "GRANT SELECT ON {crm}.accounts TO ROLE {role}",
            "GRANT SELECT ON {crm}.accounts TO {other}",
        ),
        ("not_granted",),
        delegated=True,
    ),
    "USAGE is missing": World((*GOOD, "GRANT SELECT ON {crm}.accounts TO ROLE {role}"), ("schema_closed",)),
    "SELECT is missing": World((*GOOD, "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}"), ("not_granted",)),
    "one of two tables isn't granted": World(
        (
            *GOOD,
            "CREATE TABLE {crm}.b (id int)",
            "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}",
            "GRANT SELECT ON {crm}.b TO ROLE {role}",
        ),
        ("not_granted",),
    ),
    "one column is granted": World(
        (*GOOD, "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}", "GRANT SELECT (id) ON {crm}.accounts TO ROLE {role}"),
        ("column_privileges",),
    ),
    "only UPDATE is granted": World(
        (*GOOD, "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}", "GRANT UPDATE ON {crm}.accounts TO ROLE {role}"),
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
            "GRANT USAGE ON SCHEMA {crm} TO ROLE {role}",
            "GRANT SELECT FOR TABLES IN SCHEMA {crm} TO ROLE {role}",
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


def set_up(house: House, world: World) -> dict[str, Any]:
    """Make a world; the sensor's arguments."""
    other = house.cluster.user("other")
    names = {"crm": house.crm, "role": house.role, "user": house.user, "other": other, "checkpoint": house.checkpoint}
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
        sensor = house.access(**given)
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
