"""The one base of the sensors: poke once, then defer; a misconfiguration is never skipped and never retried."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
)

from airflow_provider_datagraph.access.plan import Finding, finding
from airflow_provider_datagraph.access.report import Report, table
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import (
    DataGraphError,
    LoginRefusedError,
    MisconfigurationError,
    PassingFaultError,
)
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import ANY_DATABASE, DEFAULT_ADMIN, keep_report, refusing_bad_input
from airflow_provider_datagraph.redshift.catalog.identities import read_users
from airflow_provider_datagraph.redshift.names import one_line
from airflow_provider_datagraph.triggers.poll import PollTrigger
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, TakesFromXCom

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_datagraph.engine.looks import Look, Probe

DEADLINE_GRACE = 60.0
"""Seconds that the trigger has to tell its own, better explained timeout before Airflow ends the deferral."""

NOT_READY = "Not ready yet (one look, without waiting; what is only planned doesn't exist)"


class DataGraphSensor(TakesFromXCom, BaseSensorOperator):
    """Base of the sensors. A subclass names its probe and parses its arguments.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param aws_conn_id: as for the operators.
    :param wait: whether to wait at all; with False it looks once, reports what is missing, and succeeds;
        default True.
    :param deferrable: whether to free the worker after the first poke; default True.
    :param index: as for the operators.
    """

    template_fields: Sequence[str] = ("redshift_conn_id", "aws_conn_id", "wait")
    ui_color = "#fef7e0"
    probe = ""

    def __init__(
        self,
        *,
        redshift_conn_id: str = DEFAULT_ADMIN,
        aws_conn_id: str | Missing | None = LEFT_OUT,
        wait: bool | str = True,
        deferrable: bool = True,
        index: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.redshift_conn_id = redshift_conn_id
        self.aws_conn_id = self.kept("aws_conn_id", aws_conn_id)
        self.wait = wait
        self.deferrable = deferrable
        self.index = index
        self._last = "nothing was seen yet"
        self._refused: MisconfigurationError | None = None
        self._warned: set[str] | None = None

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        """Parse the rendered arguments.

        :return: the probe's arguments: JSON values only.
        """
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Poke once; then defer, or poke on where ``deferrable`` is off.

        :return: the report: ``changed`` (0), ``in_place``, ``changes`` (none), ``findings``, ``notes``,
            ``omitted``.
        :raises MisconfigurationError: for what a person has to correct; ``soft_fail`` doesn't hide it.
        """
        # A reschedule is another process, and the same try.
        self._warned = None if context.get("task_reschedule_count") else set()
        with refusing_bad_input():
            self.take_arguments(context)
        if not self._checked_wait():
            return self._look_only()
        if not self.deferrable:
            return self._poke_on(context)
        look = self._look_once()
        if look is not None and look.done:
            return self._finish(look.as_dict(), look.report, look.message)
        self._stop(context, look)
        self.log.info("Not yet: %s", self._last)
        self._defer()

    def _checked_wait(self) -> bool:
        """Check everything that can be checked without a server; whether to wait."""
        problems = Problems()
        with refusing_bad_input():
            wait = problems.check(arguments.boolean, self.wait, "wait", default=True)
            parsed = self.probe_arguments(problems)
            self._check_connections(parsed.get("user_conn_id"), problems)
            problems.raise_all()
        return wait

    def _check_connections(self, user_conn_id: str | None, problems: Problems) -> None:
        from airflow_provider_datagraph.hooks.redshift import DataGraphHook

        hooks = [DataGraphHook(self.redshift_conn_id, aws_conn_id=self.aws_id)]
        if user_conn_id is not None:
            # Any database will do: which one it is to be is the probe's to find out.
            hooks.append(DataGraphHook(self.redshift_conn_id, database=ANY_DATABASE, user_conn_id=user_conn_id))
        for hook in hooks:
            hook.warned = self._warned
            problems.check(getattr, hook, "arguments", default={})

    def _defer(self) -> NoReturn:
        self.defer(
            trigger=PollTrigger(
                probe=self.probe,
                arguments=self._arguments(),
                poke_interval=float(self.poke_interval),
                deadline=time.time() + float(self.timeout),
            ),
            method_name="resume",
            timeout=timedelta(seconds=float(self.timeout) + DEADLINE_GRACE),
        )
        raise AssertionError("defer always raises")

    def _arguments(self) -> dict[str, Any]:
        problems = Problems()
        with refusing_bad_input():
            parsed = self.probe_arguments(problems)
            problems.raise_all()
        return {**parsed, "redshift_conn_id": self.redshift_conn_id, "aws_conn_id": self.aws_id}

    def _make_probe(self) -> Probe:
        from airflow_provider_datagraph.engine.looks import make_probe
        from airflow_provider_datagraph.hooks.redshift import application_name

        name = application_name(self.dag_id, self.task_id)
        probe = make_probe(self.probe, self._arguments(), application=name)
        for reader in probe.readers:
            reader.hook.warned = self._warned
        return probe

    def _look_once(self) -> Look | None:
        """Look once; a passing fault is no look, and is waited out."""
        from airflow_provider_datagraph.engine.looks import take

        probe = self._make_probe()
        try:
            with refusing_bad_input():
                look = take(probe)
        except PassingFaultError as error:
            self._last = str(error)
            return None
        finally:
            probe.close()
        self._last = look.message
        return look

    def _look_only(self) -> dict[str, Any]:
        try:
            look = self._look_once()
        except LoginRefusedError as error:
            report = Report.of(self._refusal(error))
            return self._finish(report.as_dict(), report, NOT_READY)
        if look is None:
            raise PassingFaultError(self._last)
        return self._finish(look.as_dict(), look.report, look.message if look.done else NOT_READY)

    def _refusal(self, error: LoginRefusedError) -> list[Finding]:
        """Tell a login that is wrong from a user, or a database, that is only planned: Redshift answers the same."""
        from airflow_provider_datagraph.hooks.redshift import DataGraphHook, application_name

        name = application_name(self.dag_id, self.task_id)
        hook = DataGraphHook(self.redshift_conn_id, aws_conn_id=self.aws_id, application_name=name)
        hook.warned = self._warned
        if error.about in Converger(hook).read(lambda rows, _: [f"user {name}" for name in read_users(rows)]):
            return [finding("not_ready", error.about, reason=problem) for problem in error.problems]
        return [finding("not_ready", error.about, case="planned")]

    def _finish(self, returned: dict[str, Any], report: Report, title: str) -> dict[str, Any]:
        self.log.info("%s", table(title, report, changes=False))
        return returned

    def _stop(self, context: Context, look: Look | None) -> None:
        """Fail where no waiting mends what was seen; the report is kept."""
        if look is not None and look.problems:
            keep_report(context, self._finish(look.as_dict(), look.report, look.message))
            raise MisconfigurationError.of(look.problems)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once, for ``deferrable=False``.

        :return: whether it is done, with the report.
        """
        try:
            look = self._look_once()
            self._stop(context, look)
        except MisconfigurationError as error:
            # The caller turns an exception into a skip where soft_fail is set; it is raised when the loop is left.
            self._refused = error
            return PokeReturnValue(is_done=True)
        if look is not None and look.done:
            return PokeReturnValue(is_done=True, xcom_value=self._finish(look.as_dict(), look.report, look.message))
        self.log.info("Not yet: %s", self._last)
        return PokeReturnValue(is_done=False)

    def _poke_on(self, context: Context) -> Any:
        try:
            report = super().execute(context)
        except AirflowSensorTimeout as error:
            raise AirflowSensorTimeout(f"{error} {self._last}") from error
        if self._refused is not None:
            raise self._refused
        return report

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the trigger's event.

        :raises AirflowSensorTimeout: if the deadline has passed; a skip where ``soft_fail`` is set.
        :raises MisconfigurationError: for what a person has to correct.
        """
        returned: dict[str, Any] = event.get("report") or {}
        if returned:
            self._finish(returned, Report.parse(returned, "The trigger's event"), event["message"])
        if event["status"] == "done":
            return returned
        if event["status"] == "misconfigured":
            keep_report(context, returned)
            raise MisconfigurationError.of(event["problems"])
        if event["status"] != "timeout":
            raise DataGraphError(f"The trigger sent an event that isn't known: {event['status']}.")
        message = f"The sensor waited {self.timeout} s. {event['message']}"
        self._time_out(message)

    def _time_out(self, message: str) -> NoReturn:
        message = one_line(message)
        if self.soft_fail or self.never_fail:
            raise AirflowSkipException(message)
        raise AirflowSensorTimeout(message)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume without the parent's wrapper, which skips on a misconfiguration where ``soft_fail`` is set."""
        self.never_render_again()
        try:
            return super(BaseSensorOperator, self).resume_execution(next_method, next_kwargs, context)
        except AirflowException as error:
            # Airflow 3 has a class for it, 2.11 the text alone.
            if type(error).__name__.startswith("TaskDeferral") and "timeout" in str(error).lower():
                self._time_out(f"The sensor waited {self.timeout} s, and no triggerer told what it saw. {error}")
            raise
