"""Annotated sentences in whatever form they come: each reader gives a document a sentence.

- `conllu`: Universal Dependencies, as spaCy's own converter reads them; the words of `del` are `de` and `el`.
- `cess`: names in the trees of CESS-ESP, as NLTK distributes them. A name is one leaf; its tag says what of.
- `slashed`: a sentence a line, `word/TAG` each, in a file of an archive, `ARCHIVE.tar.gz#PATH`.
- `handbook`: paragraphs of the Debian handbook, a folder of HTML, annotated by a pipeline.
"""

import html
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training.converters.conllu_to_docs import conllu_to_docs
from spacy.vocab import Vocab

from training.common.errors import InputError

# Leaves of CESS-ESP: (tag word lemma). A name's tag ends in what it is the name of.
_LEAF = re.compile(r"\(([^\s()]+) ([^\s()]+) ([^\s()]+)\)")
_NAME = re.compile(r"np0000([alop])")
_NAMES = {"a": "MISC", "l": "LOC", "o": "ORG", "p": "PER"}
_BRACKETS = {"-Fpa-": "(", "-Fpt-": ")"}

_PARAGRAPH = re.compile(r'<div class="para">(.*?)</div>', re.DOTALL)
_MARKUP = re.compile(r"<[^>]+>")
_SHORTEST_PARAGRAPH = 60  # characters: what is shorter is a heading or an entry of a list
_FEWEST_WORDS = 4  # of a sentence


def read_sentences(path: Path, *, reader: str, annotator: Path | None, limit: int) -> list[Doc]:
    """The first sentences of a file, a document each. Raises `InputError` for a file that is not there or has none."""
    file = Path(str(path).partition("#")[0])
    for needed in (file, annotator):
        if needed is not None and not needed.exists():
            raise InputError(f"nothing at {needed}; docs/downstream.md says how to get what is measured on")
    docs = list(islice(READERS[reader](path, annotator), limit))
    if not docs:
        raise InputError(f"{path} holds no sentence that the reader {reader} knows")
    return docs


def _read_conllu(path: Path, annotator: Path | None) -> Iterator[Doc]:
    yield from conllu_to_docs(path.read_text(encoding="utf-8"), n_sents=1, no_print=True)


def _read_cess(path: Path, annotator: Path | None) -> Iterator[Doc]:
    vocab = Vocab()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".tbf")):
            for tree in _trees(archive.read(name).decode("latin-1")):
                leaves = [leaf for leaf in _LEAF.findall(tree) if not leaf[1].startswith("*")]  # * stands for nothing
                if leaves and not any(tag == "np00000" for tag, _, _ in leaves):  # a name of nobody knows what
                    yield _with_names(leaves, vocab=vocab)


def _trees(text: str) -> Iterator[str]:
    """The outermost brackets of a text."""
    depth = start = 0
    for match in re.finditer(r"[()]", text):
        if match[0] == "(":
            start = match.start() if depth == 0 else start
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield text[start : match.end()]


def _with_names(leaves: list[tuple[str, str, str]], *, vocab: Vocab) -> Doc:
    words: list[str] = []
    names: list[tuple[int, int, str]] = []
    for tag, leaf, _ in leaves:
        parts = [_BRACKETS.get(leaf, leaf)] if leaf in _BRACKETS else [part for part in leaf.split("_") if part]
        if name := _NAME.match(tag):
            names.append((len(words), len(words) + len(parts), _NAMES[name[1]]))
        words += parts
    doc = Doc(vocab, words=words)
    doc.set_ents([Span(doc, start, end, label) for start, end, label in names], default="outside")
    return doc


def _read_slashed(path: Path, annotator: Path | None) -> Iterator[Doc]:
    archive, _, member = str(path).partition("#")
    vocab = Vocab()
    with tarfile.open(archive) as files:
        try:
            file = files.extractfile(member)
        except KeyError:
            file = None
        if file is None:
            raise InputError(f"{archive} holds no file {member!r}")
        text = file.read().decode("utf-8")
    for line in text.splitlines():
        pairs = [token.rpartition("/") for token in line.split()]
        words = [word.replace("&slash;", "/") for word, _, _ in pairs]
        if len(words) >= _FEWEST_WORDS and all(words):
            yield Doc(vocab, words=words, tags=[tag for _, _, tag in pairs])


def _read_handbook(path: Path, annotator: Path | None) -> Iterator[Doc]:
    assert annotator is not None
    with tempfile.TemporaryDirectory() as folder:
        for doc in open_pipeline(annotator, folder=Path(folder)).pipe(_paragraphs(path)):
            for sentence in doc.sents:
                if sum(token.is_alpha for token in sentence) >= _FEWEST_WORDS and sentence[-1].is_punct:
                    yield sentence.as_doc()


def _paragraphs(path: Path) -> Iterator[str]:
    """Those with a letter beyond ASCII: some were never translated."""
    for file in sorted(path.glob("*.html")):
        for found in _PARAGRAPH.findall(file.read_text(encoding="utf-8")):
            text = " ".join(html.unescape(_MARKUP.sub("", found)).split())
            if len(text) >= _SHORTEST_PARAGRAPH and any(letter.isalpha() and not letter.isascii() for letter in text):
                yield text


def open_pipeline(package: Path, *, folder: Path) -> Language:
    """The pipeline in a wheel, unpacked into a folder: no code of the package is run. Raises `InputError`."""
    with zipfile.ZipFile(package) as wheel:
        wheel.extractall(folder)
    found = sorted(folder.glob("*/*/config.cfg"))
    if len(found) != 1:
        raise InputError(f"{package} holds {len(found)} pipelines of spaCy, expected one")
    return spacy.load(found[0].parent)


READERS: dict[str, Callable[[Path, Path | None], Iterator[Doc]]] = {
    "conllu": _read_conllu,
    "cess": _read_cess,
    "slashed": _read_slashed,
    "handbook": _read_handbook,
}
