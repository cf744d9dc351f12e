"""One database: read what access is, plan, apply, verify, and again where another transaction conflicts.

It imports no driver. https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_datagraph.access.messages import change_text, said
from airflow_provider_datagraph.access.plan import Plan, Step
from airflow_provider_datagraph.access.report import ChangeRow, Report, change_rows
from airflow_provider_datagraph.engine.retrying import LONGEST_WAIT, TRIES, retrying, until_left
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.faults import drift_remains, execute, vanished, vanished_error
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.statements import EXACT_NAMES, folds
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from redshift_connector.core import Connection
    from redshift_connector.cursor import Cursor

    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

A = TypeVar("A")
Read = Callable[[Rows, Session], A]
Look = Callable[[Rows, Session], A | None]
Reread = Callable[[Rows, A], A]
MakePlan = Callable[[A], Plan]
Judge = Callable[[Rows, A, Plan], Plan]


class Converger:
    """Reads and changes access in the database that a hook connects to.

    :param tries: how often it is read, planned and applied when other transactions conflict.
    :param longest_wait: the longest wait between two tries, in seconds.
    """

    def __init__(self, hook: DataGraphHook, tries: int = TRIES, longest_wait: float = LONGEST_WAIT) -> None:
        self.hook = hook
        self.tries = tries
        self.longest_wait = longest_wait

    @property
    def database(self) -> str:
        return str(self.hook.arguments["database"])

    def read(self, read: Read[A], *, compares: bool = True) -> A:
        """Read the catalog in autocommit: a conflict starts all over, and so does a schema that is dropped meanwhile.

        :param compares: whether names are looked up that Redshift might fold.
        """

        def work() -> A:
            with self.hook.connected() as connection:
                connection.autocommit = True
                return self._read(connection, read, compares=compares)[1]

        return retrying(work, self.tries, self.longest_wait)

    def _read(self, connection: Connection, read: Read[A], *, compares: bool) -> tuple[Rows, A]:
        rows = self._rows(connection)
        return rows, read(rows, read_session(rows, self.hook.login, self.database, compares=compares))

    def converge(
        self,
        read: Read[A],
        make_plan: MakePlan[A],
        *,
        plan_only: bool = False,
        look: Look[A] | None = None,
        lacking: bool = False,
        reread: Reread[A] | None = None,
        compares: bool = True,
        judge: Judge[A] | None = None,
    ) -> Report:
        """Look whether anything is lacking; read, plan and apply in one transaction, then read again.

        The look is in autocommit: where all is in place, neither BEGIN nor COMMIT is sent. A conflict starts all over.

        :param look: reads as far as tells whether anything is lacking, or gives None: it is; default: everything.
        :param lacking: whether something is, for sure, so that there is no look.
        :param reread: reads again what a plan may have changed; default None: everything.
        :param compares: whether names are looked up that Redshift might fold.
        :param judge: holds the plan against what the admin may do; default None: what it may not, Redshift refuses.
        :raises MisconfigurationError: with every blocking finding, before anything is changed.
        :raises DriftRemainsError: if the catalog doesn't show what was applied.
        """
        done: list[ChangeRow] = []

        def planned(connection: Connection, reads: Look[A]) -> tuple[A, Plan] | None:
            rows, current = self._read(connection, reads, compares=compares)
            if current is None:
                return None
            plan = make_plan(current)
            return current, plan if judge is None else judge(rows, current, plan)

        def work() -> Report:
            with self.hook.connected() as connection:
                connection.autocommit = True
                found = None if plan_only or lacking else planned(connection, look or read)
                if found is None or not _needs_no_transaction(found[1]):
                    connection.autocommit = False
                    found = planned(connection, read)
                    assert found is not None  # Only a look may stop halfway.
                current, plan = found
                if plan_only:
                    return Report.planned(plan, self.database)
                self._apply(connection, plan, done)
                if plan.steps:
                    # Each look is a transaction of its own then, and costs no BEGIN.
                    connection.autocommit = True
                    if reread is None:
                        current = self._read(connection, read, compares=compares)[1]
                    else:
                        current = reread(self._rows(connection), current)
                    self._verify(make_plan(current))
            return Report.of(plan.findings, done, plan.in_place)

        return retrying(work, self.tries, self.longest_wait)

    def _apply(self, connection: Connection, plan: Plan, done: list[ChangeRow]) -> None:
        if plan.blocking:
            raise MisconfigurationError.of(str(said(finding)) for finding in plan.blocking)
        alone = [step for step in plan.steps if step.statement.autocommit]
        together = [step for step in plan.steps if not step.statement.autocommit]
        if alone:
            connection.rollback()
            connection.autocommit = True
            for step in alone:
                until_left(self._run, connection, [step])
                done += change_rows([step], self.database, applied=True)
            # A single statement is a transaction of its own.
            connection.autocommit = len(together) < 2
        self._run(connection, together)
        if not connection.autocommit:
            connection.commit()
        # From here on it is done, even if a conflict makes the check below start all over.
        done += change_rows(together, self.database, applied=True)

    def _run(self, connection: Connection, steps: Sequence[Step]) -> None:
        cursor = connection.cursor()
        # They name what is there as the catalog holds it, so where a name has capitals, Redshift mustn't fold it.
        if folds(step.statement for step in steps):
            cursor.execute(EXACT_NAMES)
        for step in steps:
            self._execute(cursor, step.statement.sql)

    def _execute(self, cursor: Cursor, sql: str) -> None:
        try:
            execute(cursor, sql)
        except Exception as error:
            if not vanished(error):
                raise
            raise vanished_error(error, self.database) from error

    def _rows(self, connection: Connection) -> Rows:
        """Run queries, each text once: make another for what may have changed."""
        cursor, known = connection.cursor(), dict[str, list[Any]]()

        def rows(sql: str) -> list[Any]:
            if sql not in known:
                # The catalog's views may miss a schema that somebody drops meanwhile.
                self._execute(cursor, sql)
                known[sql] = list(cursor.fetchall())
            return known[sql]

        return rows

    def _verify(self, plan: Plan) -> None:
        if remaining := (*map(change_text, plan.changes), *(str(said(finding)) for finding in plan.blocking)):
            raise drift_remains(remaining, self.hook.login, self.database)


def _needs_no_transaction(plan: Plan) -> bool:
    """Whether nothing is to be changed, or what Redshift takes outside a transaction only, and one statement more."""
    alone = sum(step.statement.autocommit for step in plan.steps)
    return not plan.blocking and (not plan.steps or (alone > 0 and len(plan.steps) - alone < 2))
