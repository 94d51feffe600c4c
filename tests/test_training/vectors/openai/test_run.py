import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from functools import partial

import pytest

from training.table import read_table
from training.teach.__main__ import main
from training.vectors.openai.paid_vectors import PaidVectors

WORDS = [f"palabra{number}" for number in range(40)]


def whole(handler, payload):
    handler.whole(payload)


def hold(handler, payload):
    handler.server.held.release()
    handler.server.release.wait(30)
    handler.whole(payload)


@pytest.fixture
def start():
    """Starts a program; whatever happens, it ends with the test."""
    started = []

    def starter(*command):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        # What the shell starts in the background ignores Ctrl-C, and so would all that these tests start then.
        listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        started.append(subprocess.Popen([sys.executable, *command], preexec_fn=listens, **pipes))
        return started[-1]

    yield starter
    for process in started:
        with process:
            process.kill()


def wait_until_held(server, process, *, count):
    for _ in range(count):
        while not server.held.acquire(timeout=0.1):
            assert process.poll() is None, process.communicate()[0]


def test_a_run_asks_for_a_yes_and_after_it_was_stopped_and_killed_pays_for_no_stored_word_twice(
    server, start, key, tmp_path, capfd
):
    words, work, table = tmp_path / "words.txt", tmp_path / "work", tmp_path / "table.parquet"
    words.write_text("\n".join(WORDS))
    options = {"base_url": server.url, "key_variable": "TEST_KEY", "dimensions": 8, "batch_size": 4}
    options |= {"concurrency": 2, "requests_per_minute": 0, "price_per_million_tokens": 1000}
    arguments = ["training/configs/teachers/openai.toml", f"--lexicon={words}", f"--output={table}"]
    arguments += [f"--set=options.{name}={json.dumps(value)}" for name, value in options.items()]
    arguments += ["--set=width=8", f"--set=fit_words={len(WORDS)}"]
    confirmed = ["-m", "training.teach", *arguments, f"--work={work}", "--yes"]

    def stored():
        with contextlib.closing(sqlite3.connect(work / "teacher" / "vectors.sqlite")) as database:
            return [text for (text,) in database.execute("SELECT text FROM vectors")]

    server.plan.extend([whole] * 3 + [hold, hold])
    stopped = start(*confirmed)
    wait_until_held(server, stopped, count=2)
    with pytest.raises(OSError, match=r"vectors\.sqlite is in use by another process"):
        PaidVectors(work / "teacher" / "vectors.sqlite", made_by={})
    stopped.send_signal(signal.SIGINT)
    output = ""
    while "stopping:" not in output and (line := stopped.stdout.readline()):
        output += line
    server.release.set()
    output += stopped.communicate(timeout=30)[0]
    assert stopped.returncode == 1 and "Traceback" not in output and key not in output
    assert "stopping: at most 10 seconds for answers" in output and "the same command goes on from there" in output
    assert len(stored()) == 20

    server.release.clear()
    server.plan.extend([whole] * 2 + [hold, hold])
    killed = start(*confirmed)
    wait_until_held(server, killed, count=2)
    killed.kill()
    assert key not in killed.communicate(timeout=30)[0]
    kept = stored()
    assert len(kept) == 28 and server.paid == Counter(kept)
    server.release.set()

    with pytest.raises(SystemExit, match="2"):
        main([*arguments, f"--work={tmp_path / 'unconfirmed'}"])
    main(confirmed[2:])
    output = "".join(capfd.readouterr())
    assert "10 requests, 160 tokens; cost about 0.16;" in output and key not in output
    assert sorted(read_table(table).words) == sorted(WORDS)
    assert {server.paid[word] for word in kept} == {1}
    assert {word for word, times in server.paid.items() if times > 1} <= set(WORDS) - set(kept)
