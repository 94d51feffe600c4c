"""What is measured across languages."""

from typing import Any

from training.evaluate.cross_lingual.models import LanguageModels
from training.evaluate.cross_lingual.similarity import SIMILARITY
from training.evaluate.cross_lingual.translation import TRANSLATION
from training.evaluate.kinds.kind import Kind

# In the order of the tables and of `metrics.json`.
CROSS_LINGUAL_KINDS: tuple[Kind[LanguageModels, Any, Any], ...] = (SIMILARITY, TRANSLATION)
