"""Measures models of several languages in one space: similarity and translation across languages.

    python -m training.evaluate.cross_lingual en=runs/en/long/model es=shipped --data ../shared/languages/cross \\
        --output runs/cross --homographs pan red

One model may stand for several languages. Writes `metrics.json`, `results.md` and, with `--homographs`,
`homographs.md`. A folder of `--data` holds

- `similarity/*.tsv`: `word1` of the first language, `word2` of the second, `score`;
- `translation/*.tsv`: `source`, `target`; a source may have several right targets;

and the name of each file says the two languages, as `muse_de-en_test.tsv` does. Sets of languages that no model is
given for are left out.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from beast_core.files import write_file
from training.common.command import check_output, failing_in_a_line
from training.common.errors import InputError
from training.common.statistics import RESAMPLES, SEED
from training.evaluate.cross_lingual.homographs import homograph_table
from training.evaluate.cross_lingual.kinds import CROSS_LINGUAL_KINDS
from training.evaluate.cross_lingual.models import LanguageModels, find_models, load_models
from training.evaluate.evaluation_sets import EvaluationSets, read_sets
from training.evaluate.kinds import clustering
from training.evaluate.report import Data, ModelScores, Report, Timings
from training.evaluate.results import notes, rows_to_markdown, rows_to_text, score_rows
from training.evaluate.run import installed_versions
from training.vectors.find import ModelSource


def read_sets_of(languages: Sequence[str], *, folders: Sequence[Path]) -> EvaluationSets:
    """The sets of two of these languages. Raises `InputError` if there is none, and what `read_sets` raises."""
    if missing := [str(folder) for folder in folders if not folder.is_dir()]:
        raise InputError(f"--data: no folder at {', '.join(missing)}")
    sets = read_sets(folders, kinds=CROSS_LINGUAL_KINDS)
    usable = {
        kind: [each for each in found if set(each.languages) <= set(languages)] for kind, found in sets.of_kind.items()
    }
    if not any(usable.values()):
        there = {"-".join(each.languages) for found in sets.of_kind.values() for each in found}
        raise InputError(
            f"no set of two of {', '.join(languages)}; there are sets of {', '.join(sorted(there))}: give models of "
            "those languages"
        )
    return replace(sets, of_kind=usable)


def measure(
    models: LanguageModels, *, sources: Mapping[str, ModelSource], sets: EvaluationSets, data: Sequence[Path], name: str
) -> Report:
    """The report, in which all models together have one name."""
    files = {source.path: source.size for source in sources.values()}
    scores = ModelScores(
        kind=", ".join(dict.fromkeys(source.kind for source in sources.values())),
        path=", ".join(f"{language}={source.path}" for language, source in sources.items()),
        first_entries=None,
        width=next(iter(models.values())).width,
        bytes=sum(files.values()),
        sets=sets.scores(models),
    )
    return Report(
        seed=SEED,
        resamples=RESAMPLES,
        clustering_seeds=len(clustering.SEEDS),
        versions=installed_versions(),
        data=Data(folder=", ".join(map(str, data)), sha256=sets.digests),
        teacher=None,
        models={name: scores},
        timings=Timings(threads=torch.get_num_threads(), words_per_second={}, resident_bytes_added={}),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate.cross_lingual",
        description="Measure models of several languages in one space: similarity and translation across languages.",
    )
    parser.add_argument(
        "models",
        nargs="+",
        metavar="LANGUAGE=MODEL",
        help="an ISO 639-1 code, and a model as for python -m training.evaluate; the same may stand for several",
    )
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="FOLDER", help="evaluation sets")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the results go")
    parser.add_argument("--name", default="models", help="what the models together are called in the results (models)")
    parser.add_argument(
        "--homographs",
        nargs="+",
        default=[],
        metavar="WORD",
        help="also show what is near these words in each language",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, writes and prints."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        check_output(options.output, option="--output")
        sources = find_models(options.models)
        sets = read_sets_of(list(sources), folders=options.data)
        print(f"evaluating {', '.join(options.models)} ...", file=sys.stderr)
        models = load_models(sources)
        report = measure(models, sources=sources, sets=sets, data=options.data, name=options.name)
        homographs = homograph_table(options.homographs, models=models) if options.homographs else ""
    rows, explained = score_rows(report, kinds=CROSS_LINGUAL_KINDS), notes(report, kinds=CROSS_LINGUAL_KINDS)
    files = {
        "metrics.json": report.to_json(),
        "results.md": "# Results across languages\n\n" + rows_to_markdown(rows, models=[options.name]) + explained,
    }
    if homographs:
        files["homographs.md"] = f"# Words that languages share\n\n{homographs}"
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_file(options.output / name, content)
    print(rows_to_text(rows, models=[options.name]) + explained + homographs)
    print(f"Wrote {', '.join(files)} to {options.output}")


if __name__ == "__main__":
    main()
