import platform
import subprocess
import sys

import pytest

FREED = """
import psutil, torch
from training.common.devices import tune_memory

def resident_after_a_quarter_of_a_gigabyte():
    torch.ones(64, 1 << 20)
    return psutil.Process().memory_info().rss

before = psutil.Process().memory_info().rss
given_back = resident_after_a_quarter_of_a_gigabyte()
tune_memory()
kept = resident_after_a_quarter_of_a_gigabyte()
print(given_back - before, kept - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_freed_memory_stays_with_the_process():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True, timeout=120)
    given_back, kept = map(int, done.stdout.split())
    assert given_back < 64e6 < 256e6 < kept < 320e6
