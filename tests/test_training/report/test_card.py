"""Cards of a real run of a tiny student, measured by a real evaluation."""

import doctest
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from beast_core import BeastEncoder, EncoderConfig, read_encoder, write_encoder
from beast_core.credits import Credits, read_credits
from beast_core.shipped import model_folder
from training.common.files import digest
from training.distill.settings import read_settings
from training.evaluate import __main__ as evaluate
from training.evaluate.kinds import KINDS
from training.evaluate.report import Teacher, read_report
from training.evaluate.scores import Spread
from training.languages import read_language
from training.report import card
from training.report.__main__ import main
from training.report.runs import read_finished_run, read_records, rebuild_command
from training.table import read_table

CONFIGS = Path(__file__).parents[3] / "training/configs"
EMBEDDED = "training/tables/es.parquet"
SETS = {
    "similarity/pairs.tsv": "word1\tword2\tscore\nbabel\tbabes\t3\nbabel\tcacen\t1\nbabes\tcacel\t2\ncacel\tcacen\t4\n",
    "clustering/fields.tsv": "word\tcategory\nbabel\ta\nbabes\ta\ncacel\tb\ncacen\tb\n",
    "robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\nbabbel\tbabel\tother\ncacén\tcacen\taccent\n",
    "analogy/court.tsv": "a\tb\tc\td\nbabel\tbabes\tcacel\tcaces\nbabel\tcacel\tbabes\tcaces\n",
}
MEASURES = {measure.title: (kind.name, measure.key) for kind in KINDS for measure in kind.measures if measure.title}


