"""Run where the wheel is installed as `[spacy]`, and torch is not: `smoke_without_torch.py GOLDEN KERNEL`.

Vectors are those of the file GOLDEN, which `smoke.py` wrote where torch is, within 1e-6; KERNEL, "compiled" or "numpy",
is what computes them. Then what the README promises: spaCy's line, a saved pipeline, two processes, a frozen layer,
its snippets. What needs torch says so. Last, what a fresh process takes up to its first vector.
"""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("error")

import numpy as np  # noqa: E402
import spacy  # noqa: E402

import beast_core  # noqa: E402
from beast_core.kernel import path_in_use  # noqa: E402

README = Path(__file__).parents[1] / "README.md"
TEXTS = ["Los perritos ladran.", "Los gatazos maúllan 😀", "una mesa"] * 10
TAGS = {"el": "DET", "perro": "N", "ladra": "V"}

# Memory is the same on every machine; time is not, and only a multiple of its bar fails. It is that of the processor,
# which other jobs on the machine change little.
CORE = "import beast_core; beast_core.load_encoder('es').encode_word('perro')"
SPACY = "import spacy; nlp = spacy.blank('es'); nlp.add_pipe('beast_vectors'); nlp('perro')[0].vector"
FRESH = [  # what runs, beyond what other, the bars in seconds and megabytes
    ("import numpy", "", None, None),
    (CORE, "", 0.15, 60),
    (SPACY, "import spacy; nlp = spacy.blank('es'); nlp('perro')", 0.1, 40),
]
SLOWEST = 10


def check_vectors(golden: Path, kernel: str) -> None:
    used, reason = path_in_use()
    assert used.name == kernel, f"{used.name} is in use, expected {kernel}: {reason}"
    with np.load(golden) as expected:
        words = expected["words"].tolist()
        assert set(expected) == {"words", *beast_core.shipped_languages()}
        for language in beast_core.shipped_languages():
            encoder = beast_core.load_encoder(language)
            np.testing.assert_allclose(encoder.encode(words), expected[language], rtol=0, atol=1e-6)
            np.testing.assert_array_equal([encoder.encode_word(word) for word in words], encoder.encode(words))
    said = run("-m", "beast_core")
    assert re.search(rf"kernel: +{kernel}\b", said) and "torch:   not installed" in said, said


def check_pipeline(folder: Path) -> None:
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors")
    doc = nlp("El perrito ladra")
    np.testing.assert_allclose(doc[1].vector, beast_core.load_encoder("es").encode_word("perrito"), atol=1e-6)
    assert doc[1].similarity(nlp("perro")[0]) > doc[1].similarity(nlp("mesa")[0])
    nlp.add_pipe("beast_matcher").add_patterns([{"label": "ANIMAL", "pattern": "perro"}])
    nlp.to_disk(folder)
    saved = spacy.load(folder)
    doc = saved("Los perros ladran")
    assert [span.text for span in doc.spans["beast"]] == ["perros"]
    alone = [each.vector for each in nlp.pipe(TEXTS)]
    np.testing.assert_allclose([each.vector for each in saved.pipe(TEXTS)], alone, atol=1e-6)
    np.testing.assert_allclose([each.vector for each in saved.pipe(TEXTS, n_process=2, batch_size=8)], alone, atol=1e-6)


def with_embed(**settings: object) -> spacy.Language:
    """A tagger over the encoder as an embedding layer."""
    nlp = spacy.blank("es")
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 16, "depth": 1}
    encode |= {"window_size": 1, "maxout_pieces": 2}
    embed = {"@architectures": "spacy_beast.BeastEmbed.v1", "width": 16, **settings}
    tok2vec = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": tok2vec}})
    return nlp


def check_frozen_embed(folder: Path) -> None:
    nlp = with_embed()
    doc = nlp.make_doc("el perro ladra")
    examples = [spacy.training.Example.from_dict(doc, {"words": list(TAGS), "tags": list(TAGS.values())})] * 4
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(folder)
    assert [token.tag_ for token in spacy.load(folder)("el perro ladra")] == list(TAGS.values())


def check_what_needs_torch() -> None:
    assert importlib.util.find_spec("torch") is None, "torch is installed"
    calls = {
        "torch": [
            lambda: beast_core.BeastEncoder,
            lambda: beast_core.load_encoder("es", device="cuda"),
            lambda: with_embed(trainable=True),
        ],
        "st": [lambda: importlib.import_module("st_beast")],
    }
    for extra, failing in calls.items():
        for call in failing:
            try:
                call()
            except ImportError as error:
                assert f"pip install 'beast-vectors[{extra}]'" in str(error), error
            else:
                raise AssertionError("no error where torch is missing")


def check_readme() -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)
    ours = [snippet for snippet in snippets if not re.search("sentence_transformers|st_beast", snippet)]
    assert len(ours) == 2, "expected the core's snippet and spaCy's"
    for snippet in ours:
        run("-W", "error", "-c", snippet)


def run(*arguments: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fresh(code: str) -> np.ndarray:
    """Seconds and resident megabytes that a fresh process takes for that: the least of three times."""
    script = (
        "import time; start = time.process_time()\n"
        f"{code}\n"
        "took = time.process_time() - start\n"
        "import json, pathlib\n"
        "status = dict(line.split(':', 1) for line in pathlib.Path('/proc/self/status').read_text().splitlines())\n"
        "print(json.dumps([took, int(status['VmHWM'].split()[0]) / 1024]))\n"
    )
    return np.min([json.loads(run("-c", script)) for _ in range(3)], axis=0)


def measure() -> None:
    for code, beyond, most_seconds, most_megabytes in FRESH:
        seconds, megabytes = fresh(code) - (fresh(beyond) if beyond else 0)
        bars = f", bars {most_seconds} s and {most_megabytes} MB" if most_seconds else ""
        print(f"  {code!r}{f' beyond {beyond!r}' * bool(beyond)}: {seconds:.3f} s, {megabytes:.0f} MB{bars}")
        assert not most_megabytes or megabytes <= most_megabytes, "more memory than the bar allows"
        assert not most_seconds or seconds <= SLOWEST * most_seconds, f"{SLOWEST} times slower than the bar"


def main() -> None:
    golden, kernel = sys.argv[1:]
    assert not (Path(beast_core.__file__).parents[1] / "pyproject.toml").exists(), "this is the source tree"
    with tempfile.TemporaryDirectory() as folder:
        check_vectors(Path(golden), kernel)
        check_pipeline(Path(folder) / "pipeline")
        check_frozen_embed(Path(folder) / "tagger")
    check_what_needs_torch()
    check_readme()
    print(f"smoke test without torch passed: {kernel}, {beast_core.__file__}")
    measure()


if __name__ == "__main__":  # processes of `n_process` may run this file too
    main()
