"""Models on a hub: a loopback copy of its endpoints, which notes what it is asked; users in processes of their own."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from huggingface_hub import ModelCard

import st_beast
from beast_core import load_encoder, read_encoder, write_encoder
from st_beast.hub import hub_name

WORDS = ["perro", "PERRO", "", "electroencefalografista", "日本語"]


class Hub(BaseHTTPRequestHandler):
    """What huggingface_hub asks of a hub to load and to push; `models` are {name: {revision: {path: content}}}."""

    protocol_version = "HTTP/1.1"
    models: dict[str, dict[str, dict[str, bytes]]]
    asked: list[str]
    tokens: dict[str, str]
    down = False

    def log_message(self, *_):
        pass

    def _answer(self, status, content=b"", **headers):
        if not isinstance(content, bytes):
            content, headers = json.dumps(content).encode(), headers | {"Content-Type": "application/json"}
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, status, code):
        self._answer(status, {"error": code}, X_Error_Code=code, X_Error_Message=code)

    def _commit(self, name, revision):
        """The number of a revision's commit, or None after an answer that says why there is none."""
        if self.down:
            return self._refuse(HTTPStatus.BAD_GATEWAY, "Down")
        if name == "ana/gated":
            return self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo")
        wanted = self.tokens.get(name)
        if name not in self.models or (wanted and self.headers["Authorization"] != f"Bearer {wanted}"):
            return self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound")
        commits = {commit_of(files): files for files in self.models[name].values()}
        if revision in commits:
            return revision, commits[revision]
        if revision not in self.models[name]:
            return self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        files = self.models[name][revision]
        return commit_of(files), files

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        self.asked.append(f"{self.command} {path}")
        if found := re.fullmatch(r"/(?:api/models/)?([^/]+/[^/]+)/(resolve|tree|revision)/([^/]+)/?(.*)", path):
            name, what, revision, file = found.groups()
            if commit := self._commit(name, revision):
                getattr(self, f"_{what}")(name, *commit, file)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound")

    do_HEAD = do_GET

    def _resolve(self, _, commit, files, file):
        if file not in files:
            return self._answer(HTTPStatus.NOT_FOUND, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        return self._answer(
            HTTPStatus.OK, files[file], ETag=f'"{hashlib.sha1(files[file]).hexdigest()}"', X_Repo_Commit=commit
        )

    def _tree(self, _, commit, files, __):
        sizes = [{"type": "file", "path": path, "size": len(files[path]), "oid": commit} for path in files]
        self._answer(HTTPStatus.OK, sizes)

    def _revision(self, name, commit, files, _):
        self._answer(HTTPStatus.OK, {"id": name, "sha": commit, "siblings": [{"rfilename": path} for path in files]})

    def do_POST(self):
        path = urlsplit(self.path).path
        self.asked.append(f"POST {path}")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        here = f"http://{self.headers['Host']}"
        if path == "/api/repos/create":
            name = "/".join(filter(None, (json.loads(body).get("organization"), json.loads(body)["name"])))
            self.models.setdefault(name, {"main": {}})
            self._answer(HTTPStatus.OK, {"url": f"{here}/{name}", "name": name})
        elif "/preupload/" in path:
            files = [file["path"] for file in json.loads(body)["files"]]
            asked = [{"path": file, "uploadMode": "regular", "shouldIgnore": False} for file in files]
            self._answer(HTTPStatus.OK, {"files": asked})
        elif "/commit/" in path:
            name = re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path)[1]
            lines = [json.loads(line) for line in body.splitlines()]
            values = [line["value"] for line in lines if line["key"] == "file"]
            self.models[name]["main"] |= {value["path"]: base64.b64decode(value["content"]) for value in values}
            commit = commit_of(self.models[name]["main"])
            self._answer(HTTPStatus.OK, {"commitUrl": f"{here}/{name}/commit/{commit}", "commitOid": commit})
        else:
            self._answer(HTTPStatus.OK, {"errors": [], "warnings": []})


def commit_of(files):
    return hashlib.sha1(repr(sorted((path, hashlib.sha1(files[path]).digest()) for path in files)).encode()).hexdigest()


