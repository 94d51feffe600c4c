import json
from itertools import permutations
from math import hypot

import numpy as np
import pytest

from training.evaluate.__main__ import main
from training.evaluate.evaluation_sets import read_sets
from training.evaluate.kinds import KINDS
from training.evaluate.kinds.analogies import analogy_ranks

# hombre, mujer, rey and reina are the corners of a parallelogram; corona and trono point the same way: a tie.
VECTORS = {
    "hombre": [3, 0, 1],
    "mujer": [0, 3, 1],
    "rey": [3, 0, 4],
    "reina": [0, 3, 4],
    "niño": [2, -1, 0],
    "corona": [1, 1, 5],
    "trono": [2, 2, 10],
    "sol": [-4, -2, -1],
}
UNKNOWN = "marte"
QUESTIONS = list(permutations([*VECTORS, UNKNOWN], 4))
NO_QUESTIONS = [
    ("hombre", "rey", "mujer", "reina madre"),
    ("hombre", "rey", "mujer", "rey"),
    ("hombre", "rey_mago", "mujer", "reina"),
]


def answered_right(a, b, c, d):
    """3CosAdd as it is told: unit vectors, b - a + c, the best of the other words by cosine."""
    if UNKNOWN in (a, b, c, d):
        return False
    unit = {word: [entry / hypot(*vector) for entry in vector] for word, vector in VECTORS.items()}
    unit[UNKNOWN] = [0, 0, 0]
    target = [unit[b][place] - unit[a][place] + unit[c][place] for place in range(3)]
    cosines = {
        word: sum(x * y for x, y in zip(vector, target, strict=True)) / hypot(*target)
        for word, vector in unit.items()
        if word not in (a, b, c)
    }
    return all(cosines[d] > cosine + 1e-6 for word, cosine in cosines.items() if word != d)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analogies")
    np.save(folder / "words.npy", np.array(list(VECTORS.values()), dtype=np.float32))
    (folder / "words.txt").write_text("\n".join(VECTORS), encoding="utf-8")
    rows = [("unknown" if UNKNOWN in words else "known", *words) for words in QUESTIONS]
    rows += [("dropped", *words) for words in NO_QUESTIONS]
    text = "".join("\t".join(row).replace("rey", "Rey") + "\n" for row in [("category", *"abcd"), *rows])
    (folder / "sets/analogy").mkdir(parents=True)
    (folder / "sets/analogy/court.tsv").write_text(text, encoding="utf-8")
    (folder / "sets/analogy/plain.tsv").write_text("a\tb\tc\td\nhombre\tmujer\trey\treina\n", encoding="utf-8")
    return folder


def test_every_question_is_answered_as_by_the_reference(folder):
    found, _ = read_sets([folder / "sets"], kinds=KINDS).of_kind["analogies"]
    assert (found.name, set(found.words)) == ("court", {*VECTORS, UNKNOWN})
    assert [tuple(found.words[row] for row in rows) for rows in found.questions] == QUESTIONS
    vectors = np.array([VECTORS.get(word, [0, 0, 0]) for word in found.words], dtype=np.float32)
    right = analogy_ranks(vectors, questions=found.questions) == 1
    assert dict(zip(QUESTIONS, right.tolist(), strict=True)) == {words: answered_right(*words) for words in QUESTIONS}
    answered = [words for words, is_right in zip(QUESTIONS, right, strict=True) if is_right]
    assert ("hombre", "mujer", "rey", "reina") in answered
    # corona and trono tie, unless the other one is excluded
    assert all({"corona", "trono"} <= {*words} for words in answered if words[3] in ("corona", "trono"))


def accuracy(right, *, of):
    """With Wilson's interval, by its formula."""
    share, square = right / of, 1.959963985**2 / of
    half = (square * (share * (1 - share) + square / 4)) ** 0.5
    bounds = [(share + square / 2 + sign * half) / (1 + square) for sign in (-1, 1)]
    return {"accuracy": round(share, 6), "accuracy_interval": [pytest.approx(bound, abs=1e-6) for bound in bounds]}


def test_accuracy_is_told_in_all_and_by_category(folder):
    output = folder / "report"
    main([str(folder / "words.npy"), "--data", str(folder / "sets"), "--output", str(output)])
    found = json.loads((output / "metrics.json").read_text())["models"]["words.npy"]["analogies"]
    right = sum(answered_right(*words) for words in QUESTIONS)
    known = len(list(permutations(VECTORS, 4)))
    assert found["court"] == {
        "questions": 3024,
        "words": 9,
        "coverage": round(known / 3024, 6),
        **accuracy(right, of=3024),
        "categories": {
            "known": {"questions": known, **accuracy(right, of=known)},
            "unknown": {"questions": 3024 - known, **accuracy(0, of=3024 - known)},
        },
    }
    assert found["plain"] == {"questions": 1, "words": 4, "coverage": 1.0, **accuracy(1, of=1)}
    assert (
        "| analogies, 3CosAdd | court | 3,024 | 0.088 [0.08, 0.10], 56% known |" in (output / "results.md").read_text()
    )
