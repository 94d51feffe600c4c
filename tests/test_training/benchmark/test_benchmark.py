"""The benchmark: that it measures what it says, and that a whole run comes out whole."""

import itertools
import json

import numpy as np
import pytest
import torch

from beast_core import BeastEncoder, EncoderConfig, WordEncoder
from training.benchmark.__main__ import main, read_texts
from training.benchmark.bars import bars
from training.benchmark.naive import NaiveEncoder
from training.benchmark.stream import distinct_words
from training.benchmark.timing import Spread, WordSource, in_turns
from training.common.errors import InputError

WORDS = ["a", "sol", "mar\0", "ñandú", "electroencefalografistas", "electroencefalografistamente", "👩‍👩‍👧", "casa"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_plain_encoder_and_the_core_give_the_same_vectors(dtype):
    torch.manual_seed(1)
    encoder = BeastEncoder(EncoderConfig.preset("mini", layers=3)).eval()
    plain = NaiveEncoder(encoder).encode(WORDS)
    ours = WordEncoder(encoder.to(dtype), cache_size=0).encode(WORDS)
    assert 1 - (plain * ours).sum(axis=1).min() < (1e-5 if dtype == torch.float32 else 1e-3)
    assert np.abs(plain - ours).max() < (1e-5 if dtype == torch.float32 else 1e-2)


def test_streams_and_sources_never_repeat_a_word():
    words = list(itertools.islice(distinct_words(["sol", "sola", "a"]), 3 * (1 + 26 + 26**2)))
    assert len(set(words)) == len(words) and words[:4] == ["sol-", "sola-", "a-", "sol-a"]
    source = WordSource(words[:10])
    assert source.take(4) + source.take(6) == words[:10]
    with pytest.raises(ValueError, match="10 words are not enough, expected 11 or more"):
        source.take(1)


def test_rounds_take_turns():
    asked = []
    works = {name: lambda name=name: asked.append(name) or float(len(asked)) for name in "ab"}
    assert in_turns(works, rounds=3) == {"a": Spread(3.0, 1.0, 5.0), "b": Spread(4.0, 2.0, 6.0)}
    assert asked == list("ababab")


def spread(value: float) -> dict[str, float]:
    return {"median": value, "low": value, "high": value}


def test_bars_are_ratios_within_one_run():
    report = {
        "words": {"beast_core": {"cold": spread(59_000)}, "fastText": {"cold": spread(100_000)}},
        "differences": {"mini": 1e-7, "mini, bfloat16": 2e-3},
        "pipeline": {
            "blank, new": spread(1.0),
            "beast_vectors, new": spread(1.9),
            "blank, again": spread(0.5),
            "beast_vectors, again": spread(0.6),
        },
        "stream": [
            {"words": 10, "part": 10, "seconds": 1.0, "resident_bytes": 1e8},
            {"words": 15, "part": 5, "seconds": 0.55, "resident_bytes": 2e8},
        ],
    }
    found = {bar.what: (round(bar.value, 9), bar.is_met) for bar in bars(report)}
    assert found == {
        "new words/s, our core": (59_000, False),
        "our core over fastText, new words/s": (0.59, True),
        "mini: largest cosine distance to plain torch's vector": (1e-7, True),
        "mini, bfloat16: largest cosine distance to plain torch's vector": (2e-3, False),
        "nlp.pipe with beast_vectors over a blank one, words seen before": (1.2, False),
        "nlp.pipe with beast_vectors over a blank one, new words": (1.9, True),
        "seconds a word of the last of 2 parts of a stream over the first": (1.1, True),
        "MB of memory that the parts after the first added": (100, False),
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A whole run, as small as it can be."""
    folder = tmp_path_factory.mktemp("benchmark")
    text = folder / "text.conllu"
    text.write_text("# text = El gato duerme.\n1\tEl\n\n# text = La gata también.\n", encoding="utf-8")
    scores = folder / "metrics.json"
    scored = {"similarity": {"simlex999_es_ew": {"spearman": 0.5}}}
    scores.write_text(json.dumps({"models": {"shipped": scored}}), encoding="utf-8")
    options = ["--rounds", "1", "--stream", "60000", "--api-words", "200", "--text", str(text), "--scores", str(scores)]
    routes = ["--routes", "beast_core", "floret", "model2vec", "table (spaCy)"]
    assert main([*options, *routes, "--output", str(folder / "out")]) == 0
    return folder / "out"


def test_a_run_measures_every_route_and_says_which_bars_are_met(finished):
    report = json.loads((finished / "benchmark.json").read_text(encoding="utf-8"))
    assert set(report["words"]) == set(report["fresh"]) == {"beast_core", "floret", "model2vec", "table (spaCy)"}
    assert all(entry["cold"]["median"] > 100 for entry in report["words"].values())
    assert report["fresh"]["beast_core"]["resident_bytes"]["median"] > 10e6  # more than the file: it is in memory
    assert report["machine"]["tokens"] == 8
    assert [part["words"] for part in report["stream"]] == [50_000, 60_000]
    told = (finished / "benchmark.md").read_text(encoding="utf-8")
    assert all(f"| {bar.what} |" in told for bar in bars(report)) and "| yes |" in told
    assert (finished / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_told_in_a_line(tmp_path, capsys):
    assert main(["--output", str(tmp_path), "--routes", "slow"]) == 1
    assert capsys.readouterr().err.startswith("error: unknown routes ['slow'], expected some of ['beast_core'")
    with pytest.raises(InputError, match=r"no text at .*nowhere, expected a \.conllu or \.txt file"):
        read_texts([tmp_path / "nowhere"])
