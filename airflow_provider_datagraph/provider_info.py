"""What Airflow reads when it discovers providers. It imports nothing heavy."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Describe the provider.

    :return: a dict by Airflow's ``provider_info.schema.json``.

    https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
    """
    integration = "Twilio Segment Data Graph"
    package = "airflow_provider_datagraph"
    return {
        "package-name": "airflow-provider-datagraph",
        "name": "Data Graph",
        "description": "Open an Amazon Redshift warehouse to Twilio Segment's Data Graph.",
        "integrations": [
            {
                "integration-name": integration,
                "external-doc-url": "https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/",
                "tags": ["service"],
            }
        ],
        "operators": [
            {
                "integration-name": integration,
                "python-modules": [
                    f"{package}.operators.{name}"
                    for name in (
                        *("audit", "check", "database", "offboard", "reverse_etl", "role", "rotate", "schema"),
                        "summary",
                    )
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": integration,
                "python-modules": [f"{package}.sensors.{name}" for name in ("access", "profiles_sync")],
            }
        ],
        "triggers": [{"integration-name": integration, "python-modules": [f"{package}.triggers.poll"]}],
        "hooks": [{"integration-name": integration, "python-modules": [f"{package}.hooks.redshift"]}],
    }
