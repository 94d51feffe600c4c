import base64
import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter, deque
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from training.table import read_table
from training.teach.__main__ import main
from training.teach.teachers import open_teacher, read_options
from training.teach.teachers.openai.client import EndpointError
from training.teach.teachers.openai.paid_vectors import PaidVectors

KEY = "sk-test-0123456789abcdef"
WIDTH = 8
WORDS = [f"palabra{number}" for number in range(40)]


def vector_of(text, *, width=WIDTH):
    return np.random.default_rng(zlib.crc32(text.encode())).normal(size=width).astype(np.float32)


class EmbeddingServer(ThreadingHTTPServer):
    """Answers like an embeddings endpoint, but for the next requests, which are treated as planned."""

    daemon_threads, block_on_close = True, False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan, self.then, self.lock = deque(), whole, threading.Lock()
        self.paid, self.arrivals, self.keys, self.payloads = Counter(), [], [], []
        self.held, self.release = threading.Semaphore(0), threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        pass  # clients that hang up, as some of these do


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.arrivals.append(time.monotonic())
            self.server.keys.append(self.headers["Authorization"])
            self.server.payloads.append(payload)
            treatment = self.server.plan.popleft() if self.server.plan else self.server.then
        treatment(self, payload)

    def reply(self, content, *, status=200, length=None, **headers):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def answer(payload):
    def encoded(text):
        vector = vector_of(text, width=payload.get("dimensions", WIDTH))
        return (
            base64.b64encode(vector.tobytes()).decode() if payload["encoding_format"] == "base64" else vector.tolist()
        )

    return {"data": [{"index": row, "embedding": encoded(text)} for row, text in enumerate(payload["input"])]}


def whole(handler, payload):
    with handler.server.lock:
        handler.server.paid.update(payload["input"])
    handler.reply(answer(payload))


def hold(handler, payload):
    handler.server.held.release()
    handler.server.release.wait(30)
    whole(handler, payload)


def slow(handler, payload):
    time.sleep(0.1)
    whole(handler, payload)


def late(handler, payload):
    time.sleep(0.5)
    whole(handler, payload)


def silent(handler, payload):
    time.sleep(1)


def hang_up(handler, payload):
    handler.close_connection = True


def refuse(status, message="no", *, kind="x", **headers):
    error = {"error": {"message": message, "type": kind, "code": None}}
    return lambda handler, payload: handler.reply(error, status=status, **headers)


def cut(handler, payload):
    content = json.dumps(answer(payload)).encode()
    handler.close_connection = True
    handler.reply(content[:-20], length=len(content))


def raw(content):
    return lambda handler, payload: handler.reply(content)


def entry(**changes):
    """The answer with its second entry changed."""

    def treatment(handler, payload):
        changed = answer(payload)
        changed["data"][1] |= changes
        handler.reply(changed)

    return treatment


def too_few(handler, payload):
    handler.reply({"data": answer(payload)["data"][:-1]})


def shuffled(handler, payload):
    with handler.server.lock:
        handler.server.paid.update(payload["input"])
    handler.reply({"data": answer(payload)["data"][::-1]})


@pytest.fixture
def server():
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def secret(tmp_path, monkeypatch, capfd):
    """A key in the environment, and in no file and no output whatever a test does."""
    monkeypatch.setenv("TEST_KEY", KEY)
    yield
    assert KEY not in "".join(capfd.readouterr())
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


@pytest.fixture
def teach(server, tmp_path):
    """Opens the teacher; the one before is closed."""
    opened = []

    def opener(**options):
        values = {"model": "m", "base_url": server.url, "key_variable": "TEST_KEY", "batch_size": 4, **options}
        values = {"first_wait_seconds": 0.01, "attempts": 3, **values}
        for earlier in opened:
            earlier.close()
        opened.append(open_teacher("openai", options=values, lexicon=tmp_path / "none", folder=tmp_path))
        return opened[-1]

    yield opener
    for teacher in opened:
        teacher.close()


def expected(words):
    return np.stack([vector_of(word) for word in words])


