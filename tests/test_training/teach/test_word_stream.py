import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from training.table import held_out_words
from training.teach.word_stream import WordStream, WordStreamError


def read(stream, **options):
    pieces = list(stream.pieces(**options))
    return [word for piece in pieces for word in piece.words], np.concatenate([piece.frequencies for piece in pieces])


def test_a_text_with_frequencies_is_read_in_pieces(tmp_path):
    file = tmp_path / "words.txt"
    file.write_bytes(
        "\ufeffsol\t5.5\r\nmañana\t4\n\nmar\n".encode() + b"".join(b"w%d\t1\n" % row for row in range(70_000))
    )
    stream = WordStream(file, folder=tmp_path)
    words, frequencies = read(stream, size=1000)
    assert words == ["sol", "mañana", "mar", *(f"w{row}" for row in range(70_000))]
    assert frequencies.tolist() == [5.5, 4, 0] + [1] * 70_000
    assert [len(piece.frequencies) for piece in stream.pieces(30_000)] == [30_000, 30_000, 10_003]
    assert all(piece.held_out.tolist() == held_out_words(piece.words).tolist() for piece in stream.pieces(30_000))
    assert parquet.read_table(stream.path)["word"].to_pylist() == words
    limited = WordStream(file, folder=tmp_path, limit=2500)
    assert (limited.count, read(limited, size=1000)[0]) == (2500, words[:2500])
    assert limited.digest == stream.digest


def test_a_lexicon_is_read_where_it_is(tmp_path):
    columns = {"word": list("abcdefg"), "frequency": np.arange(7)[::-1], "held_out": [True, False] * 3 + [True]}
    parquet.write_table(pa.table(columns), tmp_path / "lexicon.parquet", row_group_size=2)
    stream = WordStream(tmp_path / "lexicon.parquet", folder=tmp_path / "nowhere")
    assert stream.path == tmp_path / "lexicon.parquet"
    assert [piece.words for piece in stream.pieces(3)] == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert [piece.rows for piece in stream.pieces(3)] == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert [piece.held_out.tolist() for piece in stream.pieces(4)] == [[True, False, True, False], [True, False, True]]
    assert read(stream)[1].tolist() == [6, 5, 4, 3, 2, 1, 0]


def test_described_words_are_chosen_beside_the_first(tmp_path):
    words = [f"w{row}" for row in range(50_000)]
    columns = {
        "held_out": np.arange(50_000) % 3 == 0,
        "other": words,
        "word": words,
        "frequency": np.arange(50_000) / 1e4,
    }
    parquet.write_table(pa.table(columns), tmp_path / "lexicon.parquet", row_group_size=700)
    stream = WordStream(tmp_path / "lexicon.parquet", folder=tmp_path)
    chosen = stream.chosen(40, described=lambda some: np.array([word.endswith("77") for word in some]), folder=tmp_path)
    expected = [row for row in range(50_000) if row < 40 or row % 100 == 77]
    read_words, frequencies = read(chosen, size=100)
    assert read_words == [words[row] for row in expected]
    np.testing.assert_allclose(frequencies, np.array(expected) / 1e4, rtol=1e-6)
    held_out = np.concatenate([piece.held_out for piece in chosen.pieces(64)])
    assert held_out.tolist() == [row % 3 == 0 for row in expected]
    assert (chosen.count, chosen.digest) == (len(expected), stream.digest)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "words.txt has no words"),
        (b"sol\nmar\nsol\n", r"1 words occur more than once, for example \['sol'\]"),
        (b"sol\nbuenos dias\n", r"words\.txt, line 2 is 'buenos dias', expected one word without white space"),
        (b"sol\t5.1\nmar 4.2\n", r"words\.txt, line 2 is 'mar 4\.2'"),
        (
            b"sol\t5.1\nmar\tmany\n",
            r"words\.txt, line 2 is 'mar\\tmany', expected one word .* perhaps a tab and a Zipf",
        ),
        (b"sol\t5.1\t7\n", r"words\.txt, line 1 is 'sol\\t5\.1\\t7'"),
        (b"sol\n\t5\n", r"words\.txt, line 2 is '\\t5'"),
        (b"sol\nma\xf1ana\n", r"words\.txt, line 2 is not UTF-8 .*; save it as UTF-8"),
        (b"sol\t523423\n", "the frequency of 'sol' is 523423, expected a Zipf frequency from 0 to 9"),
        (b"sol\t1\nmar\tnan\n", "the frequency of 'mar' is nan"),
    ],
)
def test_a_text_that_is_no_word_list_is_refused(tmp_path, content, told):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(WordStreamError, match=told):
        WordStream(tmp_path / "words.txt", folder=tmp_path)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"form": ["sol"]}, r"lexicon\.parquet has columns \['form'\], expected \['word'\]: \['word'\] missing"),
        ({"word": ["sol", None]}, "column 'word' has 1 empty cells"),
        ({"word": ["sol", ""]}, "row 1 is '', expected one word"),
        ({"word": ["sol", "mar", "sol"]}, r"1 words occur more than once, for example \['sol'\]"),
        ({"word": [1, 2]}, "column 'word' holds int64, expected strings"),
        ({"word": ["sol"], "frequency": ["often"]}, "column 'frequency' holds string, expected numbers"),
        ({"word": ["sol"], "frequency": [-1.0]}, "the frequency of 'sol' is -1, expected a Zipf frequency"),
    ],
)
def test_a_lexicon_of_another_shape_is_refused(tmp_path, columns, told):
    parquet.write_table(pa.table(columns), tmp_path / "lexicon.parquet")
    with pytest.raises(WordStreamError, match=told):
        WordStream(tmp_path / "lexicon.parquet", folder=tmp_path)


def test_a_file_that_is_not_whole_is_refused(tmp_path):
    (tmp_path / "lexicon.parquet").write_text("sol")
    with pytest.raises(WordStreamError, match="is not a whole Parquet file"):
        WordStream(tmp_path / "lexicon.parquet", folder=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no word list at .*nowhere\.txt \(given: 'nowhere\.txt'\)"):
        WordStream("nowhere.txt", folder=tmp_path)
