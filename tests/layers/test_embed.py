"""The word and tag tables: which row a word takes, what trains it, and what is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import Model, chain, set_dropout_rate, with_array
from thinc.layers import Linear

from spacy_rin.layers.embed import TableCounts, build_word_tag_embed, find_tables

WORD_WIDTH, TAG_WIDTH = 4, 3
VECTORS = {
    "rome": [1.0, 0.0, 0.0, 0.0],
    "Rome": [2.0, 0.0, 0.0, 0.0],
    "oslo": [3.0, 0.0, 0.0, 0.0],
    "bob": [4.0, 0.0, 0.0, 0.0],
}


def make_vocab(vectors: dict[str, list[float]] | None = None) -> Vocab:
    vocab = spacy.blank("en").vocab
    if vectors:
        vocab.vectors = Vectors(
            data=np.array(list(vectors.values()), dtype="f"),
            keys=[vocab.strings.add(word) for word in vectors],
        )
    return vocab


def make_doc(vocab: Vocab, text: str) -> Doc:
    """A Doc of words with tags, as "Bob/N sleeps/V". The tag may be missing."""
    pairs = [(*item.split("/"), "")[:2] for item in text.split()]
    return Doc(vocab, words=[word for word, _ in pairs], tags=[tag for _, tag in pairs])


def make_embed(
    docs: list[Doc], tag_width: int = TAG_WIDTH, word_dropout: float = 0.25
) -> Model[list[Doc], list[np.ndarray]]:
    """An embedding whose tables were made from these Docs."""
    embed = build_word_tag_embed(WORD_WIDTH, tag_width, word_dropout)
    counts = TableCounts(embed)
    for doc in docs:
        counts.add(Example(doc, doc))
    counts.build()
    embed.initialize(X=docs)
    return embed


def rows(embed: Model, which: int = 0) -> np.ndarray:
    """(nV, width) parameters of the word table (0) or the tag table (1)."""
    table: np.ndarray = find_tables(embed)[which].get_param("E")
    return table


def row_of(embed: Model, vocab: Vocab, word: str, which: int = 0) -> int:
    """The row of a word: the only one that is equal to the word's output."""
    doc = make_doc(vocab, f"{word}/{word}")
    output = embed.predict([doc])[0][0]
    vector = output[:WORD_WIDTH] if which == 0 else output[WORD_WIDTH:]
    (found,) = np.flatnonzero((rows(embed, which) == vector).all(axis=1))
    return int(found)


def test_word_has_the_same_vector_everywhere() -> None:
    vocab = make_vocab()
    docs = [make_doc(vocab, "Bob/N saw/V Ann/N"), make_doc(vocab, "Ann/N saw/V")]
    first, second = make_embed(docs).predict(docs)
    assert np.array_equal(first[2], second[0]) and np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], first[2])


def test_output_is_word_and_tag_side_by_side() -> None:
    vocab = make_vocab()
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    bob_n, bob_v, saw_n = (
        embed.predict([make_doc(vocab, text)])[0][0] for text in ("Bob/N", "Bob/V", "saw/N")
    )
    assert bob_n.shape == (WORD_WIDTH + TAG_WIDTH,)
    assert np.array_equal(bob_n[:WORD_WIDTH], bob_v[:WORD_WIDTH])
    assert np.array_equal(bob_n[WORD_WIDTH:], saw_n[WORD_WIDTH:])
    assert not np.array_equal(bob_n[WORD_WIDTH:], bob_v[WORD_WIDTH:])


def test_widths_are_known_before_it_is_initialised() -> None:
    assert build_word_tag_embed(7, 2).get_dim("nO") == 9
    assert build_word_tag_embed(7, 0).get_dim("nO") == 7


def test_tag_width_zero_has_no_tag_table() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N Bob/V")
    embed = make_embed([doc], tag_width=0)
    output = embed.predict([doc])[0]
    assert len(find_tables(embed)) == 1 and output.shape == (2, WORD_WIDTH)
    assert np.array_equal(output[0], output[1])


