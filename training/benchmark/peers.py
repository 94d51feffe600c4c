"""Models that are made on the spot, most of them of other people's libraries: speed does not depend on the weights.

All have our width. Each is written to a folder, as its library saves it, and read from there, so that load time and
size are its own. `words` are what vocabularies are made of. Libraries are imported where they are used: a fresh process
must not have them before it is measured.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 256

# fastText's default, and what the published vectors of 157 languages have: two gigabytes at this width.
FASTTEXT_BUCKETS = 2_000_000
# What floret's authors recommend for Spanish and its like, each n-gram in two of the rows.
FLORET_BUCKETS = 50_000
_THREADS = 2


def make_fasttext(folder: Path, *, words: Sequence[str]) -> None:
    """A fastText model (Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606) that knows hardly any whole word."""
    import fasttext

    with _text_of(words[:1000]) as text:
        options = {"bucket": FASTTEXT_BUCKETS, "minn": 3, "maxn": 6}
        _train(fasttext, text, **options).save_model(str(folder / "model.bin"))


def make_floret(folder: Path, *, words: Sequence[str]) -> None:
    """A floret model (https://github.com/explosion/floret)."""
    _floret(words).save_model(str(folder / "model.bin"))


def _floret(words: Sequence[str]) -> Any:
    import floret

    with _text_of(words[:1000]) as text:
        options = {"mode": "floret", "hashCount": 2, "bucket": FLORET_BUCKETS, "minn": 4, "maxn": 5}
        return _train(floret, text, **options)


@contextmanager
def _text_of(words: Sequence[str]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_text(" ".join(words) + "\n", encoding="utf-8")
        yield str(text)


def _train(library: Any, text: str, **options: Any) -> Any:
    return library.train_unsupervised(text, dim=WIDTH, minCount=1, epoch=1, thread=_THREADS, verbose=0, **options)


def make_floret_pipeline(folder: Path, *, words: Sequence[str]) -> None:
    """A blank spaCy pipeline with a floret table."""
    import spacy
    from spacy.training.initialize import convert_vectors

    nlp = spacy.blank("es")
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "vectors.floret"
        _floret(words).save_floret_vectors(str(table))
        convert_vectors(nlp, table, truncate=-1, prune=-1, mode="floret")
    nlp.to_disk(folder)


def make_table_pipeline(folder: Path, *, words: Sequence[str]) -> None:
    """A blank spaCy pipeline with a table of all the words."""
    import spacy
    from spacy.vectors import Vectors

    nlp = spacy.blank("es")
    keys = [nlp.vocab.strings.add(word) for word in words]
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=_random(len(words)), keys=keys, name="table")
    nlp.to_disk(folder)


def make_model2vec(folder: Path, *, words: Sequence[str]) -> None:
    """A model2vec model of 30,000 pieces of words (https://github.com/MinishLab/model2vec)."""
    from model2vec import StaticModel

    tokenizer = _pieces(words)
    StaticModel(vectors=_random(tokenizer.get_vocab_size()), tokenizer=tokenizer).save_pretrained(folder)


def make_static_embedding(folder: Path, *, words: Sequence[str]) -> None:
    """The same pieces as sentence-transformers' own `StaticEmbedding`."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokenizer = _pieces(words)
    module = StaticEmbedding(tokenizer, embedding_weights=_random(tokenizer.get_vocab_size()))
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(folder), create_model_card=False)


def _pieces(words: Sequence[str]) -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.trainers import WordPieceTrainer

    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.train_from_iterator(words, WordPieceTrainer(vocab_size=30_000, special_tokens=["[UNK]", "[PAD]"]))
    return tokenizer


def _random(rows: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, WIDTH), dtype=np.float32)


def make_mini(folder: Path, *, words: Sequence[str]) -> None:
    """Our preset `mini`, not trained."""
    _make_encoder(folder, preset="mini")


def make_base(folder: Path, *, words: Sequence[str]) -> None:
    """Our preset `base`, not trained."""
    _make_encoder(folder, preset="base")


def _make_encoder(folder: Path, *, preset: str) -> None:
    import torch

    from beast_core import BeastEncoder, EncoderConfig, write_encoder

    torch.manual_seed(0)
    write_encoder(BeastEncoder(EncoderConfig.preset(preset)), folder)


def make_stock_folder(folder: Path, *, words: Sequence[str]) -> None:
    """The shipped model in stock parts of sentence-transformers."""
    import st_beast

    st_beast.load(device="cpu").save(folder)
