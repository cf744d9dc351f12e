"""`make e2e` alone runs what is here: it takes an environment of its own."""

import os

collect_ignore = [] if os.environ.get("DATAGRAPH_LINE") == "e2e" else ["test_site.py"]
