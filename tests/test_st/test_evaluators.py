"""Each evaluator of sentence-transformers gives the fast encoder the scores that it gives the stock folder."""

import pytest
from sentence_transformers import InputExample, SentenceTransformer
from sentence_transformers.sentence_transformer import evaluation, losses
from torch.utils.data import DataLoader

import st_beast

WORDS = ["perro", "gato", "mesa", "casa", "sol", "mar"]
OTHERS = ["perra", "gata", "mesas", "caserón", "solar", "marino"]
SCORES = [0.9, 0.1, 0.8, 0.2, 0.7, 0.3]
SILENT = {"write_csv": False}

# {name: how it is made, with a teacher}
EVALUATORS = {
    "BinaryClassificationEvaluator": lambda _: evaluation.BinaryClassificationEvaluator(
        WORDS, OTHERS, [1, 0, 1, 0, 1, 0], **SILENT
    ),
    "EmbeddingSimilarityEvaluator": lambda _: evaluation.EmbeddingSimilarityEvaluator(WORDS, OTHERS, SCORES, **SILENT),
    "InformationRetrievalEvaluator": lambda _: evaluation.InformationRetrievalEvaluator(
        {"q": "perro"}, {"a": "perra", "b": "mesa", "c": "sol"}, {"q": {"a"}}, **SILENT
    ),
    "MSEEvaluator": lambda teacher: evaluation.MSEEvaluator(WORDS, OTHERS, teacher_model=teacher, **SILENT),
    "MSEEvaluatorFromDataFrame": lambda teacher: evaluation.MSEEvaluatorFromDataFrame(
        [{"es": word, "gl": other} for word, other in zip(WORDS, OTHERS, strict=True)],
        teacher,
        [("es", "gl")],
        **SILENT,
    ),
    "ParaphraseMiningEvaluator": lambda _: evaluation.ParaphraseMiningEvaluator(
        {str(place): word for place, word in enumerate(WORDS + OTHERS)}, [("0", "6"), ("1", "7")], **SILENT
    ),
    "RerankingEvaluator": lambda _: evaluation.RerankingEvaluator(
        [{"query": "perro", "positive": ["perra"], "negative": ["mesa", "sol"]}], **SILENT
    ),
    "TranslationEvaluator": lambda _: evaluation.TranslationEvaluator(WORDS, OTHERS, **SILENT),
    "TripletEvaluator": lambda _: evaluation.TripletEvaluator(WORDS, OTHERS, OTHERS[::-1], **SILENT),
}
# Bases and combinations, one that looks at the own layer of a loss, one that fetches its data, and no evaluator.
OTHER = {
    *("BaseEvaluator", "LabelAccuracyEvaluator", "NanoBEIREvaluator", "SentenceEvaluator", "SequentialEvaluator"),
    "SimilarityFunction",
}


def test_no_evaluator_is_forgotten():
    assert {*EVALUATORS, *OTHER} == set(evaluation.__all__)


@pytest.fixture(scope="module")
def stock(small, tmp_path_factory):
    return SentenceTransformer(str(st_beast.save(tmp_path_factory.mktemp("stock") / "beast", model=small)))


@pytest.mark.parametrize("name", EVALUATORS)
def test_scores_are_those_of_the_stock_folder(name, model, stock):
    found, expected = (EVALUATORS[name](stock)(loaded) for loaded in (model, stock))
    assert found == pytest.approx(expected, abs=1e-4)


def test_labels_are_told_by_a_softmax_loss(model):
    examples = [InputExample(texts=list(pair), label=1) for pair in zip(WORDS, OTHERS, strict=True)]
    loader = DataLoader(examples, batch_size=3, collate_fn=model.smart_batching_collate)
    loss = losses.SoftmaxLoss(model, sentence_embedding_dimension=16, num_labels=3)
    scores = evaluation.LabelAccuracyEvaluator(loader, softmax_model=loss, **SILENT)(model)
    assert scores["accuracy"] in {place / 6 for place in range(7)}
