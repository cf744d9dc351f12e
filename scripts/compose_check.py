"""Check docker-compose.yaml against the compose schema, and that it publishes ports on this machine only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yaml"
SCHEMA_CHECK = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")


def load(file: Path = COMPOSE) -> dict[str, Any]:
    """The compose file as Compose reads it: anchors and merge keys resolved."""
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


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


def main(file: Path = COMPOSE) -> int:
    """Check the file; 1 where something is wrong."""
    # The other checks read the file as the schema promises it.
    if subprocess.call([*SCHEMA_CHECK, str(file)]):
        return 1
    compose = load(file)
    found = [*port_findings(compose), *reference_findings(compose)]
    for line in found:
        print(f"{file.name}: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
