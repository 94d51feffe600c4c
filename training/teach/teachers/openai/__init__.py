"""A teacher behind an OpenAI-compatible endpoint: asked within its limits, and paid for once."""

from training.teach.teachers.openai.options import Options
from training.teach.teachers.openai.teacher import open_teacher
from training.vectors import Way

WAY = Way(options=Options, open_to_teach=open_teacher)
