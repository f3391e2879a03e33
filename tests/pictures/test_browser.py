"""Pages in a real browser: what is drawn, what the filters hide, and what the keyboard can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sketches import EVIL, ada, bob, evil, hebrew, long_doc, silent, sketches
from spacy.tokens import Doc

from spacy_rin.pictures.graph import TextTriple
from spacy_rin.pictures.graph_page import write_graph_page
from spacy_rin.pictures.marks import SIGNS, MarkedDoc
from spacy_rin.pictures.page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from scripts.docs.modules.browser import find_programs, open_browser, open_page

MISSING = {"chromium", "chromedriver"} - find_programs().keys()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {sorted(MISSING)}"),
]

# What is visible on a page; rows as "head relation tail", arcs by their relation.
SEEN = """
const seen = (selector) => [...document.querySelectorAll(selector)].filter(
    (element) => element.getClientRects().length);
return {
    rows: seen("tbody tr").map((row) => row.cells[0].firstChild.data.trim() + " "
        + row.cells[1].textContent + " " + row.cells[2].firstChild.data.trim()),
    arcs: seen(".rin-arc").map((arc) => arc.querySelector("text").textContent),
    documents: seen("article h2").map((heading) => heading.textContent.split(" ")[1]),
    pictures: seen(".picture").length,
    count: document.getElementById("shown").textContent,
};
"""
# Texts that overlap in a picture, and pictures whose content is larger than they are.
OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll("svg")) {
    const texts = [...svg.querySelectorAll("text")].map((text) => [text, text.getBBox()]);
    texts.forEach(([a, p], k) => texts.slice(k + 1).forEach(([b, q]) => {
        if (Math.min(p.x + p.width, q.x + q.width) - Math.max(p.x, q.x) > 0
            && Math.min(p.y + p.height, q.y + q.height) - Math.max(p.y, q.y) > 4)
            found.push([a.textContent, b.textContent]);
    }));
    const box = svg.getBBox(), { x, y, width, height } = svg.viewBox.baseVal;
    if (box.x < x || box.y < y || box.x + box.width > x + width
        || box.y + box.height > y + height) found.push(["beyond the picture", box.width]);
}
return found;
"""
BLOCKED = """
const done = arguments[0];
document.addEventListener("securitypolicyviolation",
    (event) => done(event.effectiveDirective), { once: true });
const image = new Image();
image.src = "http://127.0.0.1:1/x.png";
document.body.append(image);
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(path, sketches(), title="Sketches")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with open_browser() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Chrome, path: Path) -> Iterator[Chrome]:
    """A page that was just opened. After the test, its console must be empty."""
    open_page(chromium, path)
    yield chromium
    assert chromium.get_log("browser") == []


def seen(browser: Chrome) -> dict[str, Any]:
    found: dict[str, Any] = browser.execute_script(SEEN)
    return found


def press(browser: Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def focused(browser: Chrome) -> str:
    """The element that has the focus: its id, label, or text."""
    return str(
        browser.execute_script(
            "const e = document.activeElement;"
            "return e === document.body ? 'body' : e.id || e.getAttribute('aria-label')"
            " || e.textContent || e.parentElement.textContent.trim().split(' ')[0]"
        )
    )


def tab_to(browser: Chrome, name: str) -> None:
    for _ in range(40):
        press(browser, Keys.TAB)
        if focused(browser) == name:
            return
    raise AssertionError(f"{name} was never reached")


def test_all_triples_are_in_lists_and_pictures(browser: Chrome) -> None:
    relations = [relation for doc in sketches() for relation in doc._.relations]
    found = seen(browser)
    expected = sorted(f"{r.head.text} {r.label} {r.tail.text}" for r in relations)
    assert sorted(found["rows"]) == expected
    assert sorted(found["arcs"]) == sorted(relation.label for relation in relations)
    assert found["count"] == f"{len(relations)} of {len(relations)} triples in 6 of 6 documents"


def test_nothing_is_fetched_and_nothing_can_be(chromium: Chrome, path: Path) -> None:
    open_page(chromium, path)
    assert chromium.execute_script("return performance.getEntriesByType('resource')") == []
    assert chromium.execute_async_script(BLOCKED) == "img-src"
    (message,) = chromium.get_log("browser")
    assert "Content Security Policy" in message["message"]


def test_markup_in_a_text_is_text(browser: Chrome) -> None:
    assert browser.execute_script("return typeof window.evil") == "undefined"
    text = "return [...document.querySelectorAll('.text')].pop().textContent"
    assert browser.execute_script(text) == evil().text
    assert EVIL in evil().text


def test_words_and_labels_do_not_lie_on_each_other(browser: Chrome) -> None:
    assert browser.execute_script(OVERLAPS) == []


def test_relations_can_be_left_out(browser: Chrome) -> None:
    browser.find_element("css selector", "button[data-choose=none]").click()
    found = seen(browser)
    assert found["rows"] == found["arcs"] == found["documents"] == []
    assert found["count"].startswith("0 of 16 triples in 0 of 6")
    browser.find_element("xpath", "//label[contains(., 'founded')]").click()
    found = seen(browser)
    assert found["rows"] == ["Ada Lovelace founded Acme Steel", "Acme Steel founded London"]
    assert found["arcs"] == ["founded", "founded"] and found["documents"] == ["1"]
    assert found["count"] == "2 of 16 triples in 1 of 6 documents"
    browser.find_element("css selector", "button[data-choose=all]").click()
    assert len(seen(browser)["rows"]) == 16 and len(seen(browser)["documents"]) == 6


@pytest.mark.parametrize(("least", "expected"), [(0.0, 5), (0.5, 5), (0.51, 4), (0.93, 1)])
def test_scores_are_compared_as_they_are_shown(
    browser: Chrome, least: float, expected: int
) -> None:
    browser.execute_script(
        "const score = document.getElementById('score'); score.value = arguments[0];"
        "score.dispatchEvent(new Event('input', { bubbles: true }))",
        least,
    )
    found = seen(browser)
    names = ("Ada Lovelace", "London", "Acme Steel", "Bob")
    assert sum(row.startswith(names) for row in found["rows"]) == expected
    assert len(found["rows"]) == len(found["arcs"]) == expected + 11
    assert browser.find_element("id", "least").text == f"{least:.2f}"


def test_words_find_documents(browser: Chrome) -> None:
    browser.find_element("id", "search").send_keys("  RAINED all")
    assert seen(browser)["documents"] == ["3"]
    assert seen(browser)["count"] == "0 of 16 triples in 1 of 6 documents"


def test_filters_work_together(browser: Chrome) -> None:
    tab_to(browser, "search")
    press(browser, "Paris")
    assert seen(browser)["rows"] == ["Bob lives_in Paris"] and seen(browser)["pictures"] == 1
    tab_to(browser, "lives_in")
    press(browser, Keys.SPACE)
    assert seen(browser)["count"] == "0 of 16 triples in 0 of 6 documents"


def test_keyboard_alone_filters(browser: Chrome) -> None:
    tab_to(browser, "score")
    press(browser, Keys.END)
    assert browser.find_element("id", "least").text == "1.00"
    assert not any(row.startswith("Ada") for row in seen(browser)["rows"])
    press(browser, *[Keys.ARROW_LEFT] * 7)
    assert "Ada Lovelace lives_in London" in seen(browser)["rows"]
    tab_to(browser, "None")
    press(browser, Keys.ENTER)
    tab_to(browser, "lives_in")
    press(browser, Keys.SPACE)
    assert seen(browser)["arcs"] == ["lives_in"] * 2  # Ada's, and that of the Hebrew text


def test_keyboard_goes_through_the_page_and_out_again(browser: Chrome) -> None:
    names = []
    while (name := focused(browser)) != "body" or not names:
        outline = "return getComputedStyle(document.activeElement).outlineStyle"
        assert name == "body" or browser.execute_script(outline) == "solid", name
        names.append(name)
        assert len(names) < 60
        press(browser, Keys.TAB)
    assert names[1:6] == ["Skip the filters", "search", "score", "All", "None"]
    assert names.count("Picture") == 5


def test_filters_can_be_skipped(browser: Chrome) -> None:
    press(browser, Keys.TAB, Keys.ENTER, Keys.TAB)
    assert focused(browser) == "Picture"


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_nothing_is_wider_than_the_window(chromium: Chrome, path: Path, width: int) -> None:
    open_page(chromium, path, width=width)
    sizes = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, window = chromium.execute_script(sizes)
    assert content <= window <= width
    over = "e => e.scrollWidth - e.clientWidth"  # also to the left, where no window scrolls
    cells = f"return [...document.querySelectorAll('th, td, .text')].map({over})"
    assert max(chromium.execute_script(cells)) <= 1  # rounded
    scrolls = "return [...document.querySelectorAll('.picture')].map(p => p.scrollWidth > width)"
    assert any(chromium.execute_script(f"const width = {window}; {scrolls}"))
    assert len(long_doc()) == 200


def test_picture_that_is_a_little_too_wide_shrinks_and_a_wide_one_scrolls(
    chromium: Chrome, tmp_path: Path
) -> None:
    write_page(tmp_path / "page.html", [bob(), long_doc()])
    open_page(chromium, tmp_path / "page.html", width=1300)
    natural = [
        int(svg.get_attribute("width") or 0)
        for svg in chromium.find_elements("css selector", "svg")
    ]
    assert natural[0] < 300 and natural[1] > 2000
    open_page(chromium, tmp_path / "page.html", width=natural[0] + 20)  # with 32 of padding
    sizes = "return [...document.querySelectorAll('.picture')].map((p) => [p.clientWidth,"
    sizes += "p.scrollWidth, p.firstElementChild.getBoundingClientRect().width])"
    (place, needed, drawn), (_, far, whole) = chromium.execute_script(sizes)
    assert place == needed == round(drawn) and 0.85 * natural[0] <= drawn < natural[0]
    assert far == round(whole) == natural[1]


def test_heading_keeps_off_the_rule_below_it(chromium: Chrome, path: Path) -> None:
    open_page(chromium, path, width=1300)
    places = (
        "return ['h1', 'article'].map((e) => document.querySelector(e).getBoundingClientRect())"
    )
    heading, article = chromium.execute_script(places)
    assert heading["right"] > article["left"] and article["top"] - heading["bottom"] >= 8


def compared(corpus: list[Doc]) -> list[MarkedDoc]:
    """Ada's triples, each of another kind, and a text with none."""
    ada, silent = corpus
    entities = ["right", "wrong", "missed"]
    kinds = ["right", "wrong", "missed", "wrong"]
    return [MarkedDoc(ada, 7, kinds, entities), MarkedDoc(silent, 2, [], [])]


