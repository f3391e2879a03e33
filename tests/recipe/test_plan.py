"""How long to train: enough updates and looks for any corpus, and what spaCy makes of the plan."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.recipe.numbers import TRANSFORMER, VECTORS, WORDS, Numbers
from spacy_rin.recipe.plan import Plan, count_padded, make_plan
from spacy_rin.recipe.survey import Survey

ALL = [WORDS, VECTORS, TRANSFORMER]
lengths = st.lists(st.integers(1, 120), min_size=1, max_size=300)
sizes = st.integers(1, 20_000)


def plan_for(n_docs: int, numbers: Numbers = WORDS, *, padded: bool = False) -> Plan:
    return make_plan(Survey([20] * n_docs, triples=n_docs), numbers, padded=padded)


@pytest.mark.parametrize("numbers", ALL)
@given(lengths=lengths)
def test_any_corpus_has_ten_looks_at_dev(numbers: Numbers, lengths: list[int]) -> None:
    for padded in (False, True):
        assert make_plan(Survey(lengths), numbers, padded=padded).looks >= 10


@pytest.mark.parametrize("numbers", ALL)
@given(n_docs=sizes)
def test_updates_are_those_wanted_within_the_bounds_of_epochs(
    numbers: Numbers, n_docs: int
) -> None:
    plan = plan_for(n_docs, numbers)
    assert numbers.least_epochs <= plan.epochs <= numbers.most_epochs
    if plan.epochs < numbers.most_epochs:
        assert plan.updates >= numbers.updates
    if plan.epochs > numbers.least_epochs:
        assert plan.updates < numbers.updates + plan.steps


@pytest.mark.parametrize("numbers", ALL)
@given(first=sizes, second=sizes)
def test_more_sentences_never_get_fewer_updates(numbers: Numbers, first: int, second: int) -> None:
    """To within an epoch, since epochs are whole."""
    few, many = (plan_for(n, numbers) for n in sorted((first, second)))
    assert many.updates >= few.updates - few.steps
    assert many.batch >= few.batch
    if many.batch == few.batch:
        assert many.epochs <= few.epochs


@pytest.mark.parametrize("numbers", ALL)
def test_few_sentences_get_enough_updates(numbers: Numbers) -> None:
    """28 sentences have no more than thirty updates in thirty epochs of batches of fifty."""
    assert plan_for(28, numbers).updates >= 500


@given(n_docs=sizes)
def test_last_look_is_near_the_end(n_docs: int) -> None:
    plan = plan_for(n_docs)
    last = (plan.looks - 1) * plan.eval_frequency
    assert last < plan.updates and plan.updates - last <= max(1, plan.looks)


@given(n_docs=sizes)
def test_updates_of_an_epoch_are_the_batches(n_docs: int) -> None:
    plan = plan_for(n_docs)
    assert plan.steps == math.ceil(n_docs / plan.batch)


@given(lengths=lengths, batch_words=st.integers(20, 500))
def test_padded_batches_hold_so_many_words(lengths: list[int], batch_words: int) -> None:
    """A naive lower bound: no batch but one of a single text has more words."""
    short = [n for n in lengths if n <= batch_words]
    least = math.ceil(sum(short) / batch_words) + len(lengths) - len(short)
    assert least <= count_padded(lengths, batch_words) <= len(lengths)


@given(lengths=lengths)
def test_order_of_the_corpus_changes_nothing(lengths: list[int]) -> None:
    one, other = (make_plan(Survey(found), TRANSFORMER, padded=True) for found in both(lengths))
    assert one == other


def both(lengths: list[int]) -> Iterable[list[int]]:
    return lengths, lengths[::-1]
