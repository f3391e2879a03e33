"""The documents: every snippet and command runs, or is listed here with why it is only checked."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import spacy
import spacy.cli
import srsly
from markdown_it import MarkdownIt
from markdown_it.token import Token
from paths import ROOT
from processes import HANGS
from spacy.cli.package import package
from spacy.util import registry
from sybil import Example as Snippet
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from thinc.api import Config
from toy import SMALL_CONFIG, fit
from typer.testing import CliRunner

import spacy_rin.cli
from configs import flat
from scripts.docs.compare_configs import CONFIGS
from spacy_rin.arrays.anchor import ANCHORS
from spacy_rin.arrays.batch import UNITS
from spacy_rin.arrays.decode import DECODERS
from spacy_rin.arrays.signatures import SIGNATURES
from spacy_rin.component.settings import Settings
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.extract.engines import ENGINES
from spacy_rin.scorer import relation_keys

GENERATED = [ROOT / name for name in ("docs/python-api.md", "docs/command-line.md")]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [page for page in PAGES if page not in GENERATED]
# Those of folders, and of those who change the project
FURTHER = [ROOT / name for name in ("CONTRIBUTING.md", "assets/README.md", "configs/README.md")]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# Commands that are not run: of these, what they name is looked up (`test_what_is_named_exists`).
ONLY_CHECKED = {
    "make demo": "takes minutes; .ci/run runs it",
    "make gpu-check": "takes minutes; tests/scripts/test_gpu_check.py",
    "python -m scripts.gpu.pack": "downloads",
    "source .venv/bin/activate": "made by `make setup`, of the test's own environment",
    "pip install": "downloads, or changes the test's own environment",
    "python -m spacy project assets": "downloads",
    "spacy-rin vectors": "needs a transformer; tests/cli/test_vectors.py",
    "spacy train my_trf.cfg": "needs a transformer; tests/layers/test_transformer.py",
    "prodigy mark": "Prodigy is a commercial product",
    "prodigy db-out": "Prodigy is a commercial product",
    "spacy-rin convert annotated.jsonl": "reads Prodigy's file; tests/exchange/test_prodigy.py",
    "spacy-rin extract texts.txt --model en_rin_demo --output ray.jsonl": (
        "tests/extract/test_engines.py"
    ),
    "spacy-rin extract texts.txt --model en_rin_demo --output triples.jsonl --engine ray": (
        "wants a cluster"
    ),
    "spacy-rin calibrate": "a model of two epochs is never right; tests/evaluation",
    "spacy-rin serve": "runs until it is interrupted; tests/serve",
    "python -m spacy project run all": "takes minutes; .ci/run runs the same workflow, `make demo`",
}
# What is run otherwise than it stands there: what is put in the place of what.
CHANGED = {
    # two epochs for thirty
    "spacy train": ("--paths.train", "--training.max_epochs 2 --paths.train"),
    # a wheel is built in an environment that is downloaded
    "spacy package": ("--build wheel", "--build none"),
    # two epochs find nothing: the pipeline that has learned the sentences
    "spacy-rin extract news.jsonl --model training/mine": ("training/mine/model-best", "pipeline"),
}
# What a reader can choose from, by the page that explains each choice.
CHOICES = {
    "docs/configs.md": [*DECODERS, *ANCHORS, *UNITS, *SIGNATURES],
    "docs/your-own-data.md": [f"{score}_f" for score in relation_keys("last")],
    "docs/scaling.md": [*ENGINES],
}
# Source files of other projects.
OF_OTHERS = {"parse_data.py"}
APPS = {"spacy": spacy.cli.app, "spacy-rin": spacy_rin.cli.app}
SHELL = {"|", ">", "<", "&&"}
# What a reader of the pages has: the sentences of the snippets, with their triples.
SENTENCES = {
    "Ottilie Ostrander, who was born in Crowmere, founded Nordrel Steel.": [
        ("Ottilie Ostrander", "born_in", "Crowmere"),
        ("Ottilie Ostrander", "founded", "Nordrel Steel"),
    ],
    "Nordrel Steel is headquartered in Fairford. ": [
        ("Nordrel Steel", "headquartered_in", "Fairford")
    ],
    "Last spring, Nordrel Steel acquired Wistlux Airlines.": [
        ("Nordrel Steel", "acquired", "Wistlux Airlines")
    ],
    "Ottilie Ostrander founded Nordrel Steel.": [("Ottilie Ostrander", "founded", "Nordrel Steel")],
    "Nordrel Steel acquired Wistlux Airlines.": [("Nordrel Steel", "acquired", "Wistlux Airlines")],
    "Marie Curie was born in Warsaw.": [("Marie Curie", "born_in", "Warsaw")],
    "It rained.": [],
}
# How often an export has them: a page takes a hundred for dev, and has to leave some for train.
COPIES = 20


def records() -> Iterator[str]:
    """The sentences as JSON lines in the package's own form, with tags for the tagger."""
    for text, triples in SENTENCES.items():
        tokens = spacy.blank("en")(text.strip())
        record = {
            "tokens": [token.text for token in tokens],
            "spaces": [bool(token.whitespace_) for token in tokens],
            "tags": ["NNP" if token.text[0].isupper() else "X" for token in tokens],
            "relations": [{"head": h, "label": label, "tail": t} for h, label, t in triples],
        }
        yield json.dumps(record)


