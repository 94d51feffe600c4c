import gzip

import numpy as np
import pytest
from accelerate.state import AcceleratorState

from training.table import write_table


@pytest.fixture(autouse=True)
def no_accelerator():
    """Accelerate keeps one precision for a process, and another test, or a host's trainer, may have set another."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def letters(number, *, length=5):
    """A pronounceable made-up word for each number."""
    word = ""
    for place in range(length):
        alphabet = "aeiou" if place % 2 else "bcdfglmnprst"
        number, index = divmod(number, len(alphabet))
        word += alphabet[index]
    return word


DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
WIKDICT = "Made by WikDict.\nLicence: Creative Commons\n     Attribution-ShareAlike 3.0 Unported\n"


def base_64(number):
    """A number as dictd's index has it: the highest digit first, none too many."""
    return (base_64(number // 64) if number > 63 else "") + DIGITS[number % 64]


@pytest.fixture(scope="session")
def put_dictionary():
    """A function that writes a dictionary in dictd's format: texts, each with its headwords in the index."""

    def put(root, pair, entries=(), *, header=WIKDICT):
        folder = root / "usr/share/dictd"
        folder.mkdir(parents=True, exist_ok=True)
        content, index = b"", []
        for headwords, text in ((["00databaseinfo", "00-database-short"], header), *entries):
            piece = text.encode()
            index += [f"{headword}\t{base_64(len(content))}\t{base_64(len(piece))}\n" for headword in headwords]
            content += piece
        (folder / f"freedict-{pair}.index").write_text("".join(sorted(index)), encoding="utf-8")
        (folder / f"freedict-{pair}.dict.dz").write_bytes(gzip.compress(content))
        return folder / f"freedict-{pair}.index"

    return put


@pytest.fixture(scope="session")
def tiny_table(tmp_path_factory):
    """A table a tiny student can learn: 600 words whose vectors are sums of a vector for each of their letters."""
    random = np.random.default_rng(0)
    words = [letters(number) for number in range(600)]
    of_letter = {letter: random.normal(size=(5, 16)) for letter in "aeioubcdfglmnprst"}
    vectors = np.array([sum(of_letter[letter][place] for place, letter in enumerate(word)) for word in words])
    path = tmp_path_factory.mktemp("table") / "tiny.parquet"
    write_table(path, words=words, vectors=vectors, frequencies=np.linspace(7, 1, len(words)), language="es")
    return path


@pytest.fixture(scope="session")
def tiny_settings(tiny_table):
    """A settings file for that table: a run takes a second or two."""
    path = tiny_table.with_name("tiny.toml")
    encoder = "{ hidden_width = 16, heads = 2, feed_forward_width = 32, ngram_buckets = 101, output_width = 16 }"
    path.write_text(
        f"table = {str(tiny_table)!r}\npreset = 'beast'\nepochs = 10\nbatch_size = 64\nencoder = {encoder}\n"
        "evaluations = 4\nlearning_rate = 3e-3\n"
    )
    return path
