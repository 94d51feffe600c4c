"""The Python of README.md and docs/ runs as it stands: a fresh process for each document, in a folder of its own.

Every block has names of its own, as if it were the only one. What is said after `python` changes that:

    ```python continued          begins with the names of the block before it
    ```python needs=one,two      runs alone, and only where these modules are installed
    ```python unchecked          is not run
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^(?P<indent> *)```python\b *(?P<mark>.*)\n(?P<code>(?:.*\n)*?)(?P=indent)```$", re.MULTILINE)

# Blocks come as JSON: document, number of lines before the code, code, whether it is continued. Named after the
# document and moved down to its line, a block that fails is quoted by its traceback as it stands there.
RUN = """
import json, sys
for document, line, code, continued in json.load(sys.stdin):
    names = names if continued else {"__name__": "__main__"}
    exec(compile("\\n" * line + code, document, "exec"), names)
"""


class Block(NamedTuple):
    document: Path
    line: int
    code: str
    mark: str

    @property
    def needs(self):
        return self.mark.removeprefix("needs=").split(",") if self.mark.startswith("needs=") else []


def blocks_of(document):
    text = document.read_text(encoding="utf-8")
    found = [
        Block(document, text[: match.start("code")].count("\n"), textwrap.dedent(match["code"]), match["mark"])
        for match in BLOCK.finditer(text)
    ]
    assert len(found) == text.count("```python"), f"{document}: a block of Python is not closed"
    for block in found:
        assert block.needs or block.mark in ("", "continued", "unchecked"), f"{document}: {block.mark!r} is no mark"
    return found


BLOCKS = {document.relative_to(ROOT).as_posix(): blocks_of(document) for document in DOCUMENTS}
SELF_SUFFICIENT = {
    name: kept
    for name, blocks in BLOCKS.items()
    if (kept := [block for block in blocks if not block.needs and block.mark != "unchecked"])
}
WITH_MORE_PACKAGES = [block for blocks in BLOCKS.values() for block in blocks if block.needs]


def test_there_are_snippets_for_each_way_in():
    text = "\n".join(block.code for block in SELF_SUFFICIENT["README.md"])
    for promise in ('nlp.add_pipe("beast_vectors")', 'SentenceTransformer("beast").encode(', "load_encoder("):
        assert promise in text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which `python -m st_beast save beast` was run."""
    folder = tmp_path_factory.mktemp("documents")
    subprocess.run([sys.executable, "-m", "st_beast", "save", "beast"], cwd=folder, check=True, capture_output=True)
    return folder


def run(blocks, folder, *options):
    """Runs blocks in a fresh process that reaches no hub; how it ended."""
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    told = [(str(block.document), block.line, block.code, block.mark == "continued") for block in blocks]
    return subprocess.run(
        [sys.executable, *options, "-c", RUN],
        cwd=folder,
        input=json.dumps(told),
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )


@pytest.mark.parametrize("name", SELF_SUFFICIENT)
def test_the_blocks_of_a_document_run_without_a_warning_and_without_a_hub(folder, name):
    done = run(SELF_SUFFICIENT[name], folder, "-W", "error")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", WITH_MORE_PACKAGES, ids=lambda block: f"{block.document.name}:{block.line}")
def test_blocks_that_need_more_packages_run_where_these_are_installed(folder, block):
    if missing := [name for name in block.needs if not importlib.util.find_spec(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = run([block], folder)
    assert done.returncode == 0, done.stderr


def test_a_block_that_fails_is_named_by_its_document_and_line(folder, tmp_path):
    document = tmp_path / "guide.md"
    document.write_text("# A\n```python\nx = 1\n```\n- B\n\n  ```python continued\n  x += 1\n  x / 0\n  ```\n", "utf-8")
    done = run(blocks_of(document), folder)
    assert done.returncode == 1 and f'"{document}", line 9' in done.stderr and "x / 0" in done.stderr
    alone = run([block._replace(mark="") for block in blocks_of(document)], folder)
    assert "name 'x' is not defined" in alone.stderr
