"""The Python of README.md and docs/ runs as it stands: a fresh process for each of the two, in a folder of its own.

Every block has names of its own, as if it were the only one. What is said after `python` changes that:

    ```python continued          begins with the names of the block before it
    ```python needs=one,two      runs only where these modules are installed, and may warn
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
# Most of the time is that of imports: those of all of docs/ happen once.
DOCUMENTS = {"README.md": [ROOT / "README.md"], "docs": sorted((ROOT / "docs").rglob("*.md"))}
BLOCK = re.compile(r"^(?P<indent> *)```python\b *(?P<mark>.*)\n(?P<code>(?:.*\n)*?)(?P=indent)```$", re.MULTILINE)

# Blocks come as JSON: document, number of lines before the code, code, whether it is continued, whether it may warn.
# Named after the document and moved down to its line, a block that fails is quoted by its traceback as it stands there.
RUN = """
import json, sys, warnings
for document, line, code, continued, may_warn in json.load(sys.stdin):
    names = names if continued else {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if may_warn else "error")
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


def missing(block):
    return [name for name in block.needs if not importlib.util.find_spec(name)]


BLOCKS = {
    name: [block for document in documents for block in blocks_of(document) if block.mark != "unchecked"]
    for name, documents in DOCUMENTS.items()
}
RUNS = [pytest.param([block for block in blocks if not missing(block)], id=name) for name, blocks in BLOCKS.items()]
SKIPPED = [
    pytest.param([block], id=f"{block.document.name}:{block.line}", marks=pytest.mark.skip(f"needs {missing(block)}"))
    for blocks in BLOCKS.values()
    for block in blocks
    if missing(block)
]


def test_there_are_snippets_for_each_way_in():
    text = "\n".join(block.code for block in BLOCKS["README.md"])
    for promise in ('nlp.add_pipe("beast_vectors")', 'SentenceTransformer("beast").encode(', "load_encoder("):
        assert promise in text


def run(blocks, folder):
    """Runs blocks in a fresh process that reaches no hub; how it ended."""
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    told = [(str(each.document), each.line, each.code, each.mark == "continued", bool(each.needs)) for each in blocks]
    return subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        input=json.dumps(told),
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )


@pytest.mark.parametrize("blocks", [*RUNS, *SKIPPED])
def test_all_blocks_run_without_a_warning_and_without_a_hub(tmp_path, blocks):
    if any('SentenceTransformer("beast")' in block.code for block in blocks):  # which the text before it has saved
        save = [sys.executable, "-m", "st_beast", "save", "beast"]
        subprocess.run(save, cwd=tmp_path, check=True, capture_output=True)
    done = run(blocks, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_block_that_fails_is_named_by_its_document_and_line(tmp_path):
    document = tmp_path / "guide.md"
    document.write_text("# A\n```python\nx = 1\n```\n- B\n\n  ```python continued\n  x += 1\n  x / 0\n  ```\n", "utf-8")
    done = run(blocks_of(document), tmp_path)
    assert done.returncode == 1 and f'"{document}", line 9' in done.stderr and "x / 0" in done.stderr
    alone = run([block._replace(mark="") for block in blocks_of(document)], tmp_path)
    assert "name 'x' is not defined" in alone.stderr
