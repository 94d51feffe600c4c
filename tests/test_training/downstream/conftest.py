import os

import pytest

from training.downstream.corpora import Corpus

_ROOTS = {"duerme": "gato", "ladra": "perro", "corre": "caballo", "canta": "pájaro", "salta": "conejo"}


def _sentence(verb, noun, adjective):
    rows = [
        ("el", "DET", "Definite=Def|Gender=Masc", 2, "det"),
        (noun, "NOUN", "Gender=Masc|Number=Sing", 4, "nsubj"),
        (adjective, "ADJ", "Gender=Masc|Number=Sing", 2, "amod"),
        (verb, "VERB", "Number=Sing|Person=3", 0, "root"),
        (".", "PUNCT", "_", 4, "punct"),
    ]
    return "".join(
        f"{number}\t{word}\t_\t{pos}\t_\t{morph}\t{head}\t{dep}\t_\t_\n"
        for number, (word, pos, morph, head, dep) in enumerate(rows, start=1)
    )


@pytest.fixture(autouse=True)
def environment():
    """By it the command tells the processes that train how many threads they have: no other test is to be told."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def treebank(tmp_path_factory):
    """A folder of sentences to train on and to test on: the tests' adjectives and half of their nouns are new."""
    folder = tmp_path_factory.mktemp("treebank")
    train = [_sentence(verb, noun, "gris") for verb in _ROOTS for noun in [*_ROOTS.values()][:4]]
    test = [_sentence(verb, noun, "enorme") for verb in _ROOTS for noun in ("perro", "conejo")]
    (folder / "train.conllu").write_text("\n".join(train), encoding="utf-8")
    (folder / "test.conllu").write_text("\n".join(test), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus():
    return Corpus(
        language="es",
        task="syntax",
        reader="conllu",
        train="train.conllu",
        test="test.conllu",
        labels="people",
        credit="-",
    )
