"""A transformer with random weights and the vocabulary of the toy corpus: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.util import fix_random_seed
from toy import texts


def make_bert(path: Path) -> Path:
    """Write a BERT of two layers of width 32, and its tokenizer, to a folder."""
    pytest.importorskip("spacy_transformers", reason="needs the extra spacy-rin[transformers]")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = sorted({word.lower() for text in texts() for word in text.split()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, "ada", "##s", "love", "##lace"]
    vocab = path / "vocab.txt"
    vocab.write_text("\n".join(dict.fromkeys(pieces)))
    BertTokenizerFast(vocab_file=str(vocab)).save_pretrained(path)
    fix_random_seed(0)
    config = BertConfig(
        vocab_size=len(set(pieces)),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(path)
    return path
