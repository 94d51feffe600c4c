"""A process that says how long `beast_core` takes for words: that of whatever folder stands first in PYTHONPATH.

    PYTHONPATH=FOLDER python -P training/benchmark/answering.py

It is run as a file and imports nothing of `training`, so that an earlier commit's packages can be measured by it. It
prints where its `beast_core` lies; then, for each line of JSON on standard input with `words`, and `alone` if they are
to be given one after the other, a line of JSON with the list of seconds that they took.
"""

import json
import sys
import time


def main() -> None:
    """The command."""
    import beast_core

    try:
        encoder = beast_core.load_encoder(cache_size=0)  # type: ignore[call-arg]  # where the encoder has a cache
    except TypeError:
        encoder = beast_core.load_encoder()
    encode_word = getattr(encoder, "encode_word", None) or (lambda word: encoder.encode([word]))
    print(json.dumps(beast_core.__file__), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work, things = (encode_word, asked["words"]) if asked["alone"] else (encoder.encode, [asked["words"]])
        seconds = []
        for thing in things:
            started = time.perf_counter()
            work(thing)
            seconds.append(time.perf_counter() - started)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
