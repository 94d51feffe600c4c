"""What is measured, by name: whoever asks for one of these names it here, so that one that is dropped is missed."""

from dataclasses import dataclass
from enum import StrEnum


class RouteName(StrEnum):
    """Every way from words to vectors, as tables call it."""

    CORE = "beast_core"
    CORE_BFLOAT16 = "beast_core, bfloat16"
    SPACY = "beast_vectors (spaCy)"
    SENTENCE_TRANSFORMERS = "st_beast.load()"
    SENTENCE_TRANSFORMERS_BFLOAT16 = "st_beast.load().bfloat16()"
    STOCK_FOLDER = 'SentenceTransformer("beast")'
    MINI = "mini"
    MINI_BFLOAT16 = "mini, bfloat16"
    MINI_PLAIN = "mini, plain torch"
    BASE = "base"
    BASE_BFLOAT16 = "base, bfloat16"
    BASE_PLAIN = "base, plain torch"
    FASTTEXT = "fastText"
    FLORET = "floret"
    FLORET_SPACY = "floret (spaCy)"
    TABLE_SPACY = "table (spaCy)"
    MODEL2VEC = "model2vec"
    STATIC_EMBEDDING = "StaticEmbedding"
    UNIVERSAL_SENTENCE_ENCODER = "Universal Sentence Encoder"
    MINILM = "MiniLM"


# The shipped model through each of our packages.
ENTRIES = (RouteName.CORE, RouteName.SPACY, RouteName.SENTENCE_TRANSFORMERS)


@dataclass(frozen=True)
class PresetRoutes:
    """The routes of one published preset: ours in two precisions, and the same written plainly."""

    ours: RouteName
    ours_bfloat16: RouteName
    plain: RouteName


PUBLISHED_PRESETS = (
    PresetRoutes(RouteName.MINI, RouteName.MINI_BFLOAT16, RouteName.MINI_PLAIN),
    PresetRoutes(RouteName.BASE, RouteName.BASE_BFLOAT16, RouteName.BASE_PLAIN),
)


class PipelineWork(StrEnum):
    """What `nlp.pipe` is timed on: a pipeline, and texts that it sees for the first time or again."""

    BLANK_NEW = "blank, new"
    BEAST_NEW = "beast_vectors, new"
    BLANK_AGAIN = "blank, again"
    BEAST_AGAIN = "beast_vectors, again"


class TokenVectors(StrEnum):
    """Whose `token.vector` is timed."""

    BEAST = "beast_vectors"
    TABLE = "table"
    FLORET = "floret"


# Costs nothing: what remains is what sentence-transformers itself costs.
FREE_MODEL = "a free model"


def in_batches(name: str, *, size: int) -> str:
    """How a model of sentence-transformers is called that is given so many words at a time."""
    return f"{name}, batch_size={size}"
