"""Files that promise what they do not hold, or hold what would fill any memory: each is an error that says so."""

import gzip
import re
import struct
import time
import zipfile
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from training.common.errors import InputError
from training.table import TeacherTableError, read_table, write_table
from training.teach.shards import Shards
from training.teach.word_stream import WordStream, WordStreamError
from training.vectors.files import read_vectors

COUNT = 1000
WORDS = [f"palabra{row}" for row in range(COUNT)]
VECTORS = np.random.default_rng(0).normal(size=(COUNT, 4)).astype(np.float32)


def save(path, *, words=("sol", "mar", "pan"), frequencies=(1, 2, 3), **changes):
    columns = {
        "word": pa.array(list(words)),
        "frequency": pa.array(np.array(frequencies, dtype=np.float32)),
        "vector": pa.array(np.eye(len(words)).tolist()),
        "scale": pa.array(np.ones(len(words), dtype=np.float16)),
        **changes,
    }
    parquet.write_table(pa.table(columns), path)
    return path


def varint(number):
    """A number as Thrift's compact protocol writes an i64."""
    number, content = 2 * number, b""
    while number > 127:
        content, number = content + bytes([number & 127 | 128]), number >> 7
    return content + bytes([number])


def promise(path, rows, *, everywhere):
    """Puts another number of rows into the footer of a Parquet file: of the file alone, or of its columns too."""
    content = path.read_bytes()
    (length,) = struct.unpack("<I", content[-8:-4])
    body, footer = content[: -8 - length], content[-8 - length : -8]
    found, mark = varint(COUNT), b"\x16"  # an i64 in the next field
    assert mark + found in footer
    footer = footer.replace(mark + found, mark + varint(rows), -1 if everywhere else 1)
    path.write_bytes(body + footer + struct.pack("<I", len(footer)) + b"PAR1")


@pytest.fixture
def table(tmp_path):
    write_table(tmp_path / "table.parquet", words=WORDS, vectors=VECTORS, frequencies=np.ones(COUNT))
    return tmp_path / "table.parquet"


@pytest.mark.parametrize(
    ("rows", "everywhere"),
    [(COUNT + 1, False), (COUNT - 1, False), (10**9, False), (COUNT + 1, True), (10**9, True), (10**15, True)],
)
def test_a_footer_is_not_believed(table, tmp_path, rows, everywhere):
    promise(table, rows, everywhere=everywhere)
    readers = {
        TeacherTableError: lambda: read_table(table),
        InputError: lambda: read_vectors(table),
        WordStreamError: lambda: WordStream(table, folder=tmp_path),
    }
    for error, read in readers.items():
        with pytest.raises(error, match=rf"table\.parquet (promises {rows:,} rows and holds|is not a whole Parquet)"):
            read()


@pytest.mark.parametrize("frequency", [np.nan, np.inf, -np.inf, -1, 9.5])
def test_a_frequency_that_is_none_is_refused(tmp_path, frequency):
    path = save(tmp_path / "table.parquet", frequencies=[1, frequency, 2])
    told = f"{path}: the frequency of 'mar' is {frequency:g}, expected a Zipf frequency from 0 to 9"
    with pytest.raises(TeacherTableError, match=re.escape(told)):
        read_table(path)
    with pytest.raises(TeacherTableError, match="the frequency of 'mar'"):
        write_table(tmp_path / "new.parquet", words=["sol", "mar"], vectors=np.eye(2), frequencies=[1, frequency])
    assert not (tmp_path / "new.parquet").exists()


@pytest.mark.parametrize(("words", "lowercase"), [(("ni\u00f1o", "nin\u0303o"), False), (("Rosa", "rosa"), True)])
def test_words_that_are_one_are_refused(tmp_path, words, lowercase):
    path = save(tmp_path / "table.parquet", words=[*words, "mar"])
    told = rf"table\.parquet: 1 words occur more than once, for example \[{re.escape(repr(words))}\]"
    with pytest.raises(TeacherTableError, match=told):
        read_table(path)
    if lowercase:
        assert read_table(path, lowercase=False).words == [*words, "mar"]
    else:
        with pytest.raises(WordStreamError, match="1 words occur more than once"):
            WordStream(path, folder=tmp_path)


MARKS = "a" + "\u0301\u0316" * 20_000


def test_no_word_is_as_long_as_that(tmp_path):
    path, text, vectors = (
        save(tmp_path / "t.parquet", words=["sol", MARKS, "mar"]),
        tmp_path / "w.txt",
        tmp_path / "v.vec",
    )
    text.write_text(f"sol\n{MARKS[:500]}\n")
    vectors.write_text(f"sol 1 2\n{MARKS} 3 4\n")
    started = time.monotonic()
    with pytest.raises(TeacherTableError, match=r"t\.parquet: rows \[1\] .* have more than 192 letters"):
        read_table(path)
    with pytest.raises(WordStreamError, match=r"t\.parquet: row 1 is .*, expected one word .* \(found 40001\)"):
        WordStream(path, folder=tmp_path)
    with pytest.raises(WordStreamError, match=r"w\.txt, line 2 is .*, of 192 letters at most"):
        WordStream(text, folder=tmp_path)
    found = read_vectors(vectors)  # of other people's tables it is no business of ours
    assert found.lookup(["SOL", MARKS])[0].tolist() == [[1, 2], [3, 4]]
    assert time.monotonic() - started < 1  # 16 s if all of it were put in order once


