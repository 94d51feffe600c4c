"""Each loss of sentence-transformers: it trains the fast encoder, or says that it cannot."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses

import st_beast

WORDS = ["perro", "gato", "mesa", "casa", "sol", "mar"]
OTHERS = ["perra", "gata", "mesas", "caserón", "solar", "marino"]
THIRDS = ["x", "electroencefalografista", "", "日本語", "caña", "🙂"]

PAIRS = {"anchor": WORDS, "positive": OTHERS}
TRIPLETS = PAIRS | {"negative": THIRDS}
SCORED = PAIRS | {"label": [0.9, 0.1, 0.8, 0.2, 0.7, 0.3]}
CLASSED_PAIRS = PAIRS | {"label": [1, 0, 1, 0, 1, 0]}
CLASSED = {"word": WORDS, "label": [0, 0, 1, 1, 2, 2]}
MARGINS = TRIPLETS | {"label": [[0.1], [0.2], [0.3], [0.1], [0.2], [0.3]]}
VECTORS = {"word": WORDS, "label": np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32).tolist()}


def guided(kind, **options):
    return lambda model, guide: kind(model, guide, **options)


def alone(kind, **options):
    return lambda model, _: kind(model, **options)


CLASSES = {"sentence_embedding_dimension": 16, "num_labels": 3}
# {name: (data, how it is made)}
TRAINS = {
    "AnglELoss": (SCORED, alone(losses.AnglELoss)),
    "BatchAllTripletLoss": (CLASSED, alone(losses.BatchAllTripletLoss)),
    "BatchHardSoftMarginTripletLoss": (CLASSED, alone(losses.BatchHardSoftMarginTripletLoss)),
    "BatchHardTripletLoss": (CLASSED, alone(losses.BatchHardTripletLoss)),
    "BatchSemiHardTripletLoss": (CLASSED, alone(losses.BatchSemiHardTripletLoss)),
    "CachedGISTEmbedLoss": (TRIPLETS, guided(losses.CachedGISTEmbedLoss, mini_batch_size=2)),
    "CachedMultipleNegativesRankingLoss": (
        PAIRS,
        alone(losses.CachedMultipleNegativesRankingLoss, mini_batch_num_tokens=20),
    ),
    "CachedMultipleNegativesSymmetricRankingLoss": (
        PAIRS,
        alone(losses.CachedMultipleNegativesSymmetricRankingLoss, mini_batch_size=2),
    ),
    "CoSENTLoss": (SCORED, alone(losses.CoSENTLoss)),
    "ContrastiveLoss": (CLASSED_PAIRS, alone(losses.ContrastiveLoss)),
    "ContrastiveTensionLoss": (PAIRS, alone(losses.ContrastiveTensionLoss)),
    "ContrastiveTensionLossInBatchNegatives": (PAIRS, alone(losses.ContrastiveTensionLossInBatchNegatives)),
    "CosineSimilarityLoss": (SCORED, alone(losses.CosineSimilarityLoss)),
    "DistillKLDivLoss": (TRIPLETS | {"label": [[0.1, 0.2]] * 6}, alone(losses.DistillKLDivLoss)),
    "EmbedDistillLoss": (VECTORS, alone(losses.EmbedDistillLoss)),
    "GISTEmbedLoss": (TRIPLETS, guided(losses.GISTEmbedLoss)),
    "GlobalOrthogonalRegularizationLoss": (PAIRS, alone(losses.GlobalOrthogonalRegularizationLoss)),
    "MSELoss": (VECTORS, alone(losses.MSELoss)),
    "MarginMSELoss": (MARGINS, alone(losses.MarginMSELoss)),
    "MatryoshkaLoss": (
        PAIRS,
        lambda model, _: losses.MatryoshkaLoss(model, losses.MultipleNegativesRankingLoss(model), [16, 8]),
    ),
    "MegaBatchMarginLoss": (PAIRS, alone(losses.MegaBatchMarginLoss)),
    "MultipleNegativesRankingLoss": (TRIPLETS, alone(losses.MultipleNegativesRankingLoss)),
    "MultipleNegativesSymmetricRankingLoss": (PAIRS, alone(losses.MultipleNegativesSymmetricRankingLoss)),
    "OnlineContrastiveLoss": (CLASSED_PAIRS, alone(losses.OnlineContrastiveLoss)),
    "SoftmaxLoss": (PAIRS | {"label": [0, 1, 2, 0, 1, 2]}, alone(losses.SoftmaxLoss, **CLASSES)),
    "TripletLoss": (TRIPLETS, alone(losses.TripletLoss)),
}
CANNOT = {
    "AdaptiveLayerLoss": lambda model: losses.AdaptiveLayerLoss(model, losses.MultipleNegativesRankingLoss(model)),
    "DenoisingAutoEncoderLoss": losses.DenoisingAutoEncoderLoss,
    "Matryoshka2dLoss": lambda model: losses.Matryoshka2dLoss(
        model, losses.MultipleNegativesRankingLoss(model), [16, 8]
    ),
}


def test_no_loss_is_forgotten():
    public = {name for name in losses.__all__ if name.endswith("Loss") or "LossIn" in name}
    assert {*TRAINS, *CANNOT} == public


@pytest.fixture
def trainable(small):
    return st_beast.load(small, trainable=True)


@pytest.mark.filterwarnings("ignore:The .*SymmetricRankingLoss is deprecated:DeprecationWarning")
@pytest.mark.parametrize("preset", ["beast", "mini"])
@pytest.mark.parametrize("name", TRAINS)
def test_it_trains(name, preset, write_small, tmp_path):
    ours = write_small(tmp_path / "ours", preset, layers=1)
    model, guide = st_beast.load(ours, trainable=True), st_beast.load(ours)
    data, make = TRAINS[name]
    before = [parameter.detach().clone() for parameter in model.parameters()]
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path),
        max_steps=1,
        per_device_train_batch_size=6,
        learning_rate=0.01,
        warmup_steps=0,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        save_strategy="no",
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_dict(data), loss=make(model, guide)
    )
    assert np.isfinite(trainer.train().training_loss)
    assert any(not old.equal(new) for old, new in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("name", CANNOT)
def test_it_says_that_it_cannot(name, trainable):
    with pytest.raises(TypeError, match=rf"{name} needs a transformer, found a BEAST model"):
        CANNOT[name](trainable)


def test_the_same_losses_are_made_of_what_has_a_transformer(small, tmp_path):
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "stock", model=small)))
    CANNOT["AdaptiveLayerLoss"](stock)
    CANNOT["Matryoshka2dLoss"](stock)


def loss_of(kind, model, guide):
    loss = kind(model, guide)
    features = [model.preprocess(words) for words in TRIPLETS.values()]
    with torch.no_grad():
        return loss(features, None).item()


@pytest.mark.parametrize("kind", [losses.GISTEmbedLoss, losses.CachedGISTEmbedLoss])
def test_a_guide_sees_the_words_that_the_model_sees(kind, small, write_small, tmp_path):
    """Whether the guide is ours or stock, and whether it has to read the words from their ids or has the same ids."""
    folder = st_beast.save(tmp_path / "stock", model=small)
    ours, stock = st_beast.load(small), SentenceTransformer(str(folder))
    other = st_beast.load(write_small(tmp_path / "other", "mini", layers=1))
    expected = loss_of(kind, ours, ours)
    for model, guide in ((ours, stock), (stock, ours), (stock, stock)):
        assert loss_of(kind, model, guide) == pytest.approx(expected, abs=1e-4)
    assert loss_of(kind, ours, other) == pytest.approx(loss_of(kind, stock, other), abs=1e-4)
    assert loss_of(kind, other, ours) == pytest.approx(loss_of(kind, other, stock), abs=1e-4)
    assert ours.tokenizer.batch_decode(ours.preprocess(WORDS + OTHERS)["input_ids"], skip_special_tokens=True) == [
        *WORDS,
        *OTHERS,
    ]
