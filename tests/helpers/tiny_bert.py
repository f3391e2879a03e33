"""A small BERT with random weights, as a local folder: no test downloads one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from spacy.util import fix_random_seed
from toy import texts

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_tokenizer(path: Path, pieces: Iterable[str], *, lower: bool = True) -> Any:
    """A tokenizer of these pieces, also saved to a folder."""
    pytest.importorskip("spacy_transformers", reason="needs the extra spacy-rin[transformers]")
    from transformers import BertTokenizerFast

    path.mkdir(parents=True, exist_ok=True)
    vocab = path / "vocab.txt"
    vocab.write_text("\n".join(dict.fromkeys([*SPECIAL, *pieces])), encoding="utf8")
    tokenizer = BertTokenizerFast(vocab_file=str(vocab), do_lower_case=lower)
    tokenizer.save_pretrained(path)
    return tokenizer


def make_bert(path: Path, pieces: Iterable[str], *, lower: bool = True, limit: int = 128) -> Path:
    """A BERT of two layers of width 32 and its tokenizer, in a folder; it reads `limit` pieces."""
    size = len(make_tokenizer(path, pieces, lower=lower))
    from transformers import BertConfig, BertModel

    fix_random_seed(0)
    config = BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=limit,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(path)
    return path


def toy_pieces() -> list[str]:
    """The words of the toy corpus, and the pieces of a name that none of them is."""
    words = sorted({word.lower() for text in texts() for word in text.split()})
    return [*words, "ada", "##s", "love", "##lace"]
