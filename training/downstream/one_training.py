"""One training by spaCy's own function, and what came of it, as a record."""

import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import spacy
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from beast_core.files import write_file
from training.common.errors import InputError
from training.common.files import digest, size_on_disk
from training.downstream.configurations import CONFIGURATIONS, training_config
from training.downstream.corpora import Corpus
from training.downstream.scoring import score
from training.downstream.sentences import MISSPELT, TEST, TRAIN, WATCH, read_docs, sentence_file


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is trained: a corpus, a name in `CONFIGURATIONS`, a seed and so many steps.

    `source` tells the teacher's table or our model that its vectors are of from others, "" without any.
    """

    corpus: Corpus
    vectors: str
    seed: int
    steps: int
    source: str = ""

    @property
    def name(self) -> str:
        """What its record is called."""
        return f"{self.corpus.name}-{self.vectors}-{self.seed}"

    def table(self, folder: Path) -> Path | None:
        """Where the pipeline lies whose vectors it reads, if it reads some."""
        form = CONFIGURATIONS[self.vectors].table
        return folder / f"{self.corpus.language}-{form}-{self.source}" if form else None


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a training came to. `sentences` is the digest of the sentences, `source` that of the table or the model;
    `scores` are by what is scored and part.

    `seconds` are those that the training kept a core busy, start and saving included, and `words_per_second` is the
    speed on the test in such seconds, of words that it has not met before: other work on the machine changes neither
    much. `bytes` is the size of the saved pipeline.
    """

    language: str
    task: str
    vectors: str
    seed: int
    steps: int
    source: str
    sentences: str
    scores: dict[str, dict[str, float | None]]
    words: dict[str, int]
    seconds: float
    bytes: int
    words_per_second: float


def record_file(training: Training, *, folder: Path) -> Path:
    """Where the record of a training lies in the folder of all records."""
    return folder / f"{training.name}.json"


def read_records(folder: Path) -> list[Record]:
    """All records of a folder, ordered by name. Raises `InputError` for a file that is none."""
    records = []
    for file in sorted(folder.glob("*.json")):
        try:
            records.append(Record(**json.loads(file.read_text(encoding="utf-8"))))
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{file} is no record of a training ({error}): remove it, and it is trained again"
            ) from error
    return records


def train_and_score(training: Training, *, sentences: Path, tables: Path, records: Path) -> None:
    """Trains, scores and writes the record; what was trained is not kept."""
    corpus = training.corpus
    files = {part: sentence_file(corpus, part=part, folder=sentences) for part in (TRAIN, WATCH, TEST, MISSPELT)}
    config = training_config(
        training.vectors,
        language=corpus.language,
        task=corpus.task,
        train=files[TRAIN],
        watch=files[WATCH],
        table=training.table(tables),
        seed=training.seed,
        steps=training.steps,
    )
    with tempfile.TemporaryDirectory(prefix="downstream-") as folder:
        file, output = Path(folder) / "config.cfg", Path(folder) / "trained"
        config.to_disk(file, interpolate=False)
        start = time.process_time()
        with redirect_stdout(StringIO()):
            spacy_train(file, output)
        seconds = time.process_time() - start
        trained = output / "model-last"
        size = size_on_disk(trained)
        nlp = spacy.load(trained)
    vocab = Vocab()
    gold, noisy, learnt = (read_docs(files[part], vocab=vocab) for part in (TEST, MISSPELT, TRAIN))
    start = time.process_time()
    predicted = _predicted(nlp, gold)
    speed = sum(map(len, gold)) / (time.process_time() - start)
    seen = {token.text.lower() for doc in learnt for token in doc}
    scores = score(
        corpus.task, gold=gold, predicted=predicted, noisy=noisy, noisy_predicted=_predicted(nlp, noisy), seen=seen
    )
    record = Record(
        language=corpus.language,
        task=corpus.task,
        vectors=training.vectors,
        seed=training.seed,
        steps=training.steps,
        source=training.source,
        sentences=sentences_digest(corpus, folder=sentences),
        scores=scores,
        words={
            "train": sum(map(len, learnt)),
            "test": sum(map(len, gold)),
            "unseen": sum(token.text.lower() not in seen for doc in gold for token in doc),
            "misspelt": sum(
                a.text != b.text for x, y in zip(gold, noisy, strict=True) for a, b in zip(x, y, strict=True)
            ),
        },
        seconds=round(seconds, 2),
        bytes=size,
        words_per_second=round(speed, 1),
    )
    write_file(record_file(training, folder=records), json.dumps(asdict(record), indent=1) + "\n")


def sentences_digest(corpus: Corpus, *, folder: Path) -> str:
    """What tells the sentences of a corpus from others."""
    return "-".join(digest(sentence_file(corpus, part=part, folder=folder))[:8] for part in (TRAIN, TEST, MISSPELT))


def _predicted(nlp: Language, docs: Sequence[Doc]) -> list[Doc]:
    """What the pipeline says of the words alone: their annotation is not there to be seen."""
    bare = [
        Doc(nlp.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])
        for doc in docs
    ]
    return list(nlp.pipe(bare))


def same_run(record: dict[str, Any], *, training: Training, sentences: Path) -> bool:
    """Whether a record, as JSON has it, is of this training on these sentences."""
    now = {
        "steps": training.steps,
        "source": training.source,
        "sentences": sentences_digest(training.corpus, folder=sentences),
    }
    return all(record.get(key) == value for key, value in now.items())