def test_tables_have_a_row_for_each_word_and_the_unknown_one() -> None:
    vocab = make_vocab()
    docs = [make_doc(vocab, "Bob/N saw/V Ann/N"), make_doc(vocab, "Ann/N saw/V Eve/N")]
    embed = make_embed(docs)
    assert rows(embed, 0).shape == (5, WORD_WIDTH) and rows(embed, 1).shape == (3, TAG_WIDTH)


def test_every_known_word_has_a_row_of_its_own() -> None:
    vocab = make_vocab()
    words = [f"word{i}" for i in range(50)]
    embed = make_embed([make_doc(vocab, " ".join(f"{word}/{word}" for word in words))])
    for which in (0, 1):
        found = sorted(row_of(embed, vocab, word, which) for word in words)
        assert found == list(range(1, 51))


def test_unknown_words_and_tags_take_row_zero() -> None:
    vocab = make_vocab()
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    for word in ("Eve", "BOB", "bob", "0"):
        assert row_of(embed, vocab, word) == row_of(embed, vocab, word, 1) == 0


def test_missing_tag_takes_row_zero() -> None:
    vocab = make_vocab()
    docs = [make_doc(vocab, "Bob/N saw/V"), make_doc(vocab, "Ann")]
    embed = make_embed(docs)
    assert np.array_equal(embed.predict(docs)[1][0, WORD_WIDTH:], rows(embed, 1)[0])
    assert rows(embed, 1).shape[0] == 3


def test_table_without_words_knows_none() -> None:
    vocab = make_vocab()
    embed = make_embed([make_doc(vocab, "")])
    assert np.array_equal(
        embed.predict([make_doc(vocab, "Bob")])[0][0, :WORD_WIDTH], rows(embed)[0]
    )


def test_words_that_no_training_data_was_counted_for_are_an_error() -> None:
    embed = build_word_tag_embed(WORD_WIDTH, TAG_WIDTH)
    with pytest.raises(ValueError, match=r"ORTH table .* has no rows"):
        embed.initialize(X=[make_doc(make_vocab(), "Bob/N")])


def test_tables_are_found_inside_other_layers() -> None:
    embed = build_word_tag_embed(WORD_WIDTH, TAG_WIDTH)
    inside = chain(embed, with_array(Linear(2, WORD_WIDTH + TAG_WIDTH)))
    assert [table.attrs["attr"] for table in find_tables(inside)] == ["ORTH", "TAG"]


def test_every_word_may_be_dropped_in_training() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N saw/V Ann/N")
    embed = make_embed([doc], word_dropout=1e9)
    output, _ = embed([doc], is_train=True)
    assert np.array_equal(output[0][:, :WORD_WIDTH], rows(embed)[[0, 0, 0]])


def test_no_word_is_dropped_in_prediction() -> None:
    vocab = make_vocab()
    embed = make_embed([make_doc(vocab, "Bob/N saw/V Ann/N")], word_dropout=1e9)
    assert sorted(row_of(embed, vocab, word) for word in ("Bob", "saw", "Ann")) == [1, 2, 3]


def test_no_word_is_dropped_at_rate_zero() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N saw/V Ann/N " * 200)
    embed = make_embed([doc], word_dropout=0.0)
    assert np.array_equal(embed([doc], is_train=True)[0][0], embed.predict([doc])[0])


def test_tags_are_never_dropped() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N saw/V Ann/N")
    embed = make_embed([doc], word_dropout=1e9)
    output, _ = embed([doc], is_train=True)
    assert np.array_equal(output[0][:, WORD_WIDTH:], embed.predict([doc])[0][:, WORD_WIDTH:])


