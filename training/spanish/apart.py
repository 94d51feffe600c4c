"""Work in a process of its own, which gives all its memory back when it is done."""

import os
import threading
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any


def run_apart(function: Callable[..., None], **arguments: Any) -> None:
    """Calls a function of a module in a fresh process and waits for it.

    Raises what the function raises, and `ChildProcessError` if the process is killed.

    What Python and its libraries have once held they seldom return to the system: stages that need much memory for
    different things would add up. The process ends with this one, however that ends.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(function, arguments, theirs))
    process.start()
    theirs.close()
    try:
        problem = ours.recv()
    except EOFError:
        problem = ChildProcessError("a part of the work was killed; is there too little memory?")
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()
        ours.close()
    if problem is not None:
        raise problem


def _call(function: Callable[..., None], arguments: dict[str, Any], result: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        function(**arguments)
    except KeyboardInterrupt:
        os._exit(1)  # the parent has it too, and tells
    except Exception as error:
        result.send(error)
    else:
        result.send(None)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)
