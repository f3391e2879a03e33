"""Photograph pages for the documentation: docs/pictures/*.png, in Chromium.

Everything on them is invented: texts of the demo corpus, as the demo pipeline reads them, one
sentence of some 200 words, and one that runs from right to left.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
import typer
from spacy.tokens import Doc, Span
from wasabi import msg

from scripts.docs.modules.browser import open_browser, open_page
from spacy_rin import Relation, set_relations
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.extract.triples import read_triples
from spacy_rin.pictures.graph import TextTriple
from spacy_rin.pictures.graph_page import write_graph_page
from spacy_rin.pictures.page import write_page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PORTS = ["Anvik", "Bellhaven", "Corrin", "Dunmouth", "Eskvik", "Farholm", "Gullport", "Hestness"]
PHONE = 390

# The first entity of the graph, brought into view, as if it were clicked
CHOOSE = """const node = document.querySelector(".rin-node");
    node.scrollIntoView({ block: "center", inline: "center" });
    window.scrollTo(0, 0);
    node.dispatchEvent(new MouseEvent("click", { bubbles: true }));"""
# Name of the picture, page, width and height of the window, dark.
Shot = tuple[str, str, int, int, bool]
SHOTS: list[Shot] = [
    ("page", "demo", 1200, 860, False),
    ("dark", "demo", 1200, 860, True),
    ("phone", "demo", PHONE, 1000, False),
    ("phone_dark", "rtl", PHONE, 1000, True),
    ("long", "long", 1200, 900, False),
    ("rtl", "rtl", 1200, 560, False),
    ("graph", "graph", 1200, 860, False),
]


def main(model: str = "training/demo/pipeline", corpus: Path = Path("corpus/demo/test")) -> None:
    """Write docs/pictures/*.png; the demo pipeline and its corpus are made by `make demo`."""
    pages = {"demo": demo_docs(model, corpus), "long": [long_doc()], "rtl": [hebrew_doc()]}
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, open_browser() as browser:
        for name, docs in pages.items():
            write_page(Path(folder) / f"{name}.html", docs, title="Invented news")
        triples = map(TextTriple.of, read_triples(corpus))
        write_graph_page(Path(folder) / "graph.html", triples, title="Invented news")
        for name, page, width, height, dark in SHOTS:
            open_page(browser, Path(folder) / f"{page}.html", width=width, height=height, dark=dark)
            if page == "graph":
                browser.execute_script(CHOOSE)
            path = PICTURES / f"{name}.png"
            browser.save_screenshot(str(path))
            msg.good(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def demo_docs(model: str, corpus: Path, count: int = 12) -> list[Doc]:
    """RETURNS (list[Doc]): Texts in which it finds two triples or more, the doubtful ones first."""
    texts = (doc.text for doc in read_docs(corpus))
    docs = spacy.load(model).pipe(islice(texts, 200), batch_size=32)
    rich = [doc for doc in docs if len(doc._.relations) > 1]
    return sorted(rich, key=lambda doc: min(r.score for r in doc._.relations))[:count]


def long_doc() -> Doc:
    """RETURNS (Doc): A sentence of some 200 words: a ship goes from port to port."""
    line = "Nordlys Ferries"
    legs = [
        f"from {a} to {b}, where the rain did not stop for days and the harbour master had "
        f"nothing better to do than to count the crates once more"
        for a, b in pairwise(PORTS)
    ]
    text = f"Last autumn {line} sent its oldest ship {', then '.join(legs)}."
    labels = {line: "ORG", **dict.fromkeys(PORTS, "CITY")}
    triples = [(line, "serves", port) for port in PORTS]
    triples += [(a, "next_port", b) for a, b in pairwise(PORTS)]
    return make_doc("en", text, labels, triples)


def hebrew_doc() -> Doc:
    """RETURNS (Doc): "Dana Cohen founded the firm Orim Systems, whose seat is the city Haifa"."""
    person, firm, city = "דנה כהן", "אורים מערכות", "חיפה"
    text = f"{person} ייסדה את חברת {firm}, שמקום מושבה העיר {city}."
    labels = {person: "PERSON", firm: "ORG", city: "CITY"}
    triples = [(person, "founded", firm), (firm, "headquartered_in", city)]
    return make_doc("he", text, labels, triples)


def make_doc(
    lang: str, text: str, labels: dict[str, str], triples: Iterable[tuple[str, str, str]]
) -> Doc:
    """RETURNS (Doc): With each name as an entity where it first stands, and scores that differ."""
    doc = spacy.blank(lang)(text)
    entities: dict[str, Span] = {}
    for name, label in labels.items():
        start = text.index(name)
        span = doc.char_span(start, start + len(name), label=label)
        if span is None:
            raise ValueError(f"Expected a name of whole tokens, found {name!r}: {text}")
        entities[name] = span
    doc.ents = list(entities.values())
    set_relations(
        doc,
        [
            Relation(entities[head], label, entities[tail], 0.99 - 0.03 * k)
            for k, (head, label, tail) in enumerate(triples)
        ],
    )
    return doc


if __name__ == "__main__":
    typer.run(main)