def test_rare_words_are_dropped_more_often() -> None:
    vocab = make_vocab()
    seen = make_doc(vocab, "often " * 9 + "once")
    embed = make_embed([seen], word_dropout=1.0)
    np.random.seed(0)
    output, _ = embed([make_doc(vocab, "often " * 4000 + "once " * 4000)], is_train=True)
    dropped = (output[0][:, :WORD_WIDTH] == rows(embed)[0]).all(axis=1)
    assert dropped[:4000].mean() == pytest.approx(1 / 10, abs=0.02)  # α / (α + count)
    assert dropped[4000:].mean() == pytest.approx(1 / 2, abs=0.03)


def test_dropout_is_for_training_only() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N saw/V Ann/N " * 100)
    embed = make_embed([doc], word_dropout=0.0)
    set_dropout_rate(embed, 0.5)
    trained, _ = embed([doc], is_train=True)
    assert 0.4 < (trained[0] == 0).mean() < 0.6
    assert (embed.predict([doc])[0] != 0).all()


def test_known_words_start_from_the_vectors() -> None:
    vocab = make_vocab(VECTORS)
    doc = make_doc(vocab, "Rome/N rome/N Bob/N new/A")
    output = make_embed([doc]).predict([doc])[0][:, :WORD_WIDTH]
    assert output[:3].tolist() == [VECTORS["Rome"], VECTORS["rome"], VECTORS["bob"]]
    assert output[3].tolist() not in VECTORS.values()


def test_known_words_keep_what_they_learned() -> None:
    vocab = make_vocab(VECTORS)
    doc = make_doc(vocab, "Rome/N")
    embed = make_embed([doc])
    find_tables(embed)[0].set_param("E", rows(embed) + 10)
    assert embed.predict([doc])[0][0, :WORD_WIDTH].tolist() == [12.0, 10.0, 10.0, 10.0]


def test_unknown_words_take_their_static_vectors() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    output = embed.predict([make_doc(vocab, "saw/V oslo/N rome/N")])[0][:, :WORD_WIDTH]
    assert output[1:].tolist() == [VECTORS["oslo"], VECTORS["rome"]]


def test_static_vectors_are_matched_lower_cased() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    output = embed.predict([make_doc(vocab, "OSLO/N Oslo/N")])[0][:, :WORD_WIDTH]
    assert output.tolist() == [VECTORS["oslo"]] * 2


def test_vector_of_the_word_as_written_comes_first() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    output = embed.predict([make_doc(vocab, "Rome/N ROME/N")])[0][:, :WORD_WIDTH]
    assert output.tolist() == [VECTORS["Rome"], VECTORS["rome"]]


def test_unknown_words_without_a_vector_take_row_zero() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    assert row_of(embed, vocab, "Eve") == 0


def test_tags_take_no_vectors() -> None:
    vocab = make_vocab(VECTORS)
    doc = make_doc(vocab, "a/rome b/oslo")
    embed = build_word_tag_embed(WORD_WIDTH, WORD_WIDTH)
    counts = TableCounts(embed)
    counts.add(Example(doc, doc))
    counts.build()
    embed.initialize(X=[doc])
    other = make_doc(vocab, "a/bob")
    tags = np.concatenate(embed.predict([doc, other]))[:, WORD_WIDTH:].tolist()
    assert not any(vector in tags for vector in VECTORS.values())


def test_dropped_words_take_their_static_vectors() -> None:
    vocab = make_vocab(VECTORS)
    doc = make_doc(vocab, "rome/N new/A")
    embed = make_embed([doc], word_dropout=1e9)
    find_tables(embed)[0].set_param("E", rows(embed) + 10)
    output, _ = embed([doc], is_train=True)
    assert output[0][0, :WORD_WIDTH].tolist() == VECTORS["rome"]
    assert np.array_equal(output[0][1, :WORD_WIDTH], rows(embed)[0])


