"""A real server of the protocol on this machine, which misbehaves as planned, and a teacher that asks it."""

import base64
import json
import threading
import time
import zlib
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from training.vectors import open_teacher

KEY = "sk-test-0123456789abcdef"
WIDTH = 8


class EmbeddingServer(ThreadingHTTPServer):
    """Answers like an embeddings endpoint, but for the next requests, which are treated as planned."""

    daemon_threads, block_on_close = True, False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan, self.then, self.lock = deque(), Handler.whole, threading.Lock()
        self.paid, self.arrivals, self.keys, self.payloads = Counter(), [], [], []
        self.held, self.release = threading.Semaphore(0), threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    @staticmethod
    def vectors(words, *, width=WIDTH):
        """What it answers for these words."""
        return np.stack(
            [np.random.default_rng(zlib.crc32(word.encode())).normal(size=width) for word in words], dtype=np.float32
        )

    def handle_error(self, request, client_address):
        pass  # clients that hang up, as some of these do


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    @property
    def key(self):
        """The key that it was asked with."""
        return self.headers["Authorization"].removeprefix("Bearer ")

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.arrivals.append(time.monotonic())
            self.server.keys.append(self.headers["Authorization"])
            self.server.payloads.append(payload)
            treatment = self.server.plan.popleft() if self.server.plan else self.server.then
        treatment(self, payload)

    def whole(self, payload):
        self.pay(payload)
        self.reply(self.answer(payload))

    def pay(self, payload):
        with self.server.lock:
            self.server.paid.update(payload["input"])

    def answer(self, payload):
        def encoded(vector):
            return (
                base64.b64encode(vector.tobytes()).decode()
                if payload["encoding_format"] == "base64"
                else vector.tolist()
            )

        vectors = self.server.vectors(payload["input"], width=payload.get("dimensions", WIDTH))
        return {"data": [{"index": row, "embedding": encoded(vector)} for row, vector in enumerate(vectors)]}

    def reply(self, content, *, status=200, length=None, reason=None, **headers):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status, reason)
        self.send_header("Content-Length", str(length or len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def refuse(self, status, message="no", *, kind="x", **headers):
        self.reply({"error": {"message": message, "type": kind, "code": None}}, status=status, **headers)

    def log_message(self, *arguments):
        pass


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
def key(tmp_path, monkeypatch, capfd):
    """A key in the environment, and in no file and no output whatever a test does."""
    monkeypatch.setenv("TEST_KEY", KEY)
    yield KEY
    assert KEY not in "".join(capfd.readouterr())
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


@pytest.fixture
def teach(server, tmp_path):
    """Opens the teacher; the one before is closed."""
    opened = []

    def opener(**options):
        values = {"model": "m", "base_url": server.url, "key_variable": "TEST_KEY", "batch_size": 4}
        values |= {"dimensions": WIDTH, "first_wait_seconds": 0.01, "attempts": 3} | options
        values = {name: value for name, value in values.items() if value is not None}
        for earlier in opened:
            earlier.close()
        opened.append(open_teacher("openai", options=values, lexicon=tmp_path / "none", folder=tmp_path))
        return opened[-1]

    yield opener
    for teacher in opened:
        teacher.close()