@pytest.mark.parametrize("encoding_format", ["base64", "float"])
def test_each_word_gets_its_own_vector_in_whatever_order_answers_come_and_is_paid_for_once(
    server, teach, encoding_format
):
    server.plan.extend([slow, shuffled, whole, slow, shuffled])
    teacher = teach(encoding_format=encoding_format, concurrency=4)
    vectors, known = teacher.lookup(WORDS)
    assert vectors.dtype == np.float32 and known.all()
    np.testing.assert_allclose(vectors, expected(WORDS), atol=2e-3)
    again, known = teach().lookup(["", *WORDS[::-1], WORDS[3], " "])  # of the file, in a new teacher
    np.testing.assert_array_equal(again[1:-1], [*vectors[::-1], vectors[3]])
    assert not again[[0, -1]].any() and known.tolist() == [False, *[True] * 41, False]
    assert server.paid == Counter(WORDS) and len(server.arrivals) == 10
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert server.payloads[0].keys() == {"model", "input", "encoding_format"}


PASSING = {
    **{f"status {status}": refuse(status) for status in (408, 409, 429, 500, 503)},
    **{
        f"wait {wait}": refuse(429, Retry_After=wait) for wait in ("0.05", "-1", "nan", "soon", formatdate(usegmt=True))
    },
    **{"no answer in time": silent, "no answer": hang_up, "half an answer": cut, "too few": too_few},
    **{f"body {body}": raw(body) for body in (b"", b'{"data": [{', b"<html>", b"[]", b'{"data": 3}', b'{"error": {}}')},
    **{f"index {index!r}": entry(index=index) for index in (0, 7, -1, "1", None, True)},
    **{f"numbers {bad}": entry(embedding=bad) for bad in ([], [1.0] * 7, [float("nan")] * WIDTH, [1e39] * WIDTH)},
    **{f"not numbers {bad}": entry(embedding=bad) for bad in ([[1.0]] * WIDTH, ["1"] * WIDTH, [None] * WIDTH, None)},
    **{f"base64 {bad}": entry(embedding=bad) for bad in ("", "AAAA*", "AAAAAA==", "AAAAAAAAAAA=")},
}


def test_what_may_pass_is_asked_for_again_and_nothing_of_it_is_kept(server, teach):
    words = [f"palabra{number}" for number in range(2 * len(PASSING))]
    server.plan.extend(treatment for failure in PASSING.values() for treatment in (failure, whole))
    vectors, known = teach(batch_size=2, concurrency=1, timeout_seconds=0.4).lookup(words)
    requests = [payload["input"] for payload in server.payloads]
    assert dict(zip(PASSING, requests[::2], strict=True)) == dict(zip(PASSING, requests[1::2], strict=True))
    np.testing.assert_allclose(vectors, expected(words), atol=2e-3)
    assert known.all() and server.paid == Counter(words)


@pytest.mark.parametrize("header", [lambda: "0.6", lambda: formatdate(time.time() + 1.6, usegmt=True)])
def test_nobody_asks_a_busy_server_before_it_said(server, teach, header):
    server.plan.append(lambda handler, payload: refuse(429, Retry_After=header())(handler, payload))
    server.plan.extend([slow] * 3)
    teach(concurrency=2).lookup(WORDS)
    first, rest = server.arrivals[0], server.arrivals[2:]
    assert min(rest) - first >= 0.55
    assert server.paid == Counter(WORDS)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (refuse(400, "too many tokens"), "400 Bad Request: too many tokens; check model, dimensions and template, or"),
        (
            refuse(401, f"Bad key: {KEY}, I say {KEY[:7]}****cdef"),
            "401 Unauthorized: Bad key: [key], I say [key]; check",
        ),
        (
            lambda handler, payload: handler.reply(f"<p>{KEY}".encode(), status=403),
            "403 Forbidden: <p>[key]; check the",
        ),
        (refuse(404, "no\x1b[31m model"), "404 Not Found: no [31m model; check base_url and model"),
        (refuse(301, Location="http://elsewhere/"), "301 Moved Permanently: no; check base_url"),
        (refuse(429, "You ran out", kind="insufficient_quota"), "waiting does not help; look at the plan"),
        (refuse(429, "Come back", Retry_After="4000"), "Come back; it asks to wait 4000 seconds"),
    ],
)
def test_what_cannot_pass_stops_at_once_and_keeps_what_was_paid(server, teach, failure, message):
    server.plan.extend([whole, failure])
    with pytest.raises(EndpointError, match=re.escape(message)) as caught:
        teach(concurrency=1).lookup(WORDS)
    assert re.search(r"; 4 words are paid for and stored in .*vectors.sqlite: the same command", str(caught.value))
    assert KEY[:8] not in str(caught.value) and len(server.arrivals) == 2
    teach().lookup(WORDS[:8])
    assert server.paid == Counter(WORDS[:8])


