"""A teacher made of dictionaries, word nets and encoders that come as packages."""

from training.vectors import Way
from training.vectors.lexical.options import Options
from training.vectors.lexical.teacher import open_teacher

WAY = Way(options=Options, open_to_teach=open_teacher)
