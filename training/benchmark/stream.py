"""Millions of distinct words through the core and its cache, in a process of its own: does cost grow with words alone?

    python -m training.benchmark.stream 5000000 < words.txt

prints a line of JSON for each fifth: words so far, words and seconds of this part, resident bytes afterwards.
"""

import itertools
import json
import string
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from training.benchmark.measured import StreamPart
from training.common.processes import resident_memory, run_fresh

_CHUNK = 50_000


def measure_stream(words: Sequence[str], *, number: int) -> list[StreamPart]:
    """What the command prints, for so many distinct words, spelt after the ones given. Raises `InputError`."""
    what = f"a stream of {number:,} words"
    lines = run_fresh("training.benchmark.stream", arguments=[str(number)], what=what, text="\n".join(words))
    return [StreamPart(**json.loads(line)) for line in lines]


def distinct_words(words: Sequence[str]) -> Iterator[str]:
    """Each word, then each with a letter after it, with two, with three: as long as anyone takes them, none twice."""
    seen_endings = itertools.chain.from_iterable(
        itertools.product(string.ascii_lowercase, repeat=length) for length in itertools.count()
    )
    # A mark that no word has keeps "sol" + "a" and "sola" apart.
    return (f"{word}-{''.join(ending)}" for ending in seen_endings for word in words)


def main() -> None:
    """The command, for a fresh process."""
    from beast_core import CachedEncoder, load_encoder

    number = int(sys.argv[1])
    source = distinct_words(sorted(set(sys.stdin.read().split())))
    encoder = CachedEncoder(load_encoder())
    part = max(_CHUNK, number // 5)
    for start in range(0, number, part):
        seconds = 0.0
        for begin in range(start, min(start + part, number), _CHUNK):
            chunk = list(itertools.islice(source, min(_CHUNK, number - begin)))
            before = time.perf_counter()
            encoder.encode(chunk)
            seconds += time.perf_counter() - before
        end = min(start + part, number)
        part_measured = StreamPart(words=end, part=end - start, seconds=seconds, resident_bytes=resident_memory())
        print(json.dumps(asdict(part_measured)), flush=True)


if __name__ == "__main__":
    main()
