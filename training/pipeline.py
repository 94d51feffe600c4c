"""Wraps a model folder in a spaCy pipeline that `spacy package` can turn into a wheel.

python -m training.pipeline runs/beast/model runs/beast/pipeline --language es
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import spacy
from spacy.language import Language

from beast_core.files import replace_folder
from training.common.agreement import check_agreement
from training.common.command import failing_in_a_line

_ANY = "xx"  # what spaCy calls a pipeline for any language


def build_pipeline(model: Path, *, language: str, name: str, version: str) -> Language:
    """A blank pipeline of that language whose tokens have the model's vectors.

    Raises `FileNotFoundError` and `beast_core.ModelFolderError` for a folder that is no model, and `InputError` for a
    model of another language. A pipeline of "xx" is for any.
    """
    pipeline = spacy.blank(language, meta={"name": name, "version": version})
    pipeline.add_pipe("beast_vectors", config={"model": os.path.join(os.curdir, model)})  # noqa: PTH118 - a path, never a language
    if language != _ANY:
        said = {f"the model {model}": pipeline.vocab.vectors.encoder.language, "--language": language}
        check_agreement("language", said=said, advice="give the language of the model")
    pipeline.meta["description"] = "BEAST word vectors: every string has a vector, computed from its bytes."
    return pipeline


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the pipeline to a folder."""
    parser = argparse.ArgumentParser(prog="python -m training.pipeline", description="Make a spaCy pipeline.")
    parser.add_argument("model", type=Path, help="a model folder")
    parser.add_argument("pipeline", type=Path, help="the folder to write; an older pipeline there is replaced")
    parser.add_argument("--language", default="es", help="language code of the tokenizer (es)")
    parser.add_argument("--name", default="beast_vectors", help="name of the package (beast_vectors)")
    parser.add_argument("--version", default="0.1.0", help="version of the package (0.1.0)")
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        pipeline = build_pipeline(options.model, language=options.language, name=options.name, version=options.version)
        with replace_folder(options.pipeline) as folder:
            pipeline.to_disk(folder)
    print(f"pipeline: {options.pipeline.resolve()}")


if __name__ == "__main__":
    main()
