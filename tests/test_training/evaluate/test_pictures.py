import json

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.common.errors import InputError
from training.evaluate.pictures import MAP_FIELDS, _spread, draw_map, draw_training, map_words, read_log

LINE = {"step": 10, "epoch": 1.0, "loss": 0.5, "cosine": 0.6, "learning_rate": 1e-3}


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def test_no_word_is_on_the_map_twice():
    assert len(set(map_words())) == len(map_words()) == sum(len(words.split()) for _, words in MAP_FIELDS.values())


def test_the_map_is_the_same_every_time_and_skips_unknown_words():
    words = map_words()
    vectors = np.random.default_rng(0).normal(size=(len(words), 8)).astype(np.float32)
    known = np.arange(len(words)) % 10 > 0
    drawn = draw_map(vectors, known, name="azar")
    vectors[~known] = 0
    assert drawn == draw_map(vectors, known, name="azar")
    assert size(drawn) == (1430, 1155)


def test_a_model_that_knows_few_words_has_no_map():
    known = np.zeros(len(map_words()), dtype=bool)
    known[:40] = True
    with pytest.raises(InputError, match=r"casa knows 40 of the \d+ words of the map: too few to draw"):
        draw_map(np.ones((len(known), 4)), known, name="casa")


def test_labels_do_not_overlap():
    figure = Figure(figsize=(6, 6))
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    places = np.random.default_rng(0).normal(scale=0.1, size=(40, 2))
    labels = [axes.text(*place, f"palabra{index}", ha="center", va="center") for index, place in enumerate(places)]
    labels += [axes.text(0.5, 0.5, "sitio", ha="center", va="center") for _ in range(3)]
    canvas.draw()
    _spread(labels, canvas=canvas)
    boxes = [label.get_window_extent(canvas.get_renderer()) for label in labels]
    overlapping = [
        (i, j) for i, first in enumerate(boxes) for j, second in enumerate(boxes[:i]) if first.overlaps(second)
    ]
    assert overlapping == []


def write_log(path, lines):
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def test_a_log_is_drawn_with_and_without_held_out_words(tmp_path):
    lines = [{**LINE, "step": step, "held_out_cosine": 0.1 * step if step % 2 else None} for step in range(6)]
    entries = read_log(write_log(tmp_path / "log.jsonl", lines))
    assert [entry["step"] for entry in entries] == [0, 1, 2, 3, 4, 5]
    with_held_out = draw_training(entries)
    without = draw_training([{key: entry[key] for key in LINE} for entry in entries])
    assert size(with_held_out) == size(without) == (1100, 825)
    assert with_held_out != without


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], r"the training log .*log\.jsonl is empty; was the training stopped before its first report\?"),
        ([LINE, '{"step": 20, "lo'], r"line 2: expected a JSON object .*found '\{\"step\": 20, \"lo'"),
        ([{"step": 1, "loss": 0.5}], r"line 1: expected a JSON object .*KeyError: 'cosine'"),
        ([{**LINE, "loss": None}], r"line 1: expected a JSON object with numbers for step, loss"),
        ([LINE, {**LINE, "loss": float("nan")}], r"line 2: \['loss'\] not finite: the training broke down there"),
        (["[1, 2]\n"], r"line 1: expected a JSON object"),
    ],
)
def test_logs_that_cannot_be_drawn(tmp_path, lines, told):
    with pytest.raises(InputError, match=told):
        read_log(write_log(tmp_path / "log.jsonl", lines))
