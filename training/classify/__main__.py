"""Classifies words and texts by the vectors of models, side by side, with the same linear head on top of each.

    python -m training.classify shipped teacher=training/tables/es.parquet --data assets/eval/es --output runs/classify

Writes `results.md`, and `metrics.json` with the same numbers. Accuracy is that of ten-fold cross-validation; nothing is
chosen on what is asked. A model of words gives a text the mean of its words' vectors, a sentence encoder reads it
whole. Beside the models stand TF-IDF of character n-grams, and the share of the most frequent class.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from beast_core.files import write_file
from training.classify.heads import TFIDF, character_classifier, hits, model_classifier, text_vectors
from training.classify.samples import Samples, find_samples
from training.common.command import add_sets, check_output, failing_in_a_line
from training.common.errors import InputError
from training.common.markdown import markdown_table
from training.common.statistics import share_interval
from training.evaluate.evaluation_sets import shipped_sets
from training.evaluate.sources import Sources
from training.vectors.find import ModelSource, find_model

_SENTENCE_ENCODERS = ("universal_sentence_encoder", "all_minilm_l6_v2", "sentence_transformers")


def classify(models: Sequence[ModelSource], *, samples: Sequence[Samples]) -> dict[str, dict[str, np.ndarray]]:
    """Which samples each classifier gets right, `(samples,)` bool, by its name and that of the set.

    One model is in memory at a time.
    """
    right = {}
    for source in models:
        print(f"classifying by {source.name} ...", file=sys.stderr)
        vectors = text_vectors(source.load(), reads_texts=source.way in _SENTENCE_ENCODERS)
        right[source.name] = {each.name: hits(model_classifier(vectors), samples=each) for each in samples}
    right[TFIDF] = {each.name: hits(character_classifier(), samples=each) for each in samples}
    return right


def results(right: dict[str, dict[str, np.ndarray]], *, samples: Sequence[Samples]) -> str:
    """A Markdown table: a row a set, a column a classifier, with Wilson's score interval; the best in bold."""
    rows = []
    for each in samples:
        shares = {name: found[each.name] for name, found in right.items()}
        best = max(found.mean() for found in shares.values())
        cells = [_share(found, bold=found.mean() == best) for found in shares.values()]
        number = len(set(each.classes.tolist()))
        rows.append([each.name, f"{len(each.texts):,}", str(number), *cells, f"{each.chance:.3f}"])
    return markdown_table(["set", "n", "classes", *right, "most frequent class"], rows=rows)


def _share(right: np.ndarray, *, bold: bool) -> str:
    low, high = share_interval(right)
    text = f"{right.mean():.3f} [{low:.2f}, {high:.2f}]"
    return f"**{text}**" if bold else text


def main(arguments: Sequence[str] | None = None) -> None:
    """Classifies, writes and prints."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        check_output(options.output, option="--output")
        models = [find_model(each) for each in options.models]
        names = [source.name for source in models]
        if len({*names, TFIDF}) <= len(names):
            raise InputError(f"models are called {names}, expected different names, none {TFIDF!r}: give name=path")
        sources = Sources([*(folder for folder in options.data if folder.is_dir()), *shipped_sets(options.language)])
        samples = find_samples(sources)
        if not samples:
            raise InputError("nothing to classify: no clustering/*.tsv and no downstream/*_pud-*.conllu in --data")
        right = classify(models, samples=samples)
        table = results(right, samples=samples)
        metrics = {name: {key: float(found.mean()) for key, found in sets.items()} for name, sets in right.items()}
        options.output.mkdir(parents=True, exist_ok=True)
        write_file(options.output / "results.md", table)
        write_file(options.output / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=2) + "\n")
    print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.classify", description="Classify by models' vectors.")
    parser.add_argument("models", nargs="+", metavar="MODEL", help="as for python -m training.evaluate")
    add_sets(parser, language="whose sets of the project are used")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the results go")
    return parser


if __name__ == "__main__":
    main()
