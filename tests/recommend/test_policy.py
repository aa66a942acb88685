"""A policy as a person writes it: what is read, and what is refused with place, setting and nearest name."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from regard.data.vocab import Vocab
from regard.errors import ConfigError, DataError
from regard.recommend.policy import RULES, Policy
from regard.recommend.rules.context import Context

WHOLE = {
    "rules": [
        {"rule": "block", "items": ["x", 3], "column": "brand", "values": ["Acme", 7]},
        {"rule": "pin", "item": "a", "position": 1},
        {"rule": "cap", "column": "brand", "most": 2, "missing": "together", "when_short": "leave"},
        {"rule": "fresh", "column": "released", "half_life_days": 30.0, "mode": "decay", "strength": 0.2},
        {"rule": "calibrate", "column": "genres", "strength": 0.3},
        {"rule": "diversity", "method": "dpp", "strength": 0.2, "name": "variety"},
    ]
}


def test_every_kind_of_rule_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(WHOLE))
    policy = Policy.read(path)
    assert [rule.rule for rule in policy.rules] == list(RULES)
    assert policy.document() == WHOLE
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
    labels = [rule.label for rule in policy.rules]
    assert labels == [
        "block brand=Acme|7",
        "pin a",
        "cap brand",
        "fresh released",
        "calibrate genres",
        "variety",
    ]
    assert policy.columns == ("brand", "genres")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"rule": "kap"}], r"policy, rule 1: there is no rule 'kap'; did you mean 'cap'\?"),
        ([{"rule": ["cap"]}], "there is no rule"),
        ([{"column": "brand"}], "policy, rule 1: a rule is an object with a kind"),
        (["cap"], "rule 1: a rule is an object"),
        (
            [WHOLE["rules"][0], {"rule": "cap", "colum": "x", "most": 1}],
            r"rule 2 \(cap\): .*did you mean 'column'",
        ),
        ([{"rule": "cap", "column": "x", "most": 0}], r"rule 1 \(cap\): Cap.most = 0"),
        ([{"rule": "cap", "column": "x"}], "Cap.most"),
        ([{"rule": "diversity", "method": "xyz", "strength": 0.1}], "Diversity.method = 'xyz'"),
        ([{"rule": "diversity", "strength": 1.5}], "Diversity.strength = 1.5"),
        ([{"rule": "diversity", "strength": 0.1}] * 2, "rules 1 and 2 are both called 'diversity'"),
        (
            [{"rule": "pin", "item": one, "position": 1} for one in "ab"],
            "rules 1 and 2 pin the same position: 1",
        ),
        (
            [{"rule": "pin", "item": one, "position": 1, "name": str(type(one))} for one in (3, "3")],
            "rules 1 and 2 pin the same item: 3",
        ),
        (
            [{"rule": "block", "items": ["3"]}, {"rule": "pin", "item": 3, "position": 1}],
            "rule 2 pins item 3, which another rule blocks",
        ),
        ({"rule": "cap"}, '"rules" must be a list'),
    ],
)
def test_a_wrong_rule_is_named_by_its_number(rules: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Policy.parse({"rules": rules})


@pytest.mark.parametrize("document", [[], {}, {"rules": [], "more": 1}, None])
def test_a_policy_is_an_object_with_rules(document: object) -> None:
    with pytest.raises(ConfigError, match="a policy is an object"):
        Policy.parse(document)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('{"rules": [\n]', DataError, "line 2: this is not JSON"),
        ('{"rules": [], "rules": []}', ConfigError, "'rules' is named twice"),
        ('{"rules": [{"rule": "cap", "most": 1, "most": 2}]}', ConfigError, "'most' is named twice"),
        (None, DataError, "cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str | None, error: type, message: str) -> None:
    path = tmp_path / "policy.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=f"policy.json.*{message}"):
        Policy.read(path)


def test_a_catalogue_without_the_column_is_refused_by_number_and_name() -> None:
    context = Context(items=Vocab.of(["a"]), table=pl.DataFrame({"brand": ["x"]}))
    Policy.parse({"rules": [{"rule": "cap", "column": "brand", "most": 1}]}).check(context)
    for rule, message in (
        ({"rule": "cap", "column": "brnad", "most": 1}, r"rule 1 \('cap brnad'\): .*did you mean 'brand'"),
        ({"rule": "diversity", "strength": 0.1}, "no item vectors"),
        ({"rule": "fresh", "column": "brand", "half_life_days": 1, "strength": 1}, "not known to hold times"),
    ):
        with pytest.raises(ConfigError, match=message):
            Policy.parse({"rules": [rule]}).check(context)
