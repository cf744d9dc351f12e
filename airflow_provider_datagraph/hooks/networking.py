"""What AWS tells of a cluster, and of who reaches it. It changes nothing there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Answer = Mapping[str, Any]


def read_network(aws_conn_id: str, cluster: str, region: str | None) -> tuple[Answer, Sequence[Answer]]:
    """Ask AWS for a cluster, and for the rules of its security groups.

    :param region: where to ask; None: where the AWS connection says.
    :raises OSError: if AWS refuses, or doesn't answer in some seconds, with no word of it: it may repeat what was sent.

    https://docs.aws.amazon.com/redshift/latest/APIReference/API_DescribeClusters.html,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    patience = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})

    def client(service: str) -> Any:
        return AwsBaseHook(aws_conn_id, client_type=service, region_name=region, config=patience).get_conn()

    try:
        (found,) = client("redshift").describe_clusters(ClusterIdentifier=cluster)["Clusters"]
        groups = [one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", ())]
        pages = client("ec2").get_paginator("describe_security_group_rules")
        asked = pages.paginate(Filters=[{"Name": "group-id", "Values": groups}]) if groups else ()
        return found, [rule for page in asked for rule in page["SecurityGroupRules"]]
    except ClientError as error:
        raise OSError(f"{error.operation_name}: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise OSError(type(error).__name__) from None
