"""A form, and what a pipeline found in the text that was pasted into it → an HTML page.

It is the page of `pictures.page`, with a form before the text, and a table of the rounds after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html import escape

from spacy.tokens import Doc

from ..arrays.rounds import Round
from ..pictures.marks import MarkedDoc
from ..pictures.page import break_label, fill_page, make_article, read_file
from ..relations import get_relations

FORM = """<form class="paste" method="post" action="/" accept-charset="utf-8">
{error}
<label for="text">Text</label>
<textarea id="text" name="text" rows="7" required>
{text}</textarea>
<label for="threshold">Threshold: the least score of a triple, from 0 to 1</label>
<input id="threshold" name="threshold" type="number" min="0" max="1" step="any" value="{threshold}">
<button type="submit">Read</button>
</form>"""
ERROR = '<p class="error" role="alert">{}</p>'
ROUNDS = """<details class="rounds">
<summary>Round by round</summary>
<p>What is found if the model stops after each round of interaction. Round 0 is before any.</p>
<div class="scroll" role="group" aria-label="Rounds" tabindex="0">
<table>
<thead><tr><th scope="col">Found</th>{numbers}</tr></thead>
<tbody class="found">
{rows}
</tbody>
</table>
</div>
</details>"""
STYLE = """
.paste { display: grid; gap: 0.5rem; margin-bottom: 1.5rem; max-width: 50rem; }
.paste textarea, .paste input { font: inherit; width: 100%; color: inherit; background: inherit;
  border: 1px solid var(--rule); border-radius: 6px; padding: 0.4rem; }
.paste input { max-width: 10rem; }
.paste button { justify-self: start; }
.error { margin: 0; padding: 0.5rem; border: 2px solid currentColor; border-radius: 6px; }
.rounds { margin-top: 1rem; }
.rounds summary { cursor: pointer; }
.scroll { overflow-x: auto; }
.rounds table { table-layout: auto; max-width: none; }
.rounds :is(th, td) { width: auto; text-align: start; }
"""


def make_form_page(title: str, *, text: str = "", threshold: str = "", error: str = "") -> str:
    """Make a page with the form alone.

    title (str): The heading of the page.
    text (str): The text in the form.
    threshold (str): The threshold in the form.
    error (str): Why the text was not read.
    RETURNS (str): A whole HTML page.
    """
    return _fill(title, _form(text, threshold, error), "Paste a text to read", Counter(), "")


def drawer(title: str, threshold: str) -> Callable[[Doc, list[Round]], str]:
    """Make a function that makes a page of a Doc.

    title (str): The heading of the page.
    threshold (str): The threshold in the form.
    RETURNS (Callable): A function of a Doc and its rounds.
    """

    def draw(doc: Doc, rounds: list[Round]) -> str:
        counts = Counter(relation.label for relation in get_relations(doc))
        numbers = {label: k for k, (label, _) in enumerate(counts.most_common())}
        content = [
            _form(doc.text, threshold),
            make_article(MarkedDoc(doc, 1), numbers),
            _rounds(doc, rounds),
        ]
        script = read_file("filters.js") + read_file("page.js")
        return _fill(title, "\n".join(content), f"{counts.total()} triples", counts, script)

    return draw


def _fill(title: str, content: str, shown: str, counts: Counter[str], script: str) -> str:
    return fill_page(
        title=title,
        shown=shown,
        search="Words in the text",
        relations=counts,
        content=content,
        style=read_file("page.css") + STYLE,
        script=script,
        form_action="'self'",
    )


def _form(text: str, threshold: str, error: str = "") -> str:
    return FORM.format(
        text=escape(text),
        threshold=escape(threshold),
        error=ERROR.format(escape(error)) if error else "",
    )


def _rounds(doc: Doc, rounds: list[Round]) -> str:
    """A table of all entities and triples that a round has found, with their scores."""
    found: dict[tuple[str, ...], dict[int, str]] = {}
    for number, round in enumerate(rounds):
        for start, end, label in round.prediction.mentions:
            found.setdefault((doc[start:end].text, label), {})[number] = "yes"
        for head, label, tail, score in round.prediction.triples:
            texts = (doc[slice(*head[:2])].text, label, doc[slice(*tail[:2])].text)
            found.setdefault(texts, {})[number] = f"{score:.2f}"
    rows = [
        f"<tr><td>{' | '.join(map(break_label, texts))}</td>"
        + "".join(f"<td>{by_round.get(k, '–')}</td>" for k in range(len(rounds)))
        + "</tr>"
        for texts, by_round in sorted(found.items(), key=lambda item: len(item[0]))
    ]
    numbers = "".join(f'<th scope="col">Round {k}</th>' for k in range(len(rounds)))
    return ROUNDS.format(numbers=numbers, rows="\n".join(rows))
