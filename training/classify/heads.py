"""Classifiers: a model's vectors, or the n-grams of a text, and a linear head on top of them."""

from collections.abc import Callable, Iterable

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from beast_core import TextEncoder
from training.classify.samples import FOLDS, Samples
from training.common.rows import unit_rows
from training.common.statistics import SEED
from training.vectors import WordVectors

TFIDF = "tf-idf"

# Each head takes the strength of its penalty from the samples that it learns from alone, by leave-one-out.
_PENALTIES = tuple(10.0**power for power in range(-3, 4))


class _Words:
    """A model as an encoder of words: unit vectors, zeros for an unknown word."""

    def __init__(self, model: WordVectors) -> None:
        self._model, self.width = model, model.width

    def encode(self, words: Iterable[str]) -> np.ndarray:
        words = list(words)
        return unit_rows(self._model.lookup(words)[0]) if words else np.zeros((0, self.width), dtype=np.float32)


def text_vectors(model: WordVectors, *, reads_texts: bool) -> Callable[[Iterable[str]], np.ndarray]:
    """Texts -> vectors `(texts, width)`: of a sentence encoder, which `reads_texts`, its own, else means of words."""
    words = _Words(model)
    return words.encode if reads_texts else TextEncoder(words).encode


def head() -> RidgeClassifierCV:
    """The head of all: one linear function a class, least squares with a penalty."""
    return RidgeClassifierCV(alphas=_PENALTIES)


def character_classifier() -> Pipeline:
    """TF-IDF of the n-grams of 2 to 5 characters within words, fitted anew on what each fold learns from."""
    return make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True), head())


def model_classifier(vectors: Callable[[Iterable[str]], np.ndarray]) -> Pipeline:
    """The head on top of a model's vectors."""
    return make_pipeline(FunctionTransformer(vectors), head())


def hits(classifier: Pipeline, *, samples: Samples) -> np.ndarray:
    """Which samples are put into their class by a copy that has learnt from the other folds, `(samples,)` bool.

    The vectors are computed once: they do not depend on what is learnt. Groups stay whole, and folds have the classes
    in equal shares as far as that allows.
    """
    texts, learner = samples.texts, classifier
    if isinstance(classifier[0], FunctionTransformer):
        texts, learner = classifier[0].transform(texts.tolist()), classifier[1:]
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=SEED)
    predicted = cross_val_predict(clone(learner), texts, samples.classes, groups=samples.groups, cv=folds)
    return np.asarray(predicted == samples.classes)
