"""Docs → pictures of their relations, as HTML for a notebook or as a whole page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from spacy.tokens import Doc
from spacy.util import is_in_jupyter

from ..relations import get_relations
from .page import make_page
from .picture import each_doc, make_pictures
from .svg import draw


def render(
    docs: Doc | Iterable[Doc],
    *,
    page: bool = False,
    jupyter: bool | None = None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Draw the relations of Docs, one picture per sentence.

    A Doc without sentence boundaries is one picture, and so are sentences that a relation joins.

    docs (Doc | Iterable[Doc]): Docs with relations.
    page (bool): Whether to return a whole HTML page, with texts, pictures and triples.
    jupyter (bool | None): Whether to show the pictures in a notebook; None to do so if this is one,
        as displaCy does.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font".
    RETURNS (str): HTML; empty if a notebook shows it.
    RAISES (ValueError): If something is not a Doc, or if there are other options.

    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    >>> doc._.relations = [Relation(Span(doc, 0, 1, "PER"), "saw", Span(doc, 2, 3, "LOC"))]
    >>> html = render(doc, jupyter=False, options={"color": "navy"})
    >>> "<svg" in html and "Rome" in html
    True
    """
    html = make_page(docs, options=options) if page else "\n".join(_figures(docs, options))
    if jupyter or (jupyter is None and is_in_jupyter()):
        from IPython.display import HTML, display

        display(HTML(html))
        return ""
    return html


def _figures(docs: Doc | Iterable[Doc], options: Mapping[str, str] | None) -> Iterable[str]:
    """Pictures in frames that scroll. The caption of a picture has the triples it can't draw."""
    for doc in each_doc(docs):
        relations = get_relations(doc)
        for picture in make_pictures(doc):
            undrawn = "; ".join(escape(relations[k].text) for k in picture.undrawn)
            caption = f"<figcaption>{undrawn}</figcaption>" if undrawn else ""
            content = draw(picture, options) + caption
            yield f'<figure style="margin: 0 0 2em; overflow-x: auto">{content}</figure>'
