"""The arrows between the packages and between the stages of training, and how their public functions are called."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("beast_core", "spacy_beast", "st_beast", "training")
TOP_LEVEL = {
    *(*PACKAGES, "tests", "docs"),
    *("pyproject.toml", "project.yml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
}

# Public methods whose arguments a host decides: they override one of its own, or it calls them by position.
HOST_SIGNATURES = {
    "BeastCardData.to_yaml",
    "Embed.initialize",
    "Embed.forward",
    "_EncoderShim.to_device",
    "forward",
    "KernelHook.finalize",
    "KernelHook.initialize",
    "BeastSentenceTransformer.encode",
    "BeastSentenceTransformer.encode_document",
    "BeastSentenceTransformer.encode_query",
    "BeastSentenceTransformer.preprocess",
    "BeastSentenceTransformer.save",
    "WordModule.load",
    "WordModule.preprocess",
    "WordModule.save",
}
# Two arguments of one kind, or a thing and where it goes: their order is the one in which they are said.
PAIRS = {
    "cosine_distance",
    "draw_word_map",
    "nested_distance",
    "import_originals",
    "pearson",
    "row_cosines",
    "spearman",
    "write_encoder",
    "write_model",
    "write_file",
}


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted((ROOT / package).rglob("*.py")):
        yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.Module, *, package: str) -> Iterator[tuple[int, str, str]]:
    """Line, imported module and imported name (empty for `import module`), wherever in the file the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module or ''}" if node.level else node.module
            yield from ((node.lineno, module, alias.name) for alias in node.names)


def test_the_contracts_of_the_arrows_are_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)  # where the contracts are, in pyproject.toml
    assert lint_imports() == 0, capsys.readouterr().out


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_reaches_into_the_private_parts_of_another(package):
    wrong = [
        f"{file}:{line} imports {name or module} of {module}"
        for file, tree in modules(package)
        for line, module, name in imports(tree, package=package)
        if module.split(".")[0] in set(PACKAGES) - {package}
        and any(part.startswith("_") for part in (*module.split("."), name))
    ]
    assert wrong == []


HEAVY = {"accelerate", "datasets", "matplotlib", "sentence_transformers", "sklearn", "spacy", "thinc", "transformers"}


@pytest.mark.parametrize(
    ("package", "never"),
    [
        ("beast_core", {*HEAVY, "torch", "spacy_beast", "st_beast", "training"}),
        ("spacy_beast", {*HEAVY - {"spacy", "thinc"}, "st_beast", "training"}),
    ],
)
def test_an_import_in_a_fresh_process_loads_no_other_host(package, never):
    script = f"import json, sys, {package}; print(json.dumps([name.split('.')[0] for name in sys.modules]))"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sorted(never & set(json.loads(done.stdout))) == []


def test_nothing_else_lies_at_the_root():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = {name.split("/")[0] for name in listed.split("\0") if name}
    extra = {name for name in entries - TOP_LEVEL if not name.startswith((".", "LICENSE"))}
    assert sorted(extra) == []


def public_functions(body: list[ast.stmt], *, inside: str) -> Iterator[tuple[str, ast.FunctionDef, bool]]:
    """Qualified name, definition and whether `self` or `cls` comes first; nested functions and setters do not count."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for name, method, _ in public_functions(node.body, inside=f"{inside}.{node.name}"):
                static = any(ast.unparse(decorator) == "staticmethod" for decorator in method.decorator_list)
                yield name, method, not static
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            decorators = map(ast.unparse, node.decorator_list)
            if f"{node.name}.setter" not in decorators:
                yield f"{inside}.{node.name}", node, False


def problems_of(function: ast.FunctionDef, *, name: str, bound: bool) -> Iterator[str]:
    by_position = [*function.args.posonlyargs, *function.args.args][1 if bound else 0 :]
    allowed = 2 if function.name in PAIRS else 1
    if len(by_position) > allowed and not {function.name, ".".join(name.split(".")[-2:])} & HOST_SIGNATURES:
        yield f"{name} takes {', '.join(argument.arg for argument in by_position[allowed:])} by position"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_functions_are_called_by_keyword_after_the_first_argument(package):
    problems = [
        problem
        for file, tree in modules(package)
        for name, function, bound in public_functions(tree.body, inside=".".join(file.with_suffix("").parts))
        for problem in problems_of(function, name=name, bound=bound)
    ]
    assert problems == []
