"""What Airflow reads when it discovers providers. It imports nothing heavy."""

from __future__ import annotations

from typing import Any

INTEGRATION = "Twilio Segment Data Graph"


def _modules(kind: str, *names: str) -> list[dict[str, Any]]:
    modules = [f"airflow_provider_datagraph.{kind}.{name}" for name in names]
    return [{"integration-name": INTEGRATION, "python-modules": modules}]


def get_provider_info() -> dict[str, Any]:
    """Describe it: https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html"""
    operators = "audit check database offboard preflight reverse_etl role rotate schema summary warehouse".split()
    return {
        "package-name": "airflow-provider-datagraph",
        "name": "Data Graph",
        "description": "Open an Amazon Redshift warehouse to Twilio Segment's Data Graph.",
        "integrations": [
            {
                "integration-name": INTEGRATION,
                "external-doc-url": "https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/",
                "tags": ["service"],
            }
        ],
        "operators": _modules("operators", *operators),
        "sensors": _modules("sensors", "access", "profiles_sync"),
        "triggers": _modules("triggers", "poll"),
        "extra-links": ["airflow_provider_datagraph.links.DocsLink"],
        "hooks": _modules("hooks", "redshift"),
    }
