"""Ray nodes simulated on this machine: processes of their own, which a test may kill."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ray = pytest.importorskip("ray", reason="needs the extra `search`")
from ray.cluster_utils import Cluster as Simulated  # noqa: E402 - needs ray

# A killed node is noticed within 2 s rather than 15; one that is only slow has as long as ever.
WATCHFUL = {"health_check_period_ms": 500, "health_check_failure_threshold": 3}


@contextmanager
def simulated(count: int) -> Iterator[Simulated]:
    """A head without cores, and so many nodes of one core each."""
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": WATCHFUL}
    made = Simulated(initialize_head=True, head_node_args=head)
    try:
        for _ in range(count):
            made.add_node(num_cpus=1)
        made.wait_for_nodes()
        yield made
    finally:
        ray.shutdown()
        made.shutdown()
