"""What Airflow is told of this package is there."""

from __future__ import annotations

import inspect
import json
import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import airflow
import jsonschema
import pytest
import yaml

import airflow_provider_datagraph
from airflow_provider_datagraph.provider_info import get_provider_info

KINDS = ("operators", "sensors", "triggers", "hooks")


def modules(kind: str) -> list[str]:
    return [name for one in get_provider_info()[kind] for name in one["python-modules"]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_module_is_there_and_holds_one_of_its_kind(kind: str) -> None:
    end = {"operators": "Operator", "sensors": "Sensor", "triggers": "Trigger", "hooks": "Hook"}[kind]
    public = set()
    for name in modules(kind):
        members = vars(import_module(name)).values()
        here = {m.__name__ for m in members if inspect.isclass(m) and m.__module__ == name and m.__name__.endswith(end)}
        assert here, name
        public |= here
    assert sorted(public) == import_module(f"{airflow_provider_datagraph.__name__}.{kind}").__all__


@pytest.mark.parametrize("kind", ["operators", "sensors"])
def test_none_is_left_out(kind: str) -> None:
    package = import_module(f"{airflow_provider_datagraph.__name__}.{kind}")
    public = {info.name for info in pkgutil.iter_modules(package.__path__, package.__name__ + ".")}
    left_out = {name.rpartition(".")[2] for name in public - set(modules(kind))}
    assert left_out == {"operators": {"base", "conf"}, "sensors": {"assets", "base"}}[kind]


def test_airflow_finds_it() -> None:
    (found,) = [point for point in entry_points(group="apache_airflow_provider") if "datagraph" in point.value]
    assert found.load()() == get_provider_info()
    assert get_provider_info()["package-name"] == "airflow-provider-datagraph"


def test_airflow_takes_it_as_it_is() -> None:
    info = get_provider_info()
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(info, schema)
    # Another key is allowed, and read by nobody.
    assert info.keys() == {"package-name", "name", "description", "integrations", "extra-links", *KINDS}
    if airflow.__version__.startswith("3."):
        # 2.11 reads fewer of them.
        assert info.keys() <= schema["properties"].keys()
    (integration,) = info["integrations"]
    assert integration.keys() == {"integration-name", "external-doc-url", "tags"}
    assert integration["external-doc-url"].startswith("https://segment.com/docs/")
    assert integration["tags"] == ["service"]
    assert {one["integration-name"] for kind in KINDS for one in info[kind]} == {"Twilio Segment Data Graph"}
    assert integration["integration-name"] == "Twilio Segment Data Graph"


def test_the_registry_lists_every_public_class() -> None:
    listed = yaml.safe_load((Path(__file__).parents[2] / ".airflow-registry.yaml").read_text())
    for kind in KINDS:
        room = import_module(f"{airflow_provider_datagraph.__name__}.{kind}")
        assert [one["module"] for one in listed[kind]] == [f"{room.__name__}.{name}" for name in room.__all__]
        assert all(one["description"] for one in listed[kind])
    assert listed["package-name"] == get_provider_info()["package-name"]
