import json
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core import PRESETS, BeastEncoder, EncoderConfig


@st.composite
def configurations(draw: st.DrawFn) -> EncoderConfig:
    heads, small = draw(st.integers(1, 16)), st.integers(1, 4096)
    values = {
        "heads": heads,
        "hidden_width": heads * 4 * draw(st.integers(1, 64)),
        "feed_forward_width": draw(small),
        "output_width": draw(small),
        "window": draw(st.integers(1, 62)),
        "lowercase": draw(st.booleans()),
    }
    if draw(st.booleans()):
        return EncoderConfig(family="flatten", layers=draw(small), causal=draw(st.booleans()), **values)
    sizes = tuple(sorted(draw(st.sets(st.integers(2, 12), min_size=1))))
    values |= {"layers": draw(st.just(0) | small), "projection_width": draw(st.just(0) | small)}
    buckets = draw(small | st.lists(small, min_size=len(sizes), max_size=len(sizes)))
    return EncoderConfig(family="ngram", causal=True, ngram_sizes=sizes, ngram_buckets=buckets, **values)


@given(configurations())
def test_json_round_trip(config):
    restored = EncoderConfig.from_json(config.to_json())
    assert restored == config
    assert hash(restored) == hash(config)
    assert isinstance(restored.ngram_sizes, tuple) and len(restored.ngram_buckets) == len(restored.ngram_sizes)


def test_json_holds_every_field_so_that_a_changed_default_never_changes_a_saved_model():
    assert json.loads(PRESETS["beast"].to_json()) == {
        "family": "ngram",
        "layers": 0,
        "heads": 4,
        "hidden_width": 256,
        "feed_forward_width": 512,
        "output_width": 256,
        "window": 24,
        "causal": True,
        "lowercase": True,
        "ngram_sizes": [3, 4, 5, 6],
        "ngram_buckets": [12_007, 53_003, 53_003, 53_003],
        "projection_width": 0,
    }


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"hidden": 3, "lyers": 2, "family": "flatten"}, ["'hidden'", "'lyers'", "missing key 'heads'", "'layers'"]),
        (
            {"family": 5, "layers": "2", "heads": True, "causal": 1, "window": 2.5, "ngram_sizes": None},
            ["family is 5", "layers is '2'", "heads is True", "causal is 1", "window is 2.5", "ngram_sizes is None"],
        ),
        ({"layers": "2", "colour": "red"}, ["unknown key 'colour'", "'family'", "'heads'", "layers is '2'"]),
        (
            {"family": "lstm", "layers": 0, "heads": 1, "window": 63, "hidden_width": -2},
            ["family is 'lstm'", "'flatten'", "'ngram'", "layers is 0", "window is 63", "at most 62", "width is -2"],
        ),
        (
            {"family": "ngram", "layers": 1, "heads": 3, "ngram_sizes": [4, 3], "ngram_buckets": 0},
            ["causal is False", "256 is not a multiple of heads 3", "ngram_sizes is (4, 3)", "ngram_buckets is (0, 0)"],
        ),
        ({"family": "ngram", "layers": 1, "heads": 1, "causal": True, "ngram_sizes": [1, 3]}, ["at least 2"]),
        ({"family": "ngram", "layers": 1, "heads": 1, "causal": True, "ngram_sizes": [3, "4"]}, ["whole numbers"]),
        (
            {"family": "ngram", "layers": -1, "heads": 1, "projection_width": -1},
            ["layers is -1, expected at least 0", "projection_width is -1, expected 0 or more"],
        ),
        ({"family": "flatten", "layers": 0, "heads": 1}, ["layers is 0, expected at least 1"]),
        ({"family": "flatten", "layers": 1, "heads": 1, "ngram_buckets": 9}, ["ngram_buckets is (9,), but belongs to"]),
        ({"family": "flatten", "layers": 1, "heads": 1, "projection_width": 9}, ["projection_width is 9, but belongs"]),
        (
            {"family": "ngram", "layers": 0, "heads": 1, "ngram_sizes": [3, 4], "ngram_buckets": [5]},
            ["ngram_buckets is (5,), expected a number of at least 1 for each"],
        ),
        (
            {"family": "ngram", "layers": 0, "heads": 1, "ngram_sizes": [3], "ngram_buckets": 5, "hidden_width": 6},
            ["hidden_width is 6, expected a multiple of 4"],
        ),
        ({"family": "ngram", "layers": 0, "heads": 1, "ngram_buckets": 2.5}, ["ngram_buckets is 2.5"]),
        ({"family": "flatten", "layers": 1, "heads": 2, "hidden_width": 6}, ["/ heads is 3", "an even number"]),
    ],
)
def test_all_problems_are_named_at_once(values, problems):
    with pytest.raises(ValueError, match="invalid encoder configuration") as caught:
        EncoderConfig.from_dict(values)
    assert [problem for problem in problems if problem not in str(caught.value)] == []


def test_no_buckets_are_none_however_they_are_written():
    assert EncoderConfig.preset("mini", ngram_buckets=0) == PRESETS["mini"]


def test_a_wrong_family_is_not_blamed_on_its_n_grams():
    with pytest.raises(ValueError, match="family is 'lstm'") as caught:
        EncoderConfig(family="lstm", layers=1, heads=1)
    assert "ngram_sizes" not in str(caught.value)


@pytest.mark.parametrize("values", [None, [], "beast", 3])
def test_anything_but_an_object_is_refused(values):
    with pytest.raises(ValueError, match=f"JSON object, found {type(values).__name__}"):
        EncoderConfig.from_dict(values)


def test_unknown_preset_names_the_presets():
    with pytest.raises(ValueError, match=r"'large'.*asterisk.*base.*beast.*mini"):
        EncoderConfig.preset("large")


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [("base", 14_274_816), ("mini", 7_956_736), ("asterisk", 3_218_176), ("beast", 43_912_192)],
)
def test_preset_parameters(preset, parameters):
    assert sum(parameter.numel() for parameter in BeastEncoder(PRESETS[preset]).parameters()) == parameters


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        PRESETS["mini"].layers = 2
    changed = EncoderConfig.preset("mini", layers=2)
    assert (changed.layers, PRESETS["mini"].layers) == (2, 8)
