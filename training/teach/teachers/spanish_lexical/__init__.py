"""A teacher made of dictionaries, word nets and encoders that come as packages."""

from training.teach.teachers.spanish_lexical.teacher import Options, open_teacher
from training.vectors import Way

WAY = Way(options=Options, open_to_teach=open_teacher)
