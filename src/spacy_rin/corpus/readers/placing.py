"""A sentence's text or tokens → its words, and the words that each of its mentions covers.

The parsers place mentions with these. A format gives its mentions as texts, as characters or as
words.
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
    """The words of a sentence, and which of them a mention covers. Offsets count words.

    words (list[str]): The words.
    spaces (list[bool] | None): Whether a space follows each; None if that is not known.
    """

    def __init__(self, words: list[str], spaces: list[bool] | None = None) -> None:
        self.words = words
        self.spaces = spaces
        self.size = len(words)  # the largest offset

    def find(self, text: str, nth: int = 1) -> Span | None:
        """Find a mention by its text.

        text (str): The mention.
        nth (int): Which of its occurrences, from 1.
        RETURNS (Span | None): Its words; None if there are fewer occurrences.
        """
        return find_mention(self.words, text.split(), nth)

    def at(self, start: int, end: int) -> Span | None:
        """Find the words between two offsets.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (Span | None): The words; None if an offset cuts a word.
        """
        return start, end

    def text(self, start: int, end: int) -> str:
        """Get the text between two offsets.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (str): The text.
        """
        return " ".join(self.words[start:end])


def split_words(text: str) -> WordMap:
    """Split tokenised text at its spaces.

    text (str): Tokens with spaces between them.
    RETURNS (WordMap): The tokens, without Penn Treebank escapes; offsets count words.
    """
    return _EscapedWordMap([unescape(word) for word in text.split()])


def tokenise(lang: str, text: str) -> WordMap:
    """Split raw text into words.

    lang (str): Language of spaCy's tokenizer.
    text (str): The text.
    RETURNS (WordMap): Its words; offsets count characters.
    RAISES (ValueError): If spaCy has no such language.
    """
    return _TextWordMap(_tokenizer(lang)(text))


def is_tokenised(texts: Sequence[str]) -> bool:
    """Find out whether texts have spaces between all tokens.

    texts (Sequence[str]): Some texts of one file.
    RETURNS (bool): Whether more punctuation marks are words of their own than not.
    """
    # In tokenised text, commas and the last mark of a sentence are words of their own. In raw text
    # they are attached to a word.
    alone = attached = 0
    for words in filter(None, map(str.split, texts)):
        marks = [word for word in words if word.endswith(",")]
        marks += [words[-1]] * words[-1].endswith((".", "?", "!"))
        alone += sum(len(mark) == 1 for mark in marks)
        attached += sum(len(mark) > 1 for mark in marks)
    return alone > attached


def find_mention(words: Sequence[str], mention: Sequence[str], nth: int = 1) -> Span | None:
    """Find a mention among the words of a sentence.

    Words that differ only in accents match if the mention is not found as it is.

    words (Sequence[str]): The words of the sentence.
    mention (Sequence[str]): The words of the mention.
    nth (int): Which of its occurrences, from 1.
    RETURNS (Span | None): Its place; None if there are fewer occurrences.
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
    """Undo the Penn Treebank escapes of a word, as in -LRB- for an opening bracket.

    word (str): The word.
    RETURNS (str): The word without escapes.
    """
    if word in ("``", "''"):
        return '"'
    return ESCAPED.sub(lambda match: ESCAPES.get(match[1], match[2]), word)


def show_triple(words: Sequence[str], head: Mention, label: str, tail: Mention) -> str:
    """Show a triple in a report.

    words (Sequence[str]): The words of the sentence.
    head (Mention): Where the relation starts.
    label (str): The relation.
    tail (Mention): Where the relation ends.
    RETURNS (str): The words of the head, the label, and the words of the tail.
    """
    before, after = (" ".join(words[mention.start : mention.end]) for mention in (head, tail))
    return f"{before} | {label} | {after}"


class _EscapedWordMap(WordMap):
    """A `WordMap` whose mentions may have Penn Treebank escapes; its words have none any more."""

    def find(self, text: str, nth: int = 1) -> Span | None:
        """Find a mention by its text, from which escapes are removed.

        text (str): The mention.
        nth (int): Which of its occurrences, from 1.
        RETURNS (Span | None): Its words; None if there are fewer occurrences.
        """
        return find_mention(self.words, [unescape(word) for word in text.split()], nth)


class _TextWordMap(WordMap):
    """A `WordMap` of raw text. Offsets count characters, and those of a mention must not cut words.

    doc (Doc): The text, split into tokens.
    """

    def __init__(self, doc: Doc) -> None:
        super().__init__([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        self.raw = doc.text
        self.size = len(doc.text)
        self.starts = {token.idx: token.i for token in doc}
        self.ends = {token.idx + len(token): token.i + 1 for token in doc}

    def find(self, text: str, nth: int = 1) -> Span | None:
        """Find a mention by its text, with any whitespace between its words.

        Words that differ only in accents, and mentions that end within a word, are not found this
        way. They are looked up among the words.

        text (str): The mention.
        nth (int): Which of its occurrences, from 1.
        RETURNS (Span | None): Its words; None if there are fewer occurrences.
        """
        words = text.split()
        pattern = r"\s+".join(map(re.escape, words))
        hits = (self.at(*match.span()) for match in re.finditer(pattern, self.raw))
        hit = next(islice(filter(None, hits), nth - 1, None), None)
        return hit or find_mention(self.words, words, nth)

    def at(self, start: int, end: int) -> Span | None:
        """Find the words between two offsets.

        start (int): The first character.
        end (int): The character after the last.
        RETURNS (Span | None): The words; None if an offset cuts a word.
        """
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def text(self, start: int, end: int) -> str:
        """Get the text between two offsets.

        start (int): The first character.
        end (int): The character after the last.
        RETURNS (str): The text.
        """
        return self.raw[start:end]


@lru_cache(maxsize=4)
def _tokenizer(lang: str) -> Callable[[str], Doc]:
    try:
        get_lang_class(lang)
    except ImportError as err:
        raise ValueError(Errors.R108.format(lang=lang)) from err
    try:
        return spacy.blank(lang).tokenizer
    except ImportError as err:  # Some languages need a package of their own. spaCy names it.
        raise ValueError(Errors.R114.format(lang=lang, reason=err)) from err


def _fold(words: Sequence[str]) -> list[str]:
    """Remove the accents of words."""
    parts = (unicodedata.normalize("NFD", word) for word in words)
    return ["".join(char for char in part if not unicodedata.combining(char)) for part in parts]
