"""Docs → one HTML page of texts, pictures and triples, with filters by relation, score and word.

The page loads nothing from elsewhere, and its Content-Security-Policy forbids it to. Without
JavaScript it is the same page without filters.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from spacy.tokens import Doc, Span

from ..files import write_text
from ..relations import Relation, get_relations
from .picture import each_doc, make_pictures, text_direction
from .svg import draw, entity_color

# The colours of the page, which follow the reader's choice of light or dark.
OPTIONS = {"color": "var(--ink)", "bg": "var(--paper)"}

ARTICLE = """<article dir="{direction}">
<h2>Document {number}</h2>
<p class="text"{lang}>{text}</p>
{pictures}
{triples}
</article>"""
PICTURE = """<div class="picture" role="group" aria-label="Picture" tabindex="0">{svg}</div>"""
TABLE = """<table>
<thead><tr><th scope="col">Head</th><th scope="col">Relation</th><th scope="col">Tail</th>\
<th scope="col">Score</th></tr></thead>
<tbody{lang}>
{rows}
</tbody>
</table>"""
ROW = """<tr data-triple="{triple}" data-relation="{relation}" data-score="{score}">\
<td>{head}</td><td>{label}</td><td>{tail}</td><td>{score}</td></tr>"""
CHECKBOX = """<li><label><input type="checkbox" value="{relation}" checked> {label} \
<span>{count}</span></label></li>"""


def write_page(path: str | Path, docs: Doc | Iterable[Doc], *, title: str = "Relations") -> None:
    """Write a page of Docs. It is written whole or not at all.

    path (str | Path): The HTML file.
    docs (Doc | Iterable[Doc]): Docs with relations, in any language.
    title (str): The heading of the page.
    RAISES (ValueError): If something is not a Doc, or if the path is a directory.
    """
    write_text(path, make_page(docs, title=title))


def make_page(
    docs: Doc | Iterable[Doc], *, title: str = "Relations", options: Mapping[str, str] | None = None
) -> str:
    """Make a page of Docs.

    docs (Doc | Iterable[Doc]): Docs with relations, in any language.
    title (str): The heading of the page.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font" of the pictures.
    RETURNS (str): A whole HTML page.
    RAISES (ValueError): If something is not a Doc.
    """
    docs = list(each_doc(docs))
    counts = Counter(relation.label for doc in docs for relation in get_relations(doc))
    # A label can be any text, so that the page's attributes have numbers instead.
    numbers = {label: k for k, (label, _) in enumerate(counts.most_common())}
    articles = [make_article(doc, number, numbers, options) for number, doc in enumerate(docs, 1)]
    return fill_page(
        title=title,
        shown=f"{counts.total()} triples in {len(docs)} documents",
        search="Words in the text",
        relations=counts,
        content="\n".join(articles),
        style=read_file("page.css"),
        script=read_file("filters.js") + read_file("page.js"),
    )


def fill_page(
    *,
    title: str,
    shown: str,
    search: str,
    relations: Counter[str],
    content: str,
    style: str,
    script: str,
    form_action: str = "'none'",
) -> str:
    """Make a page of its content and the filters for it.

    title (str): The heading of the page.
    shown (str): How much the page shows while no filter is set.
    search (str): The label of the search field.
    relations (Counter[str]): The labels to choose from, with the numbers of their triples. In the
        page a label is identified by its rank, from 0 for the most frequent.
    content (str): What is filtered, in HTML.
    style (str): CSS.
    script (str): JavaScript.
    form_action (str): Where forms may be sent to, as the Content-Security-Policy says it.
    RETURNS (str): A whole HTML page.
    """
    return Template(read_file("page.html")).substitute(
        policy=_policy(script, form_action),
        title=escape(title),
        style=style,
        script=script,
        shown=shown,
        search=search,
        relations="\n".join(
            CHECKBOX.format(relation=number, label=break_label(label), count=count)
            for number, (label, count) in enumerate(relations.most_common())
        ),
        content=content,
    )


def break_label(label: str) -> str:
    """Allow a browser to break a long label, such as "/people/person/place_lived".

    label (str): Any label.
    RETURNS (str): The label in HTML, with places where it may be broken.
    """
    return re.sub(r"(?<=[_/.:-])(?=\w)|(?<=[a-z])(?=[A-Z])", "<wbr>", escape(label))


def read_file(name: str) -> str:
    """Read a file of this folder.

    name (str): The name of the file.
    RETURNS (str): Its text.
    """
    return files(__package__).joinpath(name).read_text(encoding="utf8")


def _policy(script: str, form_action: str) -> str:
    """The Content-Security-Policy: nothing from the network, and no script except the page's own.

    Styles in attributes are allowed, since pictures have them. They can't load anything.
    """
    # In the page, the script begins with a line break, which is part of what is hashed.
    digest = b64encode(sha256(f"\n{script}".encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"base-uri 'none'; form-action {form_action}"
    )


def make_article(
    doc: Doc, number: int, numbers: dict[str, int], options: Mapping[str, str] | None = None
) -> str:
    """Make a document of a page: its text, its pictures and its triples.

    doc (Doc): The Doc.
    number (int): Its number on the page.
    numbers (dict[str, int]): The number of each relation label on the page.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font" of the pictures.
    RETURNS (str): HTML.
    """
    options = {**OPTIONS, **(options or {})}
    # A picture without arcs shows no more than the text, so that it is left out.
    pictures = [picture for picture in make_pictures(doc) if picture.arcs]
    relations = get_relations(doc)
    lang = f' lang="{escape(doc.lang_)}"' if doc.lang_ else ""
    return ARTICLE.format(
        direction=text_direction(doc),
        number=number,
        lang=lang,
        text=_text(doc),
        pictures="\n".join(PICTURE.format(svg=draw(picture, options)) for picture in pictures),
        triples=_table(relations, numbers, lang) if relations else '<p class="none">No triples</p>',
    )


def _text(doc: Doc) -> str:
    """The text of a Doc, with its entities marked."""
    text = doc.text  # kept, since a Doc builds its text on every access
    parts, done = [], 0
    for ent in doc.ents:
        parts.append(escape(text[done : ent.start_char]))
        color, label = entity_color(ent.label_), escape(ent.label_)
        parts.append(
            f'<mark style="--label: {color}" data-label="{label}">{escape(ent.text)}</mark>'
        )
        done = ent.end_char
    return "".join([*parts, escape(text[done:])])


def _table(relations: list[Relation], numbers: dict[str, int], lang: str) -> str:
    """The table of a document's triples; `numbers` has the rank of each label."""
    rows = [
        ROW.format(
            triple=k,
            relation=numbers[relation.label],
            score=f"{relation.score:.2f}",
            head=_mention(relation.head),
            label=break_label(relation.label),
            tail=_mention(relation.tail),
        )
        for k, relation in enumerate(relations)
    ]
    return TABLE.format(lang=lang, rows="\n".join(rows))


def _mention(span: Span) -> str:
    return f"{escape(span.text)} <small>{break_label(span.label_)}</small>"