def files_of(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def hub(small, tmp_path_factory):
    """The folder of what the models are made of, and the address of a hub that has them."""
    root = tmp_path_factory.mktemp("hub")
    encoder = read_encoder(small)
    older = write_encoder(encoder, root / "older", compact=None)
    encoder.projection.bias.data += 0.5
    ours = write_encoder(encoder, root / "ours", compact=None)
    (ours / "README.md").write_text(CARD, encoding="utf-8")
    stock = st_beast.save(root / "stock", model=ours)
    more = {"pytorch_model.bin": b"never", "onnx/model.onnx": b"never", "checkpoint-7/model.safetensors": b"never"}
    Hub.models = {
        "ana/ours": {"main": files_of(ours) | more, "v1": files_of(older)},
        "ana/stock": {"main": files_of(stock) | more},
        "ana/private": {"main": files_of(ours)},
        "ana/bert": {"main": {"config.json": b'{"model_type": "bert"}', "model.safetensors": b"never"}},
        "ana/data": {"main": {"README.md": b"# Data", "model.safetensors": b"never"}},
    }
    Hub.asked, Hub.tokens = [], {"ana/private": "secret"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield root, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


CARD = "---\nlicense: cc-by-4.0\nlanguage: gl\nauthor: Ana\nteacher:\n- a table\ncredits:\n- Words (CC BY 4.0)\n---\n"

START = """
import json, sys
import numpy as np
import st_beast
from pathlib import Path
words = json.loads(sys.argv[1])

def told(load):
    try:
        load()
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"
"""


@pytest.fixture(scope="module")
def python(hub):
    """Runs a user's program in a folder of its own, with the hub's cache there; what it prints last is JSON."""
    root, address = hub
    work = root / "work"
    work.mkdir()

    def run(program, **settings):
        Hub.asked.clear()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
        settings = {"HF_ENDPOINT": address, "HF_HOME": str(root / "home"), "HF_HUB_DISABLE_TELEMETRY": "1"} | settings
        command = [sys.executable, "-W", "error", "-c", START + program, json.dumps(WORDS)]
        done = subprocess.run(
            command, cwd=work, env=kept | settings, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


ONLINE = """
found = {}
for name in ("ana/ours", "ana/stock"):
    found[name] = st_beast.load(name).encode(words).tolist()
    found[name + " again"] = st_beast.load(name, local_files_only=True).encode(words).tolist()
found["ana/ours v1"] = st_beast.load("ana/ours", revision="v1").encode(words).tolist()
found["ana/private"] = st_beast.load("ana/private", token="secret", cache_folder="cache").encode(words).tolist()
wrong = ("ana/none", "ana/private", "ana/gated", "ana/bert", "ana/data")
errors = {name: told(lambda: st_beast.load(name)) for name in wrong}
errors["v9"] = told(lambda: st_beast.load("ana/ours", revision="v9"))

model = st_beast.load("ana/ours", trainable=True)
model.push_to_hub("ana/pushed", token="secret")
model.model_card_data.add_tags("generated_from_trainer")  # what makes the host write a new card
model.save("tuned")
found["ana/pushed"] = st_beast.load("ana/pushed").encode(words).tolist()
print(json.dumps([found, errors, [str(path) for path in Path("cache").glob("models*")]]))
"""
OFFLINE = """
found = [st_beast.load(name).encode(words).tolist() for name in ("ana/ours", "ana/stock", "ana/pushed")]
import huggingface_hub.constants
offline = told(lambda: st_beast.load("ana/new"))
huggingface_hub.constants.HF_HUB_OFFLINE = False
found.append(st_beast.load("ana/ours").encode(words).tolist())  # nobody listens, but the cache has it
print(json.dumps([found, offline, told(lambda: st_beast.load("ana/new"))]))
"""


@pytest.fixture(scope="module")
def online(python):
    """What a user with a network found, and what the hub was asked."""
    return *python(ONLINE), list(Hub.asked)


def test_models_of_both_kinds_are_loaded_by_name(hub, online):
    root, _ = hub
    found, _, cached, asked = online
    newer, older = (load_encoder(root / name).encode(WORDS) for name in ("ours", "older"))
    assert np.abs(newer - older).max() > 0.01
    for name, vectors in found.items():
        assert np.abs(np.array(vectors) - (older if name.endswith("v1") else newer)).max() < 1e-6, name
    assert cached == ["cache/models--ana--private"]
    loading = asked[: asked.index("POST /api/repos/create")]
    fetched = {path.rpartition("/")[2] for path in loading if path.startswith("GET") and "/resolve/" in path}
    ours = {"config.json", "model.safetensors", "README.md"}
    assert fetched == ours | {"modules.json", "config_sentence_transformers.json"}
    assert not any("checkpoint-7" in path or "ana/bert/resolve/main/model" in path for path in asked)
    # What is in the cache is not fetched again: each load asks which commit is newest, with `local_files_only` nothing.
    assert loading.count("GET /ana/ours/resolve/main/config.json") == 1
    assert loading.count("HEAD /ana/ours/resolve/main/config.json") == 2  # one to use, one to train
    assert loading.count("HEAD /ana/stock/resolve/main/config.json") == 1


def test_what_is_wrong_is_said_in_our_words(online):
    _, errors, _, _ = online
    expected = {
        "ana/none": r"FileNotFoundError: no model 'ana/none' at http://127\.0\.0\.1:\d+ that may be read, and no "
        r"folder .*none: check the name; a private model .*`hf auth login`, HF_TOKEN in the environment, or token=",
        "ana/private": "FileNotFoundError: no model 'ana/private' at .* a private model",
        "ana/gated": "PermissionError: 'ana/gated' at .* ask on its page, then log in",
        "ana/bert": "ModelFolderError: 'ana/bert' of the hub is no BEAST model, .*does not describe a BEAST model",
        "ana/data": "ModelFolderError: 'ana/data' at .* is no BEAST model: config.json is missing",
        "v9": "FileNotFoundError: 'ana/ours' at .* has no revision 'v9', expected a branch, a tag or a commit",
    }
    assert set(errors) == set(expected)
    for name, error in errors.items():
        assert re.match(expected[name], error), error


def test_a_pushed_model_says_whose_it_is(hub, online):
    root, _ = hub
    tuned = (root / "work" / "tuned" / "README.md").read_text(encoding="utf-8")
    for text in (Hub.models["ana/pushed"]["main"]["README.md"].decode(), tuned):
        data = ModelCard(text).data
        assert (data.license, data.language, data.pipeline_tag) == ("cc-by-4.0", ["gl"], "sentence-similarity")
        assert {"beast-vectors", "sentence-transformers", "word-embeddings"} <= set(data.tags)
        assert (data.author, data.teacher, data.credits) == ("Ana", ["a table"], ["Words (CC BY 4.0)"])
        assert (
            "a model by Ana, under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), that learnt from a table"
            in text
        )
    assert data.base_model == "ana/ours" and "finetuned from [ana/ours]" in tuned
    assert 'SentenceTransformer("ana/pushed")' in Hub.models["ana/pushed"]["main"]["README.md"].decode()


def test_without_a_network_the_cache_is_enough(hub, online, python):
    root, _ = hub
    found, offline, unreached = python(OFFLINE, HF_HUB_OFFLINE="1", HF_ENDPOINT="http://127.0.0.1:9")
    expected = load_encoder(root / "ours").encode(WORDS)
    assert all(np.abs(np.array(vectors) - expected).max() < 1e-6 for vectors in found)
    assert re.match(
        r"FileNotFoundError: the model of 'ana/new' is not.* in the cache .*, and HF_HUB_OFFLINE says", offline
    )
    assert re.match(
        r"ConnectionError: 'ana/new' at http://127\.0\.0\.1:9 cannot be reached, and .*check the network", unreached
    )
    assert not Hub.asked


def test_paths_and_languages_are_no_names_on_a_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "model").mkdir(parents=True)
    asked = []
    monkeypatch.setattr("st_beast.loading.fetch", lambda *arguments, **_: asked.append(arguments))
    paths = [
        "runs/model",
        "runs/mistyped",
        "./ana/ours",
        "ana/ours/",
        "ana/ours/model",
        "/ana/ours",
        "../ana/ours",
        "beast",
    ]
    for path in [*paths, "~/beast", "ana\\ours", Path("ana/ours"), "xx", "a--b/c", "ana/..", ".ana/ours", ""]:
        with pytest.raises(
            (OSError, ValueError, TypeError), match=r"no model at|config\.json is missing|expected the path"
        ):
            st_beast.load(path)
    for path in ("runs/model", "./ana/ours", Path("ana/ours"), "de", None):
        with pytest.raises(ValueError, match=r"revision is 'v1', which a model on a hub alone has"):
            st_beast.load(path, revision="v1")
    with pytest.raises(ValueError, match="revision is 'v1'"):
        st_beast.load(language="de", revision="v1")
    assert st_beast.load("es", local_files_only=True).encode("perro").shape == (256,)
    with pytest.raises(FileNotFoundError, match="no model at"):
        st_beast.save(tmp_path / "saved", model="ana/ours")  # a path or a language, never a name
    assert asked == []
    assert hub_name("ana/ours", revision=None) == hub_name("ana/ours", revision="v1") == "ana/ours"
    assert hub_name("runs/mistyped", revision="main") == "runs/mistyped"