@pytest.fixture
def comparison(chromium: Chrome, tmp_path: Path) -> Iterator[Chrome]:
    write_page(tmp_path / "page.html", compared([ada(), silent()]), title="Compared")
    open_page(chromium, tmp_path / "page.html")
    yield chromium
    assert chromium.get_log("browser") == []


def test_each_kind_can_be_left_out(comparison: Chrome) -> None:
    assert seen(comparison)["count"] == "4 of 4 triples in 2 of 2 documents"
    comparison.find_element("css selector", "input[value=wrong]").click()
    found = seen(comparison)
    kinds = dict(enumerate(["right", "wrong", "missed", "wrong"]))
    relations = [r for k, r in enumerate(ada()._.relations) if kinds[k] != "wrong"]
    assert found["rows"] == [f"{r.head.text} {r.label} {r.tail.text}" for r in relations]
    assert sorted(found["arcs"]) == sorted(
        f"{SIGNS[kinds[k]]} {r.label}"
        for k, r in enumerate(ada()._.relations)
        if kinds[k] != "wrong"
    )
    assert found["count"] == "2 of 4 triples in 1 of 2 documents"
    comparison.find_element("css selector", "button[data-choose=all]").click()
    assert len(seen(comparison)["rows"]) == 2  # the buttons choose relations alone
    comparison.find_element("css selector", "input[value=wrong]").click()
    assert len(seen(comparison)["rows"]) == 4 and len(seen(comparison)["documents"]) == 2


