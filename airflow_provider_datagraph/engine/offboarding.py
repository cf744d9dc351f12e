"""Offboarding: look at every database of the cluster, then change one after the other. It imports no driver."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, NoReturn

from airflow_provider_datagraph import exceptions
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.offboarding.findings import created_in, home, session_findings, who_leaves
from airflow_provider_datagraph.access.offboarding.plan import plan_checkpoint, plan_holdings, plan_identities
from airflow_provider_datagraph.access.offboarding.read import read_cluster, read_holdings
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Finding, Plan, note
from airflow_provider_datagraph.access.preflight.rights import judged
from airflow_provider_datagraph.access.report import Report, join
from airflow_provider_datagraph.engine.converge import A, Converger, MakePlan, Read
from airflow_provider_datagraph.engine.retrying import LINGERS
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.hooks.faults import database_gone, details, in_use, still_needed
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.catalog.sessions import read_sessions
from airflow_provider_datagraph.redshift.names import one_line, resolve_database
from airflow_provider_datagraph.redshift.values import OpenSession, Session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part(Generic[A]):
    """A part of the work that is done wholly or not at all; ``refused`` says why, where something is still in use."""

    what: str
    engine: Converger
    read: Read[A]
    make_plan: MakePlan[A]
    plan: Plan
    refused: Callable[[BaseException], exceptions.DataGraphError] | None = None

    def act(self) -> Report:
        """Read again, plan again, and do it."""
        try:
            return self.engine.converge(self.read, self.make_plan, lacking=True)
        except exceptions.DataGraphError as error:
            cause = error.__cause__
            if cause is None or self.refused is None or not in_use(cause):
                raise
            raise self.refused(cause) from cause


class Offboarding:
    """Takes a role and a user away; ``engine`` makes that of a database, as admin, by default its connection's own."""

    def __init__(self, engine: Callable[[str | None], Converger], leaving: Leaving) -> None:
        self.make_engine = engine
        self.engine = engine(None)
        self.leaving = leaving

    def run(self, *, plan_only: bool) -> Report:
        """Look at everything, and change it where nothing forbids that.

        :raises MisconfigurationError: with every blocking finding of every database, before anything is changed.
        """
        cluster, missing = self._look()
        parts: list[Part[Any]] = [*self._databases(cluster), *self._checkpoint(), self._identities(cluster)]
        blocking = dict.fromkeys(finding for part in parts for finding in part.plan.blocking)
        if blocking and not plan_only:
            raise exceptions.MisconfigurationError.of(str(said(finding)) for finding in blocking)
        planned = [Report.planned(part.plan, part.engine.database) for part in parts]
        if plan_only:
            return join([*planned, Report.of(missing)])
        # What it found is what it planned with: afterwards, things are as they should be.
        found = Report.of([*(finding for part in parts for finding in part.plan.findings), *missing])
        done = join(self._act(parts, planned))
        return replace(done, findings=found.findings, notes=found.notes, noted=found.noted)

    def _look(self) -> tuple[Cluster, list[Finding]]:
        """Read the cluster, and find the names as they are stored."""
        leaving, cluster = self.leaving, self.engine.read(self._read_cluster)

        def stored_as(name: str | None) -> str | None:
            return name and resolve_database(name, cluster.databases, cluster.session.case_sensitive)

        stored, confirmed = stored_as(leaving.drop), stored_as(leaving.confirmed)
        named = replace(leaving, named=stored_as(leaving.named), confirmed=confirmed)
        self.leaving = replace(named, drop=stored, home=home(named, cluster))
        if leaving.drop is None or stored is not None:
            return cluster, []
        return cluster, [note("database_missing", leaving.drop)]

    def _read_cluster(self, rows: Rows, session: Session) -> Cluster:
        leaving = self.leaving
        return read_cluster(rows, session, leaving.role, leaving.user, sessions=not self.engine.hook.is_serverless)

    def _databases(self, cluster: Cluster) -> list[Part[Holdings]]:
        """Plan each database but the one that is dropped; all that can't be read are told at once."""
        leaving, problems = self.leaving, Problems()
        role = leaving.role if leaving.role in cluster.roles else None
        user = who_leaves(leaving, cluster)
        if role is None and user is None:
            return []

        def read(rows: Rows, session: Session) -> Holdings:
            return read_holdings(rows, session, role, user)

        def make_plan(holdings: Holdings) -> Plan:
            return plan_holdings(leaving, cluster, holdings)

        def parts_of(name: str) -> Iterator[Part[Holdings]]:
            engine, known = self.make_engine(name), replace(cluster, session=replace(cluster.session, database=name))

            def look(rows: Rows, session: Session) -> Plan:
                return judged(rows, known, make_plan(read(rows, session)))

            try:
                plan = engine.read(look)
            except exceptions.MisconfigurationError as error:
                # Nobody has to act where somebody dropped it meanwhile.
                problems.add(*(() if database_gone(error) else error.problems))
                return
            yield Part(f"database {name}", engine, read, make_plan, plan)

        # CREATE shows which is the checkpoint database, so it goes last: a rerun after a cut has to know it, too.
        marked = created_in(leaving, cluster)
        ordered = sorted(local_databases(cluster.databases), key=marked.__contains__)
        parts = [part for name in ordered if name != leaving.drop for part in parts_of(name)]
        problems.raise_all()
        return parts

    def _checkpoint(self) -> Iterator[Part[tuple[Cluster, Holdings | None]]]:
        """Plan to drop the checkpoint database, where that is asked for."""
        leaving, engine = self.leaving, self.engine
        if leaving.drop is None:
            return

        def read(rows: Rows, session: Session) -> tuple[Cluster, Holdings | None]:
            known = read_cluster(rows, session, leaving.role, leaving.user, sessions=False)
            # The other connection is over before the cluster is asked who is connected.
            holdings = self._inside(known)
            return replace(known, sessions=None if engine.hook.is_serverless else self._sessions(rows)), holdings

        def make_plan(state: tuple[Cluster, Holdings | None]) -> Plan:
            return plan_checkpoint(leaving, *state)

        def refused(cause: BaseException) -> exceptions.MisconfigurationError:
            # Somebody connected since it was planned.
            found = session_findings(str(leaving.drop), engine.read(self._read_cluster))
            return exceptions.MisconfigurationError.of([details(cause)[1], *(str(said(one)) for one in found)])

        plan = make_plan(engine.read(read))
        yield Part(f"dropping database {leaving.drop}", engine, read, make_plan, plan, refused)

    def _sessions(self, rows: Rows) -> tuple[OpenSession, ...]:
        """Read who is logged in, once our own sessions in the database have gone."""
        end, found = time.monotonic() + LINGERS, read_sessions(rows)
        while time.monotonic() < end and any(
            one.is_in(str(self.leaving.drop)) and one.is_of(self.engine.hook.login) for one in found
        ):
            time.sleep(0.5)
            found = self.engine.read(lambda again, _: read_sessions(again), compares=False)
        return found

    def _inside(self, cluster: Cluster) -> Holdings | None:
        database = str(self.leaving.drop)
        if database not in cluster.databases:
            return None
        if cluster.databases[database].kind != "local":
            return Holdings(Session(cluster.session.user, database))
        user = who_leaves(self.leaving, cluster)
        engine = self.make_engine(database)
        return engine.read(lambda rows, session: read_holdings(rows, session, None, user, others=True))

    def _identities(self, cluster: Cluster) -> Part[Cluster]:
        engine, make_plan = self.engine, partial(plan_identities, self.leaving)
        plan = make_plan(cluster)
        if not cluster.session.superuser:
            plan = engine.read(lambda rows, _: judged(rows, cluster, plan))

        def refused(cause: BaseException) -> exceptions.MisconfigurationError:
            return still_needed(cause, engine.database)

        return Part("dropping user and role", engine, self._read_cluster, make_plan, plan, refused)

    @staticmethod
    def _act(parts: Sequence[Part[Any]], planned: Sequence[Report]) -> list[Report]:
        reports = [report for part, report in zip(parts, planned, strict=True) if not part.plan.steps]
        work = [part for part in parts if part.plan.steps]
        for at, part in enumerate(work):
            try:
                reports.append(part.act())
            except Exception as error:
                _tell(error, [one.what for one in work[:at]], part.what, [one.what for one in work[at + 1 :]])
        return reports


def _tell(error: Exception, done: Sequence[str], failed: str, left: Sequence[str]) -> NoReturn:
    """Raise an error again, with what is done and what isn't; whether a COMMIT without an answer is can't be known."""
    sentence = one_line(
        f"Done before: {', '.join(done) or 'nothing'}. Failed, all or nothing of it done: {failed}. "
        f"Not begun: {', '.join(left) or 'nothing'}. A rerun does the rest."
    )
    log.error("%s", sentence)
    if isinstance(error, exceptions.MisconfigurationError):
        raise type(error)(*error.problems, sentence) from error
    if isinstance(error, exceptions.PassingFaultError | exceptions.DriftRemainsError):
        raise type(error)(f"{error} {sentence}") from error
    error.add_note(sentence)
    raise error
