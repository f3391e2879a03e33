"""What the package warns of, by code: results that would be wrong or empty without a word.

The codes are numbered together with those of the errors.
"""

from __future__ import annotations

from .messages import Messages


class Warnings(metaclass=Messages):
    """The messages by code; each is filled by its `format`."""

    # doc._.relations
    R180 = (
        "{lost} of {total} relations of this Doc are left out: it has another text where their "
        "ends were stored: {text!r}. They were made on another Doc. "
        "Span.as_doc(copy_user_data=True), for example, copies them with offsets that are wrong "
        "for the new Doc. Read the relations of the whole Doc, or set doc._.relations again."
    )

    # The component
    R182 = (
        "{name!r} has replaced the relations that {other!r} had just stored as doc._.{attribute}. "
        "Give one of the two another attribute, such as "
        'nlp.get_pipe({name!r}).attribute = "triples".'
    )
    R183 = (
        "{name!r} reads {what}, and the Docs have none, so that it finds little or nothing. Most "
        "likely a component that runs before {name!r} was left out: by `exclude`, `disable` or "
        "`select_pipes`, or where {name!r} was sourced alone."
    )
    R186 = (
        "The transformer has not read {unread} words of this batch, since a text has more word "
        "pieces than it can read at once ({texts}). {name!r} finds nothing in them. Set a lower "
        "[components.transformer.model.get_spans] max_length, or read texts by sentence."
    )
    R198 = (
        "{name!r} reads POS tags of these Docs, but its training had none, so that it knows "
        "nothing of them. Name the tagger in [training] annotating_components, and train again."
    )

    # Spans
    R261 = (
        "No relation starts or ends at {text!r}, but {count} lie within it. span._.relations are "
        "those of one entity; spacy_rin.relations_in(span) are those within a sentence."
    )

    # Training
    R184 = (
        "Only {fit} of {total} gold entities, heads and tails of train fit the tokens of the "
        "pipeline. The others are left out of training, as {gold!r} in the tokens {tokens}. "
        "Gold of another tokenizer is the usual reason: set [nlp] lang to the language of the "
        "data (now {lang!r}), or convert the data again with `spacy-rin convert --lang {lang}`."
    )
    R185 = (
        "The dev set of [paths.dev] has {what}, so that every model scores 0 on it, and none can "
        "be chosen. Give a dev set with relations that train has, too."
    )
    R187 = (
        "Training will score dev {looks}, since it makes {steps} steps and scores every "
        "{frequency}. So model-best is {choice}. Set {setting}."
    )
    R192 = (
        "{name!r} has labels that start or end with a space: {labels}. To the model they are other "
        "labels than those without. `spacy-rin convert` takes such spaces away."
    )
    R199 = (
        "The template {text!r} can't be filled, since train has no such label: {unknown}. A slot "
        "is head, tail or the label of an entity."
    )