def test_missed_triples_stay_whatever_the_least_score(comparison: Chrome) -> None:
    tab_to(comparison, "score")
    press(comparison, Keys.END)
    assert [arc[0] for arc in seen(comparison)["arcs"]] == [SIGNS["missed"]]


@pytest.mark.parametrize("dark", [False, True])
def test_kinds_differ_in_sign_line_and_colour(chromium: Chrome, tmp_path: Path, dark: bool) -> None:
    write_page(tmp_path / "page.html", compared([ada(), silent()]))
    open_page(chromium, tmp_path / "page.html", dark=dark)
    looks = chromium.execute_script(
        "return ['right', 'wrong', 'missed'].map((kind) => {"
        "const arc = document.querySelector(`.rin-arc.rin-${kind}`);"
        "const mark = document.querySelector(`mark.rin-${kind}`);"
        "return [arc.querySelector('text').textContent[0], getComputedStyle(arc).color,"
        "getComputedStyle(arc.querySelector('path')).strokeDasharray,"
        "getComputedStyle(mark).borderBottomStyle, mark.dataset.label[0]]; })"
    )
    for column in zip(*looks, strict=True):
        assert len(set(column)) == 3, column
    for kind in ("right", "wrong", "missed"):
        assert contrast(chromium, f"rin-arc.rin-{kind} .rin-label") >= 4.5


