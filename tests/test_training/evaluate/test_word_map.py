from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.common.errors import InputError
from training.evaluate.word_map import _spread, draw_word_map
from training.languages import known_languages, read_language


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


SPANISH = read_language("es")


@pytest.mark.parametrize("code", known_languages())
def test_a_record_draws_twelve_fields_of_words_of_its_alphabet_and_none_twice(code):
    language = read_language(code)
    words = language.map_words
    assert len(language.word_map) == 12 and len(words) == len(set(words)) > 130
    assert set("".join(words).lower()) <= set(language.alphabet)


def test_the_map_is_the_same_every_time_and_skips_unknown_words():
    words = SPANISH.map_words
    vectors = np.random.default_rng(0).normal(size=(len(words), 8)).astype(np.float32)
    known = np.arange(len(words)) % 10 > 0
    drawn = draw_word_map(vectors, known, name="azar", language=SPANISH)
    vectors[~known] = 0
    assert drawn == draw_word_map(vectors, known, name="azar", language=SPANISH)
    assert size(drawn) == (1430, 1155)


def test_a_model_that_knows_few_words_has_no_map():
    known = np.zeros(len(SPANISH.map_words), dtype=bool)
    known[:40] = True
    with pytest.raises(InputError, match=r"casa knows 40 of the \d+ words of the map: too few to draw"):
        draw_word_map(np.ones((len(known), 4)), known, name="casa", language=SPANISH)


def test_a_record_without_words_has_no_map():
    with pytest.raises(InputError, match=r"the record of Spanish has no words for one, in \[word_map\]"):
        draw_word_map(np.ones((0, 4)), np.ones(0, dtype=bool), name="casa", language=replace(SPANISH, word_map={}))


def test_labels_do_not_overlap():
    figure = Figure(figsize=(6, 6))
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    places = np.random.default_rng(0).normal(scale=0.1, size=(40, 2))
    labels = [axes.text(*place, f"palabra{index}", ha="center", va="center") for index, place in enumerate(places)]
    labels += [axes.text(0.5, 0.5, "sitio", ha="center", va="center") for _ in range(3)]
    canvas.draw()
    _spread(labels, axes=axes)
    boxes = [label.get_window_extent(canvas.get_renderer()) for label in labels]
    overlapping = [
        (i, j) for i, first in enumerate(boxes) for j, second in enumerate(boxes[:i]) if first.overlaps(second)
    ]
    assert overlapping == []
