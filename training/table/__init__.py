"""Teacher tables: one Parquet file of words, frequencies and vectors, read by us and by `datasets`.

Columns: `word` (string), `frequency` (float32, Zipf scale: log10 of occurrences per billion words), `vector` (lists of
int8 or float16), `scale` (float16) and `held_out` (bool: a student must not see the word; a table without the column
follows `held_out_words`). A vector is `vector * scale`, brought to unit length. The file's metadata may say of which
`language` the words are (ISO 639-1) and what identifies the `space` of the vectors: those of one space can be compared.
"""

from training.table.reading import (
    HELD_OUT_ONE_IN,
    TableSummary,
    TeacherTable,
    TeacherTableError,
    check_table,
    held_out_words,
    read_table,
    table_language,
)
from training.table.writing import LEVELS, Storage, TableWriter, write_table

__all__ = [
    "HELD_OUT_ONE_IN",
    "LEVELS",
    "Storage",
    "TableSummary",
    "TableWriter",
    "TeacherTable",
    "TeacherTableError",
    "check_table",
    "held_out_words",
    "read_table",
    "table_language",
    "write_table",
]
