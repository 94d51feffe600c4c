import json

import pytest

from training.downstream.__main__ import main
from training.downstream.configurations import CONFIGURATIONS
from training.downstream.one_training import Training, read_records, record_file, train_and_score
from training.downstream.results import results
from training.downstream.run import WRITERS
from training.downstream.sentences import prepare_sentences

STEPS = 6


@pytest.fixture(scope="module")
def output(tmp_path_factory, treebank, corpus, tiny_table):
    """A run whose trainings are done but for one."""
    output = tmp_path_factory.mktemp("run")
    prepare_sentences(corpus=corpus, data=treebank, folder=output / "sentences")
    for form, write in WRITERS.items():
        write(table=tiny_table, folder=output / "tables" / f"es-{form}", language="es")
    (output / "trainings").mkdir()
    for vectors in CONFIGURATIONS:
        if vectors != "none":
            training = Training(corpus=corpus, vectors=vectors, seed=0, steps=STEPS)
            folders = {"sentences": output / "sentences", "tables": output / "tables", "records": output / "trainings"}
            train_and_score(training, **folders)
    return output


@pytest.fixture
def command(output, treebank, tmp_path, tiny_table):
    """The arguments of the command; its corpora are those of the tests."""
    (tmp_path / "corpora.toml").write_text(
        '[[corpora]]\nlanguage = "es"\ntask = "syntax"\nreader = "conllu"\ntrain = "train.conllu"\n'
        'test = "test.conllu"\nlabels = "people"\ncredit = "-"\n',
        encoding="utf-8",
    )
    (tmp_path / "es.parquet").write_bytes(tiny_table.read_bytes())
    folders = {"--data": treebank, "--tables": tmp_path, "--output": output, "--corpora": tmp_path / "corpora.toml"}
    return [text for pair in folders.items() for text in map(str, pair)] + ["--seeds", "1", "--steps", str(STEPS)]


def test_every_configuration_learns_what_it_is_asked(output):
    records = {record.vectors: record for record in read_records(output / "trainings")}
    assert set(records) == set(CONFIGURATIONS) - {"none"}
    assert all(record.scores["tags"]["all"] > 0.3 for record in records.values())
    assert records["table"].bytes > records["floret"].bytes > 10**6
    # Of the 50 words of the test "enorme", ten times, and "conejo", five times, are new.
    assert records["static"].words["test"] == 50 and records["static"].words["unseen"] == 15


def test_the_command_trains_what_is_left_and_says_what_came_of_it(command, output, corpus, capsys):
    before = {file: file.read_bytes() for file in (output / "trainings").iterdir()}
    main(command)
    assert "7 of 8 trainings are done" in capsys.readouterr().err
    assert all(file.read_bytes() == content for file, content in before.items())
    assert len(read_records(output / "trainings")) == 8
    text = (output / "results.md").read_text(encoding="utf-8")
    assert text == results(read_records(output / "trainings"), corpora=[corpus])
    [row] = [line for line in text.splitlines() if line.startswith("| Spanish | trees | no vectors")]
    records = {record.vectors: record.scores["trees"]["all"] for record in read_records(output / "trainings")}
    assert f"| {records['static'] - records['none']:+.3f} |" in row


def test_other_steps_are_not_mixed_with_what_is_there(command, capsys):
    with pytest.raises(SystemExit, match="is of other steps or sentences than are asked for now"):
        main([*command, "--steps", "7"])


def test_a_damaged_record_is_named(output, tmp_path, corpus):
    file = record_file(Training(corpus=corpus, vectors="none", seed=9, steps=STEPS), folder=tmp_path)
    file.write_text(json.dumps({"language": "es"}), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"es-syntax-none-9\.json is no record of a training"):
        (tmp_path / "trainings").mkdir()
        file.rename(tmp_path / "trainings" / file.name)
        main(["--data", ".", "--tables", ".", "--output", str(tmp_path), "--results-alone"])
