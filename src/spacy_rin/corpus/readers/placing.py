"""A sentence's text or tokens -> its words, and where a mention stands in them.

What the parsers place mentions with; formats give these as texts, or by characters or words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice

import spacy
from spacy.tokens import Doc
from spacy.util import get_lang_class

from ...errors import Errors
from .records import Mention, Span

ESCAPES = {"LRB": "(", "RRB": ")", "LSB": "[", "RSB": "]", "LCB": "{", "RCB": "}"}
ESCAPED = re.compile(r"-(LRB|RRB|LSB|RSB|LCB|RCB)-|\\([/*])")


class WordMap:
    """Words, and where a mention stands in them; offsets are those of words."""

    def __init__(self, words: list[str], spaces: list[bool] | None = None) -> None:
        self.words = words
        self.spaces = spaces
        self.size = len(words)

    def find(self, text: str, nth: int = 1) -> Span | None:
        """RETURNS (Span | None): The words of the nth occurrence of a mention, from 1."""
        return find_mention(self.words, text.split(), nth)

    def at(self, start: int, end: int) -> Span | None:
        """RETURNS (Span | None): The words between two offsets; None if they cut a word."""
        return start, end

    def text(self, start: int, end: int) -> str:
        """RETURNS (str): What stands between two offsets."""
        return " ".join(self.words[start:end])


def split_words(text: str) -> WordMap:
    """RETURNS (WordMap): A text of tokens with spaces between, its escapes undone."""
    return _EscapedLayout([unescape(word) for word in text.split()])


def tokenise(lang: str, text: str) -> WordMap:
    """Split raw text into words.

    lang (str): Language of spaCy's tokenizer.
    text (str): The text.
    RETURNS (WordMap): Its words; offsets are those of characters.
    RAISES (ValueError): If spaCy has no such language.
    """
    return _TextLayout(_tokenizer(lang)(text))


def is_tokenised(texts: Sequence[str]) -> bool:
    """RETURNS (bool): Whether the texts have spaces between all tokens."""
    # Commas and the last mark of a sentence stand alone in tokenised text, and never in other text.
    alone = glued = 0
    for words in filter(None, map(str.split, texts)):
        marks = [word for word in words if word.endswith(",")]
        marks += [words[-1]] * words[-1].endswith((".", "?", "!"))
        alone += sum(len(mark) == 1 for mark in marks)
        glued += sum(len(mark) > 1 for mark in marks)
    return alone > glued


def find_mention(words: Sequence[str], mention: Sequence[str], nth: int = 1) -> Span | None:
    """Find a mention; if its words stand nowhere as they are, without regard to accents.

    words (Sequence[str]): Those of the sentence.
    mention (Sequence[str]): Those of the mention.
    nth (int): Which of its occurrences, from 1.
    RETURNS (Span | None): Where it stands; None if there are fewer occurrences.
    """
    for fold in (list, _fold):
        here, wanted = fold(words), fold(mention)
        size = len(wanted)
        starts = (i for i in range(len(here)) if size and here[i : i + size] == wanted)
        start = next(islice(starts, nth - 1, None), None)
        if start is not None:
            return start, start + size
    return None


def unescape(word: str) -> str:
    """RETURNS (str): The word without Penn Treebank escapes."""
    if word in ("``", "''"):
        return '"'
    return ESCAPED.sub(lambda match: ESCAPES.get(match[1], match[2]), word)


def show_triple(words: Sequence[str], head: Mention, label: str, tail: Mention) -> str:
    """RETURNS (str): A triple as a report shows it, in the words of its mentions."""
    before, after = (" ".join(words[mention.start : mention.end]) for mention in (head, tail))
    return f"{before} | {label} | {after}"


class _EscapedLayout(WordMap):
    """The same for words, and mentions, with Penn Treebank escapes."""

    def find(self, text: str, nth: int = 1) -> Span | None:
        return find_mention(self.words, [unescape(word) for word in text.split()], nth)


class _TextLayout(WordMap):
    """The same for a text; offsets are those of characters, and must be those of words too."""

    def __init__(self, doc: Doc) -> None:
        super().__init__([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        self.raw = doc.text
        self.size = len(doc.text)
        self.starts = {token.idx: token.i for token in doc}
        self.ends = {token.idx + len(token): token.i + 1 for token in doc}

    def find(self, text: str, nth: int = 1) -> Span | None:
        words = text.split()
        pattern = r"\s+".join(map(re.escape, words))
        hits = (self.at(*match.span()) for match in re.finditer(pattern, self.raw))
        hit = next(islice(filter(None, hits), nth - 1, None), None)
        return hit or find_mention(self.words, words, nth)

    def at(self, start: int, end: int) -> Span | None:
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def text(self, start: int, end: int) -> str:
        return self.raw[start:end]


@lru_cache(maxsize=4)
def _tokenizer(lang: str) -> Callable[[str], Doc]:
    try:
        get_lang_class(lang)
    except ImportError as err:
        raise ValueError(Errors.R108.format(lang=lang)) from err
    try:
        return spacy.blank(lang).tokenizer
    except ImportError as err:  # some languages need a package of their own; spaCy says which
        raise ValueError(Errors.R114.format(lang=lang, reason=err)) from err


def _fold(words: Sequence[str]) -> list[str]:
    parts = (unicodedata.normalize("NFD", word) for word in words)
    return ["".join(char for char in part if not unicodedata.combining(char)) for part in parts]
