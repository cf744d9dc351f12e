"""Check the compose files against the compose schema, and that they publish ports on this machine only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yaml"
SITE = ROOT / "docker-compose.site.yaml"
SCHEMA_CHECK = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")


def load(*files: Path) -> dict[str, Any]:
    """What Compose makes of files, each laid over the ones before it; by default of docker-compose.yaml."""
    loaded: dict[str, Any] = {}
    for file in files or (COMPOSE,):
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, service in read["services"].items():
            if extended := service.pop("extends", None):
                base = load(file.with_name(extended["file"]))["services"][extended["service"]]
                read["services"][name] = laid_over(base, service)
        loaded = laid_over(loaded, read)
    return loaded


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merge mappings as Compose does. Lists are replaced, as it does with commands; of others it would take both."""
    merged = {
        key: laid_over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **merged}


def port_findings(compose: dict[str, Any]) -> Iterator[str]:
    """Ports that others on the network could reach."""
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"services.{name}: port {port} isn't published on 127.0.0.1"


def reference_findings(compose: dict[str, Any]) -> Iterator[str]:
    """What the schema can't see: names of services and volumes, and paths, that don't exist."""
    services = compose["services"]
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            if other not in services:
                yield f"services.{name}: depends on {other}, which isn't there"
            elif condition["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                yield f"services.{name}: waits for {other}, which has no healthcheck"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (ROOT / source).exists():
                    yield f"services.{name}: {source} doesn't exist"
            elif source not in compose.get("volumes", {}):
                yield f"services.{name}: volume {source} isn't declared"
        if "build" in service and not (ROOT / service["build"]["dockerfile"]).is_file():
            yield f"services.{name}: {service['build']['dockerfile']} doesn't exist"


def main(*files: Path) -> int:
    """Check files, each laid over the ones before it; 1 where something is wrong."""
    # The other checks read the files as the schema promises them.
    if subprocess.call([*SCHEMA_CHECK, *map(str, files)]):
        return 1
    compose = load(*files)
    found = [*port_findings(compose), *reference_findings(compose)]
    for line in found:
        print(f"{files[-1].name}: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(COMPOSE) or main(COMPOSE, SITE))