def test_right_to_left_text_runs_from_the_right(browser: Chrome) -> None:
    (article,) = browser.find_elements("css selector", "article[dir=rtl]")
    assert article.find_element("class name", "text").text.startswith(hebrew()[0].text)
    places = [word.rect["x"] for word in article.find_elements("class name", "rin-word")]
    assert len(places) == 4 and places == sorted(places, reverse=True)
    direction = "return getComputedStyle(arguments[0]).direction"
    assert browser.execute_script(direction, article.find_element("class name", "text")) == "rtl"
    head, _, tail, _ = article.find_elements("css selector", "td")
    assert head.rect["x"] > tail.rect["x"]


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_the_ground_in_light_and_dark(
    chromium: Chrome, path: Path, dark: bool
) -> None:
    open_page(chromium, path, dark=dark)
    for name in ("text", "rin-word", "rin-label", "none"):
        assert contrast(chromium, name) >= 4.5, name  # as WCAG 2.2 has it, 1.4.3


def contrast(browser: Chrome, name: str) -> float:
    """The contrast of the first element of a class with the background, by WCAG's formula."""
    ink, paper = (
        [
            int(part)
            for part in browser.execute_script(
                "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
                ".match(/\\d+/g)",
                *query,
            )[:3]
        ]
        for query in ((f".{name}", "color"), ("body", "backgroundColor"))
    )
    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: list[int]) -> float:
    parts = [c / 255 for c in color]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_page_without_scripts_has_everything_but_the_filters(chromium: Chrome, path: Path) -> None:
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(chromium, path)
        assert not chromium.find_element("id", "filters").is_displayed()
        assert len(chromium.find_elements("css selector", "tbody tr")) == 16
        assert chromium.find_element("id", "shown").text == "16 triples in 6 documents"
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


GRAPH_SEEN = """
const seen = (selector) => [...document.querySelectorAll(selector)].filter(
    (element) => element.getClientRects().length);
return {
    rows: seen("tbody tr").map((row) => [0, 1, 2].map((k) => row.cells[k].textContent).join(" ")),
    edges: seen(".rin-edge").length,
    labels: seen(".rin-edge text").map((text) => text.textContent),
    nodes: seen(".rin-node").map((node) => node.querySelector("text").textContent),
    count: document.getElementById("shown").textContent,
};
"""


@pytest.fixture
def graph(chromium: Chrome, tmp_path: Path) -> Iterator[Chrome]:
    triples = [
        TextTriple("Ada", "PER", "lives_in", "London", "LOC", 0.9),
        TextTriple("London", "LOC", "home_of", "Ada", "PER", 0.4),
        TextTriple("Bob", "PER", "saw", "Paris", "LOC", 0.7),
        TextTriple("Paris", "LOC", "same_as", "Paris", "LOC", 0.8),
        TextTriple(EVIL, "PER", EVIL, "Bob", "PER", 0.6),
    ]
    write_graph_page(tmp_path / "graph.html", triples)
    open_page(chromium, tmp_path / "graph.html")
    yield chromium
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return window.evil") is None


def test_graph_shows_every_triple_and_nothing_overlaps(graph: Chrome) -> None:
    seen = graph.execute_script(GRAPH_SEEN)
    assert len(seen["rows"]) == 5 and seen["edges"] == 4 and len(seen["nodes"]) == 5
    assert seen["labels"] == [] and seen["count"] == "5 of 5 triples, 5 of 5 entities"
    assert graph.execute_script(OVERLAPS) == []


def test_graph_filters_hide_triples_and_entities_without_any(graph: Chrome) -> None:
    graph.find_element("id", "search").send_keys("london")
    seen = graph.execute_script(GRAPH_SEEN)
    assert sorted(seen["rows"]) == ["Ada lives_in London", "London home_of Ada"]
    assert sorted(seen["nodes"]) == ["Ada", "London"] and seen["edges"] == 2
    graph.find_element("css selector", "[data-choose=none]").click()
    assert graph.execute_script(GRAPH_SEEN)["rows"] == []


def test_graph_entity_is_chosen_by_keyboard(graph: Chrome) -> None:
    node = next(
        node for node in graph.find_elements("css selector", ".rin-node") if node.text == "Paris"
    )
    node.send_keys(Keys.ENTER)
    seen = graph.execute_script(GRAPH_SEEN)
    assert sorted(seen["rows"]) == ["Bob saw Paris", "Paris same_as Paris"]
    assert seen["labels"] == ["saw"] and node.get_attribute("aria-pressed") == "true"
    node.send_keys(Keys.ESCAPE)
    assert len(graph.execute_script(GRAPH_SEEN)["rows"]) == 5