def test_model_that_was_made_without_vectors_uses_none() -> None:
    plain, vocab = make_vocab(), make_vocab(VECTORS)
    embed = make_embed([make_doc(plain, "Bob/N saw/V")])
    assert np.array_equal(
        embed.predict([make_doc(vocab, "rome")])[0][0, :WORD_WIDTH], rows(embed)[0]
    )


def test_vectors_that_are_gone_leave_row_zero() -> None:
    embed = make_embed([make_doc(make_vocab(VECTORS), "Bob/N saw/V")])
    assert row_of(embed, make_vocab(), "rome") == 0


def test_vectors_of_another_width_are_an_error() -> None:
    vocab = make_vocab({"bob": [1.0] * 6})
    with pytest.raises(ValueError, match=r"have 6 dimensions, but word_width is 4.*word_width = 6"):
        make_embed([make_doc(vocab, "Bob/N")])


def test_floret_vectors_are_an_error() -> None:
    vocab = make_vocab()
    vocab.vectors = Vectors(
        data=np.ones((8, WORD_WIDTH), dtype="f"),
        mode="floret",
        minn=2,
        maxn=3,
        hash_count=2,
        strings=vocab.strings,
    )
    with pytest.raises(ValueError, match="mode 'floret'"):
        make_embed([make_doc(vocab, "Bob/N")])


def random_like(arrays: list[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=array.shape).astype("f") for array in arrays]


def test_gradient_of_a_row_is_the_sum_over_its_words() -> None:
    vocab = make_vocab()
    docs = [make_doc(vocab, "Bob/N saw/V Bob/N"), make_doc(vocab, ""), make_doc(vocab, "saw/N")]
    embed = make_embed(docs, word_dropout=0.0)
    unknown = make_doc(vocab, "Eve/X Bob/V Kim/N")
    Y, backprop = embed([*docs, unknown], is_train=True)
    dY = random_like(Y)
    backprop(dY)
    for which, part in ((0, slice(0, WORD_WIDTH)), (1, slice(WORD_WIDTH, None))):
        expected = np.zeros_like(rows(embed, which))
        for doc, d_doc in zip([*docs, unknown], dY, strict=True):
            for token, d_token in zip(doc, d_doc, strict=True):
                name = token.text if which == 0 else token.tag_
                expected[row_of(embed, vocab, name, which)] += d_token[part]
        found = find_tables(embed)[which].get_grad("E")
        assert np.allclose(found, expected, atol=1e-6)


def test_gradient_is_numerically_right() -> None:
    vocab = make_vocab(VECTORS)
    seen = make_doc(vocab, "Bob/N saw/V new/A")
    doc = make_doc(vocab, "Bob/N oslo/N Eve/X saw/V Bob/V")  # oslo is static
    embed = make_embed([seen], word_dropout=0.0)
    Y, backprop = embed([doc], is_train=True)
    dY = random_like(Y)
    backprop([array.copy() for array in dY])
    for table in find_tables(embed):
        E = table.get_param("E").copy()
        for place in np.ndindex(*E.shape):
            sides = []
            for step in (0.5, -0.5):  # the output is linear in E
                moved = E.copy()
                moved[place] += step
                table.set_param("E", moved)
                sides.append(float((embed.predict([doc])[0] * dY[0]).sum()))
            table.set_param("E", E)
            assert table.get_grad("E")[place] == pytest.approx(sides[0] - sides[1], abs=1e-4)


def test_static_vectors_get_no_gradient() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    Y, backprop = embed([make_doc(vocab, "oslo/N Rome/N")], is_train=True)
    before = vocab.vectors.data.copy()
    backprop([np.ones_like(array) for array in Y])
    assert not find_tables(embed)[0].get_grad("E").any()
    assert np.array_equal(vocab.vectors.data, before)


def test_dropped_words_train_row_zero() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "Bob/N saw/V")
    embed = make_embed([doc], word_dropout=1e9)
    Y, backprop = embed([doc], is_train=True)
    backprop([np.ones_like(array) for array in Y])
    gradient = find_tables(embed)[0].get_grad("E")
    assert gradient.tolist() == [[2.0] * WORD_WIDTH, [0.0] * WORD_WIDTH, [0.0] * WORD_WIDTH]


