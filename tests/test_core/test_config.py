import json
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core import PRESETS, BeastEncoder, EncoderConfig
from beast_core.families import FAMILIES
from beast_core.families.flatten import ACTIVATIONS, INPUT_NORMS, PADDINGS, FlattenConfig
from beast_core.families.ngram import POOLINGS, NgramConfig, Pooling
from beast_core.spelling import NEWEST_SPELLING
from beast_core.storage import FORMAT_VERSION

SWITCHES = {"input_norm": INPUT_NORMS, "activation": ACTIVATIONS, "padding": PADDINGS}
DEFAULTS = {"input_norm": "plain", "activation": "gelu", "padding": "masked"}


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
        "spelling": draw(st.integers(1, NEWEST_SPELLING)),
        "language": draw(st.just("") | st.from_regex(r"[a-z][a-z-]{1,40}", fullmatch=True)),
        "space": draw(
            st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]).filter(str.isprintable), max_size=100)
        ),
    }
    if draw(st.booleans()):
        values |= {name: draw(st.sampled_from(sorted(choices))) for name, choices in SWITCHES.items()}
        return FlattenConfig(layers=draw(st.integers(1, 64)), causal=draw(st.booleans()), **values)
    sizes = tuple(sorted(draw(st.sets(st.integers(2, 12), min_size=1))))
    values |= {"layers": draw(st.integers(0, 64)), "projection_width": draw(st.just(0) | small)}
    buckets = draw(st.lists(small, min_size=len(sizes), max_size=len(sizes)))
    return NgramConfig(ngram_sizes=sizes, ngram_buckets=tuple(buckets), **values)


@given(configurations())
def test_json_round_trip(config):
    restored = EncoderConfig.from_json(config.to_json())
    assert restored == config
    assert hash(restored) == hash(config)
    assert type(restored) is type(config)


def test_json_holds_every_field_so_that_a_changed_default_never_changes_a_saved_model():
    """In the order, too, in which they have always been written: the same models are the same bytes."""
    sizes = {"hidden_width": 256, "feed_forward_width": 512, "output_width": 256, "window": 24}
    ngrams = {"ngram_sizes": [3, 4, 5, 6], "ngram_buckets": [12_007, 53_003, 53_003, 53_003], "projection_width": 0}
    reading = {"lowercase": True, "spelling": 2}
    beast = {"family": "ngram", "layers": 0, "heads": 4, **sizes, "causal": True, **reading, **ngrams}
    none = {"ngram_sizes": [], "ngram_buckets": [], "projection_width": 0}
    sizes["feed_forward_width"] = 1024
    mini = {"family": "flatten", "layers": 8, "heads": 16, **sizes, "causal": False, **reading, **none}
    for name, expected in (("beast", beast), ("mini", mini)):
        assert list(json.loads(PRESETS[name].to_json()).items()) == list(expected.items())
        assert EncoderConfig.from_dict(expected) == PRESETS[name]


@given(configurations())
def test_a_folder_has_the_oldest_version_that_knows_all_it_holds(config):
    values = config.to_dict()
    assert EncoderConfig.from_folder(values, version=config.format_version) == config
    assert {"language", "space"} & set(values) == {name for name in ("language", "space") if getattr(config, name)}
    switched = any(getattr(config, name, default) != default for name, default in DEFAULTS.items())
    assert set(SWITCHES) & set(values) == {
        name for name, default in DEFAULTS.items() if getattr(config, name, default) != default
    }
    named = bool(config.language or config.space)
    assert config.format_version == (6 if switched else 5 if named else 4)
    assert config.network.format_version == (6 if switched else 4)
    assert (config.network == config) == (not named)


def test_the_newest_field_has_the_newest_format_version():
    newest = (each.metadata["since"] for family in FAMILIES.values() for each in fields(family.config))
    assert max(newest) == FORMAT_VERSION


def test_a_field_that_was_added_later_is_written_where_it_differs_from_what_there_was(monkeypatch):
    monkeypatch.setitem(POOLINGS, "sum", Pooling(pool=lambda sums, positions: sums, stock_mode="max"))
    changed = EncoderConfig.preset("beast", pooling="sum")
    assert list(changed.to_dict()) == [*PRESETS["beast"].to_dict(), "pooling"]
    assert EncoderConfig.from_json(changed.to_json()) == changed != PRESETS["beast"]


def test_the_summary_names_what_differs_from_before_there_was_a_choice():
    layers = "2 transformer layers (2 heads, feed-forward 1,024 wide, "
    said = f"byte embeddings and sinusoidal positions, 256 wide, {layers}"
    rest = "all 24 positions flattened into a linear layer, tanh"
    assert PRESETS["asterisk"].summary() == f"{said}causal), {rest}"
    bare = {"input_norm": "none", "activation": "relu", "padding": "attended", "causal": False}
    weighted = {"input_norm": "weighted", "padding": "zeroed"}
    for changes, norm, details in (
        (bare, "not normalised, ", "ReLU, padding attended to"),
        (weighted, "normalised with weights, ", "causal, padding masked and zeroed"),
    ):
        expected = f"{said.replace(layers, norm + layers)}{details}), {rest}"
        assert EncoderConfig.preset("asterisk", **changes).summary() == expected


