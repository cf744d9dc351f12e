"""The networking step of Segment's guide: a cluster that can be reached, and from Segment's addresses. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from airflow_provider_datagraph.access.plan import Fact, Finding, finding, note

ADDRESSES = {"us": ("52.25.130.38/32", "34.223.203.0/28"), "eu": ("3.251.148.96/29",)}
"""Whence Segment connects, by the region of the workspace:
https://segment.com/docs/connections/storage/catalog/redshift/#networking"""
OLD_NODES = ("dc", "ds")
"""How the types of nodes begin that have no cross-database queries."""


def network(
    cluster: Mapping[str, Any],
    rules: Iterable[Mapping[str, Any]],
    port: int,
    addresses: Sequence[str],
    region: str | None,
) -> Iterator[Finding]:
    """Hold a cluster, as DescribeClusters tells it, and its security groups' rules against the guide's networking step.

    :param port: the connection's; ``addresses``: whence Segment connects.
    :param region: the cluster's AWS region, for commands; None: the command line's own.
    """
    name, nodes, state = (str(cluster[key]) for key in ("ClusterIdentifier", "NodeType", "ClusterStatus"))
    own = ("--cluster-identifier", name)

    def command(*words: str) -> str:
        return shlex.join(["aws", *words, *(["--region", region] if region else [])])

    yield note("cluster", name, nodes=nodes, state=state)
    if state in ("pausing", "paused"):
        yield finding("cluster_unavailable", name, state=state, command=command("redshift", "resume-cluster", *own))
    elif state == "resuming" or cluster.get("ClusterAvailabilityStatus", "Available") != "Available":
        wait = command("redshift", "wait", "cluster-available", *own)
        yield finding("cluster_unavailable", name, state=state, command=wait)
    if nodes.startswith(OLD_NODES):
        yield finding("old_nodes", name, nodes=nodes)
    if not cluster.get("PubliclyAccessible"):
        yield finding("not_public", name, command=command("redshift", "modify-cluster", "--publicly-accessible", *own))
    # A paused cluster may have none.
    listens = int(cluster.get("Endpoint", {}).get("Port") or port)
    if listens != port:
        yield finding("other_port", name, port=port, listens=listens)
    groups = tuple(str(one["VpcSecurityGroupId"]) for one in cluster.get("VpcSecurityGroups", ()))
    shut_out = _shut_out(rules, listens, addresses)
    about: dict[str, Fact] = {"groups": groups, "port": listens, "addresses": shut_out or tuple(addresses)}
    if not shut_out:
        yield note("addresses_let_in", name, **about)
        return
    let_in = ("ec2", "authorize-security-group-ingress", "--group-id", *(groups[:1] or ("<group>",)))
    commands = (command(*let_in, "--protocol", "tcp", "--port", str(listens), "--cidr", one) for one in shut_out)
    yield finding("addresses_shut_out", name, commands=tuple(commands), **about)


def _shut_out(rules: Iterable[Mapping[str, Any]], port: int, addresses: Iterable[str]) -> tuple[str, ...]:
    """List the addresses that no rule lets in at a port; ``-1`` stands for every protocol, and with it every port."""
    found = []
    for rule in rules:
        every, ports = rule["IpProtocol"] == "-1", range(rule.get("FromPort", -1), rule.get("ToPort", -1) + 1)
        fits = every or (rule["IpProtocol"] == "tcp" and port in ports)
        if fits and not rule.get("IsEgress") and "CidrIpv4" in rule:
            found.append(IPv4Network(rule["CidrIpv4"], strict=False))
    wide = list(collapse_addresses(found))
    return tuple(one for one in addresses if not any(IPv4Network(one).subnet_of(other) for other in wide))
