"""A teacher behind an OpenAI-compatible endpoint: asked within its limits, and paid for once."""

from training.vectors import Way
from training.vectors.openai.options import Options
from training.vectors.openai.teacher import open_teacher

WAY = Way(options=Options, open_to_teach=open_teacher)
