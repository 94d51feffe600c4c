import shutil

import pytest

from training.explore.__main__ import main
from training.languages import read_language

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<!--<script>",
    "{{data}} & \"'",
    "'; alert(1) //\u2028x",
]


@pytest.fixture(scope="session")
def words():
    """Everyday German words, names of several words, and what would be code if it were not taken for text."""
    everyday = [word for words in read_language("de").word_map.values() for word in words.split()[:8]]
    return [*everyday, "New York", "Straße der Einheit", *HOSTILE]


@pytest.fixture(scope="session")
def report(words, tmp_path_factory):
    """The report that the command writes of them."""
    folder = tmp_path_factory.mktemp("explore")
    (folder / "words.txt").write_text("\n".join([*words, "", words[0]]), encoding="utf-8")
    main([str(folder / "words.txt"), "--model", "de", "--output", str(folder / "report.html"), "--title", "<b>Wörter"])
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Debian's Chromium without a screen, driven by selenium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install -e '.[dev]'")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", f"user-data-dir={tmp_path_factory.mktemp('chromium')}"),
    ):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as opened:
        opened.set_window_size(1280, 900)
        yield opened
