import io
import math
import re
import tarfile

import numpy as np
import pytest

from training.resources.downloads import SourceError
from training.resources.moby import MOBY_SHA512, MOBY_URL, download_moby, embed_terms, read_entries

ENTRIES = [
    ["happy", "glad", "merry", "glad"],
    ["glad", "happy", "content"],
    ["bank", "shore", "happy", "bank"],
    ["shore", "beach"],
    ["alone"],
]
TERMS = ["happy", "glad", "merry", "content", "bank", "shore", "beach", "alone"]


def put_archive(path, *, name="package/words.txt", content=b"", kind=tarfile.REGTYPE):
    with tarfile.open(path, "w:gz") as files:
        member = tarfile.TarInfo(name)
        member.size, member.type = len(content), kind
        files.addfile(member, io.BytesIO(content))
    return path


def positive_information(entries, *, terms):
    """Positive pointwise mutual information as it is defined, with counts instead of sums of a matrix."""
    pairs = {(term, term) for term in terms}
    for head, *others in entries:
        pairs |= {pair for other in others for pair in ((head, other), (other, head))}
    sums = {term: sum(first == term for first, _ in pairs) for term in terms}
    smoothed = sum(count**0.75 for count in sums.values())
    information = np.zeros((len(terms), len(terms)))
    for first, second in pairs:
        joint, own, context = 1 / len(pairs), sums[first] / len(pairs), sums[second] ** 0.75 / smoothed
        information[terms.index(first), terms.index(second)] = max(math.log(joint / (own * context)), 0)
    return information


def test_entries_are_read_from_the_package(tmp_path):
    content = b"A-bomb,H-bomb,atomic bomb,\r\n\r\nalone\r\nbank, shore ,,Bank"
    read = list(read_entries(put_archive(tmp_path / "moby.tgz", content=content)))
    assert read == [["a-bomb", "h-bomb", "atomic bomb"], ["alone"], ["bank", "shore", "bank"]]


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        ({"name": "package/index.js"}, "is not the npm package moby with its words.txt ("),
        ({"content": "niño".encode("latin-1")}, "is not the npm package moby with its words.txt ("),
        ({"content": b""}, "words.txt is empty, expected a headword and its related words in each line"),
        ({"kind": tarfile.DIRTYPE}, "words.txt is empty, expected a headword and its related words in each line"),
    ],
)
def test_another_archive_is_refused(tmp_path, archive, message):
    with pytest.raises(SourceError, match=re.escape(message)):
        list(read_entries(put_archive(tmp_path / "moby.tgz", **archive)))


@pytest.mark.parametrize("length", [0, 10, 60])
def test_what_is_no_whole_archive_is_refused(tmp_path, length):
    path = put_archive(tmp_path / "moby.tgz", content=bytes(range(97, 123)) * 5)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SourceError, match="is not the npm package moby"):
        list(read_entries(path))


def test_a_kept_archive_is_checked_before_it_is_used(tmp_path):
    path = put_archive(tmp_path / MOBY_URL.rpartition("/")[2], content=b"sun,moon")
    with pytest.raises(SourceError, match=rf"moby-1\.1\.2\.tgz has SHA-512 .*, expected {MOBY_SHA512[:16]}"):
        download_moby(tmp_path)
    assert path.is_file()


def test_at_full_width_the_vectors_are_the_root_of_the_information():
    terms, vectors = embed_terms(ENTRIES, width=len(TERMS))
    assert terms == TERMS
    assert vectors.dtype == np.float32 and vectors.shape == (8, 8)
    information = positive_information(ENTRIES, terms=TERMS)
    assert information[0, 4] > 0 == information[0, 6]
    root = (vectors @ vectors.T).astype(np.float64)  # U S U', where the information is U S V'
    np.testing.assert_allclose(root @ root, information @ information.T, atol=1e-4)


def test_fewer_directions_are_the_strongest():
    information = positive_information(ENTRIES, terms=TERMS)
    strongest = np.linalg.svd(information)[1][:3]
    _, vectors = embed_terms(iter(ENTRIES), width=3)
    assert vectors.shape == (8, 3)
    np.testing.assert_allclose((vectors.astype(np.float64) ** 2).sum(axis=0), strongest, rtol=1e-4)


def test_equal_entries_and_seed_give_equal_bytes():
    random = np.random.default_rng(0)
    entries = [[f"w{number}" for number in random.integers(0, 500, size=12)] for _ in range(400)]
    first, second = (embed_terms(entries, width=20, seed=3) for _ in range(2))
    assert first[0] == second[0] and first[1].tobytes() == second[1].tobytes()


def test_words_of_one_field_lie_close_together():
    fields = [[f"{name}{number}" for number in range(12)] for name in ("sea", "law", "food")]
    entries = [[head, *(other for other in field if other != head)] for field in fields for head in field[:6]]
    entries.append(["sea0", "law0"])
    terms, vectors = embed_terms(entries, width=3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    names = np.array([term.rstrip("0123456789") for term in terms])
    same = names[:, None] == names
    assert cosines[same].min() > 0.8 > 0.4 > cosines[~same].max()


@pytest.mark.parametrize("width", [0, 9])
def test_a_width_that_cannot_be_is_refused(width):
    with pytest.raises(ValueError, match=f"width is {width}, expected 1 to 8, the number of distinct terms"):
        embed_terms(ENTRIES, width=width)


def test_no_entries_have_no_vectors():
    with pytest.raises(ValueError, match="width is 200, expected 1 to 0, the number of distinct terms"):
        embed_terms([])
