"""Docs → one HTML page of texts, pictures and triples, with filters by relation, score and word.

Docs that were compared with gold have another filter: right, wrong and missed.

The page loads nothing from elsewhere, and its Content-Security-Policy forbids it to. Without
JavaScript it is the same page without filters.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from spacy.tokens import Doc, Span

from ..files import write_text
from ..relations import get_relations
from .marks import MISSED, SIGNS, MarkedDoc, sign
from .picture import each_doc, make_pictures, text_direction
from .svg import draw, entity_color

# The colours of the page, which follow the reader's choice of light or dark.
OPTIONS = {"color": "var(--ink)", "bg": "var(--paper)"}

ARTICLE = """<article dir="{direction}">
<h2>Document {number}{counts}</h2>
<p class="text"{lang}>{text}</p>
{pictures}
{triples}
</article>"""
MARK = """<mark{kind} style="--label: {color}" data-label="{label}">{text}</mark>"""
PICTURE = """<div class="picture" role="group" aria-label="Picture" tabindex="0">{svg}</div>"""
TABLE = """<table{style}>
<thead><tr><th scope="col">Head</th><th scope="col">Relation</th><th scope="col">Tail</th>\
{found}<th scope="col">Score</th></tr></thead>
<tbody{lang}>
{rows}
</tbody>
</table>"""
ROW = """<tr data-triple="{triple}" data-relation="{relation}" data-score="{score}"{kind}>\
<td>{head}</td><td>{label}</td><td>{tail}</td>{found}<td>{shown}</td></tr>"""
CHECKBOX = """<li><label><input type="checkbox" name="{name}" value="{value}" checked> {label} \
<span>{count}</span></label></li>"""
KINDS = """<fieldset>
<legend>Compared with gold</legend>
<ul>
{boxes}
</ul>
</fieldset>"""


def write_page(
    path: str | Path,
    docs: Doc | Iterable[Doc] | Iterable[MarkedDoc],
    *,
    title: str = "Relations",
    about: str = "",
) -> None:
    """Write a page of Docs. It is written whole or not at all.

    path (str | Path): The HTML file.
    docs (Doc | Iterable[Doc] | Iterable[MarkedDoc]): Docs with relations, in any language.
    title (str): The heading of the page.
    about (str): A text below the heading.
    RAISES (ValueError): If something is not a Doc, or if the path is a directory.
    """
    write_text(path, make_page(docs, title=title, about=about))


def make_page(
    docs: Doc | Iterable[Doc] | Iterable[MarkedDoc],
    *,
    title: str = "Relations",
    about: str = "",
    options: Mapping[str, str] | None = None,
) -> str:
    """Make a page of Docs.

    docs (Doc | Iterable[Doc] | Iterable[MarkedDoc]): Docs with relations, in any language. Those
        that were compared with gold are shown with the kind of each triple.
    title (str): The heading of the page.
    about (str): A text below the heading.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font" of the pictures.
    RETURNS (str): A whole HTML page.
    RAISES (ValueError): If something is not a Doc.
    """
    marked = list(_each_marked(docs))
    counts = Counter(r.label for entry in marked for r in get_relations(entry.doc))
    kinds = sum((entry.counts for entry in marked), Counter[str]())
    # A label can be any text, so that the page's attributes have numbers instead.
    numbers = {label: k for k, (label, _) in enumerate(counts.most_common())}
    return fill_page(
        title=title,
        about=about,
        shown=f"{counts.total()} triples in {len(marked)} documents",
        search="Words in the text",
        relations=counts,
        kinds=kinds,
        content="\n".join(make_article(entry, numbers, options) for entry in marked),
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
    about: str = "",
    kinds: Counter[str] | None = None,
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
    about (str): A text below the heading.
    kinds (Counter[str] | None): The numbers of right, wrong and missed triples, if there are any.
    RETURNS (str): A whole HTML page.
    """
    return Template(read_file("page.html")).substitute(
        policy=_policy(script, form_action),
        title=escape(title),
        style=style,
        script=script,
        shown=shown,
        search=search,
        about=f'<p class="about">{escape(about)}</p>' if about else "",
        kinds=_kind_boxes(kinds) if kinds else "",
        relations="\n".join(
            CHECKBOX.format(name="relation", value=number, label=break_label(label), count=count)
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
    entry: MarkedDoc, numbers: dict[str, int], options: Mapping[str, str] | None = None
) -> str:
    """Make a document of a page: its text, its pictures and its triples.

    entry (MarkedDoc): The Doc, and its number on the page.
    numbers (dict[str, int]): The number of each relation label on the page.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font" of the pictures.
    RETURNS (str): HTML.
    """
    options = {**OPTIONS, **(options or {})}
    doc = entry.doc
    # A picture without arcs shows no more than the text, so that it is left out.
    pictures = [picture for picture in make_pictures(doc, entry.relations) if picture.arcs]
    lang = f' lang="{escape(doc.lang_)}"' if doc.lang_ else ""
    counts = ", ".join(sign(k, f"{entry.counts[k]} {k}") for k in SIGNS if entry.counts[k])
    return ARTICLE.format(
        direction=text_direction(doc),
        number=entry.number,
        counts=f": {counts}" if counts else "",
        lang=lang,
        text=_text(entry),
        pictures="\n".join(PICTURE.format(svg=draw(picture, options)) for picture in pictures),
        triples=_table(entry, numbers, lang) or '<p class="none">No triples</p>',
    )


def _each_marked(docs: Doc | Iterable[Doc] | Iterable[MarkedDoc]) -> Iterator[MarkedDoc]:
    """Docs that were compared as they are, and others numbered and without kinds."""
    entries: Iterable[Any] = [docs] if isinstance(docs, Doc | str) else docs
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, MarkedDoc):
            yield entry
        else:
            yield from (MarkedDoc(doc, number) for doc in each_doc([entry]))


