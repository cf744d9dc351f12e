"""An ordinary user with CREATE, CREATE ROLE and CREATEDB plants what a run would adopt, and gains nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.redshift.statements import ChangeOwner
from airflow_provider_datagraph.redshift.values import Owned
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, WAREHOUSE, Segment, codes, drop, execute, notes, said

SECRETS = (("crm", "accounts"), ("billing", "invoices"))


@pytest.fixture(params=["superuser", "delegate"])
def world(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Segment:
    """A warehouse without role, user and checkpoint database; its admin is a superuser, or isn't."""
    made = Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE))
    if request.param == "delegate":
        keeper, name = cluster.role("keeper"), cluster.user("dba", "CREATEDB SYSLOG ACCESS UNRESTRICTED")
        cluster.sql(
            made.warehouse,
            f"GRANT CREATE ROLE, CREATE USER, ACCESS SYSTEM TABLE TO ROLE {keeper}",
            f"GRANT ROLE {keeper} TO {name}",
            *(f"GRANT USAGE ON SCHEMA {schema} TO {name} WITH GRANT OPTION" for schema, _ in SECRETS),
            *(f"GRANT SELECT FOR TABLES IN SCHEMA {s} TO {name} WITH GRANT OPTION" for s, _ in SECRETS),
        )
        made.admin_connection(login=name, password=PASSWORD)
    return made


@pytest.fixture
def eve(world: Segment) -> str:
    cluster = world.cluster
    maker, name = cluster.role("maker"), cluster.user("eve", "CREATEDB")
    cluster.sql("dev", f"GRANT CREATE ROLE TO ROLE {maker}", f"GRANT ROLE {maker} TO {name}")
    world.sql(f"GRANT CREATE ON DATABASE {world.warehouse} TO {name}")
    return name


def everything(world: Segment) -> list[Any]:
    return [
        world.check(profiles_sync=f"{world.warehouse}.profiles"),
        world.create_role(),
        world.create_database(),
        world.grant_schema(),
        world.grant_schema(future_tables="none", schema="billing", tables=["invoices"]),
        world.grant_schema(fail_on_drift=True),
    ]


def stopped(world: Segment, *tasks: Any) -> set[str]:
    found: list[set[str]] = []
    for task in tasks:
        with world.cluster.untouched(), pytest.raises((MisconfigurationError, DriftError)) as caught:
            execute(task)
        problems = getattr(caught.value, "problems", None) or [str(caught.value)]
        found.append({problem for problem in problems if "belongs to" in problem})
    assert all(found)
    return set.union(*found)


@contextmanager
def gaining_nothing(world: Segment, eve: str) -> Iterator[None]:
    """She reads no more afterwards than before."""
    yield
    assert not any(world.cluster.can_read(eve, (world.warehouse, *path)) for path in SECRETS)


def untrusted(world: Segment, kind: str, name: str, owner: str, **case: Any) -> str:
    take = ChangeOwner(Owned(kind, name), world.admin)
    return said("untrusted_owner", name, kind=kind, owner=owner, statement=take, **case)


def plant_role(world: Segment, eve: str) -> None:
    world.sql(f"CREATE ROLE {world.role}", f"GRANT ROLE {world.role} TO {eve}", user=eve)


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_role_of_hers_is_given_nothing(world: Segment, eve: str, when: str) -> None:
    if when == "between":
        execute(world.check())
    with gaining_nothing(world, eve):
        plant_role(world, eve)
        told = stopped(world, *everything(world))
        assert untrusted(world, "role", world.role, eve) in told
        for name in (eve.upper(), eve[:-1], "nobody"):
            stopped(world, world.create_role(trusted_owners=[name]), world.check(trusted_owners=name))
    # Whom the caller names is trusted, and so is the admin who takes it over.
    world.sql(f"REVOKE ROLE {world.role} FROM {eve}", f"GRANT ROLE {world.role} TO {world.admin} WITH ADMIN OPTION")
    assert "role_owner" in notes(execute(world.create_role(trusted_owners=[eve])))
    world.sql(f"ALTER ROLE {world.role} OWNER TO {world.admin}")
    execute(world.grant_schema())


