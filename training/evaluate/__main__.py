"""Measures models side by side: similarity, clustering, spelling, analogies, closeness to the teacher, size, speed
and memory.

    python -m training.evaluate beast shipped fasttext=cc.es.300.vec.gz --data assets/eval/es --output runs/results

Writes `metrics.json` (all numbers; equal inputs give equal files but for what is under `timings`), `results.md`,
`map.png` and, with `--log`, `training_curve.png`. What is measured on which sets is told in `training/evaluate/kinds`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.common.command import add_sets, check_output, failing_in_a_line
from training.evaluate.run import how_to_get_more, read_inputs, run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure models of word vectors side by side.",
        epilog="A model is 'shipped' (the one in the package), a BEAST or sentence-transformers folder, or a table of "
        "words and vectors: .parquet, .vec, .txt (also .gz), .npy, .npz; or installed:NAME; or a teacher's settings, "
        ".toml. name=path gives it a name in the results; path@64 keeps the first 64 entries of its vectors.",
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="what to measure; the map shows the first")
    add_sets(parser, language="whose sets of the project are used, and whose words are drawn")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the results go")
    parser.add_argument(
        "--teacher", type=Path, metavar="FILE.parquet", help="measure cosine to this table, seen and held-out words"
    )
    parser.add_argument("--log", type=Path, metavar="FILE.jsonl", help="draw the curves of this training log")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, writes and prints."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        check_output(options.output, option="--output")
        inputs = read_inputs(
            options.models,
            data=options.data,
            language=options.language,
            teacher=options.teacher,
            log=options.log,
        )
        run(inputs, output=options.output)
    if not inputs.folders:
        print(how_to_get_more(inputs, data=options.data))


if __name__ == "__main__":
    main()
