import subprocess
import sys

import pytest

# Page faults of five blocks of 64 MB, written and freed one after another, before and after.
PROBE = """
import resource
import torch
from edgecompress.training.memory import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.zeros(1 << 24).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
keep_memory()
faults()
print(given_back, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_a_block_that_was_freed_is_not_cleared_anew():
    told = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    given_back, kept = map(int, told.stdout.split())
    # 64 MB are 16,384 pages of 4 KiB; the system may take larger ones, so far fewer do as a bound.
    assert given_back > 1_000
    assert kept < given_back / 10
