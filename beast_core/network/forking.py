"""What a process that was forked needs before it computes anything with torch."""

import os

import torch

from beast_core.network.capturing import is_captured

_process = os.getpid()


def limit_threads_after_fork() -> None:
    """Sets torch to one thread, once, in a process that was forked after this package was imported.

    In a forked child only the forking thread lives on: a parallel region of torch would wait for the others forever.
    It is called wherever this package starts to compute, so that a child which does not use it is left alone.
    """
    global _process
    if not is_captured() and os.getpid() != _process:
        torch.set_num_threads(1)
        _process = os.getpid()
