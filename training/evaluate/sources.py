"""Where evaluation sets are read from: folders of tab-separated files, and a teacher's table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.common.errors import InputError
from training.common.files import digest
from training.table import TeacherTable

Row = dict[str, str]


@dataclass(frozen=True)
class SetFile:
    """A file of a set; `name` is its path within its folder."""

    path: Path
    name: str

    @property
    def stem(self) -> str:
        """What the set is called."""
        return self.path.stem

    def require(self, condition: object, *, found: str, expected: str, line: int | None = None) -> None:
        """Raises `InputError` that names the file unless the condition holds."""
        if not condition:
            place = f", line {line}" if line else ""
            raise InputError(f"{self.path}{place}: found {found}, expected {expected}")


class Sources:
    """Folders as if they were one: of files with the same path within them, that of the first folder counts.

    `digests` has the SHA-256 of each file that was read, `patterns` all that was looked for.
    """

    def __init__(self, folders: Sequence[Path], *, teacher: TeacherTable | None = None) -> None:
        self.teacher = teacher
        self.digests: dict[str, str] = {}
        self.patterns: dict[str, None] = {}
        self._folders = folders
        self._used: set[Path] = set()

    def files(self, pattern: str) -> Iterator[SetFile]:
        """The files that match, such as `similarity/*.tsv`, ordered by name."""
        self.patterns[pattern] = None
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in folder.glob(pattern):
                found.setdefault(path.relative_to(folder).as_posix(), path)
                self._used.add(folder)
        return (SetFile(found[name], name) for name in sorted(found))

    def rows(self, file: SetFile, *, columns: Sequence[str] = ()) -> list[Row]:
        """The rows of a file, see `read_rows`."""
        self.digests[file.name] = digest(file.path)
        return read_rows(file.path, columns=columns)

    def require_use(self) -> None:
        """Raises `InputError` that names a folder in which nothing was found."""
        for folder in self._folders:
            if folder not in self._used:
                raise InputError(f"{folder} holds no evaluation set; expected {', '.join(self.patterns)} in it")


def read_rows(file: Path, *, columns: Sequence[str]) -> list[Row]:
    """The rows of a tab-separated UTF-8 file with a header line that names at least `columns`.

    Raises `InputError` for any other file.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 ({error}); save it as UTF-8") from error
    header = lines[0].split("\t") if lines else []
    if missing := [name for name in columns if name not in header]:
        raise InputError(f"{file} has columns {header}, expected at least {list(columns)}: {missing} missing")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(f"{file}, line {number}: {len(cells)} columns, expected {len(header)}: {line!r:.60}")
        rows.append(dict(zip(header, cells, strict=True)))
    return rows