def test_one_number_of_buckets_is_for_all_sizes():
    assert EncoderConfig.preset("beast", ngram_buckets=101).ngram_buckets == (101,) * 4
    assert EncoderConfig.preset("beast", ngram_buckets=101, ngram_sizes=[3]).ngram_buckets == (101,)


def test_each_family_has_a_name_and_presets():
    assert {name: family.config.family for name, family in FAMILIES.items()} == {name: name for name in FAMILIES}
    assert {preset.family for preset in PRESETS.values()} == set(FAMILIES)


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"hidden": 3, "lyers": 2, "family": "flatten"}, ["'hidden'", "'lyers'", "missing key 'heads'", "'layers'"]),
        (
            {"family": 5, "layers": "2", "heads": True, "causal": 1, "window": 2.5, "ngram_sizes": None},
            ["family is 5", "layers is '2'", "heads is True", "causal is 1", "window is 2.5"],
        ),
        ({"layers": "2", "colour": "red"}, ["unknown key 'colour'", "'family'", "'heads'", "layers is '2'"]),
        (
            {"family": "lstm", "layers": 0, "heads": 1, "window": 63, "hidden_width": -2},
            ["family is 'lstm'", "'flatten'", "'ngram'", "layers is 0", "window is 63", "at most 62", "width is -2"],
        ),
        (
            {"family": "ngram", "layers": 1, "heads": 3, "causal": False, "ngram_sizes": [4, 3], "ngram_buckets": 0},
            ["causal is False", "256 is not a multiple of heads 3", "ngram_sizes is (4, 3)", "ngram_buckets is (0, 0)"],
        ),
        ({"family": "ngram", "layers": 1, "heads": 1, "causal": True, "ngram_sizes": [1, 3]}, ["at least 2"]),
        ({"family": "ngram", "layers": 1, "heads": 1, "ngram_sizes": None}, ["ngram_sizes is None, expected a list"]),
        (
            {"family": "ngram", "layers": 1, "heads": 1, "ngram_sizes": [3], "ngram_buckets": 5, "pooling": "max"},
            ["pooling is 'max', expected one of ('mean',)"],
        ),
        ({"family": "ngram", "layers": 1, "heads": 1, "causal": True, "ngram_sizes": [3, "4"]}, ["whole numbers"]),
        (
            {"family": "ngram", "layers": -1, "heads": 1, "projection_width": -1},
            ["layers is -1, expected at least 0", "projection_width is -1, expected at least 0"],
        ),
        ({"family": "flatten", "layers": 0, "heads": 1}, ["layers is 0, expected at least 1"]),
        (
            {"family": "flatten", "layers": 1, "heads": 1, "language": "../es", "space": "a\n"},
            ["language is '../es', expected the code of a language", "space is 'a\\n', expected at most 100 printable"],
        ),
        (
            {"family": "flatten", "layers": 1, "heads": 1, "language": "es\n", "space": "a" * 101},
            ["'es\\n'", "at most 100"],
        ),
        ({"family": "flatten", "layers": 1, "heads": 1, "language": None}, ["language is None, expected the code"]),
        ({"family": "lstm", "language": "E"}, ["language is 'E'", "family is 'lstm'"]),
        (
            {"family": "flatten", "layers": 1, "heads": 1, "activation": "silu", "padding": "", "input_norm": "layer"},
            [
                "activation is 'silu', expected one of ('gelu', 'relu')",
                "padding is '', expected one of ('masked', 'attended', 'zeroed')",
                "input_norm is 'layer', expected one of ('plain', 'weighted', 'none')",
            ],
        ),
        (
            {"family": "ngram", "layers": 1, "heads": 1, "activation": "relu"},
            ["activation is 'relu', but belongs to the 'flatten' family"],
        ),
        (
            {"family": "flatten", "layers": 1, "heads": 1, "ngram_buckets": 9},
            ["ngram_buckets is 9, but belongs to the 'ngram' family"],
        ),
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


def test_a_wrong_family_is_not_blamed_on_its_n_grams():
    with pytest.raises(ValueError, match="family is 'lstm'") as caught:
        EncoderConfig.from_dict({"family": "lstm", "layers": 1, "heads": 1, "ngram_sizes": "3"})
    assert "ngram_sizes is" not in str(caught.value)


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


def test_fields_that_a_preset_has_not_are_named():
    for preset, owner in (("beast", "unknown key 'colour'"), ("mini", "pooling is 'mean', but belongs to the 'ngram'")):
        with pytest.raises(ValueError, match=owner):
            EncoderConfig.preset(preset, **{"colour": 3, "pooling": "mean"})


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        PRESETS["mini"].layers = 2
    changed = EncoderConfig.preset("mini", layers=2)
    assert (changed.layers, PRESETS["mini"].layers) == (2, 8)
