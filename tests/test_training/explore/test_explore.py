"""The report of a list of words: what it says is right, whatever the words are."""

import json
import re

import numpy as np
import pytest

from beast_core import load_encoder
from training.explore.__main__ import main
from training.explore.analysis import analyse
from training.explore.page import _ASSETS


def data_of(report):
    text = report.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_report_says_what_a_loop_over_all_pairs_says(report, words):
    data, vectors = data_of(report), load_encoder("de").encode(words)
    assert data["words"] == words
    for word, (rows, cosines) in enumerate(zip(data["neighbours"], data["cosines"], strict=True)):
        all_cosines = vectors @ vectors[word]
        all_cosines[word] = -1
        np.testing.assert_allclose(cosines, np.sort(all_cosines)[::-1][:10], atol=1e-3)
        np.testing.assert_allclose(all_cosines[rows], cosines, atol=1e-3)
    assert sorted(map(data["clusters"].count, range(len(data["clusterNames"]))), reverse=True) == [
        data["clusters"].count(cluster) for cluster in range(len(data["clusterNames"]))
    ]
    assert np.min(data["places"]) == 0 and np.max(data["places"]) == 1
    hund, katze, montag = (data["words"].index(word) for word in ("Hund", "Katze", "rot"))
    away = {word: np.hypot(*np.subtract(data["places"][hund], data["places"][word])) for word in (katze, montag)}
    assert away[katze] < away[montag]


def test_smaller_vectors_keep_what_they_keep():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 256)).astype(np.float32) * np.r_[np.ones(64), np.zeros(192)]
    found = analyse([f"w{number}" for number in range(60)], vectors=vectors)
    by_name = {each.name: each for each in found.representations}
    assert by_name["first 64 entries"].kept == by_name["first 128 entries"].kept == 1
    assert by_name["all 256 entries"].first == 1 and by_name["all 256 entries in 2 bits"].kept < 1
    assert [each.bytes for each in found.representations] == [68, 256, 512, 512, 1024]


def test_the_same_words_give_the_same_file_and_nothing_is_asked_for_elsewhere(report, tmp_path):
    again = tmp_path / "again.html"
    words = str(report.with_name("words.txt"))
    main([words, "--model", "de", "--output", str(again), "--title", "<b>Wörter"])
    assert again.read_bytes() == report.read_bytes()
    text = report.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:,)|@import|url\(|fetch\(|https?:""", text.split('id="data"')[0])
    assert text.count("</script>") == text.count("<script") == 2


def test_longer_lists_and_unknown_words_are_told(report, tmp_path, capsys):
    table, random = tmp_path / "table.npz", np.random.default_rng(0)
    words = report.with_name("words.txt")
    lines = ["20 8", *(f"wort{number} " + " ".join(map(str, random.normal(size=8))) for number in range(20))]
    table = tmp_path / "table.vec"
    table.write_text("\n".join(lines), encoding="utf-8")
    words = tmp_path / "list.txt"
    words.write_text("\n".join(f"wort{number}" for number in range(25)), encoding="utf-8")
    main([str(words), "--model", str(table), "--output", str(tmp_path / "a.html"), "--limit", "12"])
    told = capsys.readouterr().err
    for note in ("does not know 5 words of the list", "the first 12 words are shown, and 8 are left out"):
        assert note in told and note in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert len(data_of(tmp_path / "a.html")["words"]) == 12


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"eins\nzwei\n\nzwei\n", [], "has 2 words, expected at least 10, one a line"),
        (b"\xff\xfe\x00", [], "is not UTF-8"),
        (b"x" * 300, [], "line 1 has 300 characters, expected at most 192"),
        (b"x" * 9000, [], "line 1 has more than 4,096 characters"),
        (None, [], "No such file"),
        (b"a\n", ["--clusters", "40"], "--clusters is 40, expected 2 to 12"),
        (b"a\n", ["--model", "xy"], "there is nothing at"),
        (b"a\n", ["--output", "."], "--output . is a folder, expected a file, such as report.html"),
        (b"a\n", ["--output", "words.txt/report.html"], "is a file, expected a folder or nothing"),
        (b"a\n", ["--limit", "5"], "--limit is 5, expected at least 10"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line_and_nothing_is_written(content, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        if options and options[0] == "--model":
            content = b"\n".join(b"wort%d" % number for number in range(12))
        (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(SystemExit, match=rf"error: .*{re.escape(message)}"):
        main(["words.txt", "--output", "report.html", *options])
    assert not (tmp_path / "report.html").exists()


def luminance(colour):
    """WCAG 2.1, relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return np.dot(
        [0.2126, 0.7152, 0.0722], [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    )


def test_all_colours_can_be_read_in_the_light_and_in_the_dark():
    light, dark = (_ASSETS / "style.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    for text in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", text))
        for name in ("ink", "faint", "accent", *(f"c{number}" for number in range(12))):
            low, high = sorted((luminance(colours[name]), luminance(colours["back"])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, name
