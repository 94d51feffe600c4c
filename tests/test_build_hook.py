"""What is built where there is a C compiler, and where there is none. `.ci/run` installs both wheels."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hatchling.bridge.app import Application

from beast_core.kernel.build_hook import KernelHook
from beast_core.kernel.compile import IN_PLACE

KERNEL = Path(__file__).parents[1] / "beast_core/kernel"
needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")


@pytest.fixture
def source(tmp_path):
    """A source tree that has what the hook reads."""
    folder = tmp_path / "beast_core/kernel"
    folder.mkdir(parents=True)
    for name in ("encode.c", "compile.py"):
        shutil.copy(KERNEL / name, folder)
    return tmp_path


def run_hook(source, *, target="wheel", version="standard"):
    hook = KernelHook(str(source), {}, None, None, str(source / "dist"), target, Application().get_safe_application())
    build_data = {"pure_python": True, "force_include": {}}
    hook.initialize(version, build_data)
    return hook, build_data


def files(source):
    return sorted(file.name for file in source.rglob("*.*") if file.is_file() and file.suffix != ".pyc")


@needs_compiler
def test_a_wheel_has_the_library_and_says_for_which_platform(source):
    hook, build_data = run_hook(source)
    [(library, place)] = build_data["force_include"].items()
    assert Path(library).is_file() and place == f"beast_core/kernel/{IN_PLACE.name}"
    assert not build_data["pure_python"]
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert sys.platform == "darwin" or build_data["tag"] == f"py3-none-{platform}"
    hook.finalize("standard", build_data, "")
    assert not Path(library).exists()
    assert files(source) == ["compile.py", "encode.c"]


@needs_compiler
def test_an_editable_installation_has_the_library_beside_its_source(source, monkeypatch):
    monkeypatch.setenv("BEAST_LIBRARY", str(source / "other.so"))  # for a run, not for what is installed
    hook, build_data = run_hook(source, version="editable")
    hook.finalize("editable", build_data, "")
    assert files(source) == sorted(["compile.py", "encode.c", IN_PLACE.name])
    assert build_data == {"pure_python": True, "force_include": {}}


def test_what_is_distributed_as_source_has_nothing_compiled(source):
    hook, build_data = run_hook(source, target="sdist")
    hook.finalize("standard", build_data, "")
    assert build_data == {"pure_python": True, "force_include": {}}
    assert files(source) == ["compile.py", "encode.c"]


@pytest.mark.parametrize("version", ["standard", "editable"])
@pytest.mark.parametrize(
    ("compiler", "told"), [("/nonexistent", "no C compiler: none of /nonexistent is there"), ("false", "false -O3")]
)
def test_without_a_compiler_the_wheel_is_for_any_platform_and_a_warning_says_why(
    source, monkeypatch, capfd, version, compiler, told
):
    monkeypatch.setenv("CC", compiler)
    hook, build_data = run_hook(source, version=version)
    hook.finalize(version, build_data, "")
    assert build_data == {"pure_python": True, "force_include": {}}
    assert files(source) == ["compile.py", "encode.c"]
    said = "".join(capfd.readouterr())
    assert "WARNING: the kernel was not compiled" in said and told in said and "NumPy" in said


def test_the_hook_needs_nothing_but_hatchling_and_the_standard_library():
    """The package that it is part of is not installed while it is built."""
    script = (
        "import runpy, sys; runpy.run_path(sys.argv[1]); runpy.run_path(sys.argv[2]);"
        "print(sorted({'beast_core', 'numpy', 'torch'} & set(sys.modules)))"
    )
    command = [sys.executable, "-P", "-c", script, str(KERNEL / "build_hook.py"), str(KERNEL / "compile.py")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"