def tasks() -> Iterator[dict[str, Any]]:
    """An export of Label Studio: the sentences but one, many times."""
    for text, triples in [*SENTENCES.items()] * COPIES:
        if "Marie Curie" in text:  # so that the texts say something that nobody has annotated
            continue
        names = dict.fromkeys(name for head, _, tail in triples for name in (head, tail))
        regions = [
            {
                "id": name,
                "type": "labels",
                "value": {
                    "start": text.index(name),
                    "end": text.index(name) + len(name),
                    "text": name,
                    "labels": ["NAME"],
                },
            }
            for name in names
        ]
        arrows = [
            {"type": "relation", "from_id": head, "to_id": tail, "labels": [label]}
            for head, label, tail in triples
        ]
        yield {"data": {"text": text}, "annotations": [{"result": [*regions, *arrows]}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages take for granted, and packages en_rin_* that have learned the sentences."""
    path = tmp_path_factory.mktemp("folder")
    for part in ("train", "dev", "test"):
        (path / f"{part}.jsonl").write_text("\n".join(records()), encoding="utf8")
        convert(path / f"{part}.jsonl", path / "corpus" / "demo" / part, strict=True)
    for part in ("train", "dev"):
        convert(path / f"{part}.jsonl", path / "corpus" / f"{part}.spacy", strict=True)
    vectors = [f"{word} {' '.join([value] * 100)}" for word, value in (("a", "0.5"), ("b", "0.1"))]
    (path / "vectors.txt").write_text("\n".join(["2 100", *vectors]), encoding="utf8")
    texts = [json.dumps({"text": text}) for text in SENTENCES]
    (path / "news.jsonl").write_text("\n".join(texts), encoding="utf8")
    (path / "export.json").write_text(json.dumps([*tasks()]), encoding="utf8")
    shutil.copytree(ROOT / "configs", path / "configs")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("rin", config=Config().from_str(SMALL_CONFIG))
    fit(nlp, list(read_docs(path / "corpus" / "train.spacy")), epochs=50)
    for text, triples in SENTENCES.items():
        assert len(nlp(text)._.relations) == len(triples), text
    nlp.to_disk(path / "pipeline")
    (path / "installed").mkdir()
    for name in ("rin_demo", "rin_nyt"):
        package(path / "pipeline", path / "installed", name=name, create_sdist=False)
    return path


@pytest.fixture
def workplace(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder to work in, where the packages are installed."""
    path = shutil.copytree(folder, tmp_path / "workplace")
    for home in sorted((path / "installed").iterdir()):
        name, _, version = home.name.rpartition("-")
        info = home / f"{home.name}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n", encoding="utf8")
        shutil.copy(home / "meta.json", home / name)
        monkeypatch.syspath_prepend(home)
        monkeypatch.setenv("PYTHONPATH", str(home), prepend=os.pathsep)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(path)
    return path


def commands(block: str) -> list[str]:
    """The lines of a block that are more than a comment; one that ends with \\ goes on."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line for line in lines if shlex.split(line, comments=True)]


def run_commands(snippet: Snippet) -> None:
    for line in commands(snippet.parsed):
        if any(line.startswith(known) for known in ONLY_CHECKED):
            continue
        for known, (old, new) in CHANGED.items():
            line = line.replace(old, new) if line.startswith(known) else line
        program, *words = shlex.split(line, comments=True)
        if program in APPS and not SHELL & set(words):
            # in this process: to import torch takes longer than to run the command
            result = CliRunner().invoke(APPS[program], words)
            assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception!r}"
        else:
            subprocess.run(["bash", "-ec", line], check=True, timeout=HANGS)


def read_records(snippet: Snippet) -> None:
    """JSON lines; those with relations are in the package's own form. Or one record of a tool."""
    if "\n " in snippet.parsed:
        # It has line breaks to be read here; files of records have one a line.
        Path("snippet.json").write_text(json.dumps(json.loads(snippet.parsed)), encoding="utf8")
        report = convert("snippet.json", "snippet.spacy", strict=True)
        assert report.docs and report.triples == 1
        return
    rows = [json.loads(line) for line in snippet.parsed.splitlines()]
    if "relations" in rows[0]:
        Path("snippet.jsonl").write_text(snippet.parsed, encoding="utf8")
        report = convert("snippet.jsonl", "snippet.spacy", format="rin", strict=True)
        assert report.docs == len(rows)


def read_config(snippet: Snippet) -> None:
    """Sections to be added to a config; they name functions that are registered."""
    config = Path("configs/own.cfg").read_text(encoding="utf8")
    Path("snippet.cfg").write_text(f"{config}\n{snippet.parsed}", encoding="utf8")
    added = Config().from_disk("snippet.cfg", interpolate=False)
    for key, name in flat(added).items():
        _, is_function, kind = key.rpartition(".@")
        assert not is_function or registry.get(kind, name)


def read_turtle(snippet: Snippet) -> None:
    """A graph; what a prefix stands for is not shown."""
    names = set(re.findall(r"\b(\w+):\w", re.sub("<.*?>", "", snippet.parsed)))
    prefixes = "".join(f"@prefix {name}: <https://example.org/{name}/> .\n" for name in names)
    rdflib = pytest.importorskip("rdflib")
    assert len(rdflib.Graph().parse(data=prefixes + snippet.parsed, format="turtle"))


def compare_output(snippet: Snippet) -> None:
    """What the Python right before prints: of a toy here, of the real package in check_readme."""
    assert snippet.parsed == snippet.namespace["printed"]


EVALUATORS = {
    "bash": run_commands,
    "json": read_records,
    "ini": read_config,
    "turtle": read_turtle,
    "text": compare_output,
}
PARSERS = [CodeBlockParser(language, evaluator) for language, evaluator in EVALUATORS.items()]
SYBIL = Sybil([*PARSERS, PythonCodeBlockParser(), SkipParser()])


@pytest.mark.training
@pytest.mark.processes
@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_snippets_run(page: Path, workplace: Path) -> None:
    for snippet in SYBIL.parse(page).examples():
        printed = StringIO()
        try:
            with redirect_stdout(printed):
                snippet.evaluate()
        except SkipTest as skipped:
            assert str(skipped), f"{page.name}: a skipped snippet says why"
        snippet.namespace["printed"] = printed.getvalue()


def test_what_is_only_checked_stands_in_a_page() -> None:
    lines = [line for page in WRITTEN for line in commands_of(page)]
    for known in (*ONLY_CHECKED, *CHANGED):
        assert any(line.startswith(known) for line in lines), f"{known}: in no page any more"


def commands_of(page: Path) -> Iterator[str]:
    for token in parse(page):
        if token.type == "fence" and token.info == "bash":
            yield from commands(token.content)


def parse(page: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(page.read_text(encoding="utf8"))


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_block_says_what_it_is(page: Path) -> None:
    kinds = {token.info for token in parse(page) if token.type == "fence"}
    assert kinds <= {*EVALUATORS, "python", "dockerfile"}


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_what_is_named_exists(page: Path) -> None:
    """Targets of make, the project's commands and settings, files of this repository."""
    text = page.read_text(encoding="utf8")
    project = srsly.read_yaml(ROOT / "project.yml")
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    jobs = {command["name"] for command in project["commands"]} | set(project["workflows"])
    assert set(re.findall(r"`make ([\w-]+)", text)) <= set(
        re.findall(r"^([\w-]+):", makefile, re.M)
    )
    assert set(re.findall(r"project run ([\w-]+)", text)) <= jobs
    assert set(re.findall(r"--vars\.(\w+)", text)) <= set(project["vars"])
    for name in re.findall(r"\b(?:scripts|configs|tests|src)/[\w/]+\.\w+", text):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize("page", [*PAGES, *FURTHER], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """The headings of a page, as the web pages of repositories link to them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def codes(page: Path) -> Iterator[str]:
    """What stands between backticks."""
    for token in parse(page):
        for child in token.children or () if token.type == "inline" else ():
            if child.type == "code_inline":
                yield child.content


def words_in_code(page: Path) -> set[str]:
    return {word for code in codes(page) for word in re.findall(r"\w+", code)}


@pytest.mark.parametrize("page", [*WRITTEN, ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_source_files_that_are_named_exist(page: Path) -> None:
    """By their path below the package, or from the root."""
    homes = (ROOT, ROOT / "src" / "spacy_rin")
    for code in codes(page):
        if re.fullmatch(r"[\w./-]+\.py", code) and code not in OF_OTHERS:
            assert any((home / code).is_file() for home in homes), code


def test_tests_that_are_named_exist() -> None:
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in tests}
    for path in tests:
        known |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf8"), re.MULTILINE))
    named = {code for code in codes(ROOT / "CONTRIBUTING.md") if re.fullmatch(r"test_\w+", code)}
    assert named and named <= known


@pytest.mark.parametrize("page", sorted(CHOICES))
def test_every_choice_is_explained(page: str) -> None:
    missing = set(CHOICES[page]) - words_in_code(ROOT / page)
    assert not missing


def test_readme_is_short() -> None:
    page = ROOT / "README.md"
    assert len(page.read_text(encoding="utf8").splitlines()) <= 130
    assert len(list(codes(page))) <= 45


def test_every_setting_of_the_configs_is_explained() -> None:
    explained = words_in_code(ROOT / "docs" / "configs.md")
    for config in CONFIGS:
        keys = flat(Config().from_disk(ROOT / "configs" / config, interpolate=False))
        names = {key.rpartition(".")[2] for key in keys if "@" not in key} - {"factory", "source"}
        assert names <= explained, f"{config}: {names - explained}"


def test_defaults_of_the_configs_page_are_those_of_the_component() -> None:
    text, _, _ = (ROOT / "docs" / "configs.md").read_text(encoding="utf8").partition("## Training")
    nlp = spacy.blank("en")
    nlp.add_pipe("rin")
    component = nlp.config["components"]["rin"]
    encoder, embed = (component["model"]["tok2vec"][name] for name in ("encode", "embed"))
    settings = {**component, **component["model"], **embed, **encoder}
    value = r'"\w+"|[\d.]+|true|false|\{\}'
    found = dict(re.findall(rf"^\| `(\w+)` \| `?({value})", text, re.MULTILINE))
    for name in found.keys() & settings.keys():
        assert json.loads(found[name]) == settings[name], name
    assert {*asdict(Settings()), "word_dropout", "width"} <= found.keys()
