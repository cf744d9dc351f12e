"""A database as the planner sees it, privileges of role r in it, and the steps that give and take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec

from airflow_provider_datagraph.access import database as checkpoint
from airflow_provider_datagraph.access import plan, role
from airflow_provider_datagraph.access.messages import change_text, said
from airflow_provider_datagraph.access.offboarding import plan as offboarding
from airflow_provider_datagraph.access.plan import Change, Finding, Reason
from airflow_provider_datagraph.access.schemas import closing
from airflow_provider_datagraph.access.schemas import plan as schemas_plan
from airflow_provider_datagraph.access.schemas.values import SchemaAccess, Tables
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Schema, Scope, Session

R = Identity("role", "r")
USAGE = Grant(Scope.SCHEMA, "USAGE", "crm")
SCOPED = Grant(Scope.TABLES, "SELECT", "crm")
MAY_CREATE = Privileges(Identity("user", "etl"), ("CREATE",), Scope.SCHEMA, [("crm",)])
"""What would let etl create tables in crm."""


def database(*schemas: str, name: str = "dev", **tables: str) -> SchemaAccess:
    """A database with schemas; the tables of some, in words, by schema."""
    return SchemaAccess(
        Session("admin", name),
        roles={"r": Role("r", "admin")},
        schemas={schema: Schema(schema, "admin") for schema in schemas},
        tables=named(**tables),
    )


def named(**tables: str) -> Tables:
    return Tables({schema: frozenset(words.split()) for schema, words in tables.items()})


def holding(current: SchemaAccess, *grants: Grant) -> SchemaAccess:
    return replace(current, grants=frozenset(grants))


def on_table(privilege: str, relation: str, schema: str = "crm") -> Grant:
    return Grant(Scope.TABLE, privilege, schema, relation)


def on_column(relation: str, column: str = "id", privilege: str = "SELECT", schema: str = "crm") -> Grant:
    return Grant(Scope.COLUMN, privilege, schema, relation, column)


def given(kind: str, *path: str, words: str = "SELECT", names: tuple[str, ...] = ()) -> Change:
    """What role r is given in database dev, unless the path begins with another."""
    return Change("grant", kind, path, Reason.NOT_HELD, tuple(words.split(", ")), R, names=names)


def taken(kind: str, *path: str, words: str = "SELECT", reason: Reason = Reason.NOT_DESIRED, **more: Any) -> Change:
    """What role r loses, unless there is another identity."""
    return Change("revoke", kind, path, reason, tuple(words.split(", ")), **{"identity": R, **more})


def usage(*schemas: str) -> Step:
    quoted = ", ".join(f'"{name}"' for name in schemas)
    changes = tuple(given("schema", "dev", name, words="USAGE") for name in schemas)
    return Step(f'GRANT USAGE ON SCHEMA {quoted} TO ROLE "r"', changes)


def scoped(schema: str, words: str = "SELECT") -> Step:
    return Step(
        f'GRANT {words} FOR TABLES IN SCHEMA "{schema}" TO ROLE "r"', (given("tables", "dev", schema, words=words),)
    )


def listed(words: str, *tables: str, schema: str = "crm") -> Step:
    quoted = ", ".join(f'"{schema}"."{table}"' for table in tables)
    changes = tuple(given("table", "dev", schema, table, words=words) for table in tables)
    return Step(f'GRANT {words} ON TABLE {quoted} TO ROLE "r"', changes)


def revoked(words: str, *tables: str) -> Step:
    quoted = ", ".join(f'"crm"."{table}"' for table in tables)
    changes = tuple(taken("table", "dev", "crm", table, words=words) for table in tables)
    return Step(f'REVOKE {words} ON TABLE {quoted} FROM ROLE "r"', changes)


@dataclass(frozen=True)
class Step:
    sql: str
    changes: tuple[Change, ...]
    autocommit: bool = False


@dataclass(frozen=True)
class Plan(plan.Plan):
    steps: tuple[Step, ...] = ()  # type: ignore[assignment]  # with their statements as they are sent

    @property
    def sql(self) -> list[str]:
        return [step.sql for step in self.steps]


def seen(steps: Iterable[plan.Step]) -> tuple[Step, ...]:
    """Steps with their statements as they are sent; each change can be told, before it is made and after."""
    listed = list(steps)
    for change in (change for step in listed for change in step.changes):
        assert change_text(change) and change_text(change, done=True)
    # Others look at what is created and dropped.
    assert {getattr(one.statement, "kind", "role") for one in listed} <= {"role", "user", "database"}
    return tuple(Step(one.statement.sql, one.changes, one.statement.autocommit) for one in listed)


def told(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, each of which can be said: all that its sentence needs is there."""
    listed = tuple(findings)
    assert all(map(said, listed))
    return listed


P = ParamSpec("P")


def as_seen(make: Callable[P, plan.Plan]) -> Callable[P, Plan]:
    """A planner whose plans are seen so."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Plan:
        found = make(*args, **kwargs)
        return Plan(seen(found.steps), found.in_place, told(found.findings))

    return made


plan_role, plan_database = as_seen(role.plan_role), as_seen(checkpoint.plan_database)
plan_schemas, plan_closing = as_seen(schemas_plan.plan_schemas), as_seen(closing.plan_closing)
plan_holdings, plan_identities = as_seen(offboarding.plan_holdings), as_seen(offboarding.plan_identities)
plan_checkpoint = as_seen(offboarding.plan_checkpoint)
