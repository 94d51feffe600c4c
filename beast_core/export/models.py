"""A model as one file that computes: ONNX, or a program of torch."""

import json
from pathlib import Path

import numpy as np

from beast_core.credits import Credits
from beast_core.export.checking import check_vectors
from beast_core.export.description import DESCRIPTION_KEY, as_metadata, describe_export
from beast_core.files import replace_file
from beast_core.needs import needs_export, needs_torch
from beast_core.storage import Model

# What is written when nothing is known of a model's licence.
_NO_CREDITS = Credits()
DESCRIPTION_FILE = f"{DESCRIPTION_KEY}.json"


def write_onnx(model: Model, *, output: Path, credits: Credits = _NO_CREDITS) -> None:
    """Writes an ONNX model: `bytes`, `(words, positions)` int32, of at most as many positions as the window and -1
    after the bytes of each word -> `vectors`, `(words, width)` float32 of unit length.

    Weights and tables are in it as the model has them. Its metadata has the entry `beast`: `describe_export` as JSON.
    Nothing of torch is needed to write it. (A model with layers is compared with its network, which needs it.) Raises
    `ValueError` if onnxruntime computes other vectors of it than the encoder, so that nothing is written, and
    `ImportError` without onnx and onnxruntime.
    """
    with needs_export("an export to ONNX"):
        import onnxruntime

        from beast_core.export.graphs import onnx_model
    metadata = as_metadata(describe_export(model.config, credits=credits))
    content = onnx_model(model, metadata=metadata).SerializeToString(deterministic=True)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def compute(word_bytes: np.ndarray) -> np.ndarray:
        vectors: np.ndarray = session.run(["vectors"], {"bytes": word_bytes})[0]
        return vectors

    check_vectors(compute, model=model, kind="ONNX")
    with replace_file(output) as temporary:
        temporary.write_bytes(content)


def write_program(model: Model, *, output: Path, credits: Credits = _NO_CREDITS) -> None:
    """Writes a program that `torch.export.load(output).module()` gives a function of: the bytes of words and -1 after
    each, `(words, window)` int32 -> `(words, width)` float32 of unit length.

    Its extra file `beast.json` is `describe_export`. Raises `ValueError` if it computes other vectors than the encoder,
    and `ImportError` without torch.
    """
    with needs_torch("an export to a program of torch"):
        import torch

        from beast_core.network.folders import network_of
        from beast_core.network.program import program_of
    program = program_of(network_of(model, packed=True))
    function = program.module()

    def compute(word_bytes: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            vectors: np.ndarray = function(torch.from_numpy(word_bytes)).numpy()
        return vectors

    check_vectors(compute, model=model, kind="torch")
    description = json.dumps(describe_export(model.config, credits=credits))
    with replace_file(output) as temporary, temporary.open("wb") as file:
        torch.export.save(program, file, extra_files={DESCRIPTION_FILE: description})
