import base64
import gzip
import json
import time
import tracemalloc
from urllib.parse import quote

import numpy as np
import pytest

from training.vectors.openai.errors import EndpointError
from training.vectors.openai.key import hide_key

WORDS = [f"palabra{number}" for number in range(40)]
BOMB = gzip.compress(gzip.compress(bytes(300_000_000), 1), 9)


def reply(content, **settings):
    return lambda handler, payload: handler.reply(content, **settings)


def embedding(value):
    return reply({"data": [{"index": 0, "embedding": value}]})


def endless(beginning, piece, *, pause=0.0):
    """Sends the piece again and again until the client hangs up or the test ends."""

    def treatment(handler, payload):
        handler.close_connection = True
        handler.wfile.write(beginning)
        while not handler.server.release.wait(pause):
            handler.wfile.write(piece)

    return treatment


def packed_twice(status):
    return lambda handler, payload: handler.reply(BOMB, status=status, Content_Encoding="gzip, gzip")


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HOSTILE = {
    "endless answer": (endless(OK + b"\r\n", bytes(10_000)), "the answer is longer than 541,696 bytes; check model"),
    "endless chunks": (endless(CHUNKED, b"800\r\n" + b"[" * 2048 + b"\r\n"), "the answer is longer than"),
    "endless error": (endless(b"HTTP/1.1 500 No\r\n\r\n", b"no " * 1000), "the server answered 500 No: no no"),
    "endless final error": (endless(b"HTTP/1.1 400 No\r\n\r\n", b"x" * 1000), "400 No: xxx.*; check model"),
    "endless headers": (endless(OK, b"a: b\r\n"), "failed 1 times, the last time: RemoteProtocolError"),
    "endless header": (endless(OK + b"a: ", b"b" * 100), "failed 1 times, the last time: RemoteProtocolError"),
    "endless promises": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "no whole answer within timeout_seconds = 1"),
    "a byte now and then": (endless(OK + b"\r\n", b" ", pause=0.05), "no whole answer within timeout_seconds = 1"),
    "claimed length": (reply(b"[]", length=10**15), "no whole answer within timeout_seconds = 1"),
    "bomb": (packed_twice(200), r"the answer is packed \(gzip, gzip\), unasked for"),
    "bomb in an error": (packed_twice(500), "the server answered 500 Internal"),
    "bomb by charset": (
        lambda handler, payload: handler.reply(BOMB, status=500, Content_Type="text/plain; charset=zlib"),
        "the server answered 500 Internal",
    ),
    "error without spaces": (reply(b"x" * 100_000, status=400), "400 Bad Request: xxx"),
    "error of stars": (reply(b"a***" * 30_000, status=400), r"400 Bad Request: \[key\]; check"),
    "error message of stars": (
        lambda handler, payload: handler.refuse(400, "a**" * 5000),
        r"400 Bad Request: a\*\*a",
    ),
    "deep error": (reply(b"[" * 16_000, status=400), r"400 Bad Request: \[\[\["),
    "deep answer": (reply(b"[" * 500_000), "the answer is not JSON"),
    "many cookies": (
        lambda handler, payload: handler.reply(b"no", status=400, Set_Cookie="a=b; expires=" + "0 " * 30_000),
        "400 Bad Request: no",
    ),
    "reason": (reply(b"no", status=400, reason="x" * 60_000), "400 xxx"),
    "wide numbers": (embedding([0.5] * 100_000), "width .100000., expected one of 1 to 16,384"),
    "wide base64": (
        embedding(base64.b64encode(bytes(400_000)).decode()),
        "width .100000., expected one of 1 to 16,384",
    ),
    "one long text": (embedding(["x" * 250_000] + [""] * 70_000), "neither a list of numbers nor base64"),
    "deep vector": (embedding(eval("[" * 90 + "1" + "]" * 90)), "neither a list of numbers nor base64"),
    "long number": (reply(b'{"data": [{"index": 0, "embedding": [1' + b"0" * 4000 + b"]}]}"), "cannot be decoded"),
    "longer number": (reply(b'{"data": [{"index": 0, "embedding": [1' + b"0" * 9000 + b"]}]}"), "not JSON"),
    "long index": (reply(b'{"data": [{"index": "' + b"x" * 100_000 + b'"}]}'), "indices are not 0 to 0"),
    "many vectors": (reply({"data": [{}] * 100_000}), "holds 100000 vectors, expected 1"),
}


