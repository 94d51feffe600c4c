import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training.common.devices import choose_precision, good_at_bfloat16
from training.common.errors import InputError

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


def test_a_precision_is_what_is_asked_for_or_what_is_fast_here():
    cpu = torch.device("cpu")
    assert choose_precision("fp32", device=cpu) == torch.float32
    assert choose_precision("bf16", device=cpu) == torch.bfloat16
    assert (choose_precision("auto", device=cpu) == torch.bfloat16) == good_at_bfloat16(cpu)
    with pytest.raises(InputError, match=r"precision 'fp16', expected auto, fp32 or bf16"):
        choose_precision("fp16", device=cpu)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_freed_memory_stays_with_the_process():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True, timeout=120)
    given_back, kept = map(int, done.stdout.split())
    assert given_back < 64e6 < 256e6 < kept < 320e6


HUGE = """
import training.distill.__main__, st_beast, torch
from training.common.devices import tune_memory

tune_memory()
ones = torch.ones(64, 1 << 20)
print(next(line.split()[1] for line in open("/proc/self/smaps_rollup") if line.startswith("AnonHugePages")))
"""


def _gives_huge_pages():
    modes = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return modes.exists() and "[never]" not in modes.read_text()


@pytest.mark.skipif(not _gives_huge_pages(), reason="this system gives no huge pages to who asks")
def test_huge_pages_are_asked_for_in_time_when_a_command_does_so_as_it_starts():
    environment = {name: value for name, value in os.environ.items() if name != "THP_MEM_ALLOC_ENABLE"}
    done = subprocess.run(
        [sys.executable, "-c", HUGE], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    assert int(done.stdout) > 200_000
