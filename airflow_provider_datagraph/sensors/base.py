"""The one base of the sensors: look once, then defer; a misconfiguration is never skipped and never retried."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Sequence
from configparser import ConfigParser
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat import sdk
from airflow.providers.common.compat.sdk import Context
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_datagraph import exceptions
from airflow_provider_datagraph.access.plan import Finding, finding
from airflow_provider_datagraph.access.report import Report, table
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.links import DocsLink
from airflow_provider_datagraph.operators.base import ANY_DATABASE, DEFAULT_ADMIN, keep_report
from airflow_provider_datagraph.redshift.catalog.identities import read_users
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line, split_path
from airflow_provider_datagraph.sensors.assets import announce
from airflow_provider_datagraph.triggers.poll import PollTrigger, Sight
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, TakesFromXCom, telling_errors

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks import Look, Sessions
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

LOOK_TIMEOUT = 120.0
"""Seconds that a look may take: what waits for a lock, or was dropped by a network, may have no other end."""
DEADLINE_GRACE = 60.0
"""Seconds that the trigger has to tell its own, better explained timeout before Airflow ends the deferral."""
LAST_LOOK = 2.0
"""Seconds that a look may take where less is left of the sensor's time, or none."""
NOT_READY = "Not ready yet (one look, without waiting; what is only planned doesn't exist)"


def defers_by_default() -> bool:
    """Tell whether to defer where a DAG doesn't say: unless somebody set ``[operators] default_deferrable`` to False.

    Airflow ships it as False, too, and by that a sensor would hold a worker's slot for days.

    https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html#default-deferrable
    """
    from airflow.configuration import conf

    if conf.getboolean("operators", "default_deferrable", fallback=False):
        return True
    # A parser of airflow.cfg alone: what ships is kept elsewhere, where Airflow's own has_option looks, too. (as_dict
    # would tell, and runs the commands of other options, which a worker may not.) The airflow.cfg that Airflow writes
    # itself holds every option, so there it says nothing.
    in_file, generated = (
        ConfigParser.has_option(conf, "operators", name) for name in ("default_deferrable", "default_owner")
    )
    return not ("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE" in os.environ or (in_file and not generated))


def no_triggerer() -> bool:
    """Tell whether no triggerer runs, as far as a task may know: on Airflow 2 it may read Airflow's database."""
    if AIRFLOW_V_3_0_PLUS:
        return False
    # It is said, and no reason to fail.
    with suppress(Exception):
        from airflow.jobs.job import most_recent_job

        job = most_recent_job("TriggererJob")
        return job is None or not job.is_alive()
    return False


