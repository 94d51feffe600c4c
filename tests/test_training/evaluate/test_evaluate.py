import gzip
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score

from beast_core import BeastEncoder, EncoderConfig, load_encoder, write_encoder
from training.common import statistics
from training.common.files import digest
from training.evaluate import run
from training.evaluate.__main__ import main
from training.evaluate.kinds import KINDS, clustering, retrieval
from training.evaluate.kinds.kind import Measure
from training.evaluate.neighbours import answer_ranks, nearest_is_right
from training.evaluate.report import read_report
from training.evaluate.scores import Score
from training.evaluate.speed import made_up_words
from training.table import write_table
from training.vectors.find import find_model

# Cosines of the pairs below: sol-astro 0.8, astro-luna 0.6, sol-luna 0, astro-noche -0.8, sol-noche -1.
WORDS = ["sol", "astro", "luna", "noche"]
VECTORS = np.array([[1, 0], [4, 3], [0, 2], [-1, 0]], dtype=np.float32)

SETS = {
    # The two highest scores in the wrong order: Spearman 1 - 6 * 2 / (5 * 24) = 0.9.
    "similarity/order.tsv": "word1\tword2\tscore\nSol\tastro\t7\nastro\tluna\t9\nsol\tluna\t5\nastro\tnoche\t4\n"
    "sol\tnoche\t1\nluna\tLUNA\t10\n",
    # The unknown word counts as cosine 0: ranks 3 1 2 against 3 2 1, Spearman 1 - 6 * 2 / (3 * 8) = 0.5.
    "similarity/unknown.tsv": "word1\tword2\tscore\nsol\tastro\t9\nsol\tnoche\t5\nsol\tmarte\t1\n",
    # The two clusters are {sol, astro} and {luna, lunita}.
    "clustering/near.tsv": "word\tcategory\nsol\ta\nastro\ta\nluna\tb\nlunita\tb\n",
    "clustering/crossed.tsv": "word\tcategory\nsol\ta\nastro\tb\nluna\ta\nlunita\tb\n",
    "robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\nsoll\tsol\tother\nlúna\tluna\taccent\nnada\tnoche\tother\n"
    "astra\tastro\tother\n",
}
OWN_SETS = ["--language", "fi", "--data"]  # without those of the project
SPELLINGS = {"soll": [9, 1], "lúna": [1, 9], "lunita": [1, 9], "astra": [-3, -1]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    for name, text in SETS.items():
        (folder / "sets" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sets" / name).write_text(text, encoding="utf-8")
    words = [*WORDS, *SPELLINGS]
    vectors = np.concatenate([VECTORS, np.array(list(SPELLINGS.values()), dtype=np.float32)])
    np.save(folder / "stars.npy", vectors)
    (folder / "stars.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    lines = [" ".join([word, *map(str, vector)]) for word, vector in zip(words, vectors, strict=True)]
    (folder / "stars.vec.gz").write_bytes(gzip.compress(("8 2\n" + "\n".join(lines) + "\n").encode()))
    return folder


@pytest.fixture(scope="module")
def report(folder):
    main([str(folder / "stars.npy"), *OWN_SETS, str(folder / "sets"), "--output", str(folder / "report")])
    return json.loads((folder / "report/metrics.json").read_text())


def test_similarity_of_a_known_order(report):
    found = report["models"]["stars.npy"]["similarity"]["order"]
    assert found["pairs"] == 5
    assert found["coverage"] == 1.0
    assert found["spearman"] == 0.9
    # cosines .8 .6 0 -.8 -1 and scores 7 9 5 4 1: covariance 8.88, squared deviations 2.608 and 36.8
    assert found["pearson"] == pytest.approx(8.88 / (2.608 * 36.8) ** 0.5, abs=1e-6)


def test_an_unknown_word_counts_as_zero(report):
    found = report["models"]["stars.npy"]["similarity"]["unknown"]
    assert found["spearman"] == 0.5
    assert found["coverage"] == pytest.approx(2 / 3, abs=1e-6)


def test_clusters_that_agree_and_that_cross(report):
    found = report["models"]["stars.npy"]["clustering"]
    assert found["near"] == {
        **{"words": 4, "classes": 2, "coverage": 1.0, "ari": 1.0, "nmi": 1.0, "v_measure": 1.0},
        **{f"{name}_range": [1.0, 1.0] for name in ("ari", "nmi", "v_measure")},
    }
    # every cluster holds one word of every class: (0 - 2/3) / (2 - 2/3)
    assert (found["crossed"]["ari"], found["crossed"]["ari_range"]) == (-0.5, [-0.5, -0.5])
    assert found["crossed"]["nmi"] == 0.0


def test_a_range_is_that_of_the_seeds():
    random = np.random.default_rng(0)
    vectors, classes = random.normal(size=(60, 3)), list("abcdef") * 10
    words = [f"palabra{number}" for number in range(60)]
    model = SimpleNamespace(lookup=lambda words: (vectors, np.ones(60, dtype=bool)))
    (found,) = clustering.CLUSTERING.scores(model, given=[clustering.ClusteringSet("azar", words, classes)]).values()
    alone = [
        adjusted_rand_score(classes, clustering.cluster(vectors, clusters=6, seeds=[seed])[0])
        for seed in clustering.SEEDS
    ]
    assert min(alone) < max(alone)
    assert (found.scores["ari"].low, found.scores["ari"].high) == pytest.approx((min(alone), max(alone)), abs=1e-6)
    assert found.scores["ari"].value == pytest.approx(sum(alone) / len(alone), abs=1e-6)


def test_retrieval_of_known_neighbours(report):
    found = report["models"]["stars.npy"]["retrieval"]
    # soll and lúna find their words, astra finds noche, nada is unknown
    assert found["typos_libreoffice_es"] == {
        "queries": 4,
        "candidates": 4,
        "coverage": 0.75,
        "retrieval_at_1": 0.5,
        # Wilson with z = 1.96: half of it is z / (1 + z^2 / 4) * sqrt(1 / 16 + z^2 / 64) = 0.35
        "retrieval_at_1_interval": [0.150039, 0.849961],
    }
    assert found["typos_libreoffice_es, accent only"]["retrieval_at_1"] == 1.0


@pytest.mark.parametrize("statistic", [statistics.spearman, statistics.pearson])
def test_the_interval_of_a_correlation_holds_it_and_does_not_change(statistic):
    random = np.random.default_rng(3)
    scores = random.normal(size=200)
    cosines = scores + random.normal(size=200)
    low, high = statistics.bootstrap_interval(statistic, cosines, scores)
    assert low < statistic(cosines, scores) < high
    # Fisher's approximation: 1.96 / sqrt(n - 3) to either side at most
    assert 0.1 < high - low < 2 * 1.96 / 197**0.5
    assert (low, high) == statistics.bootstrap_interval(statistic, cosines, scores)
    assert (low, high) != statistics.bootstrap_interval(statistic, cosines, scores, seed=1)


def test_the_interval_of_a_mean_is_about_two_standard_errors_to_either_side():
    cosines = np.random.default_rng(4).normal(0.5, 0.2, size=400)
    error = 1.96 * cosines.std() / 400**0.5
    low, high = statistics.bootstrap_interval(np.mean, cosines)
    assert (low, high) == pytest.approx((cosines.mean() - error, cosines.mean() + error), abs=0.15 * error)


@given(st.integers(1, 300), st.data())
def test_the_interval_of_a_share_is_that_of_wilson(trials, data):
    hits = data.draw(st.integers(0, trials))
    low, high = statistics.share_interval(np.arange(trials) < hits)
    for bound in (low, high):  # the shares whose own standard error is as far away as the share that was found
        assert abs(hits / trials - bound) == pytest.approx(1.959964 * (bound * (1 - bound) / trials) ** 0.5, abs=1e-5)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_spearman_is_that_of_scipy(pairs):
    first, second = np.array(pairs, dtype=float).T
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert statistics.spearman(first, second) == 0
    else:
        assert statistics.spearman(first, second) == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


def test_a_tie_is_a_miss():
    candidates = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    queries = np.array([[1.0, 0.1], [0.1, 1.0]])
    assert nearest_is_right(queries, candidates=candidates, answers=[0, 2]).tolist() == [False, True]
    unknown = np.array([[0.0, 0.0], [1.0, 2.0]])
    assert answer_ranks(unknown, candidates=candidates, answers=[0, 0]).tolist() == [np.inf, 3]
    assert answer_ranks(queries, candidates=candidates, answers=[0, 0], excluded=np.array([[1], [2]])).tolist() == [
        1,
        2,
    ]


def test_a_new_measure_is_one_entry(folder, tmp_path, monkeypatch):
    def mean_reciprocal_rank(observed):
        return Score(value=float((1 / observed.ranks).mean()), low=0, high=1)

    measure = Measure(key="mrr", title="retrieval, MRR", score=mean_reciprocal_rank, note="MRR: higher is nearer.")
    more = replace(retrieval.RETRIEVAL, measures=(*retrieval.RETRIEVAL.measures, measure))
    all_kinds = tuple(more if kind is retrieval.RETRIEVAL else kind for kind in KINDS)
    monkeypatch.setattr(run, "KINDS", all_kinds)
    main([str(folder / "stars.npy"), *OWN_SETS, str(folder / "sets"), "--output", str(tmp_path)])
    scores = read_report(tmp_path / "metrics.json").models["stars.npy"].sets["retrieval"]["typos_libreoffice_es"].scores
    # soll and lúna find theirs first; to astra noche and luna are nearer than astro, sol as near; nada is unknown
    assert scores["mrr"].value == pytest.approx((1 + 1 + 1 / 4 + 0) / 4, abs=1e-6)
    written = (tmp_path / "results.md").read_text()
    assert "| retrieval, MRR | typos_libreoffice_es | 4 |" in written and "MRR: higher is nearer." in written


def test_equal_runs_give_equal_numbers(folder, report):
    again = folder / "again"
    main([str(folder / "stars.npy"), *OWN_SETS, str(folder / "sets"), "--output", str(again)])
    repeated = json.loads((again / "metrics.json").read_text())
    assert {key: value for key, value in repeated.items() if key != "timings"} == {
        key: value for key, value in report.items() if key != "timings"
    }
    assert list(report["timings"]) == ["threads", "words_per_second", "resident_bytes_added"]
    assert sorted(report["data"]["sha256"]) == sorted(SETS)
    assert sorted(file.name for file in again.iterdir()) == ["metrics.json", "results.md"]  # too few words for a map


def test_the_command_in_a_fresh_process(folder):
    models = ["shipped", f"npy={folder / 'stars.npy'}", f"text={folder / 'stars.vec.gz'}"]
    data = [*OWN_SETS, str(folder / "nowhere"), str(folder / "sets")]
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "training.evaluate",
        *models,
        *data,
        "--output",
        str(folder / "fresh"),
    ]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # much faster on a busy machine
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"evaluating {name} ..." for name in ("shipped", "npy", "text")]
    measured = json.loads((folder / "fresh/metrics.json").read_text())["models"]
    assert list(measured) == ["shipped", "npy", "text"]
    assert [model["kind"] for model in measured.values()] == ["beast", "table", "table"]
    assert measured["npy"]["similarity"] == measured["text"]["similarity"]
    assert measured["shipped"]["similarity"]["unknown"]["coverage"] == 1.0
    assert measured["shipped"]["width"] == 256
    assert (folder / "fresh/map.png").read_bytes().startswith(b"\x89PNG")
    header, spearman, *_ = done.stdout.splitlines()
    assert header.split() == ["measure", "set", "n", "shipped", "npy", "text"]
    assert spearman.split()[:4] == ["similarity,", "Spearman", "order", "5"]
    assert spearman[header.index("npy") :].startswith("0.900")
    markdown = (folder / "fresh/results.md").read_text().splitlines()
    assert "| retrieval@1 | typos_libreoffice_es, accent only | 1 |" in " ".join(markdown)
    assert {line.count("|") for line in markdown if line.startswith("|")} == {7}


def test_the_best_is_bold_and_all_of_the_best(folder, capsys):
    models = [f"a={folder / 'stars.npy'}", f"b={folder / 'stars.vec.gz'}"]
    main([*models, *OWN_SETS, str(folder / "sets"), "--output", str(folder / "bold")])
    lines = (folder / "bold/results.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("| clustering, ARI | near")]
    assert line == "| clustering, ARI | near | 4 | **1.000 (1.000 to 1.000)** | **1.000 (1.000 to 1.000)** |"


def test_without_data_the_sets_of_the_project_give_scores(folder, tmp_path, capsys):
    main(["shipped", "--data", str(folder / "nowhere"), "--output", str(tmp_path)])
    printed = capsys.readouterr().out
    scores = read_report(tmp_path / "metrics.json").models["shipped"].sets
    assert list(scores["clustering"]) == ["ids_chapters_es", "paralex_es"]
    assert 0 < scores["clustering"]["paralex_es"].scores["ari"].value <= 1
    assert 0 < scores["retrieval"]["typos_libreoffice_es"].scores["retrieval_at_1"].value <= 1
    assert scores["retrieval"]["tweetnorm_dev500_es"].counts["queries"] > 400
    assert f"of --data, nothing is at {folder / 'nowhere'}" in printed
    assert "python -m spacy project assets --extra" in printed
    assert "python -m spacy project run eval_sets" in printed
    assert "similarity, " not in printed and "Similarity: " not in printed  # neither rows nor their explanation


def test_a_language_without_sets_is_measured_without(folder, tmp_path, capsys):
    main([str(folder / "stars.npy"), "--language", "fi", "--output", str(tmp_path)])
    assert "The project has no sets of this language.\n" in capsys.readouterr().out
    assert "size on disk" in (tmp_path / "results.md").read_text()
    assert read_report(tmp_path / "metrics.json").models["stars.npy"].sets["similarity"] == {}


def test_a_set_that_several_folders_have_is_taken_once_from_the_first(folder, tmp_path):
    second = tmp_path / "second"
    for name, text in {"similarity/order.tsv": "nothing", "similarity/more.tsv": SETS["similarity/order.tsv"]}.items():
        (second / name).parent.mkdir(parents=True, exist_ok=True)
        (second / name).write_text(text, encoding="utf-8")
    main([str(folder / "stars.npy"), "--data", str(folder / "sets"), str(second), "--output", str(tmp_path / "both")])
    report = read_report(tmp_path / "both/metrics.json")
    sets = report.models["stars.npy"].sets
    assert list(sets["similarity"]) == ["more", "order", "unknown"]
    assert sets["similarity"]["more"] == sets["similarity"]["order"]
    assert list(sets["clustering"]) == ["crossed", "ids_chapters_es", "near", "paralex_es"]
    assert sets["retrieval"]["typos_libreoffice_es"].counts["queries"] == 4  # not those of the project
    assert report.data.sha256["robust/typos_libreoffice_es.tsv"] == digest(
        folder / "sets/robust/typos_libreoffice_es.tsv"
    )


def test_an_unknown_language_is_told(folder, tmp_path):
    with pytest.raises(SystemExit, match=r"^error: no language 'dee', expected one of .*; did you mean 'de'\?"):
        main([str(folder / "stars.npy"), "--language", "dee", "--output", str(tmp_path / "out")])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"language": "de"},
            r"beast is of the language 'es', the table of --teacher is of the language 'de': give the table that",
        ),
        (
            {"language": "es", "space": "another"},
            "beast is of the space 'one', the table of --teacher is of the space 'another'",
        ),
        ({}, None),
        ({"language": "es", "space": "one"}, None),
    ],
)
def test_a_teacher_of_another_language_or_space_is_told(tmp_path, said, told):
    shape = {"hidden_width": 8, "heads": 2, "feed_forward_width": 8, "ngram_buckets": 11, "output_width": 4}
    config = EncoderConfig.preset("beast", **shape, language="es", space="one")
    model = write_encoder(BeastEncoder(config), tmp_path / "beast")
    words = ["sol", "mar", "luna", "casa"]
    write_table(tmp_path / "t.parquet", words=words, vectors=np.eye(4), frequencies=np.ones(4), **said)
    arguments = [str(model), "--language", "fi", "--teacher", str(tmp_path / "t.parquet")]
    if told:
        with pytest.raises(SystemExit, match=f"^error: {told}"):
            main([*arguments, "--output", str(tmp_path / "out")])
        assert not list(tmp_path.glob("out/*"))
    else:
        main([*arguments, "--output", str(tmp_path / "out")])


