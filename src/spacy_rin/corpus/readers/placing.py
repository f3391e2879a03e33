"""A sentence's text or tokens → its words, and the words that each of its mentions covers.

The parsers place mentions with these. A format gives its mentions as texts, as characters or as
words.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import spacy
from spacy.tokens import Doc
from spacy.util import get_lang_class

from ...errors import Errors
from ..overlap import overlap
from .records import Mention, Reading, Reason, Record, Span

ESCAPES = {"LRB": "(", "RRB": ")", "LSB": "[", "RSB": "]", "LCB": "{", "RCB": "}"}
ESCAPED = re.compile(r"-(LRB|RRB|LSB|RSB|LCB|RCB)-|\\([/*])", re.IGNORECASE)
DEFAULT = Reading()


class WordMap:
    """The words of a sentence, and which of them a mention covers. Offsets count words.

    words (list[str]): The words.
    spaces (list[bool] | None): Whether a space follows each; None if that is not known.
    reading (Reading): Where mentions stand that are given as texts, and what is done with those
        that fit no words.
    """

    def __init__(
        self, words: list[str], spaces: list[bool] | None = None, reading: Reading = DEFAULT
    ) -> None:
        self.words = words
        self.spaces = spaces
        self.reading = reading
        self.size = len(words)  # the largest offset
        # These two become those of the record.
        self.notes: dict[tuple[Reason, object], str] = {}
        self.masked: list[Span] = []
        self._ranked: dict[str, list[list[Span]]] = {}

    @property
    def missing(self) -> Reason:
        """Why a mention that is given by offsets may have no place.

        RETURNS (Reason): The reason, for the record.
        """
        strict = self.reading.alignment == "strict"
        return Reason.MENTION_NOT_FOUND if strict else Reason.UNALIGNED

    def record(self, source: str, tags: list[str] | None = None) -> Record:
        """Begin the record of these words. It has what is noted while mentions are looked up.

        source (str): Its "file:line".
        tags (list[str] | None): Part-of-speech tags.
        RETURNS (Record): A record without mentions.
        """
        return Record(
            self.words, self.spaces, tags, source=source, notes=self.notes, masked=self.masked
        )

    def expect(self, texts: Iterable[str], given: Iterable[Span] = ()) -> None:
        """Prepare for the mentions of a record, so that `find` can tell them from each other.

        An occurrence comes before others if it is one of the given spans. Then come those that lie
        in no occurrence of a longer mention, then those that touch no longer mention where it
        stands. Nothing is prepared if the reading asks for the first occurrence.

        texts (Iterable[str]): Mentions that are given as texts, each as often as it is listed.
        given (Iterable[Span]): Words of the mentions that are given by offsets.
        """
        if self.reading.mentions == "first":
            return
        places = set(given)
        longer, standing = list(places), list(places)
        for text, count in sorted(Counter(texts).items(), key=lambda item: -len(item[0])):
            tiers = self._occurrences(text)
            self._ranked[text] = [
                sorted(
                    tier,
                    key=lambda span: (
                        span not in places,
                        _touches(span, longer),
                        _touches(span, standing),
                    ),
                )
                for tier in tiers
            ]
            longer += (span for tier in tiers for span in tier)
            standing += next((tier for tier in self._ranked[text] if tier), [])[:count]

    def find(self, text: str, nth: int = 1) -> Span | None:
        """Find a mention by its text.

        text (str): The mention.
        nth (int): Which of its occurrences, from 1.
        RETURNS (Span | None): Its words; None if there are fewer occurrences.
        """
        if text not in self._ranked:
            self._ranked[text] = self._occurrences(text)
        for tier in self._ranked[text]:
            if len(tier) >= nth:
                return tier[nth - 1]
        return None

    def at(self, start: int, end: int) -> Span | None:
        """Find the words between two offsets.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (Span | None): The words; None if there are none that fit.
        """
        return start, end

    def around(self, start: int, end: int) -> Span | None:
        """Find the words that have any text between two offsets, and note nothing.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (Span | None): The words; None if there is but whitespace.
        """
        return start, end

    def fits(self, start: int, end: int) -> bool:
        """Find out whether two offsets are the bounds of words.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (bool): Whether no word is cut.
        """
        return self._exact(start, end) is not None

    def text(self, start: int, end: int) -> str:
        """Get the text between two offsets.

        start (int): The first offset.
        end (int): The offset after the last.
        RETURNS (str): The text.
        """
        return " ".join(self.words[start:end])

    def _occurrences(self, text: str) -> list[list[Span]]:
        """Where a text stands, the surest way of finding it first."""
        return find_all(self.words, text.split())

    def _exact(self, start: int, end: int) -> Span | None:
        """The words between two offsets, if none is cut."""
        return start, end


def split_words(text: str, reading: Reading = DEFAULT) -> WordMap:
    """Split tokenised text at its spaces.

    text (str): Tokens with spaces between them.
    reading (Reading): How mentions are placed.
    RETURNS (WordMap): The tokens, without Penn Treebank escapes; offsets count words.
    """
    return EscapedWordMap([unescape(word) for word in text.split()], reading=reading)


def tokenise(text: str, reading: Reading = DEFAULT) -> WordMap:
    """Split raw text into words.

    text (str): The text.
    reading (Reading): The language of spaCy's tokenizer, and how mentions are placed.
    RETURNS (WordMap): Its words; offsets count characters.
    RAISES (ExcessError): If the text is too long for the tokenizer.
    RAISES (ValueError): If spaCy has no such language.
    """
    reading.check(text)
    return _TextWordMap(_tokenizer(reading.lang)(text), reading)


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


def find_all(words: Sequence[str], mention: Sequence[str]) -> list[list[Span]]:
    """Find all occurrences of a mention among the words of a sentence.

    words (Sequence[str]): The words of the sentence.
    mention (Sequence[str]): The words of the mention.
    RETURNS (list[list[Span]]): Its places. First as it is, then also where words differ only in
        accents.
    """
    tiers = []
    for fold in (list, _fold):
        here, wanted = fold(words), fold(mention)
        size = len(wanted)
        starts = (i for i in range(len(here)) if size and here[i : i + size] == wanted)
        tiers.append([(start, start + size) for start in starts])
    return tiers


def unescape(word: str) -> str:
    """Undo the Penn Treebank escapes of a word, as in -LRB- for an opening bracket.

    word (str): The word.
    RETURNS (str): The word without escapes.
    """
    if word in ("``", "''"):
        return '"'
    return ESCAPED.sub(lambda match: match[2] or ESCAPES[match[1].upper()], word)


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


class EscapedWordMap(WordMap):
    """A `WordMap` whose mentions may have Penn Treebank escapes; its words have none any more."""

    def _occurrences(self, text: str) -> list[list[Span]]:
        return find_all(self.words, [unescape(word) for word in text.split()])


class _TextWordMap(WordMap):
    """A `WordMap` of raw text. Offsets count characters, and those of a mention may cut words.

    doc (Doc): The text, split into tokens.
    reading (Reading): What becomes of mentions that cut words.
    """

    def __init__(self, doc: Doc, reading: Reading) -> None:
        words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
        super().__init__(words, spaces, reading)
        self.raw = doc.text
        self.size = len(doc.text)
        self.starts = {token.idx: token.i for token in doc}
        self.ends = {token.idx + len(token): token.i + 1 for token in doc}
        self._first = list(self.starts)
        self._claims: list[tuple[Span, Span]] = []  # characters and words of mentions

    def find(self, text: str, nth: int = 1) -> Span | None:
        """Find a mention by its text.

        It is looked up in the text, with any whitespace between its words; then among the words,
        where accents may differ; then where it ends within a word of more than letters, such as
        "Va" in "Va.". That is noted.

        text (str): The mention.
        nth (int): Which of its occurrences, from 1.
        RETURNS (Span | None): Its words; None if there are fewer occurrences.
        """
        span = super().find(text, nth)
        if span:
            *known, expanded = self._ranked[text]
            if span in expanded and not any(span in tier for tier in known):
                self.notes.setdefault((Reason.EXPANDED, span), f"{text} → {self._words(span)}")
        return span

    def at(self, start: int, end: int) -> Span | None:
        """Find the words between two offsets.

        Outer whitespace is trimmed, and words are taken whole, unless the reading is strict. Both
        are noted.

        start (int): The first character.
        end (int): The character after the last.
        RETURNS (Span | None): The words; None if there are none. If the only words hold another
            mention beside this one, there are none, and these words are masked.
        """
        span = self._exact(start, end)
        if span or self.reading.alignment == "strict":
            self._claims += [((start, end), span)] if span else []
            return span
        text = self.raw[start:end]
        first, last = self._trimmed(start, end)
        span = self.around(start, end)
        if not span:
            return None
        for characters, words in self._claims:
            if overlap(span, words) and not overlap((first, last), characters):
                self.masked.append(span)
                return None
        self._claims.append(((first, last), span))
        if (first, last) != (start, end):
            self.notes.setdefault((Reason.TRIMMED, (start, end)), repr(text))
        if not self._exact(first, last):
            self.notes.setdefault((Reason.EXPANDED, span), f"{text.strip()} → {self._words(span)}")
        return span

    def around(self, start: int, end: int) -> Span | None:
        """Find the words that have any text between two offsets, and note nothing.

        start (int): The first character.
        end (int): The character after the last.
        RETURNS (Span | None): The words; None if there is but whitespace.
        """
        first, last = self._trimmed(start, end)
        return self._touched(first, last) if first < last else None

    def text(self, start: int, end: int) -> str:
        """Get the text between two offsets.

        start (int): The first character.
        end (int): The character after the last.
        RETURNS (str): The text.
        """
        return self.raw[start:end]

    def _occurrences(self, text: str) -> list[list[Span]]:
        words = text.split()
        pattern = r"\s+".join(map(re.escape, words))
        hits = [match.span() for match in re.finditer(pattern, self.raw)] if words else []
        exact = [span for hit in hits if (span := self._exact(*hit))]
        cut = [self._touched(*hit) for hit in hits if self._cuts_no_letters(*hit)]
        expanded = [] if self.reading.alignment == "strict" or exact else cut
        return [exact, *find_all(self.words, words), list(dict.fromkeys(expanded))]

    def _exact(self, start: int, end: int) -> Span | None:
        """The words between two characters, if none is cut."""
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def _trimmed(self, start: int, end: int) -> Span:
        """The offsets of a text without the whitespace around it."""
        text = self.raw[start:end]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())

    def _touched(self, start: int, end: int) -> Span:
        """The words that have any of these characters; the first and the last are no whitespace."""
        return bisect_right(self._first, start) - 1, bisect_right(self._first, end - 1)

    def _cuts_no_letters(self, start: int, end: int) -> bool:
        """Whether a text ends at no letter or digit that goes on: not as "art" in "party"."""
        pairs = (self.raw[max(start - 1, 0) : start + 1], self.raw[end - 1 : end + 1])
        return not any(len(pair) == 2 and pair.isalnum() for pair in pairs)

    def _words(self, span: Span) -> str:
        return " ".join(self.words[slice(*span)])


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
    parts = (word if word.isascii() else unicodedata.normalize("NFD", word) for word in words)
    return [
        part if part.isascii() else "".join(c for c in part if not unicodedata.combining(c))
        for part in parts
    ]


def _touches(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span has words of another one, and is not the same."""
    return any(span != other and overlap(span, other) for other in others)
