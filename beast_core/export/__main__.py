"""The command: `python -m beast_core.export onnx es beast.onnx`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from beast_core.credits import read_credits
from beast_core.export import (
    read_word_list,
    write_keyed_vectors,
    write_numpy,
    write_onnx,
    write_program,
    write_word2vec,
)
from beast_core.inference import make_encoder
from beast_core.shipped import model_folder, shipped_languages
from beast_core.storage import read_model


class _Kind(NamedTuple):
    what: str
    write: Callable[..., None]
    of_words: bool


_KINDS = {
    "onnx": _Kind("a model for ONNX runtimes", write_onnx, of_words=False),
    "torch": _Kind("a program of torch.export", write_program, of_words=False),
    "word2vec": _Kind("vectors of words as word2vec's text", write_word2vec, of_words=True),
    "gensim": _Kind("vectors of words as gensim's KeyedVectors", write_keyed_vectors, of_words=True),
    "numpy": _Kind("vectors of words as an archive of NumPy", write_numpy, of_words=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code, 0 or, with the reason on standard error, 1."""
    options = _parser().parse_args(arguments)
    try:
        _export(_KINDS[options.kind], options)
    except (OSError, ValueError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m beast_core.export", description="Writes a model, or vectors of words, for other programs."
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    known = ", ".join(shipped_languages())
    for name, kind in _KINDS.items():
        subparser = kinds.add_parser(name, help=kind.what, description=f"Writes {kind.what}.")
        subparser.add_argument("model", help=f"a language that a model comes for ({known}), or the folder of a model")
        subparser.add_argument("output", type=Path, help="the file to write; one that is there is replaced")
        if kind.of_words:
            subparser.add_argument(
                "--words", type=Path, required=True, metavar="FILE", help="a text in UTF-8 of one word a line"
            )
    return parser


def _export(kind: _Kind, options: argparse.Namespace) -> None:
    output: Path = options.output.resolve()
    if output.is_dir():
        raise IsADirectoryError(f"cannot write {output}: it is a folder, expected a file or nothing")
    folder = model_folder(options.model)
    model = read_model(folder)
    listed = read_word_list(options.words) if kind.of_words else None
    output.parent.mkdir(parents=True, exist_ok=True)
    if listed:
        kind.write(make_encoder(model), words=listed.words, output=output)
        left_out = f", without {listed.repeated:,} repeated and {listed.blank:,} empty lines"
        print(f"{output}: {len(listed.words):,} words{left_out}, {output.stat().st_size / 1e6:.1f} MB")
    else:
        kind.write(model, output=output, credits=read_credits(folder))
        print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
