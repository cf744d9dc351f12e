"""GrantSchemaOperator with prune=True: it takes away in the named schemas alone, and never before it has given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.redshift import run
from tests.support.segment import Segment, codes, grant, said

# The only way from a cursor to the connection that it is of; the driver warns of each use.
pytestmark = pytest.mark.filterwarnings("ignore:DB-API extension cursor.connection used")


def watching(segment: Segment, mocker: MockerFixture, act: Callable[[], Any]) -> list[str]:
    """Do something while crm.accounts is read after each statement: by the user in a session of its own, and by
    its effective privilege within the transaction, which nobody else sees.

    :return: the changes that were sent.
    """
    real = Cursor.execute
    sent: list[str] = []
    held: list[bool] = []
    privilege = f"SELECT has_table_privilege('{segment.user}', 'crm.accounts', 'SELECT')"
    with closing(segment.cluster.connect(segment.warehouse, segment.user)) as reader:

        def execute(cursor: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
            result = real(cursor, operation, *args, **kwargs)
            if operation.startswith(("GRANT", "REVOKE")):
                sent.append(operation)
                real(reader.cursor(), "SELECT id FROM crm.accounts")
                held.append(bool(run(cursor.connection, privilege)[0][0]))
            return result

        patch = mocker.patch.object(Cursor, "execute", execute)
        act()
        mocker.stop(patch)
    assert all(held), sent
    return sent


WHOLE, LISTED, TODAYS = {"tables": None}, {"tables": ["accounts"]}, {"future_tables": "none"}


@pytest.mark.parametrize(
    ("before", "after", "open_ones"),
    [
        (WHOLE, LISTED, ["accounts"]),
        (LISTED, WHOLE, ["accounts", "contacts", "later"]),
        (WHOLE, TODAYS, ["accounts", "contacts"]),
    ],
    ids=["from all to a list", "from a list to all", "from all to today's"],
)
def test_what_stays_granted_is_never_closed(
    warehouse: Segment, mocker: MockerFixture, before: Any, after: Any, open_ones: list[str]
) -> None:
    grant(warehouse, "crm", **before)
    sent = watching(warehouse, mocker, lambda: grant(warehouse, "crm", **after, prune=True))
    assert [text.split()[0] for text in sent] == ["GRANT", "REVOKE"]
    warehouse.sql("CREATE TABLE crm.later (id int)")
    assert [name for name in ("accounts", "contacts", "later") if warehouse.reads("crm", name)] == open_ones


def test_every_surplus_privilege_in_a_named_schema_goes(linked: Segment) -> None:
    role = linked.role
    linked.sql(
        f"GRANT USAGE, CREATE, DROP ON SCHEMA crm TO ROLE {role}",
        f"GRANT SELECT, INSERT, DROP ON TABLE crm.accounts TO ROLE {role}",
        f"GRANT ALL ON TABLE crm.contacts TO ROLE {role}",
        f"GRANT UPDATE FOR TABLES IN SCHEMA crm TO ROLE {role}",
    )
    # What can't be named goes with all.
    assert ("crm", "contacts", "RULE") in linked.held()
    grant(linked, "crm", tables=["accounts"], prune=True)
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
    assert grant(linked, "crm", tables=["accounts"], prune=True)["changes"] == []


def test_a_grant_on_a_column_blocks_one_on_its_table_until_it_is_pruned(linked: Segment) -> None:
    usage = f"GRANT USAGE ON SCHEMA crm TO ROLE {linked.role}"
    linked.sql(usage, f"GRANT SELECT (id) ON crm.accounts TO ROLE {linked.role}")
    told = said("column_grant", f"{linked.warehouse}.crm.accounts", privilege="SELECT")
    with linked.cluster.untouched():
        with pytest.raises(MisconfigurationError) as caught:
            grant(linked, "crm", future_tables="none")
        assert caught.value.problems == (told,)
        assert codes(grant(linked, "crm", tables=["accounts"], plan_only=True)) == ["column_grant"]
    # It blocks neither another table nor a scoped permission beside it. No other database reads such a table.
    assert codes(grant(linked, "crm", tables=["contacts"])) == ["column_privileges"]
    grant(linked, "crm")
    assert linked.refusal("SELECT name FROM crm.accounts") == ""
    grant(linked, "crm", tables=["accounts"], prune=True)
    assert linked.refusal("SELECT name FROM crm.accounts") == ""
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
