"""Policy: the rules by which lists are re-ranked, as a person writes them in JSON, checked on load.

    {"rules": [
      {"rule": "block", "column": "brand", "values": ["Acme"]},
      {"rule": "pin", "item": "B00123", "position": 1},
      {"rule": "cap", "column": "brand", "most": 2},
      {"rule": "fresh", "column": "released", "half_life_days": 30, "strength": 0.2},
      {"rule": "calibrate", "column": "genres", "strength": 0.3},
      {"rule": "diversity", "method": "mmr", "strength": 0.2}
    ]}

All rules act together (`regard.recommend.rules.fill`), so their order does not change a list; a move is
credited to the first rule that makes it. What each rule may say is beside it in `regard.recommend.rules`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pydantic

from regard.config import Config, named_once
from regard.errors import ConfigError, DataError
from regard.recommend.rules.base import Rule
from regard.recommend.rules.calibration import Calibrate
from regard.recommend.rules.context import Context, nearest
from regard.recommend.rules.diversity import Diversity
from regard.recommend.rules.freshness import Fresh
from regard.recommend.rules.limits import Block, Cap, Pin

__all__ = ["RULES", "Policy"]

RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {
        "block": Block,
        "pin": Pin,
        "cap": Cap,
        "fresh": Fresh,
        "calibrate": Calibrate,
        "diversity": Diversity,
    }
)
AnyRule = Annotated[Block | Pin | Cap | Fresh | Calibrate | Diversity, pydantic.Field(discriminator="rule")]


class Policy(Config):
    """Rules for lists.

    Attributes
    ----------
    rules
        They act together; no two may have one name, one item or one position pinned twice.

    Examples
    --------
    >>> policy = Policy.parse({"rules": [{"rule": "cap", "column": "brand", "most": 2}]})
    >>> policy.rules[0].label
    'cap brand'
    >>> Policy.from_json(policy.to_json()) == policy
    True
    """

    rules: tuple[AnyRule, ...] = ()

    @classmethod
    def parse(cls, document: object, *, source: str = "policy") -> Policy:
        """Read what a person wrote, already taken out of JSON; `source` is what messages call it.

        Raises
        ------
        ConfigError
            If a rule or one of its settings does not exist or a value is out of range: the number of the rule
            (from 1), the setting and the nearest name are given.
        """
        if not isinstance(document, Mapping) or set(document) != {"rules"}:
            raise ConfigError(f'{source}: a policy is an object with a list: {{"rules": [...]}}')
        said = document["rules"]
        if not isinstance(said, list | tuple):
            raise ConfigError(f'{source}: "rules" must be a list, not {said!r}')
        rules = [_rule(one, where=f"{source}, rule {number}") for number, one in enumerate(said, start=1)]
        try:
            return cls.from_json({"rules": rules})
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None

    @classmethod
    def read(cls, path: str | Path) -> Policy:
        """Read a JSON file.

        Raises
        ------
        DataError
            If the file cannot be read or is no JSON, naming the line.
        ConfigError
            If it says what does not exist; see `parse`.
        """
        file = Path(path).expanduser()
        try:
            document = json.loads(
                file.read_text(encoding="utf-8"), object_pairs_hook=named_once(file, ConfigError)
            )
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file}: cannot be read: {error}") from error
        except json.JSONDecodeError as error:
            raise DataError(f"{file}, line {error.lineno}: this is not JSON: {error.msg}") from error
        return cls.parse(document, source=str(file))

    def document(self) -> dict[str, Any]:
        """Return what a person would write; `parse` reads it."""
        return {
            "rules": [
                {"rule": rule.rule, **rule.model_dump(mode="json", exclude_defaults=True)}
                for rule in self.rules
            ]
        }

    def check(self, context: Context, *, source: str = "policy") -> None:
        """Refuse rules about what the catalogue does not have.

        Raises
        ------
        ConfigError
            If a column does not exist, holds something else, or vectors are missing: number and name of the
            rule and the nearest column are given.
        """
        for number, rule in enumerate(self.rules, start=1):
            try:
                rule.check(context)
            except ConfigError as error:
                raise ConfigError(f"{source}, rule {number} ({rule.label!r}): {error}") from None

    @property
    def columns(self) -> tuple[str, ...]:
        """Attributes that the rules read."""
        return tuple(dict.fromkeys(column for rule in self.rules for column in rule.columns))

    @pydantic.model_validator(mode="after")
    def _no_contradiction(self) -> Policy:
        labels = [rule.label for rule in self.rules]
        pins = [(number, rule) for number, rule in enumerate(self.rules, start=1) if isinstance(rule, Pin)]
        for number, label in enumerate(labels, start=1):
            first = labels.index(label) + 1
            if first != number:
                raise ValueError(
                    f"rules {first} and {number} are both called {label!r}; give one another name"
                )
        blocked = {str(item) for rule in self.rules if isinstance(rule, Block) for item in rule.items}
        items, places = ([str(pin.item) for _, pin in pins], [str(pin.position) for _, pin in pins])
        for place, (number, pin) in enumerate(pins):
            if str(pin.item) in blocked:
                raise ValueError(f"rule {number} pins item {pin.item!r}, which another rule blocks")
            for what, same in (("item", items), ("position", places)):
                other = same.index(same[place])
                if other != place:
                    raise ValueError(
                        f"rules {pins[other][0]} and {number} pin the same {what}: {same[place]}"
                    )
        return self


def _rule(said: object, *, where: str) -> Rule:
    if not isinstance(said, Mapping) or "rule" not in said:
        raise ConfigError(
            f'{where}: a rule is an object with a kind, as in {{"rule": "cap", ...}}, not {said!r}; '
            f"kinds: {', '.join(RULES)}"
        )
    kind = said["rule"]
    if not isinstance(kind, str) or kind not in RULES:
        raise ConfigError(f"{where}: there is no rule {kind!r}; {nearest(str(kind), list(RULES))}")
    try:
        return RULES[kind].from_json(dict(said))
    except ConfigError as error:
        raise ConfigError(f"{where} ({kind}): {error}") from None
