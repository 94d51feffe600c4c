"""That each published preset learns, in both precisions: a narrow one here, `training/configs/overfit.toml` in full."""

import numpy as np
import pytest
import torch

from beast_core import encode_words
from training.distill.joining import read_tables
from training.distill.loop import Distillation
from training.distill.settings import read_settings
from training.table import write_table

WORDS = ["".join(letters) for letters in np.random.default_rng(0).choice(list("abcdefghijklmnop"), size=(12, 6))]

# As deep as they are, but narrow, with few words, and with rates to match.
NARROW = "encoder = { hidden_width = 32, heads = 2, feed_forward_width = 64, output_width = 16, window = 6 }"
FEW = ("words = 10", "batch_size = 10", "epochs = 70")
RATES = ("learning_rate = 3e-3", "embedding_learning_rate = 1e-2", "warmup_share = 0.2")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Words whose vectors nothing tells but the word: they can be learnt by heart alone."""
    path = tmp_path_factory.mktemp("table") / "words.parquet"
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 16))
    write_table(path, words=WORDS, vectors=vectors, frequencies=np.ones(len(WORDS)), language="es")
    return path


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("preset", ["base", "mini", "asterisk"])
def test_a_published_preset_learns_words_by_heart(preset, precision, table, tmp_path):
    changes = [f"table = {str(table)!r}", f"preset = '{preset}'", NARROW, *FEW, *RATES]
    settings, few = read_tables(read_settings("training/configs/overfit.toml", changes=changes))
    assert few.words == WORDS[:10]
    run = Distillation(settings, table=few, device=torch.device("cpu"), output=tmp_path, precision=precision)
    computed = set()
    run.encoder.projection.register_forward_hook(lambda module, given, projected: computed.add(projected.dtype))
    run.train()
    assert {"fp32": torch.float32, "bf16": torch.bfloat16}[precision] in computed
    with torch.no_grad():
        words = encode_words(run.batches.words, config=run.encoder.config)
        vectors = run.encoder.eval()(*map(torch.from_numpy, words)).float().numpy()
    assert np.mean((vectors * run.batches.targets.numpy()).sum(axis=1)) >= 0.95