def test_backprop_leaves_the_gradient_it_is_given() -> None:
    vocab = make_vocab(VECTORS)
    embed = make_embed([make_doc(vocab, "Bob/N")], tag_width=0)
    Y, backprop = embed([make_doc(vocab, "oslo/N Bob/N")], is_train=True)
    dY = [np.ones_like(array) for array in Y]
    backprop(dY)
    assert (dY[0] == 1).all()


def test_changing_the_output_does_not_change_the_table() -> None:
    vocab = make_vocab(VECTORS)
    doc = make_doc(vocab, "Bob/N oslo/N Eve/N")
    embed = make_embed([make_doc(vocab, "Bob/N")])
    before = embed.predict([doc])[0].copy()
    embed.predict([doc])[0][:] = 0
    assert np.array_equal(embed.predict([doc])[0], before)


@pytest.mark.parametrize("vectors", [None, VECTORS])
def test_saved_and_loaded_gives_the_same(
    vectors: dict[str, list[float]] | None, tmp_path: Path
) -> None:
    vocab = make_vocab(vectors)
    embed = make_embed([make_doc(vocab, "Bob/N saw/V new/A")])
    docs = [make_doc(vocab, "Bob/N oslo/V Eve/X"), make_doc(vocab, ""), make_doc(vocab, "saw/A")]
    embed.to_disk(tmp_path / "model")
    for loaded in (
        build_word_tag_embed(WORD_WIDTH, TAG_WIDTH).from_bytes(embed.to_bytes()),
        build_word_tag_embed(WORD_WIDTH, TAG_WIDTH).from_disk(tmp_path / "model"),
    ):
        for found, expected in zip(loaded.predict(docs), embed.predict(docs), strict=True):
            assert np.array_equal(found, expected)


def test_loaded_model_drops_the_same_words() -> None:
    vocab = make_vocab()
    doc = make_doc(vocab, "often " * 20 + "once")
    embed = make_embed([doc], word_dropout=1.0)
    loaded = build_word_tag_embed(WORD_WIDTH, TAG_WIDTH, 1.0).from_bytes(embed.to_bytes())
    outputs = []
    for model in (embed, loaded):
        np.random.seed(3)
        outputs.append(model([doc] * 20, is_train=True)[0])
    assert np.array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0], embed.predict([doc] * 20))


def test_empty_docs_have_no_vectors() -> None:
    vocab = make_vocab()
    docs = [make_doc(vocab, text) for text in ("", "Bob/N", "", "Ann/N saw/V", "")]
    embed = make_embed(docs)
    shapes = [array.shape for array in embed.predict(docs)]
    assert shapes == [(n, WORD_WIDTH + TAG_WIDTH) for n in (0, 1, 0, 2, 0)]


@pytest.mark.parametrize("is_train", [False, True])
def test_batch_of_empty_docs_has_no_vectors(is_train: bool) -> None:
    vocab = make_vocab()
    embed = make_embed([make_doc(vocab, "Bob/N")])
    Y, backprop = embed([make_doc(vocab, "")] * 2, is_train=is_train)
    assert [array.shape for array in Y] == [(0, WORD_WIDTH + TAG_WIDTH)] * 2
    backprop(Y)
    assert not find_tables(embed)[0].get_grad("E").any()


def test_neighbours_change_nothing() -> None:
    vocab = make_vocab(VECTORS)
    docs = [make_doc(vocab, text) for text in ("Bob/N oslo/N", "Eve/X", "Rome/N saw/V Kim/N")]
    embed = make_embed([make_doc(vocab, "Bob/N saw/V")])
    for doc, together in zip(docs, embed.predict(docs), strict=True):
        assert np.array_equal(embed.predict([doc])[0], together)
