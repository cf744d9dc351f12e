"""What all operators share: strict arguments, one report, no heavy import at parse time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_datagraph.access.messages import counted
from airflow_provider_datagraph.access.plan import Plan
from airflow_provider_datagraph.access.preflight.rights import judged
from airflow_provider_datagraph.access.report import Report, join, script, table
from airflow_provider_datagraph.access.schemas.values import FutureTables
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.engine.retrying import LONGEST_WAIT, TRIES
from airflow_provider_datagraph.exceptions import DataGraphError, DriftError, MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Wanted
from airflow_provider_datagraph.form.names import database_name, schemas_title, wanted_schemas
from airflow_provider_datagraph.hooks.faults import database_gone
from airflow_provider_datagraph.links import DocsLink
from airflow_provider_datagraph.operators.conf import conf_problems
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import DATABASES
from airflow_provider_datagraph.redshift.names import alike, join_path, one_line
from airflow_provider_datagraph.redshift.values import Identities
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, TakesFromXCom, telling_errors

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

DEFAULT_ADMIN = "redshift_default"
DEFAULT_USER = "segment_linked_user"
DEFAULT_ROLE = "segment_linked_role"
DEFAULT_CHECKPOINT_DATABASE = "segment_linked_profiles_db"
ANY_DATABASE = "dev"
"""Where a user connection's login alone is looked at: Redshift checks it before the database."""
LABEL = "{{ task.instance_label }}"
"""A constant that prints the label of a mapped task: what the label itself holds is not rendered."""
MAX_LABEL = 100
"""How many characters it has at most: Airflow's database holds 250, and a longer one would fail the task."""


