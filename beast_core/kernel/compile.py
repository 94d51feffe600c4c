"""Compiles `encode.c` into the library beside it. Needs a C compiler, GCC or clang, and nothing else.

    python -m beast_core.kernel [--sanitize]

Installing does the same; this is for whoever has changed the source. It must not import anything of this package, which
is not installed while it is built.
"""

import os
import sys
import zlib
from pathlib import Path

SOURCE = Path(__file__).resolve().with_name("encode.c")
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
IN_PLACE = SOURCE.with_suffix(_SUFFIX)
# BEAST_LIBRARY names another place for it, for a library that is compiled in another way than the one in use.
LIBRARY = Path(os.environ.get("BEAST_LIBRARY") or IN_PLACE)

_OPTIONS = ["-O3", "-std=gnu11", "-Wno-psabi"] + ["-fPIC"] * (sys.platform != "win32")
# What is compiled once more for what processors. A compiler for others does not know these, and leaves them out.
INSTRUCTION_SETS = {"avx2": ["-mavx2", "-mfma"], "avx512": ["-mavx2", "-mfma", "-mavx512f"]}
_SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g"]


class CompilationError(RuntimeError):
    """There is no compiler, or it failed; the message has what it said."""


def source_digest() -> str:
    """A digest of the source, which a library says that was compiled from it."""
    return f"{zlib.crc32(SOURCE.read_bytes()):08x}"


def compile_library(target: Path = LIBRARY, *, sanitize: bool = False) -> Path:
    """Writes the library, whole or not at all. Raises `CompilationError`.

    With `sanitize`, it has AddressSanitizer and UndefinedBehaviorSanitizer in it:
    https://clang.llvm.org/docs/AddressSanitizer.html.
    """
    import shutil  # here, as each process that only loads the library imports this file
    import tempfile

    compilers = [os.environ["CC"]] if os.environ.get("CC") else ["cc", "gcc", "clang"]
    compiler = next((compiler for compiler in compilers if shutil.which(compiler.split()[0])), None)
    if compiler is None:
        raise CompilationError(f"no C compiler: none of {', '.join(compilers)} is there")
    options = [*_OPTIONS, *(_SANITIZERS if sanitize else []), f'-DBEAST_SOURCE="{source_digest()}"']
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        library, objects = Path(work) / target.name, list[Path]()
        for name, known in INSTRUCTION_SETS.items():
            compiled = Path(work) / f"{name}.o"
            if _run(compiler, *options, *known, f"-DBEAST_INSTRUCTIONS={name}", "-c", SOURCE, "-o", compiled) == "":
                objects.append(compiled)
        if said := _run(compiler, *options, "-shared", SOURCE, *objects, "-o", library, "-lm"):
            raise CompilationError(f"the C compiler failed: {said}")
        library.replace(target)
    return target


def _run(compiler: str, *arguments: str | Path) -> str:
    """Runs the compiler; returns what it said if it failed."""
    import subprocess

    command = [*compiler.split(), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{' '.join(command)}\n{done.stderr}".strip()
