"""A damaged .spacy file is an error on one line that names it, also among others of a folder."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from toy import gold_docs, write_corpus

from spacy_rin.corpus.docbin import check_docs, read_docs
from spacy_rin.stores import KEY


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("damaged") / "gold.spacy", gold_docs(Vocab()))


@settings(max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), inside=st.booleans())
def test_flipped_bit_is_said_or_harmless(
    corpus: Path, where: float, bit: int, inside: bool
) -> None:
    data = corpus.read_bytes()
    changed = bytearray(zlib.decompress(data) if inside else data)
    changed[int(where * len(changed))] ^= 1 << bit
    path = corpus.with_name("changed.spacy")
    path.write_bytes(zlib.compress(bytes(changed)) if inside else bytes(changed))
    try:
        check_docs(path)
    except ValueError as error:
        assert "changed.spacy" in str(error) and "\n" not in str(error) and len(str(error)) < 700


@pytest.mark.parametrize(
    "data", [b"", b"no zlib", zlib.compress(b"no msgpack"), zlib.compress(b"")]
)
def test_shard_of_a_directory_is_named(corpus: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "00000.spacy").write_bytes(corpus.read_bytes())
    (tmp_path / "00001.spacy").write_bytes(data)
    with pytest.raises(ValueError, match=r"00001\.spacy"):
        check_docs(tmp_path)


@pytest.mark.parametrize(
    "stored",
    [
        5,
        [5],
        [[1, 2]],
        [[0, 3, "PER", None, 4, 5, "PER", 1.0]],
        [[0, 2**63, "PER", "x", 4, 5, "PER", 1.0]],
        [[-5, 3, "PER", "x", 4, 5, "PER", 1.0]],
        [["a", 3, "PER", "x", 4, 5, "PER", 1.0]],
        [[0, 3, "PER", "x", 4, 5, "PER", float("nan")]],
        [[0, 3, "PER", "x", 4, 5, "PER", "high"]],
    ],
    ids=str,
)
def test_odd_relations_are_said_with_the_file(tmp_path: Path, stored: Any) -> None:
    doc = Doc(Vocab(), words=["Ada", "sleeps"])
    doc.user_data[KEY] = stored
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "odd.spacy")
    with pytest.raises(ValueError, match=r"odd\.spacy"):
        list(read_docs(tmp_path / "odd.spacy"))