def test_a_line_without_end_is_not_read_to_its_end(tmp_path):
    (tmp_path / "w.txt").write_bytes(b"a" * 10_000_000)
    with pytest.raises(WordStreamError, match=r"w\.txt, line 1 has more than 4,096 characters"):
        WordStream(tmp_path / "w.txt", folder=tmp_path)
    with gzip.open(tmp_path / "bomb.vec.gz", "wb", compresslevel=1) as file:
        file.write(b"2 2\n" + b"1 " * 150_000_000)
    assert (tmp_path / "bomb.vec.gz").stat().st_size < 5e6
    with pytest.raises(InputError, match=r"bomb\.vec\.gz, line 2 has more than 1,638,400 characters"):
        read_vectors(tmp_path / "bomb.vec.gz")


@pytest.mark.parametrize("header", ["3 3000000", "3 65537", f"3 {10**11}"])
def test_a_width_is_not_believed(tmp_path, header):
    (tmp_path / "w.vec").write_text(f"{header}\nsol 1 2\n")
    with pytest.raises(InputError, match=r"w\.vec, line 1: found .*, expected a word and its numbers, 1 to 65,536"):
        read_vectors(tmp_path / "w.vec")


def npz(path, *, shape, content, size=None):
    """An archive whose array says it is of that shape, and which says that it holds `size` bytes of it."""
    array = BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.npy", array.getvalue() + content)
    if size:  # in the directory of the archive
        real = len(array.getvalue()) + len(content)
        whole = path.read_bytes()
        place = whole.rindex(struct.pack("<I", real))
        path.write_bytes(whole[:place] + struct.pack("<I", size) + whole[place + 4 :])
    return path


@pytest.mark.parametrize(
    ("shape", "content", "size", "told"),
    [
        ((10**9, 300), bytes(24), None, r"says it is float32 \(1000000000, 300\), and 24 bytes"),
        ((3, 3_000_000), bytes(24), None, r"says it is float32 \(3, 3000000\), and 24 bytes"),
        ((3, 70_000), bytes(840_000), None, r"found float32 \(3, 70000\), expected .* the width 65,536 at most"),
        ((3, 2), bytes(10**8), None, r"says it is float32 \(3, 2\), and 100,000,000 bytes"),
        ((3, 2), bytes(24), 2**31, r"says it is float32 \(3, 2\), and 2,147"),
    ],
    ids=["rows", "width", "wide", "zeros", "directory"],
)
def test_an_archive_is_not_believed(tmp_path, shape, content, size, told):
    path = npz(tmp_path / "w.npz", shape=shape, content=content, size=size)
    (tmp_path / "w.txt").write_text("sol\nmar\npan\n")
    with pytest.raises(InputError, match=told):
        read_vectors(path)
    np.savez(tmp_path / "w.npz", vectors=np.eye(3, dtype=np.float32))
    assert read_vectors(path).lookup(["mar"])[0].tolist() == [[0, 1, 0]]


def test_what_no_memory_holds_is_refused_before_it_is_read(tmp_path):
    path = npz(tmp_path / "w.npz", shape=(3, 2), content=bytes(24), size=2**32 - 2)
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        for number in range(4096):
            archive.writestr(f"{number}.npy", b"")
    whole = path.read_bytes()
    entry = b"PK\x01\x02"  # each entry of the directory; its size is 24 bytes further on
    parts = whole.split(entry)
    path.write_bytes(parts[0] + b"".join(entry + part[:20] + b"\xfe\xff\xff\xff" + part[24:] for part in parts[1:]))
    (tmp_path / "w.txt").write_text("sol\nmar\npan\n")
    with pytest.raises(InputError, match=r"would take 17,592.2 GB of memory, and .* GB are free"):
        read_vectors(path)


@pytest.mark.parametrize("shape", [(10**12, 3), (10**6, 10**6), (4, 2)])
def test_a_matrix_is_not_believed(tmp_path, shape):
    with (tmp_path / "w.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        file.write(bytes(24))
    (tmp_path / "w.txt").write_text("sol\nmar\npan\n")
    with pytest.raises(InputError, match=r"w\.npy and .*w\.txt cannot be read"):
        read_vectors(tmp_path / "w.npy")


@pytest.mark.parametrize("array", [np.ones((2, 2), dtype=complex), np.array([["a", "b"]] * 2), np.ones((2, 2), bool)])
def test_what_is_no_number_is_refused(tmp_path, array):
    (tmp_path / "w.txt").write_text("sol\nmar\n")
    for path, write in ((tmp_path / "w.npy", np.save), (tmp_path / "w.npz", np.savez)):
        write(path, array)
        with pytest.raises(InputError, match=rf"{path.name}: found .* expected numbers in"):
            read_vectors(path)


def test_a_shard_of_other_kinds_or_sizes_is_made_again(tmp_path):
    whole = {"vectors": np.eye(3, dtype=np.float16), "known": np.ones(3, dtype=bool), "seconds": np.array(1.0)}
    damages = [
        {"vectors": np.eye(3)},
        {"vectors": np.full((3, 3), np.nan, dtype=np.float16)},
        {"known": np.ones(3)},
        {"known": np.ones(2, dtype=bool)},
    ]
    for damage in [{}, *damages]:
        np.savez(tmp_path / "00000.npz", **{**whole, **damage})
        (tmp_path / "run.json").write_text('{"shard_words": 3}')
        assert Shards(tmp_path, run={}, count=3, size=3).damaged == ({0} if damage else set())
    npz(tmp_path / "00000.npz", shape=(10**12, 3), content=bytes(24))
    assert Shards(tmp_path, run={}, count=3, size=3).damaged == {0}
