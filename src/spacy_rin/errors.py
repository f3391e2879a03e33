"""Every error of the package, by code: what was expected, what was found, what to do.

Write `raise ValueError(Errors.R001.format(...))`, as spaCy does with its own codes.
"""


class Errors:
    # doc._.relations
    R001 = (
        "Can't register doc._.{name}: another package has already registered an extension of that "
        "name. Choose another one for the relations, e.g. `attribute = \"triples\"` in "
        "[components.rin] of the config; it reads and writes the same relations."
    )
    R002 = (
        "The relations of this Doc do not fit its text: stored offsets {start}:{end}, but the text "
        "has {length} characters. Relations belong to the Doc they were made on; to move them, "
        "shift the offsets or set doc._.relations anew."
    )
    R003 = (
        "A relation can only be stored on the Doc its spans belong to: {side} {text!r} is a span of "
        "another Doc. Make the spans from this Doc, e.g. doc.char_span(start, end)."
    )
    R004 = (
        "doc._.relations takes Relation objects, found {found}. Make them with "
        "spacy_rin.Relation(head, label, tail, score)."
    )
