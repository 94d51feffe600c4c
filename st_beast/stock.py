"""An encoder as a model of stock sentence-transformers parts, whose folder loads without this package."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from torch import Tensor, nn
from transformers import PreTrainedModel

from beast_core import BeastEncoder, EncoderConfig, Model, NetworkEncoder
from beast_core.model_files import WEIGHTS_FILE
from beast_core.network.folders import network_of
from beast_core.stock import module_folders, to_stock
from st_beast.families import StockParts, stock_parts

# Where the parts of two libraries can differ: what is empty, long or no letter, case, composition, typography, white
# space, what is not seen.
_PROBES = (
    *("", "a", "perro", "Ñandú", "ca\u00f1a", "can\u0303a", "otorrinolaringólogos y más allá", "x" * 24, "ñ" * 13),
    *(" ", " perro\n", "\0", "co\u00adche", "ﬁn", "d’or", "12.345,67", "日本語", "مرحبا", "👩‍👩‍👧"),
)
_TOLERANCE = 1e-5


def stock_model(encoder: BeastEncoder, **options: Any) -> SentenceTransformer:
    """The encoder as a `SentenceTransformer` of stock modules on the CPU, with a copy of its weights in float32.

    `options` are `SentenceTransformer`'s: prompts, similarity function, truncation. Raises `ValueError` if the family
    has no stock parts, or if they give other vectors than the encoder.
    """
    config = encoder.config
    state = {name: value.float().numpy() for name, value in encoder.weights().items()}
    tensors, parts = to_stock(state, config=config), stock_parts(config)
    with torch.device("meta"):
        backbone, modules = parts.backbone(), parts.modules()
    for folder, module in zip(module_folders(config), [backbone, *modules], strict=True):
        _fill(module, {name: torch.from_numpy(value) for name, value in tensors.get(folder, {}).items()})
    model = SentenceTransformer(modules=[_transformer(backbone, parts), *modules], device="cpu", **options)
    _check(model, state=state, config=config)
    return model


def halve_weights(folder: Path) -> None:
    """Keeps those weights of a saved backbone in float16 of which nothing is lost, as of all of a compact folder's.

    The host makes float32 of them when it loads them: `config.json` says so.
    """
    file, halved = folder / WEIGHTS_FILE, folder / f"half_{WEIGHTS_FILE}"
    tensors = load_file(file)
    exact = {name: half for name, value in tensors.items() if (half := value.half()).float().equal(value)}
    save_file(tensors | exact, halved, metadata={"format": "pt"})
    halved.replace(file)


def _check(model: SentenceTransformer, *, state: Mapping[str, np.ndarray], config: EncoderConfig) -> None:
    """Compares the vectors of a stock model with those of the encoder whose weights it has."""
    network = network_of(Model(config, state))
    expected = NetworkEncoder(network).encode(_PROBES)
    with torch.inference_mode():
        # Not `encode`, which adds prompts and truncates vectors.
        found = model(model.preprocess(list(_PROBES)))["sentence_embedding"].numpy()
    # The call has set these in the tokenizer, whose file is to be the same whether or not it was ever called.
    model.tokenizer.backend_tokenizer.no_padding()
    model.tokenizer.backend_tokenizer.no_truncation()
    differences = np.abs(found - expected).max(axis=1)
    worst = int(differences.argmax())  # NaN counts as the largest
    if not differences[worst] <= _TOLERANCE:
        raise ValueError(
            f"the stock parts of the {config.family!r} family give another vector for {_PROBES[worst]!r}: its entries "
            f"differ by up to {differences[worst]:.2g}, expected at most {_TOLERANCE:g}; the parts in "
            f"st_beast/families.py and the places of weights in {type(network).__module__} have to follow the network"
        )


def _fill(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Gives a module without storage its weights; those that do not reach the output are zeros."""
    unused = {name: torch.zeros(value.shape) for name, value in module.state_dict().items() if name not in tensors}
    module.load_state_dict({name: value.clone() for name, value in (tensors | unused).items()}, assign=True)


def _transformer(backbone: PreTrainedModel, parts: StockParts) -> Transformer:
    text = parts.text_options()
    with tempfile.TemporaryDirectory() as folder:
        backbone.save_pretrained(folder)
        parts.tokenizer().save_pretrained(folder)
        transformer: Transformer = Transformer(
            folder,
            # Ends up in the saved folder, which must not vary with HF_HUB_OFFLINE.
            processor_kwargs={"local_files_only": True},
            processing_kwargs={"text": text} if text else None,
        )
        return transformer
