"""The compose files: valid, local, and the same settings in every Airflow service."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import compose_check

COMPOSE = compose_check.load()
AIRFLOW = ("airflow-init", "api-server", "scheduler", "dag-processor", "triggerer")


@pytest.mark.parametrize("files", [(compose_check.COMPOSE,), (compose_check.COMPOSE, compose_check.SITE)])
def test_the_files_are_valid(files: tuple[Path, ...]) -> None:
    assert compose_check.main(*files) == 0


def test_a_site_has_the_same_settings_in_every_service() -> None:
    services = compose_check.load(compose_check.COMPOSE, compose_check.SITE)["services"]
    small, site = COMPOSE["services"]["scheduler"]["environment"], services["scheduler"]["environment"]
    assert small.items() - site.items() == {("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")}
    del services["worker"]["environment"]["DUMB_INIT_SETSID"]
    for name in (*AIRFLOW, "worker"):
        assert services[name]["environment"] == site
    assert (services["worker"]["scale"], services["triggerer"]["scale"]) == (2, 2)


def test_services() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redshift", *AIRFLOW}
    services = [COMPOSE["services"][name] for name in AIRFLOW]
    for key in ("image", "environment", "volumes"):
        assert all(service[key] == services[0][key] for service in services)


@pytest.mark.parametrize(
    ("service", "key", "value", "finding"),
    [
        ("redshift", "comand", ["x"], "$.services.redshift: Unevaluated properties are not allowed ('comand'"),
        ("redshift", "ports", ["5439:5439"], "services.redshift: port 5439:5439 isn't published on 127.0.0.1"),
        ("redshift", "volumes", ["./nowhere:/x"], "services.redshift: ./nowhere doesn't exist"),
        ("scheduler", "depends_on", {"airflow-init": {"condition": "service_healthy"}}, "services.scheduler: waits f"),
        ("redshift", "build", {"context": ".", "dockerfile": "docker/none"}, "services.redshift: docker/none doesn't"),
    ],
)
def test_what_the_check_finds(
    service: str, key: str, value: Any, finding: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    compose = copy.deepcopy(COMPOSE)
    compose["services"][service][key] = value
    file = tmp_path / "compose.yaml"
    file.write_text(yaml.safe_dump(compose))
    assert compose_check.main(file) == 1
    assert finding in capfd.readouterr().out


def test_what_lets_one_into_airflow_is_made_and_kept() -> None:
    # That they hold is tested in tests/e2e/test_compose_ran.py.
    api_server = COMPOSE["services"]["api-server"]
    kept = [volume.split(":")[1] for volume in api_server["volumes"] if volume.split(":")[0] in COMPOSE["volumes"]]
    for name in ("CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", "API_AUTH__JWT_SECRET_CMD", "API__SECRET_KEY_CMD"):
        file = api_server["environment"][f"AIRFLOW__{name}"].removeprefix("cat ")
        assert str(Path(file).parent) in kept