@pytest.mark.parametrize(("treatment", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_is_an_error_soon_and_takes_little_memory(server, teach, treatment, message):
    server.then = treatment
    teacher = teach(attempts=1, timeout_seconds=1, dimensions=None)
    started = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(EndpointError, match=message) as caught:
            teacher.lookup(WORDS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 10 and peak < 50e6
    assert len(str(caught.value)) < 1500 and str(caught.value).isprintable()


def test_an_answer_may_be_as_long_as_its_vectors_and_no_longer(server, teach):
    def spaced(more):
        def treatment(handler, payload):
            answer = json.dumps(handler.answer(payload)).encode()
            handler.reply(answer.ljust(4 * (32 * 8 + 1024) + 16_384 + more))

        return treatment

    server.plan.extend([spaced(0), spaced(1)])
    teacher = teach(encoding_format="float")
    np.testing.assert_allclose(teacher.lookup(WORDS[:4])[0], server.vectors(WORDS[:4]), atol=2e-3)
    with pytest.raises(EndpointError, match=r"4 words from .*: the answer is longer than 21,504 bytes"):
        teacher.lookup(WORDS[4:8])


def test_the_widest_numbers_fit(server, teach):
    numbers = [-1.2345678901234567e-308] * 16_383 + [1.0]
    server.then = embedding(numbers)
    assert teach(dimensions=None, encoding_format="float").lookup(["sol"])[0].shape == (1, 16_384)


KEY_FORMS = {
    "whole": lambda key: key,
    "quoted": lambda key: f"<b>'{key}'</b>",
    "beginning": lambda key: key[:9],
    "middle": lambda key: key[8:16],
    "tail": lambda key: f"...{key[-6:]}.",
    "capitals": lambda key: key.upper(),
    "stars": lambda key: f"{key[:3]}****{key[-4:]}",
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 after one": lambda key: base64.b64encode(f":{key}".encode()).decode(),
    "base64 with a user": lambda key: "Basic " + base64.b64encode(f"me:{key}".encode()).decode(),
    "tail of base64": lambda key: base64.b64encode(key.encode()).decode()[-12:],
    "hexadecimal": lambda key: key.encode().hex(),
    "percent-encoded": lambda key: quote(key, safe=""),
}
ERRORS = {
    "message": lambda handler, form: handler.refuse(401, f"Bad key: {form}, sorry"),
    "passing": lambda handler, form: handler.refuse(500, form),
    "body": lambda handler, form: handler.reply(b"x" * 3000 + form.encode() + b"x" * 20_000, status=403),
    "cut off": lambda handler, form: handler.reply(b" " * (16_384 - len(form) // 2) + form.encode(), status=403),
    "reason": lambda handler, form: handler.reply(b"no", status=404, reason=form),
    "rubbish": lambda handler, form: handler.reply(f"rubbish {form}".encode()),
    "not HTTP": lambda handler, form: handler.wfile.write(f"{form}\r\n\r\n".encode()),
    "packing": lambda handler, form: handler.reply(b"no", Content_Encoding=form),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_no_part_of_the_key_is_shown_in_any_form(server, teach, monkeypatch, error):
    key = "sk-proj-7Qz_/4+XeLw9==vT2bNhRk8"
    monkeypatch.setenv("TEST_KEY", key)
    for form in KEY_FORMS.values():
        server.then = lambda handler, payload, form=form: error(handler, form(key))
        with pytest.raises(EndpointError) as caught:
            teach(attempts=1, timeout_seconds=5).lookup(WORDS)
        shown = [form(key)[start : start + 6] for start in range(len(form(key)) - 5)]
        assert not [part for part in shown if part.isprintable() and " " not in part and part in str(caught.value)]


def test_what_is_not_the_key_is_shown():
    message = "Rate limit reached: 3,000 requests a minute; see https://example.com/limits"
    assert hide_key(message, key="sk-proj-7Qz_/4+XeLw9==vT2bNhRk8") == message
    assert hide_key("no *** here", key="") == "no *** here"
    assert hide_key("EMPTY is not a key", key="EMPTY") == "[key] is not a key"


def test_hiding_the_key_takes_time_in_proportion_to_the_text(key):
    def seconds(text):
        started = time.process_time()
        hide_key(text, key=key)
        return time.process_time() - started

    assert min(seconds("s*" * 100_000) for _ in range(3)) < 40 * min(seconds("s*" * 10_000) for _ in range(3))
