"""A database as the planner sees it, privileges of role r in it, and the steps that give and take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import ParamSpec

from airflow_provider_datagraph.access import closing, plan, role
from airflow_provider_datagraph.access import database as access_database
from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.offboarding import plan as offboarding
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas import plan as schemas_plan
from airflow_provider_datagraph.redshift.values import Grant, Role, Schema, Scope, Session

USAGE = Grant(Scope.SCHEMA, "USAGE", "crm")
SCOPED = Grant(Scope.TABLES, "SELECT", "crm")


def database(*schemas: str, name: str = "dev", **relations: str) -> CurrentAccess:
    """A database with schemas; the tables of some, in words, by schema."""
    return CurrentAccess(
        Session("admin", name),
        roles={"r": Role("r", "admin")},
        schemas={schema: Schema(schema, "admin") for schema in schemas},
        relations={schema: frozenset(tables.split()) for schema, tables in relations.items()},
    )


def holding(current: CurrentAccess, *grants: Grant) -> CurrentAccess:
    return replace(current, grants=frozenset(grants))


def on_table(privilege: str, relation: str, schema: str = "crm") -> Grant:
    return Grant(Scope.TABLE, privilege, schema, relation)


def on_column(relation: str, column: str = "id", privilege: str = "SELECT", schema: str = "crm") -> Grant:
    return Grant(Scope.COLUMN, privilege, schema, relation, column)


def usage(*schemas: str) -> Step:
    quoted = ", ".join(f'"{name}"' for name in schemas)
    sentences = tuple(f"grant USAGE on schema dev.{name} to role r: not held" for name in schemas)
    return Step(f'GRANT USAGE ON SCHEMA {quoted} TO ROLE "r"', sentences)


def scoped(schema: str, words: str = "SELECT") -> Step:
    return Step(
        f'GRANT {words} FOR TABLES IN SCHEMA "{schema}" TO ROLE "r"',
        (f"grant {words} on the tables of dev.{schema}, also later ones, to role r: not held",),
    )


def listed(words: str, *tables: str, schema: str = "crm") -> Step:
    quoted = ", ".join(f'"{schema}"."{table}"' for table in tables)
    sentences = tuple(f"grant {words} on table dev.{schema}.{table} to role r: not held" for table in tables)
    return Step(f'GRANT {words} ON TABLE {quoted} TO ROLE "r"', sentences)


def revoked(words: str, *tables: str) -> Step:
    quoted = ", ".join(f'"crm"."{table}"' for table in tables)
    sentences = tuple(f"revoke {words} on table dev.crm.{table} from role r: not desired" for table in tables)
    return Step(f'REVOKE {words} ON TABLE {quoted} FROM ROLE "r"', sentences)


@dataclass(frozen=True)
class Step:
    """A step as people see it: its statement, and a sentence for each change."""

    sql: str
    sentences: tuple[str, ...]
    autocommit: bool = False


@dataclass(frozen=True)
class Plan:
    """A plan with such steps."""

    steps: tuple[Step, ...] = ()
    in_place: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(sentence for step in self.steps for sentence in step.sentences)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocking)


def seen(steps: Iterable[plan.Step]) -> tuple[Step, ...]:
    """Steps as people see them."""
    return tuple(
        Step(one.statement.sql, tuple(map(change_text, one.changes)), one.statement.autocommit) for one in steps
    )


P = ParamSpec("P")


def as_seen(make: Callable[P, plan.Plan]) -> Callable[P, Plan]:
    """A planner whose plans are seen so."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Plan:
        found = make(*args, **kwargs)
        return Plan(seen(found.steps), found.in_place, found.findings)

    return made


plan_role, plan_database = as_seen(role.plan_role), as_seen(access_database.plan_database)
plan_schemas, plan_closing = as_seen(schemas_plan.plan_schemas), as_seen(closing.plan_closing)
plan_holdings, plan_identities = as_seen(offboarding.plan_holdings), as_seen(offboarding.plan_identities)
plan_checkpoint = as_seen(offboarding.plan_checkpoint)
