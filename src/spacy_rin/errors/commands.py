"""Errors of the commands: files, corpora, pictures, extraction, exchange, services, the recipe."""

from __future__ import annotations

from .messages import Messages


class CommandErrors(metaclass=Messages):
    """The messages by code."""

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
    R195 = "The pipeline has no rin component {name!r}; it has {found}."

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
    R250 = (
        "{path} has no relations, so that nothing says which predictions are right. `spacy-rin "
        "inspect` shows what it holds."
    )
    R251 = (
        "{path} has too few predictions to calibrate on: of those with a score of {score} or more, "
        "{right} are right and {wrong} wrong. At least {least} of each are needed. Give more "
        "sentences that the pipeline was not trained on."
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
    R220 = (
        "Can't resume {path}: it was begun by a version of spacy-rin whose rows have other columns "
        "(head_id and tail_id are new). Go on with that version, or begin anew with --overwrite."
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

    R260 = (
        "Expected a relation as relation.as_dict() writes it, or with a label and the places of "
        "its head and tail among the entities, such as {{'head': 0, 'label': 'born_in', 'tail': 1}}"
        ". Found {found}, with {count} entities. (Entities that fit no tokens can't be ends.)"
    )

    # Facts
    R221 = (
        "{path} exists already, and only a database (.duckdb) can be added to. Give another name, "
        "or replace it with --overwrite."
    )
    R222 = "Can't go on with the database {path}: {reason}"
    R223 = (
        "{path} is another database than those that this version of `spacy-rin facts` makes. Give "
        "another name, or replace it with --overwrite."
    )
    R224 = "Can't read triples from {path}: {reason}."
    R225 = (
        "{path}, line {line}: expected an alias and a name. The first line of a table of aliases "
        "is alias,name or alias,name,id."
    )
    R226 = (
        "{path}, line {line}: {claim}, but on line {other_line} it is {other}. An alias has one "
        "name, and a name has one id."
    )
    R227 = (
        "Can't tell what to write to {path}: expected a name that ends with one of {suffixes}, or "
        "a name without a suffix for a folder for Neo4j."
    )
    R228 = "{path} is not replaced, since it is no folder that has only {files}."

    # The service
    R240 = "{count} requests are waiting already. Try again in a while."
    R241 = "The request took more than {seconds:g} seconds. Send less text at once."

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
    R200 = "Can't read the table {path}: {reason}."
    R201 = "Can't recognise the format of {path}: found {found}. {hint}."
    R202 = "Can't read {path}: {reason}."
    R203 = (
        "The table {path} lacks the columns {missing}; found {found}. Expected sentence (or text), "
        "head (or subject), relation (or predicate) and tail (or object)."
    )
    R204 = (
        "{path} must be a JSON object of codes and names of relations, such as "
        '{{"P17": "country"}}. It stands beside the file to read; move it away to keep the codes.'
    )
    R205 = "Broken XML in {path}: {reason}. Nothing after that place can be read."
    R207 = (
        "Can't find the pipeline {name!r} that is to split sentences. Give `sentencizer`, or an "
        "installed pipeline or a directory, such as en_core_web_sm."
    )
    R208 = (
        "The pipeline that is to split sentences sets none; it has {pipes}. Give one with a "
        "parser, a senter or a sentencizer."
    )

    # Conversion
    R120 = "No record of {paths} could be used, so nothing was written. Found: {found}."
    R122 = "There is nothing to convert. Give at least one file to read."

    # The recipe for data of one's own
    R152 = (
        "{path} has no relation in {docs} Docs, so there is nothing to learn from. `spacy-rin "
        "inspect` shows what it holds."
    )
    R153 = "The pipeline {name} has no word vectors. `spacy-rin vectors` makes one that has."
    R154 = "{path} exists already. Write to another place, or replace it with --overwrite."
    R155 = (
        "There is no list of frequent words for the language {lang!r}. Do without (--frequent 0), "
        "or give a list of your own (--words)."
    )
    R156 = "Can't load the transformer {name}: {reason}"
    R157 = "The transformer has vectors of {hidden} dimensions, so --width can't be {width}."
    R158 = "The transformer {name} knows none of the words."
