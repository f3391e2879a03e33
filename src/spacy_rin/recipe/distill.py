"""A transformer → static word vectors, so that a BiLSTM has some of its knowledge at its own speed.

Each word is read alone: the vector is the mean of its pieces in the last layer. Of all vectors the
first principal components are kept. The vectors of all words lie on disk while they are made, so
that memory does not grow with their number.

Shapes: N words; P pieces of the longest word of a batch; H width of the transformer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.util import minibatch
from spacy.vectors import Vectors

from ..errors import Errors, import_extra

# Words that are read at once, and pieces of a word that are read of very long ones.
WORDS_PER_BATCH = 512
LONGEST = 32
# Words whose vectors are in memory at once.
CHUNK = 8192
# Words that show whether a tokenizer knows capitals.
CAPITALS = ("London", "Europe", "May", "The")


@dataclass(frozen=True)
class Transformer:
    """A transformer with its tokenizer.

    name (str): A directory, or a name on the hub.
    tokenizer (PreTrainedTokenizerFast): Splits words into pieces.
    model (PreTrainedModel): Reads pieces.
    lower (bool): Whether it reads lower case alone.
    """

    name: str
    tokenizer: Any
    model: Any
    lower: bool


def load_transformer(name: str, gpu_id: int = -1) -> Transformer:
    """Load a transformer.

    name (str): A directory, or a name on the hub.
    gpu_id (int): GPU, -1 for the CPU.
    RETURNS (Transformer): The transformer.
    RAISES (ValueError): If the extra is not installed, or if there is no transformer of that name.
    """
    transformers = import_extra("transformers", "transformers", "A transformer")
    try:
        # In a sentence there is a space in front of a word, which some tokenizers read.
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, add_prefix_space=True)
        model = transformers.AutoModel.from_pretrained(name).eval()
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(Errors.R156.format(name=name, reason=reason)) from None
    lower = all(tokenizer.tokenize(w) == tokenizer.tokenize(w.lower()) for w in CAPITALS)
    return Transformer(name, tokenizer, model.to(f"cuda:{gpu_id}" if gpu_id >= 0 else "cpu"), lower)


def distill(
    transformer: Transformer,
    words: Iterable[str],
    *,
    width: int = 100,
    lang: str = "en",
    progress: Callable[[int], object] = lambda n: None,
) -> tuple[Language, float]:
    """Make a pipeline that has static word vectors, and nothing else.

    Words of which the tokenizer knows no piece have no vector. The order of the words changes
    nothing.

    transformer (Transformer): The transformer.
    words (Iterable[str]): The words, in any order, also repeated.
    width (int): Width of the vectors.
    lang (str): Language of the pipeline.
    progress (Callable): Called with the number of words read so far.
    RETURNS (tuple[Language, float]): The pipeline, and the share of the variance that is kept.
        If the transformer reads lower case alone, so are the keys of the vectors.
    RAISES (ValueError): If the transformer has a smaller width, or if no word is known.
    """
    hidden = transformer.model.config.hidden_size
    if width > hidden:
        raise ValueError(Errors.R157.format(width=width, hidden=hidden))
    distinct = {word.lower() if transformer.lower else word for word in words}
    # Words of similar length are read together, and in the same batches each time.
    ordered = sorted(distinct, key=lambda word: (len(word), word))
    keys: list[str] = []
    with tempfile.TemporaryFile() as file:
        shape = (max(1, len(ordered)), hidden)
        X = np.memmap(file, dtype="float32", mode="w+", shape=shape)
        for n_read, (found, vectors) in _read_alone(transformer, ordered):
            X[len(keys) : len(keys) + len(found)] = vectors
            keys += found
            progress(n_read)
        if not keys:
            raise ValueError(Errors.R158.format(name=transformer.name))
        data, kept = _principal_components(X[: len(keys)], width)
    nlp = spacy.blank(lang)
    # Keys in lower case are not marked as such (`attr`), since spaCy does not save the mark. The
    # layers of this package look words up in lower case too.
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings,
        data=data,
        keys=[nlp.vocab.strings.add(word) for word in keys],
        name=f"{lang}_distilled.vectors",
    )
    return nlp, kept


def _read_alone(
    transformer: Transformer, words: list[str]
) -> Iterator[tuple[int, tuple[list[str], np.ndarray]]]:
    """Read each word alone: how many were read, and those that are known with (n, H) vectors."""
    import torch

    from ..nn.device import product_dtype

    tokenizer, model = transformer.tokenizer, transformer.model
    dtype = product_dtype("auto", model.device)
    n_read = 0
    for batch in minibatch(words, WORDS_PER_BATCH):
        pieces = tokenizer(
            batch,
            padding=True,
            truncation=True,
            max_length=LONGEST,
            return_special_tokens_mask=True,
            return_tensors="pt",
        ).to(model.device)
        # (n, P), 1 for the pieces of a word that the tokenizer knows
        own = (1 - pieces.pop("special_tokens_mask")) * pieces["attention_mask"]
        own *= (pieces["input_ids"] != tokenizer.unk_token_id).long()
        with (
            torch.no_grad(),
            torch.autocast(model.device.type, dtype=dtype, enabled=dtype != torch.float32),
        ):
            states = model(**pieces).last_hidden_state.float()  # (n, P, H)
        counts = own.sum(1)
        means = (states * own.unsqueeze(2)).sum(1) / counts.clamp(min=1).unsqueeze(1)
        known = counts.cpu().numpy() > 0
        n_read += len(batch)
        yield (
            n_read,
            (
                [word for word, is_known in zip(batch, known, strict=True) if is_known],
                means.cpu().numpy()[known],
            ),
        )


def _principal_components(X: np.ndarray, width: int) -> tuple[np.ndarray, float]:
    """Project (N, H) vectors to (N, width), scaled to a variance of 1; and the share that is kept.

    Vectors are read in chunks, twice for the covariance and once to be projected.
    """
    chunks = [slice(k, k + CHUNK) for k in range(0, len(X), CHUNK)]
    mean = sum(X[chunk].sum(0, dtype="float64") for chunk in chunks) / len(X)
    centred = ((X[chunk] - mean) for chunk in chunks)
    variances, axes = np.linalg.eigh(sum(part.T @ part for part in centred) / len(X))
    axes = axes[:, ::-1][:, :width]  # (H, width), the largest variance first
    # The sign of an axis is arbitrary. Its largest entry is made positive, on any machine.
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(width)])
    data = np.concatenate([((X[chunk] - mean) @ axes).astype("float32") for chunk in chunks])
    kept = variances[::-1][:width].sum() / variances.sum() if variances.sum() else 1.0
    return data / (data.std() or 1.0), float(kept)
