"""The page of the configs: as they are now, with every difference and nothing else."""

from __future__ import annotations

import json
import re

from paths import ROOT
from thinc.api import Config

from configs import flat
from scripts.docs.compare_configs import CONFIGS, MISSING, find_differences, page

ONE = """
[training]
patience = 0
max_epochs = 30
dropout = 0.1

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 50
get_length = null

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.001

[components]

[components.tagger]
source = "a"
"""
OTHER = """
[training]
patience = 0
max_epochs = 20

[training.batcher]
@batchers = "spacy.batch_by_padded.v1"
size = 900
buffer = 256

[training.optimizer]
@optimizers = "Adam.v1"

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
initial_rate = 0.005

[components]

[components.tagger]
source = "b"
"""


def test_page_is_up_to_date() -> None:
    found = (ROOT / "configs" / "README.md").read_text(encoding="utf8")
    assert found == page(), "run python -m scripts.docs.compare_configs"


def test_page_has_every_config_that_trains_rin() -> None:
    assert {*CONFIGS, "tagger.cfg"} == {path.name for path in (ROOT / "configs").glob("*.cfg")}


def test_every_setting_with_two_values_is_on_the_page() -> None:
    configs = [
        flat(Config().from_disk(ROOT / "configs" / name, interpolate=False)) for name in CONFIGS
    ]
    listed = set(re.findall(r"^\| `([\w.*]+)` \|", page(), re.MULTILINE))
    for name in {name for config in configs for name in config}:
        if len({json.dumps(config[name]) for config in configs if name in config}) > 1:
            # A function is the value of its section.
            assert re.sub(r"\.@\w+$", "", name) in listed


def test_no_row_of_the_page_has_one_value_only() -> None:
    rows = re.findall(r"^\| `[\w.]+` \| (.*) \|$", page(), re.MULTILINE)
    assert rows and all(len(set(row.split(" | "))) > 1 for row in rows)


def test_settings_and_functions_that_differ_are_found() -> None:
    one, other = (Config().from_str(text) for text in (ONE, OTHER))
    assert dict(find_differences([one, other])) == {
        "training.max_epochs": [30, 20],
        "training.dropout": [0.1, MISSING],
        "training.batcher": [one["training"]["batcher"], other["training"]["batcher"]],
        "training.batcher.size": [50, 900],
        "training.optimizer.learn_rate": [0.001, other["training"]["optimizer"]["learn_rate"]],
        "components.tagger": [{"source": "a"}, {"source": "b"}],
    }


def test_section_that_one_lacks_is_one_row() -> None:
    one, two = (Config().from_str(ONE) for _ in range(2))
    del two["components"]["tagger"]
    assert dict(find_differences([one, two, one])) == {
        "components.tagger": [{"source": "a"}, MISSING, {"source": "a"}]
    }
    assert list(find_differences([one, one])) == []


def test_setting_is_compared_among_those_with_the_same_function() -> None:
    one, other = (Config().from_str(text) for text in (ONE, OTHER))
    third = Config().from_str(OTHER)
    third["training"]["batcher"]["buffer"] = 512
    del third["training"]["optimizer"]["learn_rate"]["initial_rate"]
    found = dict(find_differences([one, other, third]))
    assert found["training.batcher.buffer"] == [MISSING, 256, 512]
    assert found["training.optimizer.learn_rate.initial_rate"] == [MISSING, 0.005, MISSING]
    assert "training.batcher.get_length" not in found