def test_a_request_that_always_fails_is_named_and_those_under_way_are_kept(server, teach):
    rubbish = raw(b"rubbish")
    server.then = lambda handler, payload: (rubbish if WORDS[0] in payload["input"] else late)(handler, payload)
    with pytest.raises(EndpointError) as caught:
        teach(concurrency=2).lookup(WORDS)
    told = "4 words from 'palabra0' to 'palabra3': failed 3 times, the last time: the answer cannot be used: it is not"
    assert told in str(caught.value) and "; 4 words are paid for" in str(caught.value)
    assert len(server.arrivals) == 4  # no further request is begun
    server.then = whole
    teach().lookup(WORDS[:8])
    assert server.paid == Counter(WORDS[:8])


def test_no_server_is_an_error_in_one_line(server, teach):
    teacher = teach(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError, match=r"failed 3 times, the last time: ConnectError: .*; 0 words are paid for"):
        teacher.lookup(WORDS)


@pytest.mark.parametrize("pace", [{"requests_per_minute": 1200}, {"tokens_per_minute": 4 * 4 * 1200}])
def test_the_pace_is_kept_over_all_workers_and_calls(server, teach, pace):
    teacher = teach(concurrency=4, **pace)
    teacher.lookup(WORDS[:8])
    teacher.lookup(WORDS[8:])
    gaps = np.diff(sorted(server.arrivals))
    assert len(gaps) == 9 and gaps.mean() >= 0.035 and gaps.min() >= 0.01


def test_the_estimate_counts_what_is_not_paid_for_and_asks_nobody(server, teach, monkeypatch):
    teach().lookup(WORDS[:10])
    asked = len(server.arrivals)
    monkeypatch.delenv("TEST_KEY")
    estimate = teach(concurrency=2).estimate(iter([*WORDS, " "]))
    assert (estimate.requests, estimate.tokens, estimate.cost, estimate.seconds) == (8, 120, None, 4)
    estimate = teach(requests_per_minute=2, price_per_million_tokens=0.5).estimate(WORDS)
    assert estimate.cost == pytest.approx(60e-6) and estimate.seconds == 240
    estimate = teach(tokens_per_minute=12, batch_size=2000).estimate(WORDS)
    assert estimate.requests == 10 and estimate.seconds == 600  # of three words: as many tokens as a minute has
    assert teach().estimate(WORDS[:10]).requests == 0
    assert len(server.arrivals) == asked


def test_the_width_is_the_one_asked_for_or_learnt_from_one_word_that_is_kept(server, teach, tmp_path):
    teacher = teach(template="la palabra {}")
    assert teacher.width == WIDTH == teach(template="la palabra {}").width
    assert server.paid == {"la palabra a": 1}
    (tmp_path / "vectors.sqlite").unlink()
    teacher = teach(dimensions=3)
    assert teacher.width == 3 and len(server.arrivals) == 1
    assert teacher.lookup(["sol"])[0].shape == (1, 3) and server.payloads[-1]["dimensions"] == 3
    server.then = raw(json.dumps({"data": [{"index": 0, "embedding": [1, 2]}]}).encode())
    with pytest.raises(EndpointError, match=r"its vectors have width \[2\], expected 3"):
        teacher.lookup(["mar"])


def test_a_word_whose_vector_is_zero_is_not_known(server, teach):
    server.plan.append(entry(embedding=[0] * WIDTH))
    assert teach().lookup(WORDS[:4])[1].tolist() == [True, False, True, True]


def test_a_file_of_another_model_or_in_use_or_damaged_is_refused(server, teach, tmp_path):
    teach(dimensions=3).lookup(["sol"])
    with pytest.raises(
        ValueError, match=r"holds vectors of another teacher \(model was 'm' and is 'n'; dimensions was 3"
    ):
        teach(model="n")
    teach(dimensions=3)
    with pytest.raises(OSError, match=r"vectors\.sqlite is in use by another process"):
        PaidVectors(tmp_path / "vectors.sqlite", made_by={})
    damaged = tmp_path / "other" / "vectors.sqlite"
    damaged.parent.mkdir()
    damaged.write_text("no database " * 100)
    with pytest.raises(OSError, match=r"cannot be read or written \(file is not a database\)"):
        PaidVectors(damaged, made_by={})


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1.0, 1e30])
def test_stored_vectors_keep_their_direction_and_length(tmp_path, size):
    vectors = np.stack([vector_of(word, width=300) for word in WORDS]) * np.float32(size)
    paid = PaidVectors(tmp_path / "vectors.sqlite", made_by={})
    paid.store(WORDS, vectors=vectors)
    np.testing.assert_allclose(paid.read(WORDS), vectors, rtol=1e-3, atol=1e-6 * size)
    with pytest.raises(KeyError, match="sol"):
        paid.read(["sol"])
    paid.close()