def test_made_up_words_are_of_the_alphabet_without_its_accents():
    words = made_up_words(500, alphabet="абвгдйё")
    assert len(set(words)) == 500 and set("".join(words)) == set("абвгд")
    assert words == made_up_words(500, alphabet="абвгдйё")
    assert {len(word) for word in made_up_words(500)} == set(range(4, 11))


def test_closeness_to_the_teacher(folder, tiny_table, capsys):
    models = [f"itself={tiny_table}", f"narrow={folder / 'stars.npy'}"]
    output = folder / "close"
    main([*models, "--teacher", str(tiny_table), "--output", str(output)])
    measured = json.loads((output / "metrics.json").read_text())["models"]
    assert measured["itself"]["closeness"]["frequent seen words"]["cosine"] == 1.0
    assert measured["itself"]["closeness"]["held-out words"]["cosine"] == 1.0
    assert measured["itself"]["closeness"]["held-out words"]["cosine_interval"] == [1.0, 1.0]
    assert (
        sum(measured["itself"]["closeness"][name]["words"] for name in ("frequent seen words", "held-out words")) == 600
    )
    by_regression = [measured[name]["closeness"]["held-out words, by regression"]["cosine"] for name in measured]
    assert by_regression[0] > 0.98
    assert by_regression[1] == 0  # it knows none of the words
    assert list(measured["narrow"]["closeness"]) == ["held-out words, by regression"]
    assert "narrow is 2 wide, the teacher 16: cosines to it by regression only" in capsys.readouterr().err


