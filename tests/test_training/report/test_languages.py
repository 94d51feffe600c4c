import pytest

from training.evaluate.report import Data, ModelScores, Report, Timings
from training.evaluate.scores import Score, SetScores
from training.report.__main__ import main


def report(path, models):
    """A report of models, each `{kind: {set: {measure: value}}}`."""
    scores = {
        name: ModelScores(
            kind="table",
            path=name,
            first_entries=None,
            width=2,
            bytes=1,
            sets={
                kind: {
                    each: SetScores(
                        counts={"pairs": 9},
                        scores={key: Score(value=value, low=0, high=1) for key, value in measures.items()},
                    )
                    for each, measures in sets.items()
                }
                for kind, sets in kinds.items()
            },
        )
        for name, kinds in models.items()
    }
    written = Report(
        seed=0,
        resamples=1,
        clustering_seeds=1,
        versions={},
        data=Data(folder=None, sha256={}),
        teacher=None,
        models=scores,
        timings=Timings(threads=1, words_per_second={}, resident_bytes_added={}),
    )
    path.write_text(written.to_json(), encoding="utf-8")
    return path


def test_a_row_for_each_language_and_set_and_for_those_across(tmp_path, capsys):
    german = {
        "student": {"similarity": {"simlex": {"spearman": 0.625}}, "retrieval": {"typos": {"retrieval_at_1": 0.9}}},
        "teacher": {"similarity": {"simlex": {"spearman": 0.65}}},
        "shipped": {"similarity": {"simlex": {"spearman": 0.15}}},
    }
    spanish = {"student": {"retrieval": {"misspelling -> word": {"retrieval_at_1": 0.875}}}}  # as it was called once
    across = {
        name: {"similarity": {"x_en-de": {"spearman": value}}, "translation": {"y_en-de": {"csls_at_1": value}}}
        for name, value in (("teacher", 0.75), ("student", 0.5))
    }
    given = [f"de={report(tmp_path / 'de.json', german)}", f"es={report(tmp_path / 'es.json', spanish)}"]
    crossed = [str(report(tmp_path / f"{name}.json", {name: sets})) for name, sets in across.items()]
    main(["languages", *given, "--cross", *crossed, "--output", str(tmp_path / "new/languages.md")])
    assert (tmp_path / "new/languages.md").read_text().splitlines() == [
        "| language | measure | set | n | teacher | student | ngrams |",
        "| --- | --- | --- | ---: | --- | --- | --- |",
        "| German | similarity, Spearman | simlex | 9 | 0.650 [0.00, 1.00] | 0.625 [0.00, 1.00] | - |",
        "| German | retrieval@1 | typos | 9 | - | 0.900 [0.00, 1.00] | - |",
        "| Spanish | retrieval@1 | misspelling -> word | 9 | - | 0.875 [0.00, 1.00] | - |",
        "| across languages | similarity, Spearman | x_en-de | 9 | 0.750 [0.00, 1.00] | 0.500 [0.00, 1.00] | - |",
        "| across languages | translation P@1, CSLS | y_en-de | 9 | 0.750 [0.00, 1.00] | 0.500 [0.00, 1.00] | - |",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["de"], "'de' is no report of a language, expected LANGUAGE=FILE"),
        (["de={file}", "de={file}"], "several reports of de, expected one a language"),
        (["xx={file}"], "no language 'xx', expected one of"),
        (["de={file}"], "the report of German has models other, expected some of teacher, student, ngrams; call"),
        (["de=nowhere.json"], "no metrics.json at nowhere.json"),
    ],
)
def test_what_is_no_report_of_a_language_is_told(tmp_path, given, told):
    file = report(tmp_path / "m.json", {"other": {"similarity": {"simlex": {"spearman": 0.5}}}})
    with pytest.raises(SystemExit, match=f"^error: {told}"):
        main(["languages", *(each.format(file=file) for each in given), "--output", str(tmp_path / "out.md")])
    assert not (tmp_path / "out.md").exists()
