"""The sentences of a corpus as files that spaCy trains on: to train, to test, and the test with misspelt words."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from beast_core.files import replace_file
from training.common.errors import InputError
from training.downstream.corpora import Corpus
from training.downstream.readers import read_sentences
from training.languages import read_language
from training.languages.noise import Misspeller

TRAIN, TEST, MISSPELT, WATCH = "train", "test", "misspelt", "watch"
_MISSPELT_SHARE = 1 / 3
_SEED = 0
_TRIES = 10  # a rule may have nothing to do in a word
_WATCHED = 20  # sentences of the training that spaCy's log shows a score of; nothing is chosen by it


def prepare_sentences(*, corpus: Corpus, data: Path, folder: Path) -> None:
    """Writes `NAME-train.spacy`, `-test`, `-misspelt` and `-watch` into a folder.

    Raises `InputError` for files that are missing, and for too few sentences to take apart.
    """
    wanted = corpus.train_sentences + (0 if corpus.test else corpus.test_sentences)
    annotator = data / corpus.annotator if corpus.annotator else None
    train = read_sentences(data / corpus.train, reader=corpus.reader, annotator=annotator, limit=wanted)
    if corpus.test:
        path = data / corpus.test
        test = read_sentences(path, reader=corpus.reader, annotator=annotator, limit=corpus.test_sentences)
    elif len(train) < wanted:
        raise InputError(f"{corpus.name}: {len(train)} sentences, expected {wanted}, to train on the first and test on")
    else:
        train, test = train[: corpus.train_sentences], train[corpus.train_sentences :]
    folder.mkdir(parents=True, exist_ok=True)
    parts = {TRAIN: train, WATCH: train[:_WATCHED], TEST: test, MISSPELT: misspell(test, language=corpus.language)}
    for part, docs in parts.items():
        with replace_file(sentence_file(corpus, part=part, folder=folder)) as temporary:
            DocBin(docs=docs, store_user_data=False).to_disk(temporary)


def is_prepared(corpus: Corpus, *, folder: Path) -> bool:
    """Whether its files are there."""
    return sentence_file(corpus, part=MISSPELT, folder=folder).is_file()  # the last that is written


def sentence_file(corpus: Corpus, *, part: str, folder: Path) -> Path:
    """Where a part of a corpus lies."""
    return folder / f"{corpus.name}-{part}.spacy"


def read_docs(path: Path, *, vocab: Vocab) -> list[Doc]:
    """The documents of a file."""
    return list(DocBin().from_disk(path).get_docs(vocab))


def misspell(docs: Sequence[Doc], *, language: str) -> list[Doc]:
    """The same sentences, in which a third of the words of three letters or more are misspelt.

    By the rules of the language's record, which never make another word of the sentences. No words are joined or taken
    apart, so that each keeps its annotation, and a capital stays a capital.
    """
    misspeller, random = Misspeller(read_language(language).noise), Random(_SEED)
    real = {token.text.lower() for doc in docs for token in doc}
    return [_respelled(doc, [_misspelt(token.text, misspeller, random, real) for token in doc]) for doc in docs]


def _misspelt(word: str, misspeller: Misspeller, random: Random, real: set[str]) -> str:
    if len(word) < 3 or not word.isalpha() or random.random() >= _MISSPELT_SHARE:
        return word
    tries = (misspeller(word.lower(), random=random, real_words=real) for _ in range(_TRIES))
    noisy = next((each for each in tries if each != word.lower()), word.lower())
    if word.isupper():
        return noisy.upper()
    return noisy[:1].upper() + noisy[1:] if word[0].isupper() else noisy


def _respelled(doc: Doc, words: list[str]) -> Doc:
    annotation: dict[str, Any] = {}
    if doc.has_annotation("DEP"):
        annotation |= {"heads": [token.head.i for token in doc], "deps": [token.dep_ for token in doc]}
    if doc.has_annotation("ENT_IOB"):
        annotation["ents"] = ["-".join(filter(None, (token.ent_iob_, token.ent_type_))) for token in doc]
    return Doc(
        doc.vocab,
        words=words,
        spaces=[bool(token.whitespace_) for token in doc],
        tags=[token.tag_ for token in doc],
        pos=[token.pos_ for token in doc],
        morphs=[str(token.morph) for token in doc],
        **annotation,
    )
