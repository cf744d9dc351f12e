"""AWS on loopback, as far as it describes a cluster and the rules of its security groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

CLUSTER = {"NodeType": "ra3.large", "ClusterStatus": "available", "ClusterAvailabilityStatus": "Available"}
REFUSED = "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
CLUSTERS = """<DescribeClustersResponse><DescribeClustersResult><Clusters><Cluster>
<ClusterIdentifier>{name}</ClusterIdentifier>{fields}<VpcSecurityGroups><VpcSecurityGroup>
<VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status></VpcSecurityGroup></VpcSecurityGroups>
</Cluster></Clusters></DescribeClustersResult></DescribeClustersResponse>"""
RULES = "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet>{rules}</securityGroupRuleSet></{end}>"
RULE = (
    "<item><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>5430</fromPort><toPort>65535</toPort>"
    "<cidrIpv4>{cidr}</cidrIpv4></item>"
)


@contextmanager
def aws(
    fields: Mapping[str, str], *cidrs: str, refuses: str = "", asked: list[dict[str, list[str]]] | None = None
) -> Iterator[str]:
    """Listen, for the time of a block.

    :param fields: of the cluster; ``cidrs``: who is let in.
    :param refuses: the action that is refused, with a message that repeats the request's headers.
    :param asked: is told what was asked.
    :return: the endpoint.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            (action,) = query["Action"]
            if asked is not None:
                asked.append(query)
            if action == refuses:
                return self._send(403, REFUSED.format(code="AccessDenied", message=dict(self.headers)))
            if action == "DescribeSecurityGroupRules":
                items = "".join(RULE.format(cidr=cidr) for cidr in cidrs)
                return self._send(200, RULES.format(rules=items, end="DescribeSecurityGroupRulesResponse"))
            written = "".join(f"<{key}>{value}</{key}>" for key, value in {**CLUSTER, **fields}.items())
            return self._send(200, CLUSTERS.format(name=query["ClusterIdentifier"][0], fields=written))

        def _send(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