def test_a_parquet_table_is_scaled_and_found_in_any_case(tmp_path):
    columns = {
        "word": ["Sol", "MAR", "mar"],
        "vector": pa.array([[1, -2], [3, 3], [4, 5]], pa.list_(pa.int8(), 2)),
        "scale": pa.array(np.array([0.5, 1, 2], dtype=np.float16)),
    }
    parquet.write_table(pa.table(columns), tmp_path / "table.parquet")
    model = find_model(str(tmp_path / "table.parquet")).load()
    vectors, known = model.lookup(["SOL", "mar", "río"])
    assert vectors.tolist() == [[0.5, -1.0], [8.0, 10.0], [0.0, 0.0]]
    assert vectors.dtype == np.float32
    assert known.tolist() == [True, True, False]


def test_text_tables_may_have_no_header_and_spaces_in_words(tmp_path):
    (tmp_path / "table.txt").write_text("sol 1 2\nbuenos días 3 4.5\n2 5 6\n", encoding="utf-8")
    vectors, known = find_model(str(tmp_path / "table.txt")).load().lookup(["buenos días", "2", "sol"])
    assert vectors.tolist() == [[3.0, 4.5], [5.0, 6.0], [1.0, 2.0]]
    assert known.all()


def test_a_model_folder_gives_its_own_vectors(tmp_path):
    config = EncoderConfig.preset("mini", layers=1, hidden_width=8, heads=2, feed_forward_width=8, output_width=6)
    write_encoder(BeastEncoder(config), tmp_path / "model")
    source = find_model(str(tmp_path / "model"))
    vectors, known = source.load().lookup(["sol", "mar"])
    assert (source.name, source.kind) == ("model", "beast")
    assert source.size == sum(file.stat().st_size for file in (tmp_path / "model").iterdir())
    assert known.all()
    np.testing.assert_array_equal(vectors, load_encoder(tmp_path / "model").encode(["sol", "mar"]))


