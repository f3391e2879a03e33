"""A page of HTML as its elements and their texts."""

from __future__ import annotations

from html.parser import HTMLParser

Attributes = dict[str, str | None]
VOID = {"meta", "input", "wbr"}


class Page(HTMLParser):
    """A page's elements in order, with their attributes and all the text in them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, Attributes, list[str]]] = []
        self.open: list[tuple[str, Attributes, list[str]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element: tuple[str, Attributes, list[str]] = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, _, texts in self.open:
            texts.append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            "".join(texts)
            for found, attrs, texts in self.elements
            if found == tag and wanted.items() <= attrs.items()
        ]

    def attributes(self, tag: str) -> list[Attributes]:
        return [attrs for found, attrs, _ in self.elements if found == tag]
