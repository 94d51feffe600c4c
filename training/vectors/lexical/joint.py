"""What is made once for all languages and kept in a folder: the profiles of their words, and the space fitted to it."""

import hashlib
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from training.common.processes import run_apart
from training.languages import Language
from training.resources.frequencies import most_frequent, read_frequencies
from training.vectors.lexical.encoded import load_arrays, save_arrays
from training.vectors.lexical.knowledge import Knowledge
from training.vectors.lexical.options import Options
from training.vectors.lexical.profiled import Profiles, WordGraph
from training.vectors.lexical.space import Described, LexicalSpace
from training.vectors.lexical.spellings import Spellings

# Counted up when equal sources give other vectors than before: what older code left in the folder is not used then.
_RECIPE = 4
# By judgement, in coarse steps: the two blocks of a word's own vector are one source, and the thesaurus knows synonyms
# best.
_WEIGHTS = {"meaning": 1.0, "own": 0.3, "moby": 1.0, "english": 0.6, "definitions": 0.6}


class JointSpace:
    """The space of all languages that have a record, in the folder `options.joint`, made when it is first asked for.

    It does not depend on the language that is taught. Processes that ask for it at once wait for the first to make it;
    what one that was killed had finished is not made again. `knowledge` is what it is made of. Raises `ValueError` and
    `FileNotFoundError` that name the package to install.
    """

    def __init__(self, options: Options) -> None:
        self._options, self._folder = options, Path(options.joint)
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self.knowledge = Knowledge(
                options.sources,
                leading_frequency=options.leading_frequency,
                debian_root=Path(options.debian_root),
                downloads=Path(options.downloads),
                folder=self._folder,
            )
        except ImportError as error:
            raise ValueError(f"{error}; all that this teacher needs: pip install '.[teach]'") from error

    def identity(self) -> dict[str, Any]:
        """A digest of all that is read, what is made of it, and the options that determine the vectors."""
        return {
            "recipe": _RECIPE,
            "sources": list(self._options.sources),
            "frequent_words": self._options.frequent_words,
            "leading_frequency": self._options.leading_frequency,
            "width": self._options.width,
            "read": self.knowledge.digest,
        }

    @cached_property
    def key(self) -> str:
        """What is equal for equal identities, in the names of the files."""
        text = json.dumps(self.identity(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def profiles(self, language: str) -> Profiles:
        """What is known of the words of a language."""
        self._make_profiles()
        return Profiles.load(self._file(f"profiles-{language}"))

    def moved(self, language: str) -> np.ndarray:
        """How far each word of the profiles was moved from its anchor, `(words, width of the anchors)` float16."""
        self._make_space()
        return load_arrays(self._file(f"moved-{language}"))["moved"]

    def space(self) -> LexicalSpace:
        """The fitted maps."""
        self._make_space()
        return LexicalSpace.load(self._file("space"))

    def write_profiles(self) -> None:
        """Puts the sources together, and writes that to the folder."""
        profiles, graph = self.knowledge.profiles()
        for code, of in profiles.items():
            of.save(self._file(f"profiles-{code}"))
        graph.save(self._file("graph"))

    def write_space(self) -> None:
        """Fits the space to the profiles that were written, and writes it to the folder."""
        graph = WordGraph.load(self._file("graph"))
        profiles = {each.code: Profiles.load(self._file(f"profiles-{each.code}")) for each in self.knowledge.languages}
        sizes = {code: len(of.words) for code, of in profiles.items()}
        words, frequent = self._fitted(profiles)
        del profiles
        blocks = {"meaning", "own", *words.parts}
        space, moved = LexicalSpace.fit(
            words,
            frequent=frequent,
            weights={name: weight for name, weight in _WEIGHTS.items() if name in blocks},
            near=graph.near,
            opposite=graph.opposite,
            width=self._options.width,
        )
        start = 0
        for code, size in sizes.items():
            save_arrays(self._file(f"moved-{code}"), moved=moved[start : start + size])
            start += size
        space.save(self._file("space"))

    def _fitted(self, profiles: dict[str, Profiles]) -> tuple[Described, np.ndarray]:
        """The words of all profiles, then frequent words of all languages that have none, and which are frequent.

        Takes the parts out of `profiles`: nothing in memory is larger, and they would be there twice.
        """
        own, frequent, more = [of.own for of in profiles.values()], [], []
        for language in self.knowledge.languages:
            listed = dict.fromkeys(_most_frequent(language, count=self._options.frequent_words))
            profiled = dict.fromkeys(profiles[language.code].words)
            frequent.append(np.fromiter(map(listed.__contains__, profiled), dtype=bool, count=len(profiled)))
            rest = [word for word in listed if word not in profiled]
            vectors = self.knowledge.encode_once(Spellings(language, written={}).of(rest), language=language)
            more.append(vectors[vectors.any(axis=1)])
        added, parts = sum(map(len, more)), {}
        for name in list(next(iter(profiles.values())).parts):
            known = [of.parts.pop(name) for of in profiles.values()]
            parts[name] = np.concatenate([*known, np.zeros((added, known[0].shape[1]), dtype=known[0].dtype)])
        return Described(np.concatenate([*own, *more]), parts), np.concatenate([*frequent, np.ones(added, dtype=bool)])

    def _make_profiles(self) -> None:
        self._make(JointSpace.write_profiles, names=("profiles-{}", "graph"))

    def _make_space(self) -> None:
        self._make_profiles()
        self._make(JointSpace.write_space, names=("moved-{}", "space"))

    def _make(self, write: Callable[["JointSpace"], None], *, names: tuple[str, str]) -> None:
        """Writes files, apart, unless they are there: one of each language, and one of all."""
        for_each, of_all = names
        codes = [language.code for language in self.knowledge.languages]
        files = [*(self._file(for_each.format(code)) for code in codes), self._file(of_all)]
        if not _are_there(files):
            run_apart(_write, write=write, files=files, options=self._options)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}-{self.key}.npz"


def _most_frequent(language: Language, *, count: int) -> list[str]:
    """The most frequent words that are made of the letters of a language."""
    frequencies = read_frequencies(language.code)
    return most_frequent({word: frequencies[word] for word in filter(language.is_word, frequencies)}, count=count)


def _are_there(files: list[Path]) -> bool:
    return all(file.is_file() for file in files)


def _write(*, write: Callable[[JointSpace], None], files: list[Path], options: Options) -> None:
    """Writes the files, in the process that holds the folder's lock, unless another has while it was waited for."""
    lock = FileLock(Path(options.joint) / "lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another process that writes to {options.joint}", flush=True)
        held = lock.acquire()
    with held:
        if not _are_there(files):
            write(JointSpace(options))
