import contextlib
import hashlib
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from training.resources.downloads import SourceError, download


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """A folder and the address it is served at, until `stop` is called."""
    (tmp_path / "served").mkdir()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "served"))
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()

    def stop():
        serving.shutdown()
        serving.server_close()
        thread.join()

    yield tmp_path / "served", f"http://127.0.0.1:{serving.server_port}", stop
    if thread.is_alive():
        stop()


def sha512(content):
    return hashlib.sha512(content).hexdigest()


def test_a_download_is_checked_kept_and_not_asked_for_again(server, tmp_path):
    served, address, stop = server
    (served / "words.tgz").write_bytes(b"perro gato")
    kept = download(f"{address}/words.tgz", sha512=sha512(b"perro gato"), folder=tmp_path / "kept")
    stop()
    assert kept.read_bytes() == b"perro gato"
    again = download(f"{address}/words.tgz", sha512=sha512(b"perro gato"), folder=tmp_path / "kept")
    assert again == kept
    kept.write_bytes(b"perro")
    with pytest.raises(SourceError, match=r"words\.tgz has SHA-512 .* \(5 bytes\), expected .*remove it and try again"):
        download(f"{address}/words.tgz", sha512=sha512(b"perro gato"), folder=tmp_path / "kept")


def test_another_file_or_none_is_not_kept(server, tmp_path):
    served, address, stop = server
    (served / "words.tgz").write_bytes(b"something else")
    for name, message in (("words.tgz", "another version"), ("none.tgz", "HTTP Error 404")):
        with pytest.raises(SourceError, match=message):
            download(f"{address}/{name}", sha512=sha512(b"perro gato"), folder=tmp_path / "kept")
    stop()
    put = re.escape(f"connect to the network, or fetch it elsewhere and put it at {tmp_path / 'kept' / 'words.tgz'}")
    with pytest.raises(SourceError, match=rf"cannot download {address}/words\.tgz .*{put}"):
        download(f"{address}/words.tgz", sha512=sha512(b"perro gato"), folder=tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


class Endless(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):  # the other side has had enough
            while True:
                self.wfile.write(bytes(1_000_000))


def test_an_endless_answer_is_not_read_to_its_end(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            with pytest.raises(SourceError, match=r"words\.tgz has more than 100,000,000 bytes"):
                download(f"http://127.0.0.1:{serving.server_port}/words.tgz", sha512="", folder=tmp_path)
        finally:
            serving.shutdown()
            thread.join()
