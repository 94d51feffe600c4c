"""The report in a real browser, as a person uses it: by mouse, by keyboard, on a phone, in the dark."""

import json
import re

import pytest

keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys
ActionChains = pytest.importorskip("selenium.webdriver").ActionChains
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait


@pytest.fixture
def data(report):
    text = report.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture
def page(browser, report):
    """The report, just opened; whatever a test does must leave no error and ask for no other file."""
    browser.get(report.as_uri())
    yield browser
    assert browser.get_log("browser") == []
    assert browser.execute_script("return [performance.getEntriesByType('resource').length, window.hacked]") == [
        0,
        None,
    ]


def chosen(page):
    return page.find_element("id", "word").text


def neighbours(page):
    return [entry.text for entry in page.find_elements("css selector", "#neighbours .name")]


def press(page, *pressed):
    ActionChains(page).send_keys(*pressed).perform()


def focused(page):
    return page.execute_script("return document.activeElement.id || document.activeElement.textContent")


def test_a_click_on_the_map_shows_the_neighbours_and_a_click_on_one_goes_there(page, data):
    word = data["words"].index("Hund")
    x, y = page.execute_script("return document.getElementById('map').placeOf(arguments[0])", word)
    canvas = page.find_element("id", "map")
    middle = canvas.size["width"] / 2, canvas.size["height"] / 2
    ActionChains(page).move_to_element_with_offset(canvas, x - middle[0] + 2, y - middle[1]).click().perform()
    assert chosen(page) == "Hund"
    assert neighbours(page) == [data["words"][other] for other in data["neighbours"][word]]
    page.find_elements("css selector", "#neighbours button")[0].click()
    first = data["neighbours"][word][0]
    assert chosen(page) == data["words"][first] and "Hund" in neighbours(page)


def test_all_can_be_done_by_keyboard_and_the_focus_is_seen(page, data):
    press(page, keys.TAB)
    assert focused(page) == "map"
    outline = "const style = getComputedStyle(document.activeElement); return style.outlineStyle + style.outlineWidth"
    assert page.execute_script(outline) == "solid3px"
    press(page, keys.ARROW_RIGHT)
    first = chosen(page)
    press(page, keys.ARROW_DOWN)
    places = [data["places"][data["words"].index(word)] for word in (first, chosen(page))]
    assert first in data["words"] and places[1][1] > places[0][1]
    press(page, keys.ENTER)
    assert focused(page).startswith(neighbours(page)[0])
    beside = neighbours(page)[0]
    press(page, keys.ENTER)
    assert chosen(page) == beside and focused(page) == "word"
    assert beside in page.find_element("id", "said").get_attribute("textContent")


def test_words_are_found_by_their_first_letters_without_accents(page):
    press(page, keys.TAB * 5)
    assert focused(page) == "search"
    press(page, "newt")
    assert page.find_element("id", "found-none").text == "No such word in the list."
    press(page, keys.BACKSPACE, keys.ARROW_DOWN, keys.ARROW_UP, keys.ENTER)
    assert chosen(page) == "New York" and not page.find_element("id", "found").is_displayed()
    search = page.find_element("id", "search")
    search.clear()
    search.send_keys("strasse")
    assert [entry.text for entry in page.find_elements("css selector", "#found li")] == ["Straße der Einheit"]


def test_words_that_look_like_code_are_text(page, words):
    search = page.find_element("id", "search")
    for word in words[-5:]:
        search.clear()
        search.send_keys(word[1:6], keys.ENTER)
        assert page.find_element("id", "word").get_property("textContent") == word
    assert page.title == "<b>Wörter" and page.find_element("tag name", "h1").text == "<b>Wörter"


def test_a_cluster_is_seen_alone_until_it_is_pressed_again(page, data):
    button = page.find_elements("css selector", "#clusters button")[1]
    assert button.text.endswith(str(data["clusters"].count(1)))
    pixels = "return document.getElementById('map').toDataURL()"
    before = page.execute_script(pixels)
    button.send_keys(keys.ENTER)
    assert button.get_attribute("aria-pressed") == "true" and page.execute_script(pixels) != before
    button.send_keys(keys.SPACE)
    assert button.get_attribute("aria-pressed") == "false" and page.execute_script(pixels) == before


def test_it_zooms_and_comes_back(page):
    pixels = "return document.getElementById('map').toDataURL()"
    before = page.execute_script(pixels)
    page.find_element("id", "zoom-in").click()
    assert page.execute_script(pixels) != before
    page.find_element("id", "reset").click()
    assert page.execute_script(pixels) == before


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_cut_off_at_any_width(page, width):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 740, "deviceScaleFactor": 2, "mobile": False}
    )
    try:
        page.find_element("id", "search").send_keys("img", keys.ENTER)
        wide = "return [...document.querySelectorAll('body *:not(.hidden)')].filter(e => !e.closest('.scroll table') &&"
        wide += " e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 60))"
        assert page.execute_script(wide) == []
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_is_dark_where_the_system_is(page):
    colour = "return [getComputedStyle(document.body).backgroundColor, document.getElementById('map').toDataURL()]"
    light, map_in_light = page.execute_script(colour)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    try:
        # Drawn anew at the browser's next frame.
        WebDriverWait(page, 20).until(lambda page: page.execute_script(colour)[1] != map_in_light)
        assert (light, page.execute_script(colour)[0]) == ("rgb(255, 255, 255)", "rgb(20, 23, 26)")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
