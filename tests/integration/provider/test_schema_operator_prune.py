"""GrantSchemaOperator with prune=True: it takes away in the named schemas alone, and never before it has given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.redshift import run
from tests.support.segment import Segment, codes, grant, said

# The only way from a cursor to the connection that it is of; the driver warns of each use.
pytestmark = pytest.mark.filterwarnings("ignore:DB-API extension cursor.connection used")


@contextmanager
def after_each_statement(mocker: MockerFixture, look: Callable[[Any], object]) -> Iterator[list[str]]:
    """Call `look` with the cursor after each statement of the block; yields the statements."""
    real = Cursor.execute
    sent: list[str] = []
    busy = False

    def execute(cursor: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal busy
        result = real(cursor, operation, *args, **kwargs)
        if not busy:
            busy = True
            sent.append(operation)
            look(cursor)
            busy = False
        return result

    patch = mocker.patch.object(Cursor, "execute", execute)
    yield sent
    mocker.stop(patch)


def watching(segment: Segment, mocker: MockerFixture, act: Callable[[], Any]) -> list[str]:
    """Do something while crm.accounts is read after each statement: by the user in a session of its own, and by
    its effective privilege within the transaction, which nobody else sees."""
    seen: list[tuple[str, bool]] = []
    privilege = f"SELECT has_table_privilege('{segment.user}', 'crm.accounts', 'SELECT')"
    with closing(segment.cluster.connect(segment.warehouse, segment.user)) as reader:

        def look(cursor: Any) -> None:
            if not cursor.description:
                run(reader, "SELECT id FROM crm.accounts")
                seen.append((privilege, bool(run(cursor.connection, privilege)[0][0])))

        with after_each_statement(mocker, look) as sent:
            act()
    changes = [text for text in sent if text.startswith(("GRANT", "REVOKE"))]
    assert len(seen) >= len(changes)
    assert all(held for _, held in seen), sent
    return changes


def test_from_the_whole_schema_to_a_list_a_listed_table_is_never_closed(
    warehouse: Segment, mocker: MockerFixture
) -> None:
    grant(warehouse, "crm")
    sent = watching(warehouse, mocker, lambda: grant(warehouse, "crm", tables=["accounts"], prune=True))
    assert [text.split()[0] for text in sent] == ["GRANT", "REVOKE"]
    assert warehouse.reads("crm", "accounts")
    assert not warehouse.reads("crm", "contacts")
    warehouse.sql("CREATE TABLE crm.later (id int)")
    assert not warehouse.reads("crm", "later")


def test_from_a_list_to_the_whole_schema_a_listed_table_is_never_closed(linked: Segment, mocker: MockerFixture) -> None:
    grant(linked, "crm", tables=["accounts"])
    sent = watching(linked, mocker, lambda: grant(linked, "crm", prune=True))
    assert [text.split()[0] for text in sent] == ["GRANT", "REVOKE"]
    assert linked.reads("crm", "contacts")
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "TABLES", "SELECT")}


def test_from_scoped_to_a_snapshot_a_table_is_never_closed(warehouse: Segment, mocker: MockerFixture) -> None:
    grant(warehouse, "crm")
    watching(warehouse, mocker, lambda: grant(warehouse, "crm", future_tables="none", prune=True))
    assert warehouse.reads("crm", "contacts")
    warehouse.sql("CREATE TABLE crm.later (id int)")
    assert not warehouse.reads("crm", "later")


def test_without_prune_nothing_is_taken_away(linked: Segment) -> None:
    grant(linked, "crm")
    since = linked.cluster.mark()
    report = grant(linked, "crm", tables=["accounts"])
    assert linked.cluster.changes(since) == []
    assert (report["changed"], report["in_place"]) == (0, 2)
    assert linked.reads("crm", "contacts")


def test_every_surplus_privilege_in_a_named_schema_goes(linked: Segment) -> None:
    role = linked.role
    linked.sql(
        f"GRANT USAGE, CREATE, DROP ON SCHEMA crm TO ROLE {role}",
        f"GRANT SELECT, INSERT, DROP ON TABLE crm.accounts TO ROLE {role}",
        f"GRANT ALL ON TABLE crm.contacts TO ROLE {role}",
        f"GRANT UPDATE FOR TABLES IN SCHEMA crm TO ROLE {role}",
    )
    grant(linked, "crm", tables=["accounts"], prune=True)
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
    with linked.cluster.untouched():
        assert grant(linked, "crm", tables=["accounts"], prune=True)["changes"] == []


def test_default_privileges_in_a_named_schema_go(warehouse: Segment) -> None:
    creator = warehouse.cluster.user("creator")
    warehouse.sql(
        f"GRANT USAGE, CREATE ON SCHEMA crm TO {creator}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {creator} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {warehouse.role}",
    )
    grant(warehouse, "crm", tables=["accounts"], prune=True)
    warehouse.sql("CREATE TABLE crm.later (id int)", user=creator)
    assert not warehouse.reads("crm", "later")
    assert warehouse.reads("crm", "accounts")


def test_other_schemas_and_other_roles_keep_what_they_have(warehouse: Segment) -> None:
    other_user = warehouse.cluster.user("other")
    other = warehouse.cluster.role("other", other_user)
    warehouse.sql(
        f"GRANT USAGE ON SCHEMA crm TO ROLE {other}",
        f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {other}",
        f"GRANT SELECT ON TABLE crm.contacts TO {other_user}",
    )
    grant(warehouse, ["crm", "billing"])
    before = warehouse.cluster.snapshot()
    grant(warehouse, "crm", tables=["accounts"], prune=True)
    after = warehouse.cluster.snapshot()
    assert warehouse.reads("billing", "invoices")
    assert warehouse.cluster.can_read(other_user, (warehouse.warehouse, "crm", "contacts"))
    gone = {row for view in before for row in before[view] - after[view]}
    assert gone == {("svv_schema_privileges", "crm", "TABLES", "SELECT", "role", warehouse.role)}


@pytest.mark.parametrize("future", ["scoped", "none"])
def test_a_grant_on_a_column_blocks_and_is_a_finding(linked: Segment, future: str) -> None:
    linked.sql(f"GRANT SELECT (id) ON crm.accounts TO ROLE {linked.role}")
    if future == "scoped":
        # A scoped permission goes beside it: Redshift refuses a table-level grant alone.
        grant(linked, "crm")
        # (Only here: no other database reads a table with column privileges.)
        assert linked.refusal("SELECT name FROM crm.accounts") == ""
        return
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        grant(linked, "crm", future_tables="none")
    told = said("column_grant", f"{linked.warehouse}.crm.accounts", privilege="SELECT")
    assert caught.value.problems == (told,)
    with linked.cluster.untouched():
        assert codes(grant(linked, "crm", tables=["accounts"], plan_only=True)) == ["column_grant"]


def test_a_grant_on_a_column_of_another_table_blocks_nothing(linked: Segment) -> None:
    linked.sql(f"GRANT SELECT (id) ON crm.contacts TO ROLE {linked.role}")
    assert codes(grant(linked, "crm", tables=["accounts"])) == ["opens_more", "column_privileges"]
    assert linked.refusal("SELECT name FROM crm.accounts") == ""


def test_prune_replaces_a_grant_on_a_column_and_its_reader_is_never_shut_out(
    linked: Segment, mocker: MockerFixture
) -> None:
    columns = f"GRANT SELECT (id) ON crm.accounts TO ROLE {linked.role}"
    linked.sql(f"GRANT USAGE ON SCHEMA crm TO ROLE {linked.role}", columns)
    with closing(linked.cluster.connect(linked.warehouse, linked.user)) as reader:
        reading = "SELECT id FROM crm.accounts"
        with after_each_statement(mocker, lambda _: run(reader, reading)) as sent:
            grant(linked, "crm", tables=["accounts"], prune=True)
    assert len([text for text in sent if text.startswith(("GRANT", "REVOKE"))]) == 2
    name = "SELECT name FROM crm.accounts"
    assert linked.refusal(name) == ""
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
