"""The least admin is what the generator prints: it does the whole job from nothing, and needs each of its rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.least_admin import sql
from tests.integration.provider.admin_world import World
from tests.support.cluster import Cluster
from tests.support.segment import RETL, codes, execute

Right = tuple[str, str, str]
"""The database, the statement that takes a right, and the one that gives it back."""


def printed(world: World) -> Iterator[tuple[str, str]]:
    database, place = "dev", world.warehouse
    for line in sql(world.admin, [f"{place}.crm", f"{place}.billing.invoices"], [place]):
        if found := re.fullmatch("-- As a superuser, in (?:any )?database ?(.*):", line):
            database = found[1] or "dev"
        else:
            yield database, line.removesuffix(";")


def one_by_one(given: list[tuple[str, str]]) -> Iterator[Right]:
    for database, statement in given:
        if found := re.fullmatch(r"GRANT ([A-Z, ]+?)( (?:ON|FOR) .*)? TO (.*?)( WITH GRANT OPTION)?", statement):
            words, on, whom, option = (part or "" for part in found.groups())
            if words != "ROLE":
                for word in words.split(", "):
                    yield database, f"REVOKE {word}{on} FROM {whom}", f"GRANT {word}{on} TO {whom}{option}"
        elif statement.startswith("ALTER USER"):
            less = statement.replace("UNRESTRICTED", "RESTRICTED").replace("CREATEDB", "NOCREATEDB")
            yield database, less, statement


def test_the_least_admin_does_it_all_and_needs_each_right(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(cluster, monkeypatch, (), ())
    given = list(printed(world))
    for database, statement in given:
        cluster.sql(database, statement)
    tables = [f"{world.warehouse}.crm.accounts", f"{world.warehouse}.billing.invoices"]
    entries = [f"{world.warehouse}.crm", tables[1]]
    retl = {"reverse_etl_database": world.warehouse, "reverse_etl_owner": world.retl}

    def tasks(**how: Any) -> list[Any]:
        made = world.tasks(**how)
        return [*made[:4], made[5]]

    def lacks() -> set[str]:
        return {row["code"] for task in tasks(plan_only=True) for row in execute(task)["findings"] if row["blocking"]}

    every = list(one_by_one(given))
    sight = [one for one in every if "ACCESS" in one[1]]
    assert (len(every), len(sight)) == (16, 3)
    assert lacks() == set()
    for database, take, give in every:
        if (database, take, give) not in sight:
            cluster.sql(database, take)
            assert lacks() & {"admin_lacks", "schema_missing"}, take
            cluster.sql(database, give)
    world.user_connection(schema=world.checkpoint)
    execute(world.check(schemas=entries, **retl))
    reports = [execute(task) for task in tasks()]
    assert all(report["changed"] for report in reports)
    assert not any(execute(task)["changed"] for task in tasks())
    proof = execute(world.access(checkpoint_database=None, tables=tables))
    assert (proof["in_place"], proof["findings"]) == (2, [])
    audit = execute(world.audit(allowed=[*entries, f"{world.warehouse}.{RETL}"]))
    assert execute(world.summary(reports=reports, proofs=proof, audit=audit))["changed"] == sum(
        report["changed"] for report in reports
    )
    # Whose role it is may change, and what it holds has to be seen all the same.
    world.sql(f"ALTER ROLE {world.role} OWNER TO {world.predecessor}")
    assert lacks() == set()
    for database, take, give in sight:
        cluster.sql(database, take)
        if "CATALOG" in take:
            world.sql("ALTER SYSTEM SET metadata_security = TRUE")
            try:
                look = world.access(schemas=[f"{world.warehouse}.crm"], wait=False)
                assert "hidden" in codes(execute(look))
            finally:
                world.sql("ALTER SYSTEM SET metadata_security = FALSE")
        else:
            with pytest.raises(MisconfigurationError, match="can't see what role"):
                execute(world.grant_schema(trusted_owners=[world.predecessor]))
        cluster.sql(database, give)