def test_a_role_that_is_somebody_elses_by_now_is_given_nothing(world: Segment, eve: str) -> None:
    plant_role(world, eve)
    world.sql(f"ALTER ROLE {world.role} OWNER TO {world.cluster.user('other')}")
    assert stopped(world, world.create_role(trusted_owners=eve), world.grant_schema())


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_checkpoint_database_of_hers_is_not_taken_over(world: Segment, eve: str, when: str) -> None:
    execute(world.create_role())
    if when == "between":
        execute(world.check())
    world.cluster.sql("dev", f"CREATE DATABASE {world.checkpoint}", user=eve)
    world.cluster.sql(world.checkpoint, f"CREATE SCHEMA {RETL}", user=eve)
    with gaining_nothing(world, eve):
        told = untrusted(world, "database", world.checkpoint, eve)
        form = {"reverse_etl_database": world.checkpoint}
        path = f"{world.checkpoint}.{RETL}"
        # Who isn't a superuser doesn't see what is in her database.
        schema = (
            {said("untrusted_owner", path, case="schema", owner=eve)} if world.admin == world.server.user else set()
        )
        assert stopped(world, world.check(**form)) == {told, *schema}
        assert stopped(world, world.create_database()) == {told}
        stopped(world, world.create_database(fail_on_drift=True))
    assert f"create on database {world.checkpoint}".upper() not in str(world.held()).upper()


@pytest.mark.parametrize("world", ["superuser"], indirect=True)
def test_her_reverse_etl_schema_is_not_shared_with_her(world: Segment, eve: str, capfd: Any) -> None:
    execute(world.create_role())
    world.sql(f"CREATE SCHEMA {RETL}", user=eve)
    path = f"{world.warehouse}.{RETL}"
    unnamed = said("untrusted_owner", path, case="schema", owner=eve)
    other = said("untrusted_owner", path, case="another", owner=eve, named="segment_owner")
    form = {"reverse_etl_database": world.warehouse}
    with gaining_nothing(world, eve):
        assert stopped(world, world.check(**form), world.grant_reverse_etl()) == {unnamed}
        named = {**form, "reverse_etl_owner": "segment_owner"}
        reports = (world.check(**named), world.grant_reverse_etl(schema_owner="segment_owner"))
        assert stopped(world, *reports) == {other}
        plan = execute(world.grant_reverse_etl(plan_only=True))
        assert codes(plan) == ["untrusted_owner"] and not {"reverse_etl_closed"} & set(notes(plan))
    # No statement that opens something to her is proposed.
    assert f'TO "{eve}"' not in "".join(capfd.readouterr())


def test_an_outsider_who_joins_the_role_is_drift(world: Segment, eve: str) -> None:
    execute(world.create_role())
    execute(world.create_role(fail_on_drift=True))
    assert world.cluster.refusal(eve, f"GRANT ROLE {world.role} TO {eve}")
    holder = world.cluster.role("holder")
    world.sql(f"GRANT ROLE {world.role} TO {eve}", f"GRANT ROLE {world.role} TO ROLE {holder}")
    if world.admin == world.server.user:
        for named in ([], [eve], [holder]):
            with pytest.raises(DriftError, match="also held by"):
                execute(world.create_role(fail_on_drift=True, other_members=named))
        assert codes(execute(world.create_role(other_members=[eve, holder], fail_on_drift=True))) == []
        assert codes(execute(world.create_role())) == ["role_members"]


@pytest.mark.parametrize("world", ["superuser"], indirect=True)
def test_offboarding_destroys_nothing_of_others(world: Segment, eve: str) -> None:
    cluster = world.cluster
    production = cluster.database("CREATE SCHEMA orders", "CREATE TABLE orders.t (id int)")
    execute(world.create_role())
    execute(world.create_database())
    etl = cluster.role("etl", cluster.user("loader"))
    cluster.sql(production, f"GRANT CREATE ON DATABASE {production} TO ROLE {etl}")

    def leave(**form: Any) -> dict[str, Any]:
        """The offboarding, with all that she may type into its form."""
        return drop(world, **{"force": True, "new_owner": world.server.user, **form})

    for form in (
        {"checkpoint_database": production, "confirm_database": production},
        {"role": etl},
        {"role": etl, "checkpoint_database": production, "confirm_database": production},
        {"role": f"{etl} ", "checkpoint_database": production.upper(), "confirm_database": production},
    ):
        with cluster.untouched(), pytest.raises(MisconfigurationError):
            leave(**form)
    # Nor does she get what Segment owns, where people name the new owner.
    for trusted in ([], [etl], world.server.user):
        with cluster.untouched(), pytest.raises(MisconfigurationError, match="isn't trusted with what user"):
            leave(new_owner=eve, trusted_owners=trusted)
    # A database of hers that points to the role ties nothing that isn't hers.
    hers = cluster.future_database("hers")
    cluster.sql("dev", f"CREATE DATABASE {hers}", user=eve)
    cluster.sql(hers, f"GRANT CREATE ON DATABASE {hers} TO ROLE {world.role}", user=eve)
    with cluster.untouched(), pytest.raises(MisconfigurationError):
        leave(checkpoint_database=production, confirm_database=production)
    leave(checkpoint_database=world.checkpoint)
    assert {production, hers} <= cluster.existing_databases()
    assert world.checkpoint not in cluster.existing_databases()
