"""A teacher made of dictionaries, word nets and encoders that come as packages."""

from training.teach.teachers.spanish_lexical.teacher import Options, open_teacher

__all__ = ["Options", "open_teacher"]
