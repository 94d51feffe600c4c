import pytest
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from training.downstream.readers import read_sentences
from training.downstream.scoring import score
from training.downstream.sentences import misspell

VOCAB = Vocab()


def sentence(words, **annotation):
    return Doc(VOCAB, words=words.split(), **annotation)


def test_words_are_counted_by_whether_they_were_seen_and_how_they_are_spelt():
    gold = [sentence("La casa azul cae", tags=list("dnav")), sentence("Un perro", tags=list("dn"))]
    predicted = [sentence("La casa azul cae", tags=list("dnnv")), sentence("Un perro", tags=list("dv"))]
    noisy = [sentence("La kasa azul cae", tags=list("dnav")), sentence("Un pero", tags=list("dn"))]
    guessed = [sentence("La kasa azul cae", tags=list("dvav")), sentence("Un pero", tags=list("dn"))]
    found = score(
        "tags", gold=gold, predicted=predicted, noisy=noisy, noisy_predicted=guessed, seen={"la", "casa", "un", "cae"}
    )
    assert found == {"tags": {"all": 4 / 6, "unseen": 0.0, "noisy": 5 / 6, "misspelt": 0.5}}


def test_a_name_counts_where_a_word_of_it_does():
    words = "Ana Ruiz vive en Quito"
    gold = [sentence(words, ents=["B-PER", "I-PER", "O", "O", "B-LOC"])]
    predicted = [sentence(words, ents=["B-PER", "O", "O", "O", "B-LOC"])]
    given = {"gold": gold, "predicted": predicted, "noisy": gold, "noisy_predicted": predicted}
    found = score("names", **given, seen={"ana", "vive", "en"})["names"]
    # Of two names one is right. The name that is found too short has no unseen word, the right one has: F1 is 2/3.
    assert found == {"all": 0.5, "unseen": pytest.approx(2 / 3), "noisy": 0.5, "misspelt": None}


def test_all_words_are_scored_as_spacy_scores_them(treebank):
    gold = read_sentences(treebank / "test.conllu", reader="conllu", annotator=None, limit=9)
    predicted = [
        Doc(
            doc.vocab,
            words=[token.text for token in doc],
            heads=[1, 3, 1, 3, 3] if number % 2 else [1, 3, 3, 3, 0],
            deps=["det", "nsubj", "amod", "ROOT", "punct"],
            pos=["DET", "NOUN", "NOUN" if number % 3 else "ADJ", "VERB", "PUNCT"],
            morphs=[str(token.morph) for token in doc],
        )
        for number, doc in enumerate(gold)
    ]
    examples = [Example(guess, doc) for guess, doc in zip(predicted, gold, strict=True)]
    expected = {
        "tags": Scorer.score_token_attr(examples, "pos")["pos_acc"],
        "trees": Scorer.score_deps(examples, "dep", getter=lambda token, _: token.dep_, ignore_labels=("punct",))[
            "dep_las"
        ],
    }
    found = score("syntax", gold=gold, predicted=predicted, noisy=gold, noisy_predicted=predicted, seen=set())
    assert {name: parts["all"] for name, parts in found.items()} == pytest.approx(expected)


def test_a_third_is_misspelt_and_everything_else_stays(treebank):
    docs = read_sentences(treebank / "train.conllu", reader="conllu", annotator=None, limit=99) * 20
    noisy = misspell(docs, language="es")
    assert [doc.to_json()["tokens"][1]["head"] for doc in noisy] == [doc.to_json()["tokens"][1]["head"] for doc in docs]
    pairs = [pair for doc, other in zip(docs, noisy, strict=True) for pair in zip(doc, other, strict=True)]
    assert all((a.pos_, a.dep_, str(a.morph)) == (b.pos_, b.dep_, str(b.morph)) for a, b in pairs)
    changed = [(a.text, b.text) for a, b in pairs if a.text != b.text]
    real = {token.text for doc in docs for token in doc}
    assert not real.intersection(wrong for _, wrong in changed) and all(len(right) > 2 for right, _ in changed)
    assert len(changed) / sum(len(a.text) > 2 for a, _ in pairs) == pytest.approx(1 / 3, abs=0.04)
    assert [doc.text for doc in misspell(docs, language="es")] == [doc.text for doc in noisy]