def test_a_key_is_wanted_where_one_is_named(server, teach, monkeypatch):
    for value, message in (
        (" ", "TEST_KEY is empty: put the key there, or set"),
        ("se\tcret", "holds white space or odd"),
    ):
        monkeypatch.setenv("TEST_KEY", value)
        with pytest.raises(EndpointError, match=message) as caught:
            teach().lookup(WORDS)
        assert value.strip() not in str(caught.value) or value == " "
    assert server.arrivals == []
    teach(key_variable="").lookup(WORDS[:4])
    monkeypatch.setenv("TEST_KEY", f" {KEY}\n")
    teach().lookup(WORDS[:8])
    assert server.keys == [None, f"Bearer {KEY}"]


def test_every_bad_option_is_told_at_once_and_secrets_are_not_repeated():
    options = {"model": "", "key_variable": KEY, "base_url": f"https://me:{KEY}@host/v1", "template": "word"}
    options |= {"batch_size": 4096, "concurrency": 0, "timeout_seconds": float("nan"), "price_per_million_tokens": -1}
    with pytest.raises(ValueError, match="options of openai: invalid options") as caught:
        read_options("openai", options=options)
    for message in (
        "model is empty",
        "base_url holds '@', '?' or '#', expected a plain address",
        "key_variable is not the name of an environment variable",
        "template is 'word', expected a text with {}",
        "batch_size is 4096, expected 1 to 2,048",
        "concurrency is 0",
        "timeout_seconds is nan",
        "price_per_million_tokens is -1",
    ):
        assert message in str(caught.value)
    assert KEY not in str(caught.value)
    for url in ("api.openai.com", "ftp://host", "https://", "https://host\n/v1", "https://host:port/v1"):
        with pytest.raises(ValueError, match=r"base_url is '.*', expected an address such as https://"):
            read_options("openai", options={"model": "m", "base_url": url})
    with pytest.raises(ValueError, match=r"unknown key 'key'; missing key 'model'.*known keys"):
        read_options("openai", options={"key": KEY})


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
    server, start, tmp_path, capfd
):
    words, work, table = tmp_path / "words.txt", tmp_path / "work", tmp_path / "table.parquet"
    words.write_text("\n".join(WORDS))
    options = {"base_url": server.url, "key_variable": "TEST_KEY", "dimensions": WIDTH, "batch_size": 4}
    options |= {"concurrency": 2, "requests_per_minute": 0, "price_per_million_tokens": 1000}
    arguments = ["training/configs/teachers/openai.toml", f"--lexicon={words}", f"--output={table}"]
    arguments += [f"--set=options.{name}={json.dumps(value)}" for name, value in options.items()]
    arguments += [f"--set=width={WIDTH}", f"--set=fit_words={len(WORDS)}"]
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
    told = ""
    while "stopping:" not in told and (line := stopped.stdout.readline()):
        told += line
    server.release.set()
    told += stopped.communicate(timeout=30)[0]
    assert stopped.returncode == 1 and "Traceback" not in told and KEY not in told
    assert "stopping: at most 10 seconds for answers" in told and "the same command goes on from there" in told
    assert len(stored()) == 20

    server.release.clear()
    server.plan.extend([whole] * 2 + [hold, hold])
    killed = start(*confirmed)
    wait_until_held(server, killed, count=2)
    killed.kill()
    assert KEY not in killed.communicate(timeout=30)[0]
    kept = stored()
    assert len(kept) == 28 and server.paid == Counter(kept)
    server.release.set()

    with pytest.raises(SystemExit, match="2"):
        main([*arguments, f"--work={tmp_path / 'unconfirmed'}"])
    main(confirmed[2:])
    told = "".join(capfd.readouterr())
    assert "10 requests, 160 tokens; cost about 0.16;" in told and KEY not in told
    assert sorted(read_table(table).words) == sorted(WORDS)
    assert {server.paid[word] for word in kept} == {1}
    assert {word for word, times in server.paid.items() if times > 1} <= set(WORDS) - set(kept)
