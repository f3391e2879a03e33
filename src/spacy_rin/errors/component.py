"""Errors of the component: relations, gold, layers, training, settings."""

from __future__ import annotations


class ComponentErrors:
    """The messages by code; each is filled by its `format`."""

    # doc._.relations
    R001 = (
        "Can't register {owner}._.{name}: another package has already registered an extension of "
        'that name. Choose another name for the relations, e.g. `attribute = "triples"` in '
        "[components.rin] of the config. It reads and writes the same relations."
    )
    R002 = (
        "The relations of this Doc do not fit its text: stored offsets {start}:{end}, but the text "
        "has {length} characters. Relations belong to the Doc they were made on. To move them, "
        "shift the offsets or set doc._.relations again."
    )
    R003 = (
        "A relation can only be stored on the Doc its spans belong to: {side} {text!r} is a span "
        "of another Doc. Make the spans from this Doc, e.g. doc.char_span(start, end)."
    )
    R004 = (
        "doc._.relations takes Relation objects with a string as label, found {found}. Make them "
        "with spacy_rin.Relation(head, label, tail, score)."
    )
    R005 = (
        "The {side} of a relation must be a span of one or more tokens, found {found}. Make it "
        "from the Doc, e.g. doc[start:end] or doc.char_span(start, end)."
    )
    R085 = (
        "Expected {expected!r} at the offsets {start}:{end} of the Doc, found {found!r}. A "
        "relation can only be read from a dict that was made for the same text."
    )
    R086 = (
        "Expected a dict as Relation.as_dict() returns it, {{head: {{text, start, end, label}}, "
        "label, tail: {{text, start, end, label}}, score}}, found {found}."
    )
    R092 = (
        "The relations of a span are read from its Doc and cannot be set on it: {text!r}. Set all "
        "relations of the Doc instead, e.g. "
        "doc._.relations = [*doc._.relations, Relation(head, label, tail)]."
    )

    # Gold data
    R010 = (
        "Expected a gold Doc with relations, found one without the key (an empty list would be "
        "fine): {text!r}. Either it was never annotated, or its DocBin was written without "
        "store_user_data=True, which drops relations silently. `spacy-rin convert` avoids both. "
        "In your own code set doc._.relations = [...] and use DocBin(store_user_data=True)."
    )
    R011 = (
        "The gold text differs from the predicted text, so gold offsets mean nothing: predicted "
        "{predicted!r}, gold {reference!r}. Make both Docs from the same text, without an "
        "augmenter or a tokenizer that changes characters."
    )
    R012 = (
        "Gold has the {kind} label {label!r}, which the model does not know. It knows {known}. "
        "Initialise the model with data (or a labels JSON) that has all labels, or drop that "
        "label from the data."
    )

    # Layers: embedding, encoder, network
    R020 = (
        "The {attr} table of spacy-rin.WordTagEmbed.v1 has no rows. Its words and tags come from "
        "the training data, which only the rin component passes on. Put the embedding inside "
        "[components.rin.model.tok2vec], not into a tok2vec component of its own."
    )
    R021 = (
        "The pipeline's word vectors have {found} dimensions, but word_width is {expected}. Set "
        "[components.rin.model.tok2vec.embed] word_width = {found}."
    )
    R022 = (
        "The pipeline's vectors have mode {mode!r}, in which words have no rows. Use vectors made "
        "by `spacy init vectors` in its default mode."
    )
    R023 = (
        "The width of spacy-rin.BiLSTMEncoder.v1 must be even, since each of its two directions "
        "has half of it. Found {width}."
    )
    R024 = (
        'Expected `use_entities` and `use_relations` both true unless interaction = "paper", and '
        'rounds = 0 if interaction = "separate". Found interaction = {interaction!r}, '
        "rounds = {rounds}."
    )
    R150 = (
        "spacy-rin.StaticVectors.v1 needs a pipeline with word vectors, found none. Name one, e.g. "
        "--paths.vectors en_core_web_md, or make one with `spacy-rin vectors`."
    )
    R151 = (
        "The model has learned with word vectors of {expected} dimensions, but the pipeline's have "
        "{found}. Load the pipeline whole, with the vectors that it was saved with."
    )

    # Training
    R025 = (
        "[training.optimizer.learn_rate] total_steps = 0 means as many steps as training will "
        "make, but they can't be counted: {reason} Set total_steps to their number."
    )

    R140 = (
        "{path} holds no text without a relation. Give a .spacy file that has Docs without one, "
        'or texts, one a line (.txt) or as "text" in JSON lines (.jsonl).'
    )
    R141 = (
        "{path}, record {number}: expected a template with at least one slot, such as "
        "{{head}} did not kill {{tail}}. {{head}} and {{tail}} come once at most, and braces hold "
        'slots alone. In JSON lines it is the "text", and "relation" may name a label. '
        "Found {found}."
    )
    R142 = "{path} holds no template. Give one a line, such as {{head}} did not kill {{tail}}."

    # The component
    R030 = "The setting `{setting}` of rin takes {expected}, found {value!r}."
    R031 = (
        "Can't add the label {label!r} to {name!r}: its model is initialised, and its parameters "
        "have no row for a new label. Train again on data that has it, or add it before "
        "nlp.initialize()."
    )
    R032 = (
        "{name!r} needs at least one entity label and one relation label to be initialised, found "
        "{labels}. Check [paths.train] (`spacy-rin inspect` shows what a .spacy file holds), or "
        "give labels in [initialize.components.{name}.labels]."
    )
    R033 = (
        "{name!r} has no parameters yet. Train it with `spacy train`, load a trained pipeline, or "
        "call nlp.initialize(get_examples) first."
    )
    R034 = (
        "The loss is not finite (entities {entities}, relations {relations}). Training stops "
        "before the model is spoiled. Try a lower learn_rate. The batch was: {texts}"
    )
    R035 = (
        "Expected `labels` as `spacy init labels` writes them, "
        "{{'entities': [...], 'relations': [...]}}, found {found!r}. Either list may be missing; "
        "it is then read from the data."
    )
    R036 = (
        "The gradient is not finite. Training stops before the model is spoiled. Try a lower "
        "learn_rate."
    )
    R037 = (
        "{name!r} was given the relation labels {labels}, but it is initialised with no Example "
        "that has them. If it does not see all of train, the words, POS tags and nested mentions "
        "of the rest stay unknown to it. With max_epochs = -1, train is a stream and spaCy shows "
        "the first 100 Examples; with max_epochs of 0 or more it shows all of them."
    )
    R038 = (
        "{name!r} listens to {upstream!r}, which is not in this pipeline, so it would predict "
        "garbage. If it comes from another pipeline ([components.{name}] source), let it bring a "
        "copy of what it listens to: --components.{name}.replace_listeners '[\"model.tok2vec\"]'."
    )

    R130 = (
        "{path}, line {line}: expected a type signature as a JSON object of three strings, "
        '{{"head": "PERSON", "label": "born_in", "tail": "CITY"}}, found {found!r}.'
    )
    R131 = (
        "{path}, line {line}: the model has no {kind} label {label!r}, so that this signature can "
        "never be found. It knows {known}."
    )
    R132 = (
        'rin has signatures = "seen", but no type signatures were counted in its training data: it '
        "was saved by an earlier version, or initialised without triples. Train it again, or set "
        'nlp.get_pipe("rin").cfg["signatures"] = "off".'
    )
    R133 = (
        "`label_thresholds` has relation labels that the model does not know: {labels}. It knows "
        "{known}."
    )
