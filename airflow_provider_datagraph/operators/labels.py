"""What Airflow shows of a mapped task in place of its number."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.common.compat.sdk import Context

from airflow_provider_datagraph.redshift.names import join_path, one_line

TEMPLATE = "{{ task.instance_label }}"
"""A constant that prints the label: what the label itself holds is not rendered."""
MAX_LABEL = 100
"""How many characters a label has at most: Airflow's database holds 250, and a longer one would fail the task."""


def schemas_label(places: Sequence[tuple[str, str]], patterns: Sequence[str] = ()) -> str:
    """Name schemas in a short label: it begins as no literal of Python does, as a DAG may render native objects."""
    databases = {database for database, _ in places}
    count = f"{len(places)} schema{'s' * (len(places) > 1)} of"
    where = join_path(*databases) if len(databases) == 1 else f"{len(databases)} databases"
    listed = (join_path(*place[len(databases) == 1 :]) for place in places)
    text = f"{count} {where}: {', '.join(listed)}"
    if patterns:
        text = f"schemas {', '.join([*(join_path(*place) for place in places), *patterns])}"
    printable = one_line(text)
    return printable if len(printable) <= MAX_LABEL else printable[: MAX_LABEL - 1] + "…"


def show_label(label: str, context: Context) -> None:
    """Let Airflow show the label of a mapped task, if any, unless the DAG has a template of its own for that."""
    if not label or context.get("map_index_template") is not None:
        return
    mapped = getattr(context.get("ti"), "map_index", None)
    if mapped is not None and mapped >= 0:
        context["map_index_template"] = TEMPLATE