def _kind_boxes(kinds: Counter[str]) -> str:
    """A filter by kind. It has all of them, also those that no triple has."""
    boxes = [
        CHECKBOX.format(name="kind", value=kind, label=sign(kind, kind), count=kinds[kind])
        for kind in SIGNS
    ]
    return KINDS.format(boxes="\n".join(boxes))


def _text(entry: MarkedDoc) -> str:
    """The text of a Doc, with its entities marked."""
    text = entry.doc.text  # kept, since a Doc builds its text on every access
    parts, done = [], 0
    for k, ent in enumerate(entry.doc.ents):
        kind = entry.entities[k] if entry.entities else ""
        parts.append(escape(text[done : ent.start_char]))
        parts.append(
            MARK.format(
                kind=f' class="rin-{kind}"' if kind else "",
                color=entity_color(ent.label_),
                label=escape(sign(kind, ent.label_)),
                text=escape(ent.text),
            )
        )
        done = ent.end_char
    return "".join([*parts, escape(text[done:])])


def _table(entry: MarkedDoc, numbers: dict[str, int], lang: str) -> str:
    """The table of a document's triples; `numbers` has the rank of each label."""
    rows = []
    for k, relation in enumerate(get_relations(entry.doc)):
        kind = entry.relations[k] if entry.relations else ""
        # A missed triple has no score. The filter takes it for the surest.
        score = "1.00" if kind == MISSED else f"{relation.score:.2f}"
        rows.append(
            ROW.format(
                triple=k,
                relation=numbers[relation.label],
                score=score,
                kind=f' data-kind="{kind}" class="rin-{kind}"' if kind else "",
                head=_mention(relation.head),
                label=break_label(relation.label),
                tail=_mention(relation.tail),
                found=f"<td>{sign(kind, kind)}</td>" if kind else "",
                shown="–" if kind == MISSED else score,
            )
        )
    if not rows:
        return ""
    is_compared = bool(entry.relations)
    return TABLE.format(
        style=' class="compared"' if is_compared else "",
        found='<th scope="col">Found</th>' if is_compared else "",
        lang=lang,
        rows="\n".join(rows),
    )


def _mention(span: Span) -> str:
    return f"{escape(span.text)} <small>{break_label(span.label_)}</small>"
