"""How the threads of a parallel loop wait for one another."""

import os

# Of waiting in a loop, before a thread lets others have its core: about a third of a millisecond.
_SPINS = "10000"


def spin_briefly() -> None:
    """Lets threads that wait sleep soon, so that training keeps its pace on a machine with other work on its cores.

    Torch's threads meet at the end of every operation. By default one that waits for another spins for up to ten
    milliseconds, on a core that the other may need. Steps a second of `training/configs/beast.toml` on two cores,
    alone, and beside two busy loops that leave it half of the time:

    - by default: 9.4 and 1.0
    - `GOMP_SPINCOUNT=10000`: 9.2 and 3.9
    - `GOMP_SPINCOUNT=1000`: 8.7 and 4.9
    - `OMP_WAIT_POLICY=PASSIVE`, which does not spin: 8.5 and 3.8

    GNU's OpenMP, that of torch's wheels for Linux, reads the variable when it is loaded: this must be called before
    torch is imported, so `__init__.py` of the stages that run for long do. Processes that torchrun starts do the same.
    Whoever has set `GOMP_SPINCOUNT` or `OMP_WAIT_POLICY` keeps what was set.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