class DataGraphSensor(TakesFromXCom, sdk.BaseSensorOperator):
    """Base of the sensors. A subclass names its probe and its asset alias, and parses its arguments.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param aws_conn_id: as for the operators.
    :param wait: whether to wait at all; with False it looks once, reports what is missing, and succeeds;
        default True.
    :param look_timeout: how long a single look may take, in seconds or as a timedelta: what waits for a lock is then
        cancelled, and looked at again; never past the deadline; default 120.
    :param deferrable: whether to free the worker after the first look, which takes a triggerer; False: it pokes or
        reschedules, as ``mode`` says. Default None: False with ``mode="reschedule"``, and where somebody set
        ``[operators] default_deferrable`` to False; otherwise True.
    :param index: as for the operators.
    :param kwargs: Airflow's. ``poke_interval`` has to be positive. ``exponential_backoff``, ``max_wait`` and
        ``silent_fail`` go for a deferred sensor, too; ``soft_fail`` skips at the timeout alone, and ``never_fail``
        whatever ends it, but for what a person has to correct.
    :raises MisconfigurationError: if ``deferrable=True`` and ``mode="reschedule"`` contradict each other.
    """

    ui_color = "#fef7e0"
    operator_extra_links = (DocsLink(),)
    probe = ""
    alias = ""

    def __init__(
        self,
        *,
        redshift_conn_id: str = DEFAULT_ADMIN,
        aws_conn_id: str | Missing | None = LEFT_OUT,
        wait: bool | str = True,
        look_timeout: float | str | timedelta = LOOK_TIMEOUT,
        deferrable: bool | None = None,
        index: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.outlets = [*self.outlets, sdk.AssetAlias(self.alias)] if self.alias else self.outlets
        self.redshift_conn_id = redshift_conn_id
        self.aws_conn_id = self.kept("aws_conn_id", aws_conn_id)
        self.wait = wait
        self.look_timeout = look_timeout
        self.deferrable = deferrable
        self.index = index
        self._until = math.inf
        self._asked: tuple[bool, float, dict[str, Any]] | None = None
        self._looking: Sessions | None = None
        self._sight = Sight()
        self._ends: InvalidInput | sdk.AirflowSkipException | None = None
        self._looked = False
        if self.poke_interval <= 0:
            raise exceptions.MisconfigurationError(
                f"poke_interval is {self.poke_interval:g}: it would look without a pause. Give seconds, such as 60."
            )
        if deferrable is True and self.reschedule:
            raise exceptions.MisconfigurationError(
                'deferrable is True, and mode is "reschedule": leave out deferrable to reschedule, or mode to defer.'
            )

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        raise NotImplementedError

    @telling_errors
    def execute(self, context: Context) -> Any:
        """Look once; then defer, or poke on where ``deferrable`` is off.

        :return: the report: ``changed`` (0), ``in_place``, ``changes`` (none), ``findings``, ``notes``, ``omitted``.
        :raises MisconfigurationError: for what a person has to correct; ``soft_fail`` doesn't hide it.
        """
        # A reschedule is another process, and the same try.
        self._looked = bool(context.get("task_reschedule_count"))
        self._warned = None if self._looked else set()
        self.take_arguments(context)
        self._asked = wait, seconds, given = self._parse()
        if not wait:
            return self._look_only(context)
        self._until = time.monotonic() + float(self.timeout)
        if not self._defers():
            return self._poke_on(context)
        report = self._look(context)
        if report is not None:
            return report
        self.log.info(
            "Deferred, for %s s at most. It takes a triggerer (`airflow triggerer`) to look again: where none runs, "
            "nothing ends this task before that.",
            self.timeout,
        )
        if no_triggerer():
            self.log.warning("No triggerer runs now: start one.")
        trigger = PollTrigger(
            probe=self.probe,
            arguments=given,
            poke_interval=float(self.poke_interval),
            deadline=time.time() + float(self.timeout),
            look_timeout=seconds,
            exponential_backoff=self.exponential_backoff,
            max_wait=None if self.max_wait is None else self.max_wait.total_seconds(),
            silent_fail=self.silent_fail,
        )
        limit = timedelta(seconds=float(self.timeout) + DEADLINE_GRACE)
        self.defer(trigger=trigger, method_name="resume", timeout=limit)

    def _defers(self) -> bool:
        if self.deferrable is None:
            return not self.reschedule and defers_by_default()
        return bool(self.deferrable)

    def _parse(self) -> tuple[bool, float, dict[str, Any]]:
        """Parse the arguments: whether to wait, how long a look may take, and what a trigger gets.

        What is wrong with any of them, and with the connections, is told at once.
        """
        problems = Problems()
        wait = problems.check(arguments.boolean, self.wait, "wait", default=True)
        seconds = problems.check(arguments.seconds, self.look_timeout, "look_timeout", default=0.0)
        given = self.probe_arguments(problems)
        # Later, and where the secrets backend fails, a look finds out.
        if not self._looked:
            with suppress(exceptions.PassingFaultError):
                problems.check(getattr, self.hook(), "arguments", default={})
                if (user := given.get("user_conn_id")) is not None:
                    # Any database will do: which one it is to be is the probe's to find out.
                    problems.check(getattr, self.hook(ANY_DATABASE, user), "arguments", default={})
        problems.raise_all()
        return wait, seconds, {**given, "redshift_conn_id": self.redshift_conn_id, "aws_conn_id": self.aws_id}

    def hook(self, database: str | None = None, user_conn_id: str | None = None) -> DataGraphHook:
        """See the base; what was looked up before is there."""
        hook = super().hook(database, user_conn_id)
        hook.expected = self._looked
        return hook

    def _look_once(self) -> Look | None:
        """Look once; a passing fault is no look, and is waited out."""
        from airflow_provider_datagraph.engine.looks import Sessions, make_probe, take

        _, seconds, given = self._asked = self._asked or self._parse()
        # Airflow pokes once more when the time is over.
        seconds = min(seconds, max(LAST_LOOK, self._until - time.monotonic()))
        self._looking = sessions = Sessions(self.hook, seconds)
        try:
            seen: Look | Exception = take(make_probe(self.probe, given, sessions))
        except Exception as error:
            seen = error
        finally:
            self._looking, self._looked = None, True
            sessions.close()
        try:
            return self._sight.saw(seen, self.log, silent_fail=self.silent_fail)
        except InvalidInput:
            raise
        except Exception as error:
            if self.never_fail:
                raise sdk.AirflowSkipException(one_line(f"{type(error).__name__}: {error}")) from error
            raise

    def on_kill(self) -> None:
        """Let the server cancel what this task is running: it wouldn't notice that nobody waits for it any more."""
        if self._looking is not None:
            self._looking.cancel()

    def _look(self, context: Context) -> dict[str, Any] | None:
        """Look once: the report where everything is there, None where it is waited for."""
        look = self._look_once()
        if look is None or not look.ends:
            return None
        return self._end(context, look.as_dict(), look.report, look.message, look.problems or None)

    def _end(
        self, context: Context, returned: dict[str, Any], report: Report, message: str, problems: Sequence[str] | None
    ) -> dict[str, Any]:
        """End the wait: return and announce the report, or keep it, and fail for what no waiting mends."""
        if returned:
            self._tell(report, message)
        if problems is not None:
            keep_report(context, returned)
            raise exceptions.MisconfigurationError.of(problems)
        if "outlet_events" in context and self.alias:
            cluster = self.hook()
            cluster.warned = None
            schemas = map(split_path, self.schemas_of(returned))
            announce(context["outlet_events"], self.alias, cluster.arguments, schemas, returned)
        return returned

    def _tell(self, report: Report, title: str) -> None:
        self.log.info("%s", table(title, report, changes=False))

    def _look_only(self, context: Context) -> dict[str, Any]:
        try:
            look = self._look_once()
        except exceptions.LoginRefusedError as error:
            report = Report.of(self._refusal(error))
            self._tell(report, NOT_READY)
            return report.as_dict()
        if look is None:
            raise exceptions.PassingFaultError(self._sight.message)
        if look.done:
            return self._end(context, look.as_dict(), look.report, look.message, None)
        self._tell(look.report, NOT_READY)
        return look.as_dict()

    def _refusal(self, error: exceptions.LoginRefusedError) -> list[Finding]:
        """Tell a login that is wrong from a user, or a database, that is only planned: Redshift answers the same."""
        if error.about in Converger(self.hook()).read(lambda rows, _: [f"user {name}" for name in read_users(rows)]):
            return [finding("not_ready", error.about, reason=problem) for problem in error.problems]
        return [finding("not_ready", error.about, case="planned")]

    def schemas_of(self, returned: dict[str, Any]) -> Iterable[str]:
        raise NotImplementedError

    def poke(self, context: Context) -> sdk.PokeReturnValue:
        """Look once, for ``deferrable=False``: whether it is done, with the report."""
        try:
            report = self._look(context)
        except (InvalidInput, sdk.AirflowSkipException) as error:
            # The caller turns an exception into a skip where soft_fail is set; it is raised when the loop is left.
            self._ends = error
            return sdk.PokeReturnValue(is_done=True)
        return sdk.PokeReturnValue(is_done=report is not None, xcom_value=report)

    def _poke_on(self, context: Context) -> Any:
        try:
            report = super().execute(context)
        except (sdk.AirflowSensorTimeout, sdk.AirflowSkipException):
            self._time_out(context, self._sight.message, self._sight.report)
        if self._ends is not None:
            raise self._ends
        return report

    @telling_errors
    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the trigger's event; at the deadline that is a timeout, or a skip where ``soft_fail`` is set."""
        returned: dict[str, Any] = event.get("report") or {}
        if event["status"] == "timeout":
            self._time_out(context, event["message"], returned)
        if event["status"] not in ("done", "misconfigured"):
            raise exceptions.DataGraphError(f"The trigger sent an event that isn't known: {event['status']}.")
        report = Report.parse(returned, "The trigger's event") if returned else Report()
        problems = event["problems"] if event["status"] == "misconfigured" else None
        return self._end(context, returned, report, event.get("message", ""), problems)

    def _time_out(self, context: Context, message: str, returned: dict[str, Any]) -> NoReturn:
        keep_report(context, returned)
        message = one_line(f"The sensor waited {self.timeout} s. {message}")
        ends = sdk.AirflowSkipException if self.soft_fail or self.never_fail else sdk.AirflowSensorTimeout
        raise ends(message) from None

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume without the parent's wrapper, which skips on a misconfiguration where ``soft_fail`` is set."""
        self.never_render_again()
        try:
            return super(sdk.BaseSensorOperator, self).resume_execution(next_method, next_kwargs, context)
        except sdk.AirflowException as error:
            # Airflow 3 has a class for it, 2.11 the text alone.
            failed = type(error).__name__.startswith("TaskDeferral")
            if failed and "timeout" in str(error).lower():
                self._time_out(context, f"No triggerer told what it saw. {error}", {})
            if failed and self.never_fail:
                raise sdk.AirflowSkipException(one_line(str(error))) from error
            raise