@pytest.fixture(scope="module")
def folder(tiny_table, tiny_settings, tmp_path_factory):
    """A finished run and what was measured of its model."""
    folder = tmp_path_factory.mktemp("card")
    values = "seed=3 nested_widths=[4,8] contrast_weight=0.3 temperature=0.07 noise_share=0.4 frequency_power=0.2"
    changes = [part for value in values.split() for part in ("--set", value)]
    distill = [sys.executable, "-m", "training.distill", str(tiny_settings), "--output", str(folder / "run")]
    done = subprocess.run([*distill, "--device", "cpu", *changes], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name, text in SETS.items():
        (folder / "sets" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sets" / name).write_text(text, encoding="utf-8")
    data = ["--language", "fi", "--data", str(folder / "sets"), "--teacher", str(tiny_table)]
    evaluate.main([f"tiny={folder / 'run/model'}", *data, "--output", str(folder / "scores")])
    return folder


@pytest.fixture(scope="module")
def records(folder):
    return read_records(folder / "run", metrics=folder / "scores/metrics.json", model="tiny")


def command(folder, **changes):
    options = {"metrics": folder / "scores/metrics.json", "model": "tiny", "output": folder / "README.md", **changes}
    run = options.pop("run", folder / "run")
    return ["card", str(run), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]


@pytest.fixture(scope="module")
def text(folder):
    main(command(folder))
    return (folder / "README.md").read_text(encoding="utf-8")


def test_all_that_was_recorded_is_told(folder, text, tiny_table):
    told = " ".join(text.split())
    encoder, table = read_encoder(folder / "run/model"), read_table(tiny_table)
    log = [json.loads(line) for line in (folder / "run/log.jsonl").read_text().splitlines()]
    size = sum(file.stat().st_size for file in (folder / "run/model").iterdir())
    steps = 10 * -(-int((~table.held_out).sum()) // 64)
    for fact in (
        "Preset `beast`, hidden_width 16, heads 2",
        "Family `ngram`: embeddings of bytes and of hashed byte 3-, 4-, 5- and 6-grams in 101, 101, 101 and 101 "
        "buckets, 16 wide",
        "Vectors of 16 dimensions and unit length; their first 4 and 8 are vectors of their own.",
        f"{sum(weight.numel() for weight in encoder.parameters()):,} parameters, {size / 1e6:.1f} MB on disk: the "
        "n-gram table in 2 bits an entry, with a scale and an offset a row, the rest float16.",
        f"`{tiny_table}`: 600 words, Zipf frequencies 1.0 to 7.0, with vectors of 16 dimensions.",
        f"- {int(table.held_out.sum())} of the words were held out",
        f"`{table.digest}`",
        f"Epochs: 10; steps: {steps:,}, of 64 words; seed: 3.",
        "+ the same of the first 4 and 8 entries + telling that vector among those of the batch (weight 0.3, "
        "temperature 0.07).",
        "to the power 0.2 (0: all alike); of each batch 40% misspelt",
        f"cosine {log[-1]['cosine']:.3f} to the teacher on the last batch, misspelt words and all, "
        f"{log[-1]['held_out_cosine']:.3f} on held-out words",
        "The last 40% of the steps read the n-gram table as it is stored (quantisation-aware training).",
        f"Time: {log[-1]['seconds']:.0f} seconds.",
        "Spanish words only",
        "longer than 24 bytes the first 16 and the last 8",
        "## Licence That of the teacher's data.",
    ):
        assert fact in told
    assert ModelCard(text).data.to_dict().get("license") is None and "distillation" in ModelCard(text).data.tags


@pytest.mark.parametrize("change", [{"quantisation_aware_share": 0.0}, {"preset": "mini", "encoder": {}}])
def test_steps_that_are_not_rounded_are_not_told(records, change):
    encoder = BeastEncoder(EncoderConfig.preset("mini")) if "preset" in change else records[0].encoder
    run = replace(records[0], settings=replace(records[0].settings, **change), encoder=encoder)
    assert "as it is stored" not in card.model_card(run, report=records[1])


def test_metrics_of_before_a_measure_was_there_still_make_a_card(folder, tmp_path):
    metrics = tmp_path / "metrics.json"
    shutil.copy(folder / "scores/metrics.json", metrics)

    def age(report):
        measured = report["models"]["tiny"]
        measured["similarity"]["pairs"] = {"pairs": 4, "coverage": 1.0, "spearman": 0.4, "spearman_interval": [0, 1]}
        measured["clustering"]["fields"] |= {"purity": 0.5, "purity_range": [0.4, 0.6]}  # and one that is there no more
        del measured["analogies"]

    change(metrics, age)
    main(command(folder, metrics=metrics, output=tmp_path / "README.md"))
    card = (tmp_path / "README.md").read_text()
    assert "| similarity, Spearman | pairs | 4 | 0.400 [0.00, 1.00] |" in card
    assert "Pearson" not in card and "nalogies:" not in card and "purity" not in card
    assert read_report(metrics).models["tiny"].sets["clustering"]["fields"].scores["purity"].spread is Spread.RANGE


def test_every_score_is_told_with_its_interval(folder, text):
    report = json.loads((folder / "scores/metrics.json").read_text())
    measured, timings = report["models"]["tiny"], report["timings"]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 10
    for measure, name, _, told in rows:
        kind, key = MEASURES[measure]
        entry = measured[kind][name]
        bounds = entry.get(f"{key}_interval") or entry[f"{key}_range"]
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", told)]
        assert numbers == pytest.approx([entry[key], *bounds], abs=0.0051)
    told = " ".join(text.split())
    assert f"{timings['words_per_second']['tiny']:,.0f} new words a second" in told
    assert f"CPU threads: {timings['threads']}. Measured by" in told
    assert f"numpy {report['versions']['numpy']}" in told
    held_out = measured["closeness"]["held-out words"]["cosine"]
    assert f"held-out words {held_out:.3f} [" in told[told.index("## Limits") :]


def test_the_command_gives_the_settings_of_the_run(folder, text, tiny_table):
    (line,) = [line for line in text.splitlines() if line.startswith("python -m ")]
    given = shlex.split(line)
    assert given[:3] == ["python", "-m", "training.distill"] and given[4:6] == ["--output", "runs/run"]
    settings = read_settings(CONFIGS.parents[1] / given[3], changes=given[7::2])
    saved = json.loads((folder / "run/checkpoint/progress.json").read_text())["run"]
    assert saved.pop("architecture") == settings.encoder_config().to_dict()
    assert json.loads(json.dumps(settings.to_dict())) == {**saved, "table": str(tiny_table)}


@pytest.mark.parametrize("preset", ["base", "mini", "asterisk"])
def test_a_preset_at_the_rates_of_another_is_told_with_them(records, preset):
    settings = replace(read_settings(CONFIGS / "beast.toml"), preset=preset)  # what beast.toml meant is in it by now
    given = shlex.split(rebuild_command(replace(records[0], settings=settings)))
    assert read_settings(CONFIGS.parents[1] / given[3], changes=given[7::2]) == settings


@pytest.mark.parametrize("config", ["beast", "long", "published", "mini", "asterisk"])
def test_a_configuration_of_the_project_is_named(records, config):
    settings = read_settings(CONFIGS / f"{config}.toml")
    project = f"python -m spacy project run train . --vars.config {config}"
    assert rebuild_command(replace(records[0], settings=settings)) == project
    other = replace(settings, table="mine of today.parquet")
    assert rebuild_command(replace(records[0], settings=other)) == f"{project} --vars.table 'mine of today.parquet'"
    other = rebuild_command(replace(records[0], settings=replace(settings, language="de", table="de.parquet")))
    assert other == f"{project} --vars.language de --vars.table de.parquet"
    other = rebuild_command(replace(records[0], settings=replace(settings, seed=5)))
    assert other == f"python -m training.distill training/configs/{config}.toml --output runs/run --set seed=5"


def test_the_embedded_table_is_known_by_its_digest(folder, records, tmp_path):
    run = shutil.copytree(folder / "run", tmp_path / "run")
    teacher = Teacher(file=str(CONFIGS.parents[1] / EMBEDDED), sha256=digest(CONFIGS.parents[1] / EMBEDDED))
    change(run / "checkpoint/progress.json", lambda progress: progress["run"].update(table=teacher.sha256))
    embedded = read_finished_run(run, teacher=teacher)
    told = " ".join(card.model_card(embedded, report=records[1]).split())
    assert f"- `{EMBEDDED}`: {len(embedded.table.words):,} words" in told
    assert "`training/tables/README.md` names its sources" in told
    metadata = ModelCard(card.model_card(embedded, report=records[1])).data
    assert (metadata.license, metadata.language, metadata.pipeline_tag) == (
        "cc-by-sa-4.0",
        ["es"],
        "feature-extraction",
    )
    assert metadata.to_dict() == ModelCard.load(model_folder() / "README.md").data.to_dict()
    assert all(f"- {source}" in told for source in read_credits(model_folder()).sources)
    assert "Spanish words only" in told and "## Licence CC BY-SA 4.0" in told
    assert "--set seed=3" in told and "--set table" not in told


def test_the_credits_of_a_teacher_are_data(folder, records, tmp_path):
    file = tmp_path / "credits.toml"
    values = 'licence = "cc-by-4.0"\nauthor = "Ana"\ncredits = ["Wörter (CC BY 4.0)"]\nteacher = "a, b"\n'
    file.write_text(f'{values}base_model = ["ana/b"]\n', encoding="utf-8")
    main(command(folder, credits=file, output=tmp_path / "README.md"))
    sources = ("Wörter (CC BY 4.0)", *read_language("es").credits)  # of the teacher, and of the language of its words
    expected = Credits(licence="cc-by-4.0", author="Ana", sources=sources, languages=("es",), teacher="a, b")
    expected = replace(expected, base_models=("ana/b",))
    assert read_credits(tmp_path) == expected
    told = (tmp_path / "README.md").read_text(encoding="utf-8")
    listed = "".join(f"- {source}\n" for source in sources)
    assert told.endswith(f"CC BY 4.0, that of the teacher's table. It was made of:\n\n{listed}")
    assert "Spanish word vectors of 16" in told
    encoder = BeastEncoder(records[0].encoder.config.network)
    unknown = ModelCard(card.model_card(replace(records[0], encoder=encoder), report=records[1], credits_file=file))
    assert unknown.data.language is None and unknown.data.credits == ["Wörter (CC BY 4.0)"]
    file.write_text('license = "mit"\n', encoding="utf-8")
    refused(command(folder, credits=file, output=tmp_path / "README.md"), r"credits\.toml", tmp_path / "README.md")


def change(file, edit):
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


BROKEN = {
    "no run": (lambda run, metrics: shutil.rmtree(run / "checkpoint"), r"run is no run of training\.distill"),
    "another version": (
        lambda run, metrics: change(run / "checkpoint/progress.json", lambda progress: progress["run"].pop("seed")),
        r"progress\.json has no seed: another version trained this",
    ),
    "no model": (
        lambda run, metrics: shutil.rmtree(run / "model"),
        r"is not finished \(its log ends at epoch 10 of 10; ",
    ),
    "an older model": (
        lambda run, metrics: change(
            run / "checkpoint/progress.json", lambda progress: progress["run"].update(epochs=11)
        ),
        r"is not finished \(its log ends at epoch 10 of 11; .*model is there\): give the command",
    ),
    "another model": (
        lambda run, metrics: write_encoder(BeastEncoder(read_encoder(run / "model").config), run / "model"),
        r"scores are of another model: cosine of frequent seen words to the teacher 0\.\d+, of .*model -?0\.\d+; run",
    ),
    "another teacher": (
        lambda run, metrics: change(
            run / "checkpoint/progress.json", lambda progress: progress["run"].update(table="0")
        ),
        r"is not the table that .*run learnt from \(SHA-256 0\)",
    ),
    "no teacher": (
        lambda run, metrics: change(metrics, lambda report: report.update(teacher=None)),
        r"metrics\.json has no teacher; run training\.evaluate with --teacher",
    ),
    "damaged metrics": (
        lambda run, metrics: change(
            metrics, lambda report: report["models"]["tiny"]["similarity"]["pairs"].pop("pearson_interval")
        ),
        r"metrics\.json is no metrics.* \(models\.tiny\..*\['pearson'\] without an interval or a range\); run training",
    ),
    "no metrics": (lambda run, metrics: metrics.write_text("# Results"), r"is no metrics\.json of training\.evaluate"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_has_no_card_is_told_in_a_line_and_changes_nothing(folder, tmp_path, what):
    run, metrics = shutil.copytree(folder / "run", tmp_path / "run"), tmp_path / "metrics.json"
    shutil.copy(folder / "scores/metrics.json", metrics)
    edit, told = BROKEN[what]
    edit(run, metrics)
    refused(command(folder, run=run, metrics=metrics, output=tmp_path / "README.md"), told, tmp_path / "README.md")


def test_a_model_that_was_not_measured_is_named(folder, tmp_path):
    told = r"has no model 'mine', expected one of \['tiny'\]"
    refused(command(folder, model="mine", output=tmp_path / "README.md"), told, tmp_path / "README.md")


def refused(arguments, told, output):
    output.write_text("as it was")
    with pytest.raises(SystemExit, match=told) as stopped:
        main(arguments)
    assert "\n" not in str(stopped.value)
    assert output.read_text() == "as it was"


def test_the_examples_in_the_docstrings_are_true():
    done = doctest.testmod(card)
    assert done.attempted > 0 and done.failed == 0
