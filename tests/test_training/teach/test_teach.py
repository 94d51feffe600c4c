import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from filelock import FileLock

import training.teach.run
from training.common.settings import build, read_values
from training.evaluate import __main__ as evaluate
from training.table import held_out_words, read_table
from training.teach.__main__ import main
from training.teach.settings import TeachSettings, in_language
from training.vectors import Estimate, OfAnyLanguage

CONFIG = "training/configs/teachers/table.toml"


def write_vectors(path, *, words, width=12, seed=0):
    """A word2vec text file of random vectors, and these vectors."""
    vectors = np.random.default_rng(seed).normal(size=(len(words), width))
    lines = (
        f"{word} {' '.join(f'{entry:.4f}' for entry in vector)}\n" for word, vector in zip(words, vectors, strict=True)
    )
    path.write_text(f"{len(words)} {width}\n" + "".join(lines), encoding="utf-8")
    return vectors


@pytest.fixture
def task(tmp_path):
    """A word list, a word2vec text file that knows most of it, and a function that runs the command on them."""
    words = [f"palabra{number}" for number in range(600)]
    (tmp_path / "words.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    vectors = write_vectors(tmp_path / "vectors.vec", words=[word.title() for word in words[:590]])

    def arguments(*extra, work="work", config=CONFIG):
        files = ["--lexicon", str(tmp_path / "words.txt"), "--output", str(tmp_path / "table.parquet")]
        path = f"options.path={str(tmp_path / 'vectors.vec')!r}"
        return [config, *files, "--work", str(tmp_path / work), "--set", path, "--set", "shard_words=7", *extra]

    return SimpleNamespace(
        arguments=arguments,
        folder=tmp_path,
        shards=tmp_path / "work" / "shards",
        table=tmp_path / "table.parquet",
        vectors=vectors,
        words=words,
    )


def started(arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # A stop in the middle of `open` leaves a file that nobody closes, of which Python tells whoever asks for it.
    warnings = ("-W", "error", "-W", "ignore::ResourceWarning")
    command = [sys.executable, *warnings, "-m", "training.teach", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def wait_for(condition, *, process):
    deadline = time.monotonic() + 120
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    assert process.poll() is None, process.communicate()


def test_a_word_list_and_word2vec_text_become_a_table_in_one_command(task, capsys):
    process = started(task.arguments("--set", "centre=false", "--set", "levels=127"))
    told, progress = process.communicate(timeout=120)
    assert process.returncode == 0, progress
    table = read_table(task.table)
    assert table.words == task.words[:590]
    unit = task.vectors / np.linalg.norm(task.vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(table.vectors, unit, atol=5e-3)
    assert table.held_out.tolist() == held_out_words(table.words).tolist()
    assert f"{task.table}: 590 words x 12, {table.held_out.sum()} held out" in told
    assert "left out: 10 words that the teacher does not know" in told
    assert "the teacher's vectors have 12 entries, fewer than width = 256: all are kept" in told
    assert "100%" in progress and "words/s" in progress

    # Scored like any model; a word that was left out is a zero vector.
    pairs = "word1\tword2\tscore\npalabra1\tpalabra2\t3\npalabra1\tpalabra3\t2\npalabra1\tpalabra595\t1\n"
    (task.folder / "sets" / "similarity").mkdir(parents=True)
    (task.folder / "sets" / "similarity" / "pairs.tsv").write_text(pairs)
    output = task.folder / "scores"
    evaluate.main([f"teacher={task.table}", "--data", str(task.folder / "sets"), "--output", str(output)])
    scores = json.loads((output / "metrics.json").read_text())["models"]["teacher"]["similarity"]["pairs"]
    assert (scores["pairs"], round(scores["coverage"], 2)) == (3, 0.67)


def test_a_run_killed_again_and_again_ends_in_the_same_table_byte_for_byte(task):
    main(task.arguments("--set", "shard_words=1", "--set", "width=8", work="undisturbed"))
    whole = task.table.read_bytes()
    task.table.unlink()
    arguments = task.arguments("--set", "shard_words=1", "--set", "width=8")

    def shards():
        return len(list(task.shards.glob("[0-9]*.npz")))

    process = started(arguments)
    wait_for(lambda: shards() > 100, process=process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed_at = shards()
    assert 100 < killed_at < 600 and not task.table.exists()

    process = started(arguments)
    wait_for(lambda: shards() > killed_at + 100, process=process)
    process.send_signal(signal.SIGTERM)
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"going on: {killed_at} of 600 shards are there" in told
    assert f"stopped: what is known is in {task.folder / 'work'}; the same command goes on from there" in errors
    assert "Traceback" not in errors and killed_at + 100 < shards() < 600 and not task.table.exists()

    process = started(arguments)
    wait_for((task.folder / ".table.parquet.new").exists, process=process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert shards() == 600 and not task.table.exists()

    main(arguments)
    assert task.table.read_bytes() == whole


def test_damaged_shards_are_found_and_made_again(task, capsys):
    main(task.arguments())
    whole = task.table.read_bytes()
    cut, altered = task.shards / "00003.npz", task.shards / "00005.npz"
    cut.write_bytes(cut.read_bytes()[:-30])
    content = bytearray(altered.read_bytes())
    content[content.index(b"\n", content.index(b"NUMPY")) + 5] ^= 1  # one bit of the vectors
    altered.write_bytes(content)
    capsys.readouterr()
    main(task.arguments())
    assert "2 shards are not whole and are made again" in capsys.readouterr().out
    assert task.table.read_bytes() == whole


def test_another_teacher_or_word_list_does_not_go_on_from_the_shards(task):
    main(task.arguments())
    before = task.table.read_bytes()
    with pytest.raises(SystemExit, match=r"(?s)teacher\.lowercase was True and is False.*--restart"):
        main(task.arguments("--set", "options.lowercase=false"))
    with pytest.raises(SystemExit, match=r"error: .*holds vectors of another run \(shard_words was 7 and is 8\)"):
        main(task.arguments("--set", "shard_words=8"))
    write_vectors(task.folder / "vectors.vec", words=task.words, width=9)
    with pytest.raises(SystemExit, match=r"teacher\.files was \['.*'\] and is \['.*'\]\)"):
        main(task.arguments())
    with (task.folder / "words.txt").open("a") as words:
        words.write("nueva\n")
    with pytest.raises(SystemExit, match=r"word_list was '[0-9a-f]{64}' and is '[0-9a-f]{64}'"):
        main(task.arguments())
    assert task.table.read_bytes() == before
    main(task.arguments("--restart"))
    assert (len(read_table(task.table).words), read_table(task.table).width) == (600, 9)


def test_more_words_and_other_compactions_use_the_shards_that_are_there(task, capsys):
    main(task.arguments("--set", "words=20"))
    assert read_table(task.table).words == task.words[:20]
    capsys.readouterr()
    main(task.arguments("--set", "width=4", "--set", "storage='float16'"))
    assert "going on: 2 of 86 shards are there" in capsys.readouterr().out
    assert (len(read_table(task.table).words), read_table(task.table).width) == (590, 4)
    assert parquet.read_schema(task.table).field("vector").type == pa.list_(pa.float16(), 4)


def test_one_folder_is_worked_in_by_one_process_at_a_time(task):
    (task.folder / "work").mkdir()
    with FileLock(task.folder / "work" / "lock"), pytest.raises(SystemExit, match="another process teaches in"):
        main(task.arguments())


class Teaching(OfAnyLanguage):
    """A teacher of what a test needs. Like an endpoint, it learns its width from the first answer."""

    def __init__(self, lookup=None, estimate=None):
        self.asked = []
        self._lookup, self._estimate = lookup, estimate

    @property
    def width(self):
        assert self.asked
        return 6

    def identity(self):
        return {"made": "up"}

    def estimate(self, words):
        return self._estimate and self._estimate(list(words))

    def lookup(self, words):
        self.asked += words
        vectors = np.array(
            [np.random.default_rng(list(word.encode())).normal(size=6) for word in words], dtype=np.float32
        )
        return self._lookup(vectors) if self._lookup else (vectors, np.ones(len(words), dtype=bool))


@pytest.fixture
def use(monkeypatch):
    """Makes the command open a given teacher."""

    def use(teacher):
        monkeypatch.setattr(training.teach.run, "open_teacher", lambda *arguments, **options: teacher)
        return teacher

    return use


def test_described_words_are_taught_beside_the_first(task, use):
    teacher = use(Teaching())
    teacher.described = lambda words: np.array([word.endswith("5") for word in words])
    settings = ["--set", "described=true", "--set", "words=20"]
    main(task.arguments(*settings))
    expected = task.words[:20] + [word for word in task.words[20:] if word.endswith("5")]
    assert teacher.asked == read_table(task.table).words == expected
    main(task.arguments(*settings))
    assert teacher.asked == expected
    for changed in (["described=false"], ["words=30"]):
        with pytest.raises(SystemExit, match=r"holds vectors of another run .described_after was 20 and is (None|30)"):
            main(task.arguments(*settings, "--set", *changed))
    main(task.arguments("--set", "described=true", work="all"))  # after no word: all are taught
    assert len(read_table(task.table).words) == 600


def test_a_teacher_that_describes_no_words_says_so(task):
    with pytest.raises(SystemExit, match="described is true, but the teacher 'table' does not tell"):
        main(task.arguments("--set", "described=true", "--set", "words=20"))


def test_what_costs_is_told_and_needs_a_yes(task, use, capsys):
    teacher = use(Teaching(estimate=lambda words: Estimate(len(words), 3 * len(words), len(words) / 100, 3700)))
    with pytest.raises(SystemExit, match="2"):
        main(task.arguments())
    told = capsys.readouterr()
    assert "to be asked: 600 requests, 1,800 tokens; cost about 6.00; about 1:01:40" in told.out
    assert told.err == "not started: nothing has been asked yet; add --yes to go ahead\n"
    assert teacher.asked == [] and not task.table.exists()
    main(task.arguments("--yes", "--set", "words=10"))
    assert teacher.asked == task.words[:10]
    capsys.readouterr()
    main(task.arguments("--yes"))  # the second shard was of three words: now it is of seven
    assert "to be asked: 593 requests" in capsys.readouterr().out
    assert teacher.asked == task.words[:10] + task.words[7:]
    main(task.arguments())  # nothing is left to be asked
    assert len(teacher.asked) == 603


def test_a_stop_in_the_middle_of_a_codec_says_how_to_go_on(task, use):
    def interrupted(found):
        raise KeyboardInterrupt("decoding with 'cp437' codec failed") from KeyboardInterrupt()

    use(Teaching(interrupted))
    with pytest.raises(SystemExit, match=r"stopped: what is known is in .*; the same command goes on from there"):
        main(task.arguments())


def everything(found):
    return np.ones(len(found), dtype=bool)


def only(row, *, instead):
    """A lookup that gives one row of every shard something else."""
    return lambda found: (np.where(np.arange(len(found))[:, None] == row, instead, found), everything(found))


@pytest.mark.parametrize(
    ("lookup", "told"),
    [
        (only(2, instead=np.nan), r"vectors of 1 words or more hold NaN or infinity, for example of \['palabra2'\]"),
        (only(3, instead=np.inf), r"vectors of 1 words or more hold NaN or infinity, for example of \['palabra3'\]"),
        (lambda found: (np.ones_like(found), everything(found)), r"vectors are all the same \(mean cosine 1\.00000\)"),
        (lambda found: (np.zeros_like(found), everything(found)), "knows 0 of 600 words, expected two or more"),
        (lambda found: (found, ~everything(found)), "knows 0 of 600 words, expected two or more"),
        (lambda found: (found[:, :5], everything(found)), r"gave vectors \(7, 5\) and known \(7,\) for 7 words"),
        (lambda found: (found, everything(found)[1:]), r"gave vectors \(7, 6\) and known \(6,\) for 7 words"),
    ],
)  # fmt: skip
def test_a_teacher_that_cannot_teach_is_refused_and_the_old_table_stays(task, use, lookup, told):
    task.table.write_bytes(b"the table before")
    use(Teaching(lookup))
    with pytest.raises(SystemExit, match=f"error: .*{told}"):
        main(task.arguments())
    assert task.table.read_bytes() == b"the table before"


def test_nearly_equal_vectors_are_refused_unless_they_are_centred(task, use):
    use(Teaching(lambda found: (1 + found / 50, everything(found))))
    with pytest.raises(SystemExit, match=r"table\.parquet: the vectors are nearly all the same .*; centre them"):
        main(task.arguments("--set", "centre=false"))
    assert not task.table.exists()
    main(task.arguments())
    assert abs(read_table(task.table).vectors.mean(axis=0)).max() < 0.1


def test_a_lexicon_says_what_is_held_out_and_how_frequent_words_are(task, use):
    use(Teaching(lambda found: (found * 1e30, np.arange(len(found)) != 1)))
    held_out = np.arange(600) % 3 == 0
    columns = {"word": task.words, "frequency": np.linspace(7, 0, 600), "lemma": task.words, "held_out": held_out}
    parquet.write_table(pa.table(columns), task.folder / "lexicon.parquet", row_group_size=11)
    main(task.arguments("--lexicon", str(task.folder / "lexicon.parquet")))
    table, kept = read_table(task.table), np.arange(600) % 7 != 1
    assert table.words == [word for word, is_kept in zip(task.words, kept, strict=True) if is_kept]
    assert table.held_out.tolist() == held_out[kept].tolist()
    np.testing.assert_allclose(table.frequencies, np.linspace(7, 0, 600)[kept], atol=1e-6)


@pytest.mark.parametrize("path", sorted(Path("training/configs/teachers").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_config_is_valid(path):
    assert path.stem.endswith(build(TeachSettings, values=read_values(path), source="").teacher)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["widht=3", "options.pth='x'"], r"table\.toml: unknown key 'widht', .*; options of table: unknown key 'pth'"),
        (["levels=128", "fit_words=9"], r"fit_words is 9, should be 256 or more \(width\); levels is 128"),
        (["storage='int4'", "centre=1"], "centre is 1, should be a valid boolean; storage is 'int4', should be 'int8'"),
        (["teacher='lion'"], "teacher is 'lion', expected one of table, beast, sentence_transformers"),
        (["options.path='nowhere.vec'"], r"no table of vectors at .*nowhere\.vec \(path = 'nowhere\.vec'\)"),
        (["options.lowercase='no'"], "options of table: lowercase is 'no', should be a valid boolean"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_told_at_once(task, change, told):
    with pytest.raises(SystemExit, match=f"error: .*{told}"):
        main(task.arguments(*[part for each in change for part in ("--set", each)]))
    assert not task.shards.exists()


def test_files_that_are_not_there_or_in_the_way_are_named(task):
    with pytest.raises(SystemExit, match=r"error: no word list at .*nowhere\.txt"):
        main(task.arguments("--lexicon", "nowhere.txt"))
    with pytest.raises(SystemExit, match=r"error: no settings at .*nowhere\.toml"):
        main(task.arguments(config="nowhere.toml"))
    with pytest.raises(SystemExit, match=r"cannot write the table to .*words\.txt: expected a \.parquet file"):
        main(task.arguments("--output", str(task.folder / "words.txt")))
    with pytest.raises(SystemExit, match=r"error: .*words\.txt"):
        main(task.arguments("--output", str(task.folder / "words.txt" / "table.parquet")))
    task.shards.mkdir(parents=True)
    (task.shards / "thesis.tex").write_text("no copy of this")
    with pytest.raises(SystemExit, match=r"also holds \['thesis\.tex'\], which are no shards"):
        main(task.arguments("--restart"))
    assert (task.shards / "thesis.tex").exists()


MEASURE = """
import sys
from pathlib import Path
import numpy as np
import training.teach.run
from training.common.processes import peak_memory
from training.teach.__main__ import main
from training.vectors import OfAnyLanguage

class Hashing(OfAnyLanguage):
    width = 32
    _rows = np.random.default_rng(0).normal(size=(16, 256, 32)).astype(np.float32)

    def identity(self):
        return {}

    def estimate(self, words):
        return None

    def lookup(self, words):
        codes = np.array(words, dtype="S16").view(np.uint8).reshape(-1, 16)
        return sum(rows[codes[:, place]] for place, rows in enumerate(self._rows)), np.ones(len(words), dtype=bool)

training.teach.run.open_teacher = lambda *arguments, **options: Hashing()
main(sys.argv[1:])
print(peak_memory())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell peak memory")
def test_memory_hardly_grows_with_the_number_of_words(task):
    peaks = []
    for count in (70_000, 370_000):
        (task.folder / "words.txt").write_text("".join(f"{number:x}palabra\n" for number in range(count)))
        arguments = task.arguments("--set", "shard_words=5000", "--set", "width=16", work=str(count))
        command = [sys.executable, "-c", MEASURE, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done.stderr
        assert f"{count:,} words x 16" in done.stdout
        peaks.append(int(done.stdout.splitlines()[-1]))
    # Measured with ten million words: 31 bytes each, which are hashes that find repeated words (8 + 8) and, later, what
    # chooses the most frequent ones (1 + 4 + 4 + 8 + 8). The bound leaves room for the allocator: 1 GB for ten million.
    assert (peaks[1] - peaks[0]) / 300_000 < 100


def test_a_teacher_whose_packages_are_missing_is_told_in_one_line(task, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("training.vectors.openai")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    told = r"teacher 'openai' needs httpx, which is missing: pip install '\.\[teach\]'$"
    with pytest.raises(SystemExit, match=told):
        main(task.arguments(config="training/configs/teachers/openai.toml"))


def test_a_table_says_whose_words_it_has_and_a_teacher_that_asks_is_told(task):
    main(task.arguments("--language", "nl"))
    assert read_table(task.table).language == "nl"
    lexical = read_values("training/configs/teachers/lexical.toml")
    assert build(TeachSettings, values=in_language(lexical, language="nl"), source="x").options["language"] == "nl"
    with pytest.raises(SystemExit, match=r"error: .*no language 'nll', expected one of .*did you mean 'nl'"):
        main(task.arguments("--language", "nll"))
