"""A database as the planner sees it, privileges of role r in it, and the steps that give and take them."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.plan import Step
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