def test_a_sentence_transformers_folder(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "sol": 1, "mar": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    embedding = StaticEmbedding(tokenizer, embedding_weights=np.array([[0, 0], [1, 2], [3, 4]], dtype=np.float32))
    SentenceTransformer(modules=[embedding], device="cpu").save(str(tmp_path / "static"))
    source = find_model(f"mine={tmp_path / 'static'}")
    assert (source.name, source.kind) == ("mine", "sentence-transformers")
    model = source.load()
    assert model.width == 2
    assert model.lookup(["mar", "sol"])[0].tolist() == [[3.0, 4.0], [1.0, 2.0]]


BROKEN = {
    "nan.vec": (b"2 2\nsol 1 2\nmar nan 1\n", r"the vector of 'mar' \(row 1\) holds NaN or infinity"),
    "short.vec": (b"2 3\nsol 1 2 3\nmar 1 2\n", r"short\.vec, line 3: found 2 numbers, expected 3: 'mar 1 2"),
    "cut.vec": (b"3 1\nsol 1\nmar 1\n", r"line 1 promises 3 words, found 2: the file is cut off"),
    "words.txt": (b"sol\nmar\n", r"words\.txt, line 1: found 'sol', expected a word and its numbers"),
    "letters.txt": (b"sol 1 2\nmar uno dos\n", r"letters\.txt, line 2: expected a word and numbers"),
    "empty.vec": (b"0 3\n", r"empty\.vec: found float32 \(0, 3\), expected numbers in \(words, width\)"),
    "cut.vec.gz": (gzip.compress(b"1 1\nsol 1\n")[:-9], r"cut\.vec\.gz cannot be read .*truncated"),
    "text.parquet": (b"sol 1 2\n", r"text\.parquet is not a whole Parquet file"),
    "pickle.npz": (b"\x80\x04N.", r"pickle\.npz and .*pickle\.txt cannot be read"),
    "model.bin": (b"sol", r"is a file of an unknown kind, expected 'shipped', .*folder, or a table \(\.parquet"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_tables_say_what_is_wrong(tmp_path, name):
    content, told = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "pickle.txt").write_text("sol\n")
    assert_refused([str(tmp_path / name), "--output", str(tmp_path / "out")], told)
    assert not list(tmp_path.glob("out/*"))


def assert_refused(arguments, message):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert re.fullmatch(f"error: .*{message}.*", str(stopped.value)), stopped.value


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"word": ["sol"], "vektor": [[1]]}, r"has columns \['word', 'vektor'\], expected \['word', 'vector'\]"),
        ({"word": ["sol", None], "vector": [[1], [2]]}, r"column 'word' has 1 empty cells"),
        (
            {"word": ["sol", "mar"], "vector": [[1], [2, 3]]},
            r"vectors have different widths {1: 1, 2: 1}, expected one",
        ),
        ({"word": ["sol"], "vector": [7]}, r"column 'vector' holds int64, expected lists of numbers"),
        ({"word": ["sol"], "vector": [["uno"]]}, r"column 'vector' holds list<.*string>, expected lists"),
        ({"word": ["sol"], "vector": [[1]], "scale": [float("nan")]}, r"the vector of 'sol' \(row 0\) holds NaN"),
    ],
)
def test_parquet_tables_of_another_shape(tmp_path, columns, told):
    parquet.write_table(pa.table(columns), tmp_path / "table.parquet")
    assert_refused([str(tmp_path / "table.parquet"), "--output", str(tmp_path / "out")], told)


