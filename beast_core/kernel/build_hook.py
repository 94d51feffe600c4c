"""What hatchling runs when a wheel is built or this package is installed from its source: compiles the kernel.

With a C compiler, a wheel has the library in it and is one for a platform and all versions of Python, as nothing of
Python is compiled; an editable installation has it beside its source. Without one, the wheel is for any platform, and
vectors are computed by NumPy.
"""

import importlib.util
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags  # hatchling needs it too

_FOLDER = Path("beast_core/kernel")


class KernelHook(BuildHookInterface[BuilderConfig]):
    """See https://hatch.pypa.io/latest/plugins/build-hook/reference/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles; `version` is "standard" or "editable". A distribution of the source has nothing compiled."""
        if self.target_name != "wheel":
            return
        compiling = _load_compiler(Path(self.root) / _FOLDER / "compile.py")
        name = compiling.IN_PLACE.name
        self._work = tempfile.TemporaryDirectory()  # kept until the wheel is there, so that the source stays clean
        try:
            if version == "editable":
                compiling.compile_library(compiling.IN_PLACE)
                return
            library = compiling.compile_library(Path(self._work.name) / name)
        except (compiling.CompilationError, OSError) as error:
            self.app.display_warning(
                f"WARNING: the kernel was not compiled: {error}\n"
                "BEAST works without it, as NumPy computes the same vectors, but slower. To have it, install a C "
                "compiler (GCC or clang), then run: python -m beast_core.kernel"
            )
            return
        build_data["force_include"][str(library)] = f"{_FOLDER.as_posix()}/{name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what was only there to be put into the wheel."""
        if self.target_name == "wheel":
            self._work.cleanup()


def _load_compiler(file: Path) -> ModuleType:
    """That file as a module: the package that it is part of is not installed yet."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported: the source is not whole, copy it again")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _platform() -> str:
    """The tag of the machine that this runs on, without a claim on which versions of its C library suffice: a release
    says that by `auditwheel repair`."""
    return next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
