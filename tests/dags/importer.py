"""What an import loads. One process imports Airflow once; a child of it, forked, imports one thing more each time.

usage: importer.py. A line on the input names a module, or a file that ends in `.py`; a line of JSON answers.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import warnings

SLOW = ("redshift_connector", "boto3", "botocore", "airflow.providers.amazon.aws")


def answer(name: str) -> dict[str, list[str]]:
    """Import something and look at what is loaded now."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if name.endswith(".py"):
            runpy.run_path(name)
        else:
            importlib.import_module(name)
    loaded = sorted(module for module in sys.modules if module.startswith(SLOW))
    return {"loaded": loaded, "warnings": [f"{one.filename}: {one.message}" for one in caught]}


def in_a_child(name: str) -> str:
    """Answer from a forked process, which forgets what it has imported when it ends."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            reply = json.dumps(answer(name))
        except BaseException as error:  # the test shows it
            reply = json.dumps({"raised": [repr(error)]})
        os.write(writing, reply.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reply = pipe.read().decode()
    os.waitpid(child, 0)
    return reply


def main() -> None:
    """Answer until the input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    importlib.import_module("airflow.providers.common.compat.sdk").BaseOperator  # noqa: B018  # loads Airflow's own part
    for line in sys.stdin:
        replies.write(in_a_child(line.strip()) + "\n")
        replies.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