class DataGraphOperator(TakesFromXCom, BaseOperator):
    """Base of all operators.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param aws_conn_id: the AWS connection that asks for temporary passwords, where the admin connection's extra says
        ``iam``; default: the one that this extra names as ``aws_conn_id``, else ``aws_default``.
    :param index: the number that ``INDEX`` stands for in a :func:`..xcom.from_xcom`, to map over. It is no template
        field, since Airflow would render what it takes from XCom. Default None.
    """

    ui_color = "#e6f4ea"
    operator_extra_links = (DocsLink(),)

    def __init__(
        self,
        *,
        redshift_conn_id: str = DEFAULT_ADMIN,
        aws_conn_id: str | Missing | None = LEFT_OUT,
        index: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.redshift_conn_id = redshift_conn_id
        self.aws_conn_id = self.kept("aws_conn_id", aws_conn_id)
        self.index = index
        self.instance_label = ""
        self.done: list[Report] = []
        self._sessions = {}
        self.within: DataGraphOperator | None = None  # whose part this one is
        self.declared = frozenset(self.params)  # before Airflow adds a run's conf to them

    def take_arguments(self, context: Context) -> None:
        """See the base; this is the beginning of a try, which warns anew."""
        self._warned, self.done = set(), []
        super().take_arguments(context)

    def hook(self, database: str | None = None, user_conn_id: str | None = None) -> DataGraphHook:
        """See the base; a part's is that of the whole."""
        return (self.within.hook if self.within is not None else super().hook)(database, user_conn_id)

    def on_kill(self) -> None:
        """Let the server cancel what this task is running: it wouldn't notice that nobody waits for it any more."""
        if self._sessions:
            from airflow_provider_datagraph.hooks.redshift import cancel

            cancel(self._sessions)

    def user_hook(self, database: str, user_conn_id: str) -> DataGraphHook:
        """Make a hook as the linked user; an id that came to nothing isn't taken for the admin's."""
        return self.hook(database, user_conn_id or "")

    def engine(self, hook: DataGraphHook) -> Converger:
        return Converger(hook)

    def tell(self, title: str, report: Report, *, plan_only: bool) -> None:
        """Log a report as a table, and, where nothing was changed on purpose, the plan as SQL, too."""
        self.log.info("%s", table(f"{title}{only_planned(report) if plan_only else ''}", report))
        if plan_only and (report.changes or report.more_changes):
            self.log.info("%s", f"The plan as SQL, to review, or for an administrator to run:\n{script(report)}")


@dataclass(frozen=True, slots=True)
class Mode:
    """How an operator runs: changing nothing; a difference is a failure."""

    plan_only: bool
    audit: bool
    approve: Callable[[str, Plan], None] | None = None
    """Takes the connected database and its plan, before anything of it is made."""

    @property
    def lenient(self) -> bool:
        """Whether what an earlier task of the same run would create may be missing."""
        return self.plan_only and not self.audit

    def judge(self, rows: Rows, known: Identities, plan: Plan) -> Plan:
        """Hold a plan against what was approved, and against what the admin may do; an audit needs no such right."""
        if self.approve is not None:
            self.approve(known.session.database, plan)
        return plan if self.audit else judged(rows, known, plan)


class ConvergingOperator(DataGraphOperator):
    """Base of the operators that change something. A subclass writes :meth:`converge`.

    :param plan_only: whether to show the plan and change nothing; default False.
    :param fail_on_drift: whether to fail, without retries, where anything would have to be changed; it implies
        ``plan_only``. Default False.
    :param tries: how often a plan is made and applied when other transactions conflict; default 10.
    :param longest_wait: the longest wait between two tries, in seconds; default 20.
    """

    checks_conf = False
    """Whether it refuses a run whose conf holds what the DAG file doesn't declare."""

    def __init__(
        self,
        *,
        plan_only: bool | str = False,
        fail_on_drift: bool | str = False,
        tries: int | str = TRIES,
        longest_wait: float | str = LONGEST_WAIT,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.plan_only = plan_only
        self.fail_on_drift = fail_on_drift
        self.tries = tries
        self.longest_wait = longest_wait
        self.beside: dict[str, Any] = {}

    @telling_errors
    def execute(self, context: Context) -> dict[str, Any]:
        """Check the rendered arguments, converge, and log the report as a table.

        :return: the report: ``changed``, ``in_place``, ``changes``, ``findings``, ``notes``, ``omitted``.
        :raises MisconfigurationError: with every problem that a person has to correct; nothing is retried.
        :raises DriftError: with ``fail_on_drift``, if access isn't as desired.
        """
        self.take_arguments(context)
        problems = Problems()
        if self.checks_conf:
            problems.add(*conf_problems(self, context))
        audit = problems.check(arguments.boolean, self.fail_on_drift, "fail_on_drift", default=True)
        plan_only = problems.check(arguments.boolean, self.plan_only, "plan_only", default=True)
        problems.check(self._patience, default=None)
        mode = Mode(plan_only or audit, audit)
        try:
            title, report = self.converge(problems, mode)
        except Exception:
            if self.done:
                # Some databases are done, and the rerun does the others.
                self.tell("Done before the error", join(self.done), plan_only=mode.plan_only)
                keep_report(context, join(self.done).as_dict())
            raise
        finally:
            show_label(self.instance_label, context)
        self.tell(title, report, plan_only=mode.plan_only)
        if audit:
            drift = [*(row.text for row in report.changes), *(row.text for row in report.blocking)]
            advice = "Run again without fail_on_drift to change it, or correct the arguments."
            refuse_drift(context, report.as_dict(), drift, title, advice)
        return {**report.as_dict(), **self.beside}

    def _patience(self) -> tuple[int, float]:
        problems = Problems()
        tries = problems.check(arguments.whole_number, self.tries, "tries", 1, default=1)
        longest_wait = problems.check(arguments.number, self.longest_wait, "longest_wait", default=0.0)
        problems.raise_all()
        return tries, longest_wait

    def engine(self, hook: DataGraphHook) -> Converger:
        """See the base; a converging one is told how long to wait for other transactions."""
        # Where that is wrong, it is reported with everything else, before anything is sent.
        return Converger(hook, *Problems().check(self._patience, default=(1, 0.0)))

    def usable_hook(self, problems: Problems, database: str | None = None) -> DataGraphHook:
        """Make a hook as admin, and collect what its connection lacks with the problems of the arguments."""
        hook = self.hook(database)
        problems.check(lambda: hook.arguments, default={})
        return hook

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        """Do the operator's work: a title for the log, and the report. Problems are raised before anything is read."""
        raise NotImplementedError


class OfSchemas(ConvergingOperator):
    """What the operators have in common that are about schemas, perhaps of several databases."""

    schema: Any
    database: Any

    def wanted(self, problems: Problems) -> tuple[Wanted, dict[str, DataGraphHook]]:
        named = self.optional("database", database_name, problems)
        own = self.usable_hook(problems, named)
        database = Problems().check(lambda: str(own.arguments["database"]), default=ANY_DATABASE)
        fixed = named is not None
        wanted = problems.check(partial(wanted_schemas, fixed=fixed), self.schema, database, default=Wanted())
        return wanted, {name: self.hook(name) for name in wanted.databases} | {database: own}

    def in_each(
        self, wanted: Wanted, hooks: Mapping[str, DataGraphHook], converge: Callable[[DataGraphHook, Wanted], Report]
    ) -> Report:
        """Converge in one database after the other; what a person has to correct in one doesn't stop the others."""
        label = one_line(schemas_title(wanted))
        self.instance_label = label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"
        refused: list[str] = []
        for database in wanted.databases:
            try:
                self.done.append(converge(hooks[database], wanted.within(database)))
            except MisconfigurationError as error:
                hint = self._meant(database) if database_gone(error) else ""
                refused += [f"{text}{hint}" for text in error.problems]
        if refused:
            raise MisconfigurationError.of(refused)
        return join(self.done)

    def _meant(self, database: str) -> str:
        """Ask the cluster for a database like one that isn't there."""
        with suppress(DataGraphError):
            engine = self.engine(self.hook())
            if engine.database == database:
                return ""
            found = engine.read(lambda rows, _: [str(row[0]) for row in rows(DATABASES)], compares=False)
            if meant := alike(database, found):
                return f" Did you mean {join_path(meant)}?"
        return ""


class AdoptingOperator(ConvergingOperator):
    """Base of the operators that give access to what may have existed before.

    :param trusted_owners: users whose existing role, database or schema is adopted, beside the admin's own and a
        superuser's; default none. Anybody else's stops the task: an owner could join the role, or read the database.
    """

    def __init__(self, *, trusted_owners: str | Sequence[str] | Missing | None = LEFT_OUT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trusted_owners = self.kept("trusted_owners", trusted_owners)

    def trusted(self, problems: Problems) -> tuple[str, ...]:
        return self.optional("trusted_owners", arguments.names, problems) or ()


def future_tables(value: Any, name: str) -> FutureTables:
    """Parse how later tables are reached."""
    return FutureTables(arguments.choice(value, name, list(FutureTables)))


class GrantingOperator(AdoptingOperator):
    """Base of the operators that grant tables.

    :param future_tables: for whole schemas: ``scoped`` (default) reaches later tables, whoever creates them;
        ``default_privileges`` grants today's, and those that ``writers`` create later; ``none`` grants today's alone,
        and one that is rebuilt is closed until the next run.
    :param writers: the users that create tables later, for ``default_privileges``; default None: the owners of
        the schema and of today's tables. Each has to be able to create in the schema.
    """

    def __init__(
        self, *, future_tables: str = "scoped", writers: str | Sequence[str] | Missing | None = LEFT_OUT, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.future_tables = future_tables
        self.writers = self.kept("writers", writers)

    def later(self, problems: Problems) -> tuple[FutureTables, tuple[str, ...] | None]:
        future = problems.check(future_tables, self.future_tables, "future_tables", default=FutureTables.NONE)
        found = self.optional("writers", arguments.names, problems)
        if found is not None and not found:
            problems.add("writers is an empty list: name users, or leave it out for the owners of today.")
        if found is not None and future is not FutureTables.DEFAULT_PRIVILEGES:
            told = f"writers is given, and future_tables is {str(future)!r}: it is for 'default_privileges' alone."
            problems.add(told)
        return future, found


def show_label(label: str, context: Context) -> None:
    """Let Airflow show the label of a mapped task, if any, unless the DAG has a template of its own for that."""
    mapped = getattr(context.get("ti"), "map_index", None)
    if label and context.get("map_index_template") is None and mapped is not None and mapped >= 0:
        context["map_index_template"] = LABEL


def keep_report(context: Context, report: Mapping[str, Any]) -> None:
    """Return a report although the task fails: Airflow takes none from one that raises."""
    if report and "ti" in context:
        context["ti"].xcom_push(key="return_value", value=dict(report))


def only_planned(report: Report) -> str:
    """Tell in a report's title that it is a plan."""
    stops = len(report.blocking)
    if not stops:
        return " (plan only: nothing is changed)"
    return f" (plan only: nothing is changed; {counted(stops, 'problem')}, marked x, would stop it)"


def refuse_drift(context: Context, report: Mapping[str, Any], drift: Sequence[str], title: str, advice: str) -> None:
    """Raise DriftError where anything isn't as desired (a sentence each), and keep the report all the same."""
    if not drift:
        return
    keep_report(context, report)
    listed = "; ".join(text.removesuffix(".") for text in drift[:5])
    more = f" and {len(drift) - 5} more, in the log" if len(drift) > 5 else ""
    text = f"{title}: not as desired in {counted(len(drift), 'place')}: {listed}{more}. {advice}"
    raise DriftError(text, report)
