"""The project's own jobs: project.yml, its scripts and data sets, and what the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from hashlib import md5
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import spacy
import spacy.cli
import srsly
from paths import ROOT, find_data
from processes import run_python
from thinc.api import Config
from toy import trained
from typer.testing import CliRunner

from configs import flat
from scripts.docs.compare_configs import CONFIGS


def project() -> dict[str, Any]:
    config: dict[str, Any] = srsly.read_yaml(ROOT / "project.yml")
    return config


def script(name: str, *args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return run_python("-m", f"scripts.{name}", *args, cwd=cwd, env=environment)


def paths(folder: Path) -> tuple[Path, Path]:
    return folder / "model", folder / "pipeline"


def test_every_command_has_help_and_every_workflow_its_commands() -> None:
    config = project()
    commands = {command["name"]: command for command in config["commands"]}
    assert all(command["help"] for command in commands.values())
    assert {name for names in config["workflows"].values() for name in names} <= set(commands)
    assert {"demo", "all", "all-gpu"} <= set(config["workflows"])


def test_project_is_valid_for_spacy() -> None:
    from weasel.util import load_project_config

    load_project_config(ROOT, interpolate=True)


def test_commands_name_scripts_that_exist() -> None:
    text = (ROOT / "project.yml").read_text(encoding="utf8")
    for name in re.findall(r"scripts[./]([\w./]+)", text):
        path = ROOT / "scripts" / name.removesuffix(".py").replace(".", "/")
        assert path.with_suffix(".py").is_file(), name


def test_every_asset_of_a_data_set_is_in_the_project() -> None:
    from scripts.data.modules import datasets

    dests = {asset["dest"] for asset in project()["assets"]}
    for name, dataset in datasets.DATASETS.items():
        if name == "demo":
            continue
        files = {str(part.path) for part in dataset.parts.values()}
        files |= {str(datasets.ASSETS / extra) for extra in dataset.extra_files}
        assert files - dests <= {"assets/nyt/train.jsonl"}, name


@pytest.mark.processes
def test_check_data_says_where_to_get_what_is_missing(tmp_path: Path) -> None:
    done = script("data.check_data", "nyt", cwd=tmp_path)
    assert done.returncode == 1
    assert "assets/nyt/train.jsonl" in done.stdout and "copy_re" in done.stdout


@pytest.mark.processes
def test_check_data_knows_the_data_sets(tmp_path: Path) -> None:
    done = script("data.check_data", "nonsense", cwd=tmp_path)
    assert done.returncode == 1 and "webnlg" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.processes
def test_local_files_are_copied_by_checksum(tmp_path: Path) -> None:
    source = tmp_path / "anywhere"
    source.mkdir()
    (source / "renamed.json").write_text("[]")
    checksum = md5(b"[]").hexdigest()
    asset = {"dest": "assets/x/train.json", "checksum": checksum, "url": "https://example.org/x"}
    other = {"dest": "assets/x/dev.json", "checksum": "0" * 32, "url": "https://example.org/y"}
    srsly.write_yaml(tmp_path / "project.yml", {"assets": [asset, other]})
    done = script("data.copy_assets", source, "--project", tmp_path / "project.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "assets/x/train.json").read_text() == "[]"
    assert not (tmp_path / "assets/x/dev.json").exists()


@pytest.mark.data
@pytest.mark.parametrize("asset", project()["assets"], ids=lambda asset: asset["dest"])
def test_checksums_are_those_of_the_data(asset: dict[str, str]) -> None:
    path = find_data(asset["dest"].removeprefix("assets/"))
    assert md5(path.read_bytes()).hexdigest() == asset["checksum"]


@pytest.mark.processes
@pytest.mark.training
def test_assembled_pipeline_splits_sentences_and_names_its_data(tmp_path: Path) -> None:
    trained().to_disk(tmp_path / "model")
    done = script(
        "package.assemble", "nyt_small", tmp_path / "model", tmp_path / "pipeline", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    nlp = spacy.load(tmp_path / "pipeline")
    assert nlp.pipe_names[0] == "sentencizer"
    assert nlp.meta["name"] == "rin_nyt" and "4,500" in nlp.meta["description"]
    assert "LDC" in nlp.meta["license"]
    (source,) = nlp.meta["sources"]
    assert "distant supervision" in source["limits"] and source["url"].startswith("https://")
    doc = nlp("Alan Turing was born in New York . Plato works for Hooli .")
    assert len(list(doc.sents)) == 2
    assert [relation.label for relation in doc._.relations] == ["born_in", "works_for"]


@pytest.mark.processes
@pytest.mark.training
def test_pipeline_that_has_learned_from_joined_texts_reads_them_whole(tmp_path: Path) -> None:
    nlp = trained()
    augmenter = {"@augmenters": "spacy-rin.join.v1", "level": 0.2, "most": 4}
    nlp.config["corpora"]["train"]["augmenter"] = augmenter
    nlp.to_disk(tmp_path / "model")
    done = script(
        "package.assemble", "webnlg", tmp_path / "model", tmp_path / "pipeline", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert spacy.load(tmp_path / "pipeline").pipe_names == ["rin"]


def test_runs_write_where_git_does_not_look() -> None:
    """A run never takes the place of a published figure: see scripts/reproduce/publish.py."""
    from scripts.bench import benchmark, measure_extract
    from scripts.reproduce import case_studies
    from scripts.reproduce.modules.matrix import RUNS

    commands = project()["commands"]
    outputs = [Path(output) for command in commands for output in command.get("outputs", ())]
    script = "\n".join(line for command in commands for line in command["script"])
    outputs += [Path(output) for output in re.findall(r"--output (\S+)", script)]
    for module in (benchmark, measure_extract, case_studies):
        outputs.append(signature(module.main).parameters["output"].default)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf8").splitlines()
    for path in (*outputs, RUNS):
        folder = path.parts[0]
        assert {f"{folder}/", f"/{folder}/", f"{folder}/*"} & set(ignored), path


@pytest.mark.training
def test_package_of_the_readme_is_not_pickled(tmp_path: Path) -> None:
    """What is loaded from outside holds no pickle: safetensors, msgpack and JSON only."""
    nlp = trained()
    nlp.to_disk(tmp_path / "model")
    data = (tmp_path / "model" / "rin" / "model").read_bytes()
    assert b"PK\x03\x04" not in data and b"data.pkl" not in data


def check_readme(folder: Path, code: str, printed: str) -> subprocess.CompletedProcess[str]:
    (folder / "README.md").write_text(
        f"# A page\n\n```python\n{code}\n```\n\n```text\n{printed}\n```\n"
    )
    return script("package.check_readme", cwd=folder)


@pytest.mark.processes
def test_readme_is_checked_against_what_its_snippet_prints(tmp_path: Path) -> None:
    code = "for name in ('Ada', 'Bob'):\n    print(name, '| born_in | London')"
    done = check_readme(tmp_path, code, "Ada | born_in | London\nBob | born_in | London")
    assert done.returncode == 0, done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(
    ("written", "shown"),
    [("Ada | born_in | London", "+Bob"), ("Ada | born_in | Paris\nBob", "-Ada | born_in | Paris")],
)
def test_wrong_output_in_the_readme_is_shown(tmp_path: Path, written: str, shown: str) -> None:
    done = check_readme(tmp_path, "print('Ada | born_in | London\\nBob')", written)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "prints other lines" in done.stdout
    assert shown in done.stdout.splitlines()


@pytest.mark.processes
def test_readme_without_an_output_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("```python\nprint(1)\n```\n")
    done = script("package.check_readme", cwd=tmp_path)
    assert done.returncode == 1 and "no block of Python" in done.stdout


def test_corpus_of_the_readme_form_is_converted(tmp_path: Path) -> None:
    """The JSON lines that the README shows are read as it says."""
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    (block,) = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    from spacy_rin.corpus.convert import convert
    from spacy_rin.corpus.docbin import read_docs

    (tmp_path / "mine.jsonl").write_text(block, encoding="utf8")
    report = convert(tmp_path / "mine.jsonl", tmp_path / "mine.spacy", strict=True)
    texts = [[r.text for r in doc._.relations] for doc in read_docs(tmp_path / "mine.spacy")]
    assert texts == [["Marie Curie | born_in | Warsaw"], ["Paris | located_in | France"], []]
    assert report.triples == 2


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_has_what_the_project_sets(name: str) -> None:
    """Any may be `vars.config`; spaCy stops at a setting of a section that a config lacks."""
    (train,) = (c["script"][0] for c in project()["commands"] if c["name"] == "train")
    sections = set(re.findall(r"--([\w.]+)\.\w+ ", train))
    config = flat(Config().from_disk(ROOT / "configs" / name, interpolate=False))
    assert "corpora.train.augmenter" in sections
    assert sections <= {key.rpartition(".")[0] for key in config}


def test_configs_differ_only_where_they_say() -> None:
    """Each follows another; a change of one is a change of all."""
    best = {"training.optimizer", "components.rin.nested", "initialize.before_init"}
    expected = {
        ("rin_best", "rin"): best,
    }
    for names, sections in expected.items():
        one, other = (
            flat(Config().from_disk(ROOT / "configs" / f"{name}.cfg", interpolate=False))
            for name in names
        )
        different = {k for k in one.keys() | other.keys() if one.get(k) != other.get(k)}
        assert all(any(key.startswith(s) for s in sections) for key in different), different
        assert len(different) <= 10, different


def test_demo_is_the_papers_setting_but_for_five_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `spacy train` is called with, once weasel has set the variables of the demo."""
    from weasel.util import load_project_config, split_command
    from weasel.util.config import parse_config_overrides

    def script(name: str, **variables: Any) -> list[str]:
        commands = load_project_config(ROOT, overrides=variables)["commands"]
        (found,) = (command["script"] for command in commands if command["name"] == name)
        command: list[str] = split_command(found[0])
        return command[command.index("spacy") + 1 :]

    *_, target, project_dir = script("demo-all")[:4]
    assert (target, project_dir) == ("all", ".")
    train = script("train", **parse_config_overrides(script("demo-all")[4:]))
    called: dict[str, Any] = {}
    monkeypatch.setattr(sys.modules["spacy.cli.train"], "train", lambda *_, **kw: called.update(kw))
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(spacy.cli.app, train)
    assert result.exit_code == 0, result.output
    assert train[:2] == ["train", "configs/rin.cfg"]
    paper = flat(Config().from_disk(train[1], interpolate=False))
    demo = flat(Config().from_disk(train[1], interpolate=False, overrides=called["overrides"]))
    different = {name: value for name, value in demo.items() if paper.get(name) != value}
    assert {k: v for k, v in different.items() if not k.startswith("paths.")} == {
        "components.rin.model.rounds": 2,
        "components.rin.model.tok2vec.embed.word_dropout": 10.0,
        "training.max_epochs": 18,
        "training.eval_frequency": 80,
        "training.optimizer.learn_rate": 0.002,
    }
    assert demo["paths.train"] == "corpus/demo/train" and demo["paths.vectors"] is None
