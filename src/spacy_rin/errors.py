"""Every error of the package, by code: what was expected, what was found, what to do.

Write `raise ValueError(Errors.RNNN.format(...))`, as spaCy does with its own codes. A new code goes
into the section of the part that raises it. Codes ascend within a section.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any


class Errors:
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

    # Training
    R025 = (
        "[training.optimizer.learn_rate] total_steps = 0 means as many steps as training will "
        "make, but they can't be counted: {reason} Set total_steps to their number."
    )

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

    # Any command: files, arguments, packages, the pipeline
    R050 = "There is no file or directory {path}."
    R051 = "Expected a pipeline with a rin component, found {pipes}."
    R052 = "Expected a file name to write to, found a directory: {path}."
    R062 = "Unknown {setting} {found!r}. Expected one of {names}."
    R065 = (
        "{what} needs {package}, which is not installed: "
        'pip install {package}, or pip install "spacy-rin[{extra}]".'
    )
    R121 = "Can't write {path}: {reason}."
    R123 = "{name} must be at least {least}, found {found}."
    R160 = (
        "Another run is writing {path}. Wait until it has ended, or give this one another output."
    )
    R165 = "Can't load {path}: {reason}."
    R168 = "Memory ran out."
    R169 = (
        "{reason}. Nobody has foreseen this error. Please report it, with what is printed when the "
        "variable {variable}=1 is set."
    )

    # Corpora and evaluation
    R055 = (
        "Expected a .spacy file, or a directory of them, found {found}: {path}. "
        "`spacy-rin convert` makes .spacy files of raw triples."
    )
    R058 = "{path} holds no Docs, so there is nothing to score."
    R164 = (
        "Can't read {path}: {reason}. It is damaged, or was not written by spaCy. "
        "`spacy-rin convert` makes such files of raw triples."
    )

    # Pictures
    R053 = "{path} holds texts only. Name the pipeline that is to read them: --model en_rin_*."
    R054 = "Can't read {place}: {reason}."
    R080 = (
        "Only Docs can be drawn, found {found}. Let the pipeline read the texts first: "
        "render(nlp(text)), or render(nlp.pipe(texts))."
    )
    R081 = "Unknown options of a picture: {found}. Expected some of {expected}, with CSS values."

    # Extraction
    R056 = (
        "Every process that a script starts first runs the script itself. Put the call that starts "
        'processes under `if __name__ == "__main__":`.'
    )
    R057 = "The input {path} is given twice: its documents would have the same ids."
    R059 = "The engine {engine!r} has no setting `{setting}`. It takes {known}."
    R060 = (
        "Can't read {path}: {reason}. Give text, JSON lines or Parquet files (folder/*.jsonl for "
        "all of a folder), or - for standard input."
    )
    R061 = (
        "Can't tell the format of {path} from the end of its name; known are {suffixes}. Rename "
        "it, or give `spacy-rin extract` its format: --format text (one document per line), jsonl "
        "or parquet."
    )
    R063 = (
        "Malformed record at {place}: {reason}. Go on with --resume and --skip-bad: what was read "
        "is kept, and malformed records become rows with an error. Or repair the file and begin "
        "anew with --overwrite. (Fields of other names: --text-field, --id-field.)"
    )
    R064 = (
        "{path} has no column {column!r}; found {found}. (The text and the id of a document may "
        "have other names: `spacy-rin extract --text-field ... --id-field ...`.)"
    )
    R066 = "Can't tell what to write to {path}: expected a name that ends with one of {suffixes}."
    R067 = "{path} exists already. Give another --output, or replace it with --overwrite."
    R068 = (
        "An earlier run to {output} was interrupted. Its work is kept in {journal}. Go on with "
        "--resume, or begin anew with --overwrite."
    )
    R069 = (
        "{path} was not written by spacy-rin extract, or was written by another version of it. "
        "Move it away, or begin anew with --overwrite, which removes it."
    )
    R070 = (
        "Can't resume {path}: it was begun with other {name}: {old}, now {new}. Use the same as "
        "before, or begin anew with --overwrite."
    )
    R071 = (
        "Can't write {path}: {reason}. The work so far is kept in the journal beside the output. "
        "Make room, and go on with --resume."
    )
    R072 = (
        "A worker process died, most likely because memory ran out. The work so far is kept. Go on "
        "with --resume and fewer --processes. (If no worker ever began to work: a script that "
        'starts processes needs `if __name__ == "__main__":`.)'
    )
    R073 = (
        "Ray reads files, and can't read the standard input of this process. Write it to a file "
        "first, or use --engine local."
    )
    R074 = (
        "Ray stopped: {reason}. The work so far is kept. Go on with --resume, with either --engine."
    )
    R075 = (
        "Can't find the pipeline {model!r}: expected an installed package (`pip list` shows them), "
        "or a directory that `nlp.to_disk` wrote."
    )
    R076 = (
        "One row per document can only be written as .jsonl, found {path}. CSV and Parquet have "
        "one row per triple."
    )
    R077 = "--resume and --overwrite exclude each other: go on, or begin anew."
    R078 = (
        "Can't read triples from {path}: expected a .spacy file, a directory of them, or an output "
        "of `spacy-rin extract` whose name ends with one of {suffixes}."
    )
    R079 = (
        "{path}, line {number}: expected a triple as `spacy-rin extract` writes it, with head, "
        "relation, tail and so on."
    )
    R161 = (
        "{path} changed while it was read, so that a part of it may be missing. Nothing was "
        "written. Read a copy of it, or begin anew when nobody writes it any more."
    )
    R162 = (
        "{path} was written by someone else while this run was reading. The work is kept in the "
        "journal beside it. Move that file away and go on with --resume, which would replace it."
    )
    R163 = (
        "Memory ran out at {place}. The work so far is kept. Go on with --resume when more memory "
        "is free, or with fewer --processes: the document is then tried again."
    )

    # Exchange
    R088 = (
        "Expected a Doc with doc._.rel, found one without: {text!r}. Either its DocBin was written "
        "without store_user_data=True, or its pipeline found no pair to look at. In the second "
        "case set doc._.rel = {{}}."
    )
    R089 = (
        "doc._.rel relates the tokens {head} and {tail} as {label!r}, but entities start at "
        "{starts}. It belongs to the tokens and entities it was made with. Read it before tokens "
        "are merged or entities replaced."
    )
    R091 = (
        "Expected a namespace that is the start of an IRI and ends with a slash, such as "
        "https://example.org/facts/, found {found!r}."
    )

    # Model cards
    R095 = (
        "{path} is not what `spacy-rin evaluate --output` writes: expected a JSON object, but it "
        "lacks {missing}. Evaluate the pipeline again with this version."
    )
    R096 = (
        "The scores in {path} are of {found}, but the pipeline is {expected}. Evaluate this "
        "pipeline first, and give its own scores."
    )
    R097 = "Expected the directory of a trained pipeline, found no meta.json in {path}."
    R166 = (
        "{path} is not what `spacy-rin evaluate --output` writes, or was written by another "
        "version: {reason}. Evaluate the pipeline again with this version."
    )

    # Readers of raw data
    R100 = "Can't read {path}: {reason}. Give a file with text in UTF-8."
    R101 = "Can't read {path}: it is empty. Expected a JSON list, or one JSON object per line."
    R103 = (
        "Can't recognise the format of {path}: found {found}. Known forms of a record, by format:\n"
        "{forms}\n"
        "Choose one with --format."
    )
    R105 = (
        "Broken JSON in {path}, line {line} (record {record}): {reason}. Nothing after that place "
        "can be read. Repair the file, or write one record per line, so that only the broken one "
        "is lost."
    )
    R106 = "Malformed record at {source}: {reason}. Repair it, or leave out --strict to skip it."
    R107 = (
        "{path} must be a JSON object of names and whole numbers, such as "
        '{{"first": 0, "second": 1}}. The file of sentences can\'t be read without it.'
    )
    R108 = "spaCy has no language {lang!r}. Give a code such as `en`, or `xx` for any language."
    # R109 to R111, R113, R167 and R170 are the {reason} of other messages.
    R109 = "field {name!r} is missing; found {found}"
    R110 = "{name}: expected {expected}, found {found}"
    R111 = "not JSON: {reason}"
    R112 = (
        "{path} must hold as many lists of triples as sentences: found {sentences} sentences, and "
        "another number of lists."
    )
    R113 = "not UTF-8 (found the byte 0x{byte:02x}): convert the file first, e.g. with iconv"
    R114 = "Texts in the language {lang!r} can't be split into words: {reason}"
    R167 = (
        "a run of {length:,} marks, which would take long to split into words; max_run is {most:,}"
    )
    R170 = "a text of {length:,} characters; max_length is {most:,}"

    # Conversion
    R120 = "No record of {paths} could be used, so nothing was written. Found: {found}."
    R122 = "There is nothing to convert. Give at least one file to read."


def check_least(name: str, value: float, least: float) -> None:
    """Check that a number is not too small.

    name (str): Name of the setting, for the message.
    value (float): Its value.
    least (float): The smallest allowed value.
    RAISES (ValueError): If the value is smaller.
    """
    if value < least:
        raise ValueError(Errors.R123.format(name=name, least=least, found=value))


def check_named(known: Iterable[str], setting: str, name: str) -> None:
    """Check that a name is one of those allowed.

    known (Iterable[str]): The names allowed.
    setting (str): What the name is given for, for the message.
    name (str): The name.
    RAISES (ValueError): If the name is not one of them.
    """
    names = list(known)
    if name not in names:
        raise ValueError(Errors.R062.format(setting=setting, found=name, names=", ".join(names)))


def import_extra(package: str, extra: str, what: str) -> Any:
    """Import a package that is installed with an extra of spacy-rin.

    package (str): The package to import.
    extra (str): The extra that installs it, as in pip install "spacy-rin[extra]".
    what (str): What needs the package, for the message.
    RETURNS (Module): The package.
    RAISES (ValueError): If it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise ValueError(Errors.R065.format(what=what, package=package, extra=extra)) from None
