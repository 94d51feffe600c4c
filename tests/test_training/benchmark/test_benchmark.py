"""The benchmark: that it measures what it says, and that a whole run comes out whole."""

import itertools
import json

import numpy as np
import pytest
import torch

from beast_core import BeastEncoder, EncoderConfig, NetworkEncoder
from training.benchmark.__main__ import main, read_texts, run
from training.benchmark.bars import bars
from training.benchmark.measured import BusySpeed, Machine, Measured, ProcessStart, StreamPart, WordSpeed
from training.benchmark.naive import NaiveEncoder
from training.benchmark.names import EARLIER, FREE_MODEL, PipelineWork, RouteName, StartName, in_batches
from training.benchmark.routes import ROUTES
from training.benchmark.stream import distinct_words
from training.benchmark.timing import Spread, WordSource, in_turns, words_a_second
from training.common.errors import InputError
from training.evaluate.report import Data, ModelScores, Report, Timings
from training.evaluate.scores import Score, SetScores

WORDS = ["a", "sol", "mar\0", "ñandú", "electroencefalografistas", "electroencefalografistamente", "👩‍👩‍👧", "casa"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_plain_encoder_and_the_core_give_the_same_vectors(dtype):
    torch.manual_seed(1)
    encoder = BeastEncoder(EncoderConfig.preset("mini", layers=3)).eval()
    plain = NaiveEncoder(encoder).encode(WORDS)
    ours = NetworkEncoder(encoder.to(dtype)).encode(WORDS)
    assert 1 - (plain * ours).sum(axis=1).min() < (1e-5 if dtype == torch.float32 else 1e-3)
    assert np.abs(plain - ours).max() < (1e-5 if dtype == torch.float32 else 1e-2)


def test_streams_and_sources_never_repeat_a_word():
    words = list(itertools.islice(distinct_words(["sol", "sola", "a"]), 3 * (1 + 26 + 26**2)))
    assert len(set(words)) == len(words) and words[:4] == ["sol-", "sola-", "a-", "sol-a"]
    source = WordSource(words[:10])
    assert source.take(4) + source.take(6) == words[:10]
    with pytest.raises(ValueError, match="10 words are not enough, expected 11 or more"):
        source.take(1)
    forgetful = WordSource(words[:10], again=True)
    assert [forgetful.take(4) for _ in range(3)] == [words[:4], words[4:8], words[:4]]
    with pytest.raises(ValueError, match="10 words are not enough"):
        forgetful.take(11)


def test_fast_work_is_repeated_until_it_took_long_enough():
    seconds = iter([0.1, 0.3, 0.2])
    assert words_a_second(lambda: (10, next(seconds)), least=0.4) == pytest.approx(50)
    assert next(seconds) == 0.2
    assert words_a_second(lambda: (10, 0.1), least=0) == pytest.approx(100)


def test_rounds_take_turns():
    asked = []
    works = {name: lambda name=name: asked.append(name) or float(len(asked)) for name in "ab"}
    assert in_turns(works, rounds=3) == {"a": Spread(3.0, 1.0, 5.0), "b": Spread(4.0, 2.0, 6.0)}
    assert asked == list("ababab")


MACHINE = Machine(processor="x", cores=2, threads=2, python="3", versions={}, rounds=1, api_words=10)


ADDED = "that beast_vectors and a first token.vector add to spaCy and a blank pipeline, without torch"


def spread(value: float) -> Spread:
    return Spread(value, value, value)


def speed(cold: float, *, single: float = 1e-4) -> WordSpeed:
    return WordSpeed(cold=spread(cold), warm=None, single=spread(single), words=10, bytes=100)


def test_every_name_of_a_route_has_one():
    assert {*ROUTES, *EARLIER} == set(RouteName)


def test_bars_are_ratios_within_one_run():
    report = Measured(
        machine=MACHINE,
        words={
            RouteName.CORE: speed(590_000, single=2e-5),
            RouteName.FASTTEXT: speed(100_000, single=1e-5),
            RouteName.EARLIER_CORE: speed(100_000),
            RouteName.SPACY: speed(100_000, single=3.1e-5),
            RouteName.STOCK_FOLDER: speed(9_000),
            RouteName.EARLIER_STOCK_FOLDER: speed(4_000),
            RouteName.CORE_NUMPY: speed(19_000),
        },
        busy={RouteName.CORE: BusySpeed(idle=spread(500_000), busy=spread(60_000))},
        starts={
            StartName.CORE: ProcessStart(spread(0.16), spread(5e7), spread(6e7)),
            StartName.SPACY_BLANK: ProcessStart(spread(0.2), spread(5e6), spread(1e8)),
            StartName.SPACY_BEAST: ProcessStart(spread(0.25), spread(5e7), spread(1.5e8)),
        },
        sentence_transformers={
            in_batches(FREE_MODEL, size=1024): spread(0.5),
            in_batches(RouteName.SENTENCE_TRANSFORMERS, size=1024): spread(0.6),
        },
        differences={RouteName.MINI: 1e-7, RouteName.MINI_BFLOAT16: 2e-3},
        pipeline={
            PipelineWork.BLANK_NEW: spread(1.0),
            PipelineWork.BEAST_NEW: spread(1.9),
            PipelineWork.BEAST_NEW_READ: spread(2.1),
            PipelineWork.BLANK_AGAIN: spread(0.5),
            PipelineWork.BEAST_AGAIN: spread(0.6),
        },
        stream=[
            StreamPart(words=10, part=10, seconds=1.0, resident_bytes=100_000_000),
            StreamPart(words=15, part=5, seconds=0.55, resident_bytes=200_000_000),
        ],
    )
    found = {bar.what: (round(bar.value, 9), bar.is_met) for bar in bars(report)}
    assert found == {
        "new words/s, our core": (590_000, True),
        "new words/s, our core without its kernel": (19_000, False),
        "our core over that of the earlier commit, new words/s": (5.9, True),
        "our core over fastText, new words/s": (5.9, False),
        'SentenceTransformer("beast") over the folder of the earlier commit, new words/s': (2.25, False),
        "one new word, our core, µs": (20, True),
        "one new word, our core over fastText, seconds": (2, False),
        "token.vector of one new word, beast_vectors (spaCy), µs": (31, False),
        "beast_core: new words/s on busy cores over idle ones": (0.12, False),
        "st_beast.load().encode over a free model's, 1,024 words at a time, seconds": (1.2, True),
        "fresh process: seconds from import beast_core to the first vector": (0.16, False),
        "fresh process: resident MB in all with the first vector": (60, True),
        f"seconds {ADDED}": (0.05, True),
        f"MB {ADDED}": (45, False),
        "mini: largest cosine distance to plain torch's vector": (1e-7, True),
        "mini, bfloat16: largest cosine distance to plain torch's vector": (2e-3, False),
        "nlp.pipe with beast_vectors over a blank one, words seen before": (1.2, False),
        "nlp.pipe with beast_vectors over a blank one, new words, every vector read": (2.1, False),
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
    scored = SetScores(counts={"pairs": 10}, coverage=1, scores={"spearman": Score(value=0.5, low=0.4, high=0.6)})
    model = ModelScores(
        kind="beast", path="", first_entries=None, width=1, bytes=1, sets={"similarity": {"simlex999_es_ew": scored}}
    )
    report = Report(
        seed=0,
        resamples=1,
        clustering_seeds=1,
        versions={},
        data=Data(folder=None, sha256={}),
        teacher=None,
        models={"shipped": model},
        timings=Timings(threads=1, words_per_second={}, resident_bytes_added={}),
    )
    scores.write_text(report.to_json(), encoding="utf-8")
    options = ["--rounds", "1", "--stream", "60000", "--api-words", "200", "--text", str(text), "--scores", str(scores)]
    routes = ["--routes", "beast_core", "floret", "model2vec", "table (spaCy)"]
    with pytest.MonkeyPatch.context() as patch:
        measured = []
        patch.setattr("training.benchmark.__main__.run", lambda options: measured.append(run(options)) or measured[0])
        main([*options, *routes, "--output", str(folder / "out")])
    return folder / "out", measured[0]


def test_a_run_measures_every_route_and_says_which_bars_are_met(finished):
    folder, measured = finished
    report = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    assert set(report["words"]) == set(report["fresh"]) == {"beast_core", "floret", "model2vec", "table (spaCy)"}
    assert all(entry["cold"]["median"] > 100 for entry in report["words"].values())
    assert report["fresh"]["beast_core"]["resident_bytes"]["median"] > 10e6  # more than the file: it is in memory
    assert report["fresh"]["beast_core"]["resident_bytes"]["median"] < 60e6  # and no torch beside it
    assert set(report["starts"]) == set(StartName) - {StartName.EARLIER_CORE}
    assert report["busy"].keys() == {"beast_core"}
    assert sum(part["seconds"] for part in report["costs"]) > 0
    assert report["machine"]["tokens"] == 8
    assert [part["words"] for part in report["stream"]] == [50_000, 60_000]
    told = (folder / "benchmark.md").read_text(encoding="utf-8")
    assert all(f"| {bar.what} |" in told for bar in bars(measured)) and "| yes |" in told
    assert (folder / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_told_in_a_line(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: unknown routes \['slow'\], expected some of \['beast_core'"):
        main(["--output", str(tmp_path), "--routes", "slow"])
    with pytest.raises(InputError, match=r"no text at .*nowhere, expected a \.conllu or \.txt file"):
        read_texts([tmp_path / "nowhere"])
