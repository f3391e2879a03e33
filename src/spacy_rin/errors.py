"""Every error of the package, by code: what was expected, what was found, what to do.

Write `raise ValueError(Errors.R001.format(...))`, as spaCy does with its own codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any


class Errors:
    # doc._.relations
    R001 = (
        "Can't register {owner}._.{name}: another package has already registered an extension of "
        'that name. Choose another one for the relations, e.g. `attribute = "triples"` in '
        "[components.rin] of the config; it reads and writes the same relations."
    )
    R002 = (
        "The relations of this Doc do not fit its text: stored offsets {start}:{end}, but the text "
        "has {length} characters. Relations belong to the Doc they were made on; to move them, "
        "shift the offsets or set doc._.relations anew."
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
        "The {side} of a relation is a span of one or more tokens, found {found}. Make it from the "
        "Doc, e.g. doc[start:end] or doc.char_span(start, end)."
    )
    R085 = (
        "Expected {expected!r} at the offsets {start}:{end} of the Doc, found {found!r}. A "
        "relation read from a dict belongs to a Doc of the same text."
    )
    R086 = (
        "Expected a dict as Relation.as_dict() gives it, {{head: {{text, start, end, label}}, "
        "label, tail: {{text, start, end, label}}, score}}, found {found}."
    )
    R092 = (
        "The relations of a span are read from its Doc and cannot be set on it: {text!r}. Set all "
        "of the Doc's, e.g. doc._.relations = [*doc._.relations, Relation(head, label, tail)]."
    )

    # exchange
    R088 = (
        "Expected a Doc with doc._.rel, found one without: {text!r}. Its DocBin was written "
        "without store_user_data=True, or its pipeline found no pair to look at. In the second "
        "case, set doc._.rel = {{}}."
    )
    R089 = (
        "doc._.rel relates the tokens {head} and {tail} as {label!r}, but entities start at "
        "{starts}. It belongs to the tokens and entities it was made with: read it before tokens "
        "are merged or entities replaced."
    )
    R091 = (
        "Expected a namespace that is the start of an IRI and ends with a slash, as "
        "https://example.org/facts/, found {found!r}."
    )

    # gold data
    R010 = (
        "Expected a gold Doc with relations, found one without the key (an empty list would be "
        "fine): {text!r}. Either it was never annotated, or its DocBin was written without "
        "store_user_data=True, which drops relations without a word. `spacy-rin convert` writes "
        "both; your own DocBin needs DocBin(store_user_data=True) and doc._.relations = [...]."
    )
    R011 = (
        "The gold text differs from the predicted text, so gold offsets mean nothing: predicted "
        "{predicted!r}, gold {reference!r}. Make both Docs from the same text (no augmenter or "
        "tokenizer that changes characters)."
    )
    R012 = (
        "Gold has the {kind} label {label!r}, which the model does not know. It knows {known}. "
        "Initialise the model on data (or a labels JSON) with all labels, or drop that label from "
        "the data."
    )

    # embedding
    R020 = (
        "The {attr} table of spacy-rin.WordTagEmbed.v1 has no rows: it takes its words and tags "
        "from the training data, which only the rin component shows it. Put the embedding inside "
        "[components.rin.model.tok2vec], not into a tok2vec component of its own."
    )
    R021 = (
        "The pipeline's word vectors have {found} dimensions, but word_width is {expected}. Set "
        "[components.rin.model.tok2vec.embed] word_width = {found}."
    )
    R022 = (
        "The pipeline's vectors are of mode {mode!r}, which has no row per word. Use vectors made "
        "by `spacy init vectors` in its default mode."
    )
    R023 = (
        "spacy-rin.BiLSTMEncoder.v1 has two directions of half its width each: expected an even "
        "number, found {width}."
    )

    # training
    R025 = (
        "[training.optimizer.learn_rate] total_steps is 0, which stands for as many as training "
        "will make, but they can't be counted: {reason} Set it to their number."
    )

    # component
    R024 = (
        'Expected `use_entities` and `use_relations` both true unless interaction = "paper", and '
        'rounds = 0 with "separate"; found interaction = {interaction!r}, rounds = {rounds}.'
    )
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
        "The loss is not finite (entities {entities}, relations {relations}), so training stops "
        "before it spoils the model. Try a lower learn_rate. The batch was: {texts}"
    )

    # readers
    R100 = "Can't read {path}: {reason}. Give a file with text in UTF-8."
    R101 = "Can't read {path}: it is empty. Expected a JSON list, or one JSON object a line."
    R103 = (
        "Can't recognise the format of {path}: found {found}. Known forms of a record, by format:\n"
        "{forms}\n"
        "Choose one with --format."
    )
    R105 = (
        "Broken JSON in {path}, line {line} (record {record}): {reason}. The rest of the file "
        "can't be read. Repair it, or write one record a line: then only the broken one is lost."
    )
    R106 = "Malformed record at {source}: {reason}. Repair it, or leave out --strict to skip it."
    R107 = (
        "{path} must be a JSON object of names and whole numbers, as "
        '{{"first": 0, "second": 1}}; the file of sentences can\'t be read without it.'
    )
    R108 = "spaCy has no language {lang!r}. Give a code as `en`, or `xx` for any language."
    R114 = "Texts in the language {lang!r} can't be split into words: {reason}"
    R109 = "field {name!r} is missing; found {found}"
    R110 = "{name}: expected {expected}, found {found}"
    R111 = "not JSON: {reason}"
    R113 = "not UTF-8 (found the byte 0x{byte:02x}): convert the file first, as iconv does"
    R112 = (
        "{path} must hold as many lists of triples as sentences: found {sentences} sentences, and "
        "another number of lists."
    )

    # convert
    R120 = "No record of {paths} could be used, so nothing was written. Found: {found}."
    R121 = "Can't write {path}: {reason}."
    R122 = "There is nothing to convert. Give at least one file to read."
    R123 = "{name} must be at least {least}, found {found}."

    R037 = (
        "{name!r} was given the relation labels {labels}, which no Example has that it is "
        "initialised with. If these are not all of train (of a stream, max_epochs = -1, spaCy "
        "shows the first 100), the words, POS tags and nested mentions of the others stay unknown "
        "to it. With max_epochs of 0 or more all of train is shown."
    )
    R038 = (
        "{name!r} listens to {upstream!r}, which is not in this pipeline: it would read nothing, "
        "and say anything. If it comes from another pipeline ([components.{name}] source), let it "
        "bring what it listens to: --components.{name}.replace_listeners '[\"model.tok2vec\"]'."
    )
    R036 = (
        "The gradient is not finite, so training stops before it spoils the model. Try a lower "
        "learn_rate."
    )
    R035 = (
        "`labels` takes what `spacy init labels` writes, {{'entities': [...], 'relations': [...]}} "
        "(either may be missing, and is then read from the data), found {found!r}."
    )

    # corpora and evaluation
    R050 = "There is no file or directory {path}."
    R052 = "Expected a file name to write to, found a directory: {path}."
    R053 = "{path} holds texts only: name the pipeline that reads them, --model en_rin_*."
    R054 = "Can't read {place}: {reason}."
    R055 = (
        "Expected a .spacy file, or a directory of them, found {found}: {path}. "
        "`spacy-rin convert` makes .spacy files of raw triples."
    )
    R056 = (
        "Every process that a script starts runs the script first, so that what starts them must "
        'stand under `if __name__ == "__main__":`.'
    )
    R059 = "The engine {engine!r} has no setting `{setting}`. It takes {known}."
    R058 = "{path} holds no Docs, so there is nothing to score."
    R051 = "Expected a pipeline with a rin component, found {pipes}."

    # pictures
    R080 = (
        "Only Docs can be drawn, found {found}. Let the pipeline read the texts first: "
        "render(nlp(text)), or render(nlp.pipe(texts))."
    )
    R081 = "Unknown options of a picture: {found}. Expected some of {expected}, as CSS has them."
    # model cards
    R095 = (
        "{path} is not what `spacy-rin evaluate --output` writes: expected a JSON object, it lacks "
        "{missing}. Evaluate the pipeline again with this version."
    )
    R096 = (
        "The scores in {path} are of {found}, but the pipeline is {expected}. Evaluate this "
        "pipeline, and give the result of that."
    )
    R097 = "Expected the directory of a trained pipeline, found no meta.json in {path}."
    # extraction
    R060 = (
        "Can't read {path}: {reason}. Give text, JSON lines or Parquet files (folder/*.jsonl for "
        "those of a folder), or - for standard input."
    )
    R057 = "The input {path} is given twice: its documents would have the same ids."
    R061 = (
        "Can't tell the form of {path} by the end of its name; known are {suffixes}. Rename it, or "
        "for `spacy-rin extract` say it: --format text (one document a line), jsonl or parquet."
    )
    R062 = "Unknown {setting} {found!r}. Expected one of {names}."
    R063 = (
        "Malformed record at {place}: {reason}. With --skip-bad such records become rows with an "
        "error, and --resume keeps what was read before this one; or repair the file and begin "
        "anew with --overwrite. (Fields of other names: --text-field, --id-field.)"
    )
    R064 = (
        "{path} has no column {column!r}; found {found}. (The text and the id of a document may "
        "have other names: `spacy-rin extract --text-field ... --id-field ...`.)"
    )
    R065 = (
        "{what} needs {package}, which is not installed: "
        'pip install {package}, or pip install "spacy-rin[{extra}]".'
    )
    R066 = "Can't tell what to write to {path}: expected a name that ends with one of {suffixes}."
    R067 = "{path} exists already. Give another --output, or replace it by --overwrite."
    R068 = (
        "An earlier run to {output} was interrupted; what it has done is in {journal}. Go on with "
        "--resume, or begin anew with --overwrite."
    )
    R069 = (
        "{path} was not written by spacy-rin extract, or by another version of it. Move it away, "
        "or begin anew with --overwrite, which removes it."
    )
    R070 = (
        "Can't resume {path}: it was begun with other {name}: {old}, now {new}. Call it as before, "
        "or begin anew with --overwrite."
    )
    R071 = (
        "Can't write {path}: {reason}. What was read before is kept in the journal beside the "
        "output: make room and go on with --resume."
    )
    R072 = (
        "A worker process died, most likely for want of memory. What was read before is kept: go "
        "on with --resume, with fewer --processes. (If none ever began to work: a script that "
        'starts processes needs `if __name__ == "__main__":`.)'
    )
    R073 = (
        "Ray reads files, and can't read the standard input of this process. Write it to a file "
        "first, or take --engine local."
    )
    R074 = (
        "Ray stopped: {reason}. What was read before is kept: go on with --resume, also with "
        "--engine local."
    )
    R075 = (
        "Can't find the pipeline {model!r}: expected an installed package (`pip list` shows them), "
        "or a directory that `nlp.to_disk` wrote."
    )
    R076 = "One row a document is for .jsonl, found {path}: CSV and Parquet have one row a triple."
    R077 = "--resume and --overwrite exclude each other: go on, or begin anew."
    R078 = (
        "Can't read triples from {path}: expected a .spacy file (or a directory of them), or "
        "what `spacy-rin extract` wrote, a name that ends with one of {suffixes}."
    )
    R079 = (
        "{path}, line {number}: expected a triple as `spacy-rin extract` writes it, with head, "
        "relation, tail and so on."
    )


def check_least(name: str, value: float, least: float) -> None:
    """Check a number that a user gives.

    RAISES (ValueError): If it is less than the least one.
    """
    if value < least:
        raise ValueError(Errors.R123.format(name=name, least=least, found=value))


def check_named(known: Iterable[str], setting: str, name: str) -> None:
    """Check a name that a user gives.

    known (Iterable[str]): The names there are.
    setting (str): What the name is of, for the message.
    name (str): The name.
    RAISES (ValueError): If there is none of that name.
    """
    names = list(known)
    if name not in names:
        raise ValueError(Errors.R062.format(setting=setting, found=name, names=", ".join(names)))


def import_extra(package: str, extra: str, what: str) -> Any:
    """Import a package that comes with an extra of this one.

    package (str): What is imported.
    extra (str): The extra that has it, as in pip install "spacy-rin[extra]".
    what (str): What needs it, for the message.
    RETURNS (Module): The package.
    RAISES (ValueError): If it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise ValueError(Errors.R065.format(what=what, package=package, extra=extra)) from None
