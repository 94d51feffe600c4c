import json

import pytest

from training.downstream.__main__ import main
from training.downstream.configurations import CONFIGURATIONS, training_config
from training.downstream.one_training import Training, read_records, record_file, train_and_score
from training.downstream.results import results
from training.downstream.run import plan, prepare
from training.table import read_table, write_table

STEPS = 6
# Those that train the encoder along take their time; tests/test_spacy/test_ready_configs.py has one of them.
TRIED = ("none", "floret", "table", "static", "both-frozen")


@pytest.fixture(scope="module")
def output(tmp_path_factory, treebank, corpus, tiny_table):
    """A run whose trainings are done but for one."""
    output = tmp_path_factory.mktemp("run")
    (output / "es.parquet").write_bytes(tiny_table.read_bytes())
    (output / "trainings").mkdir()
    folders = {"sentences": output / "sentences", "tables": output / "tables", "records": output / "trainings"}
    trainings = plan([corpus], vectors=TRIED[1:], seeds=1, steps=STEPS, teachers=output)
    prepare(trainings, data=treebank, teachers=output, output=output, processes=2)
    for training in trainings:
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
    return [text for pair in folders.items() for text in map(str, pair)] + [
        *("--seeds", "1", "--steps", str(STEPS), "--vectors", *TRIED)
    ]


def test_every_configuration_learns_what_it_is_asked(output):
    records = {record.vectors: record for record in read_records(output / "trainings")}
    assert set(records) == set(TRIED[1:])
    assert all(record.scores["tags"]["all"] > 0.3 for record in records.values())
    assert records["floret"].bytes > records["table"].bytes  # which has 600 words here
    # Of the 50 words of the test "enorme", ten times, and "conejo", five times, are new.
    assert records["static"].words["test"] == 50 and records["static"].words["unseen"] == 15


def test_the_command_trains_what_is_left_and_says_what_came_of_it(command, output, corpus, capsys):
    before = {file: file.read_bytes() for file in (output / "trainings").iterdir()}
    main(command)
    assert "4 of 5 trainings are done" in capsys.readouterr().err
    assert all(file.read_bytes() == content for file, content in before.items())
    assert len(read_records(output / "trainings")) == 5
    text = (output / "results.md").read_text(encoding="utf-8")
    assert text == results(read_records(output / "trainings"), corpora=[corpus])
    [row] = [line for line in text.splitlines() if line.startswith("| Spanish | trees | no vectors")]
    records = {record.vectors: record.scores["trees"]["all"] for record in read_records(output / "trainings")}
    assert f"| {records['static'] - records['none']:+.3f} |" in row


def test_sentences_that_are_not_there_are_left_out_and_named(command, output, treebank, corpus, tmp_path, capsys):
    file = tmp_path / "corpora.toml"
    there = file.read_text(encoding="utf-8")
    absent = there.replace('"es"', '"fr"').replace("train.conllu", "absent.zip#part/of.it")
    file.write_text(there + absent, encoding="utf-8")
    main([*command, "--vectors", "none"])
    assert f"left out: fr-syntax (nothing at {treebank / 'absent.zip'}); docs/downstream.md" in capsys.readouterr().err
    file.write_text(absent, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"no sentences for fr-syntax \(nothing at .*absent\.zip\)"):
        main(command)


@pytest.mark.parametrize("vectors", CONFIGURATIONS)
def test_what_a_configuration_is_called_is_what_it_has(vectors, tmp_path):
    files = {"train": tmp_path / "a", "watch": tmp_path / "b", "table": tmp_path / "c" if "table" in vectors else None}
    text = training_config(vectors, language="fr", task="names", seed=7, steps=9, **files).to_str(interpolate=False)
    assert ("trainable = true" in text) is ("trained" in vectors)
    assert ("BeastEmbed" in text) is (vectors.removeprefix("both-") in ("frozen", "trained"))
    assert ("MultiHashEmbed" in text) is (vectors not in ("frozen", "trained"))
    assert ("include_static_vectors = true" in text) is (vectors in ("static", "table", "floret"))
    assert ("BeastVectors" in text and 'language = "fr"' in text) is (vectors == "static")
    assert 'pipeline = ["tok2vec", "ner"]' in text and "seed = 7" in text and "max_steps = 9" in text


def test_other_steps_are_not_mixed_with_what_is_there(command, capsys):
    with pytest.raises(SystemExit, match="is of other steps, sentences or vectors than are asked for now"):
        main([*command, "--steps", "7"])


def test_another_table_is_not_mixed_with_what_is_there(command, tmp_path, tiny_table):
    table = read_table(tiny_table)
    write_table(tmp_path / "es.parquet", words=table.words, vectors=-table.vectors, frequencies=table.frequencies)
    with pytest.raises(SystemExit, match=r"es-syntax-(floret|table)-0\.json is of other steps, sentences or vectors"):
        main(command)


def test_a_damaged_record_is_named(output, tmp_path, corpus):
    file = record_file(Training(corpus=corpus, vectors="none", seed=9, steps=STEPS), folder=tmp_path)
    file.write_text(json.dumps({"language": "es"}), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"es-syntax-none-9\.json is no record of a training"):
        (tmp_path / "trainings").mkdir()
        file.rename(tmp_path / "trainings" / file.name)
        main(["--data", ".", "--tables", ".", "--output", str(tmp_path), "--results-alone"])
