"""What is measured, by name: whoever asks for one of these names it here, so that one that is dropped is missed."""

from dataclasses import dataclass
from enum import StrEnum


class RouteName(StrEnum):
    """Every way from words to vectors, as tables call it."""

    CORE = "beast_core"
    CORE_ONE_THREAD = "beast_core, one thread"
    CORE_CACHED = "beast_core, CachedEncoder"
    CORE_NUMPY = "beast_core, NumPy"
    EARLIER_CORE = "beast_core, earlier commit"
    SPACY = "beast_vectors (spaCy)"
    SENTENCE_TRANSFORMERS = "st_beast.load()"
    STOCK_FOLDER = 'SentenceTransformer("beast")'
    EARLIER_STOCK_FOLDER = 'SentenceTransformer("beast"), earlier commit'
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


# Measured against the packages of an earlier commit, where one is asked for.
EARLIER = {RouteName.EARLIER_CORE: RouteName.CORE, RouteName.EARLIER_STOCK_FOLDER: RouteName.STOCK_FOLDER}


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
    BEAST_NEW_READ = "beast_vectors, new, every token.vector read"
    BLANK_AGAIN = "blank, again"
    BEAST_AGAIN = "beast_vectors, again"


class TokenVectors(StrEnum):
    """Whose `token.vector` is timed."""

    BEAST = "beast_vectors"
    TABLE = "table"
    FLORET = "floret"


class StartName(StrEnum):
    """What a fresh process does, from its first line on."""

    PYTHON = "Python alone"
    NUMPY = "import numpy"
    CORE = "beast_core: import to the first vector"
    CORE_NUMPY = "beast_core, NumPy: import to the first vector"
    EARLIER_CORE = "beast_core, earlier commit: import to the first vector"
    SPACY = "spaCy without torch: import spacy"
    SPACY_BLANK = "then a blank pipeline of spaCy alone, and a token"
    SPACY_BEAST = "or a blank pipeline with beast_vectors, and a token's vector"


# Costs nothing: what remains is what sentence-transformers itself costs.
FREE_MODEL = "a free model"


def in_batches(name: str, *, size: int) -> str:
    """How a model of sentence-transformers is called that is given so many words at a time."""
    return f"{name}, batch_size={size}"
