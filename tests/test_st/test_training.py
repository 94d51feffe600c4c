"""The host's own trainer, on the fast encoder and on folders of stock parts."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer import losses

import st_beast
from beast_core import ModelFolderError, load_encoder, read_encoder

WORDS = ["perro", "perra", "gato", "gata", "mesa", "mesas", "casa", "caserón", "sol", "solar", "mar", "marino"]
HELD_OUT = ["árbol", "", "electroencefalografista", "MESA"]


def train(model, folder, *, steps=20, **options):
    """Pairs of neighbours are alike, all others are not; returns the trainer."""
    pairs = Dataset.from_dict({"anchor": WORDS[::2], "positive": WORDS[1::2]})
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=6,
        learning_rate=5e-3,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        **{"save_strategy": "no", **options},
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=pairs,
        eval_dataset=pairs if "eval_strategy" in options else None,
        loss=losses.MultipleNegativesRankingLoss(model),
    )
    trainer.train(resume_from_checkpoint=options.get("resume_from_checkpoint"))
    return trainer


def loss_history(trainer):
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_a_model_that_was_loaded_for_reading_says_so_before_it_half_learns(small, tmp_path):
    with pytest.raises(RuntimeError, match=r"loaded for reading.*st_beast\.load\(path, trainable=True\)"):
        train(st_beast.load(small), tmp_path)


@pytest.fixture(scope="module")
def trained(small, tmp_path_factory):
    """A model after 20 steps, with its trainer and folder: checkpoints at steps 10 and 20, the best one loaded."""
    folder = tmp_path_factory.mktemp("trained")
    options = {"save_strategy": "steps", "eval_strategy": "steps", "load_best_model_at_end": True}
    trainer = train(st_beast.load(small, trainable=True), folder, save_steps=10, eval_steps=10, **options)
    trainer.save_model(str(folder / "final"))
    return trainer.model, trainer, folder


def test_training_lowers_the_loss_and_changes_all_weights(small, trained):
    model, trainer, _ = trained
    history = loss_history(trainer)
    assert len(history) == 20
    assert history[-1] < 0.5 * history[0]
    before = read_encoder(small).state_dict()
    after = model[0].encoder.state_dict()
    assert [name for name in before if torch.equal(before[name], after[name])] == []


def test_what_the_trainer_saves_loads_everywhere(trained):
    model, trainer, folder = trained
    expected = model.encode(WORDS + HELD_OUT)
    best = trainer.state.best_model_checkpoint
    for path in (folder / "final", best):
        assert np.array_equal(st_beast.load(path).encode(WORDS + HELD_OUT), expected)
        assert np.abs(load_encoder(path).encode(WORDS + HELD_OUT) - expected).max() < 1e-6
        assert np.abs(SentenceTransformer(str(path)).encode(WORDS + HELD_OUT) - expected).max() < 1e-5
    assert "MultipleNegativesRankingLoss" in (folder / "final" / "README.md").read_text()


def test_training_resumes_from_a_checkpoint(small, trained, tmp_path):
    _, trainer, folder = trained
    checkpoint = str(folder / "checkpoint-10")
    resumed = train(st_beast.load(small, trainable=True), tmp_path, resume_from_checkpoint=checkpoint)
    assert loss_history(resumed)[10:] == pytest.approx(loss_history(trainer)[10:], abs=1e-5)


def test_a_checkpoint_whose_table_could_be_packed_is_loaded_as_it_is_trained(small, tmp_path):
    """A frozen table is still the rounded one that a compact folder holds."""
    model = st_beast.load(small, trainable=True)
    model[0].encoder.ngram_embedding.requires_grad_(False)
    options = {"save_strategy": "steps", "eval_strategy": "steps", "load_best_model_at_end": True}
    trainer = train(model, tmp_path / "first", steps=4, save_steps=2, eval_steps=2, **options)
    assert st_beast.load(trainer.state.best_model_checkpoint)[0].encoder.is_packed
    assert np.array_equal(st_beast.load(trainer.state.best_model_checkpoint).encode(WORDS), model.encode(WORDS))

    again = st_beast.load(small, trainable=True)
    again[0].encoder.ngram_embedding.requires_grad_(False)
    checkpoint = str(tmp_path / "first" / "checkpoint-2")
    resumed = train(again, tmp_path / "second", steps=4, resume_from_checkpoint=checkpoint)
    assert loss_history(resumed)[2:] == pytest.approx(loss_history(trainer)[2:], abs=1e-5)


@pytest.mark.parametrize("name", ["beast", "mini"])
def test_losses_that_split_batches_see_the_same_batch(name, write_small, tmp_path):
    model = st_beast.load(write_small(tmp_path / name, name, layers=1))
    features = [model.preprocess(WORDS[::2]), model.preprocess(WORDS[1::2])]
    plain = losses.MultipleNegativesRankingLoss(model)([dict(batch) for batch in features], None)
    cached = losses.CachedMultipleNegativesRankingLoss(model, mini_batch_size=2)(features, None)
    assert cached.item() == pytest.approx(plain.item(), abs=1e-5)


@pytest.mark.parametrize("layers", [0, 2])
def test_the_core_reads_a_stock_folder_that_was_fine_tuned(layers, write_small, tmp_path):
    ours = write_small(tmp_path / "ours", "beast", layers=layers)
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "beast", model=ours)))
    before = stock.encode(WORDS)
    train(stock, tmp_path / "run")
    stock.save_pretrained(str(tmp_path / "tuned"))
    expected = stock.encode(WORDS + HELD_OUT)
    assert np.abs(expected[: len(WORDS)] - before).max() > 0.01
    assert np.abs(load_encoder(tmp_path / "tuned").encode(WORDS + HELD_OUT) - expected).max() < 1e-5
    assert np.abs(st_beast.load(tmp_path / "tuned").encode(WORDS + HELD_OUT) - expected).max() < 1e-5


def test_the_layer_that_stands_in_for_none_is_not_trained(write_small, tmp_path):
    ours = write_small(tmp_path / "ours", "beast", layers=0, projection_width=48)
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "beast", model=ours)))
    features = [stock.preprocess(words) for words in (WORDS[::2], WORDS[1::2])]
    losses.MultipleNegativesRankingLoss(stock)(features, None).backward()
    assert {name for name, value in stock.named_parameters() if value.grad is not None and value.grad.any()} == {
        *("0.model.local_encoder.embed_tokens.weight", "0.model.encoder_hash_tok_embedding.weight"),
        *("0.model.local_decoder.norm.weight", "2.linear.weight", "2.linear.bias", "3.linear.weight", "3.linear.bias"),
    }


def test_weights_that_a_flatten_encoder_keeps_fixed_may_not_be_trained(write_small, tmp_path):
    folder = st_beast.save(tmp_path / "beast", model=write_small(tmp_path / "ours", "mini", layers=1))
    stock = SentenceTransformer(str(folder))
    train(stock, tmp_path / "run", steps=2)
    stock.save_pretrained(str(tmp_path / "tuned"))
    with pytest.raises(ModelFolderError, match=r"position_embeddings\.weight.*3_Dense/linear.*requires_grad_\(False\)"):
        read_encoder(tmp_path / "tuned")

    stock = SentenceTransformer(str(folder))
    embeddings = stock[0].model.embeddings
    for fixed in (embeddings.position_embeddings, embeddings.token_type_embeddings, embeddings.LayerNorm, stock[3]):
        fixed.requires_grad_(False)
    train(stock, tmp_path / "run", steps=2)
    stock.save_pretrained(str(tmp_path / "tuned"))
    assert np.abs(load_encoder(tmp_path / "tuned").encode(WORDS) - stock.encode(WORDS)).max() < 1e-5
    assert np.abs(load_encoder(folder).encode(WORDS) - stock.encode(WORDS)).max() > 0.01