def test_numpy_tables_need_one_word_for_each_vector(tmp_path):
    np.savez(tmp_path / "one.npz", np.eye(3))
    np.savez(tmp_path / "two.npz", np.eye(3), np.eye(2))
    arguments = [str(tmp_path / "one.npz"), "--output", str(tmp_path / "out")]
    assert_refused(arguments, r"one\.npz has no words: expected .*one\.txt or .*words\.txt, one word a line")
    (tmp_path / "words.txt").write_text("sol\nmar\n")
    assert_refused(arguments, r"one\.npz: found 2 words and 3 vectors, expected one for each word")
    two = [str(tmp_path / "two.npz"), *arguments[1:]]
    assert_refused(two, r"two\.npz holds the arrays \['arr_0', 'arr_1'\], expected one")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.vec"], r"model 'nowhere\.vec': there is nothing at .*nowhere\.vec; expected 'shipped'"),
        (["=stars.npy"], r"model '=stars\.npy' has no name before '='"),
        (["sets"], r"model 'sets' is a folder without config\.json and modules\.json \(it holds \['clustering'"),
        (["stars.npy", "a=stars.npy", "stars.npy"], r"several models are called \['stars\.npy'\]"),
        (["stars.npy", "--data", "report"], r"report holds no evaluation set"),
        (["stars.npy", "--log", "nowhere.jsonl"], r"no training log at .*nowhere\.jsonl"),
        (["stars.npy", "--teacher", "nowhere.parquet"], r"no teacher table at .*nowhere\.parquet"),
        (["stars.npy", "--output", "stars.txt"], r"--output stars\.txt is a file, expected a folder"),
        (["other"], r"config\.json does not describe a BEAST model"),
    ],
)
def test_unusable_arguments(folder, report, monkeypatch, arguments, told):
    monkeypatch.chdir(folder)
    (folder / "other").mkdir(exist_ok=True)
    (folder / "other/config.json").write_text('{"model_type": "bert"}')
    assert_refused(arguments if "--output" in arguments else [*arguments, "--output", "out"], told)


def test_a_misspelt_option_is_named(folder, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([str(folder / "stars.npy"), "--ouput", "x"])
    assert "the following arguments are required: --output" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([str(folder / "stars.npy"), "--output", "x", "--teecher", "y"])
    assert "unrecognized arguments: --teecher" in capsys.readouterr().err
