"""Value formulas: which candidate is worth most, from the probabilities of several actions.

``purchase*10 + click`` is read by a small recursive-descent parser into a tree of five operations; nothing
of it is ever run as code. Names are actions; one that is no plain word is quoted: ``"add-to-cart"*2``.

The grammar::

    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/") factor)*
    factor  = "-" factor | "+" factor | number | name | "(" sum ")"

Shape letters: K candidates.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regard.errors import ConfigError

__all__ = ["ValueFormula", "parse_value"]

_LONGEST = 1000  # characters
_DEEPEST = 50  # brackets and signs within each other
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<mark>[-+*/()]))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "number", "name", "mark" or "end"
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One step for a machine with a stack: push a number, push an action, or apply an operation."""

    kind: str
    name: str = ""
    number: float = 0.0


@dataclass(frozen=True, slots=True)
class ValueFormula:
    """A formula that was read and checked.

    Parameters
    ----------
    text
        As it was written.
    actions
        The actions that it names, each once, in the order of the text.
    steps
        What to do, in order, as `parse_value` made it.

    Examples
    --------
    >>> formula = parse_value("purchase*10 + click", ["click", "purchase"])
    >>> formula.of({"click": np.array([0.5, 0.1]), "purchase": np.array([0.0, 0.2])}).tolist()
    [0.5, 2.1]
    """

    text: str
    actions: tuple[str, ...]
    steps: tuple[_Step, ...]

    def of(self, probabilities: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return ``[K]`` float64 values of candidates.

        Parameters
        ----------
        probabilities
            By action ``[K]``; all actions of the formula must be there.

        Raises
        ------
        ConfigError
            If a value is not finite, since the formula divides by what can be 0.
        """
        shape = np.broadcast_shapes(*(np.shape(probabilities[name]) for name in probabilities))
        stack: list[np.ndarray] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.kind == "number":
                    stack.append(np.array(step.number))
                elif step.kind == "name":
                    stack.append(np.asarray(probabilities[step.name], dtype=np.float64))
                elif step.kind == "negate":
                    stack.append(-stack.pop())
                else:
                    right, left = stack.pop(), stack.pop()
                    stack.append(_apply(step.kind, left, right))
        value = np.broadcast_to(stack.pop(), shape).astype(np.float64)
        if not np.isfinite(value).all():
            row = int(np.flatnonzero(~np.isfinite(value))[0])
            at = {name: np.broadcast_to(probabilities[name], shape).ravel()[row] for name in self.actions}
            held = ", ".join(f"{name} = {chance:g}" for name, chance in at.items())
            raise ConfigError(
                f"value {self.text!r} is not finite for candidate {row} ({held}): it divides by 0 or is too "
                "large; divide by numbers only, or write smaller ones"
            )
        return value


def parse_value(text: str, actions: Sequence[str]) -> ValueFormula:
    """Read a formula over the actions that a model predicts.

    Parameters
    ----------
    text
        Numbers, names of actions, ``+ - * /`` and brackets, at most 1,000 characters.
    actions
        The names that may be used.

    Raises
    ------
    ConfigError
        Saying at which character what is wrong, and the nearest action for a name that is none.

    Examples
    --------
    >>> parse_value("2 * (click - 0.5)", ["click"]).actions
    ('click',)
    >>> parse_value("clck * 2", ["click"])
    Traceback (most recent call last):
    ...
    regard.errors.ConfigError: value 'clck * 2', character 1: there is no action 'clck'; did you mean 'click'?
    """
    if len(text) > _LONGEST:
        raise ConfigError(f"value of {len(text)} characters: a formula has at most {_LONGEST}")
    parser = _Parser(text, actions)
    steps = parser.parse()
    named = dict.fromkeys(step.name for step in steps if step.kind == "name")
    if not named:
        raise ConfigError(f"value {text!r} names no action: all would be worth the same; {_list(actions)}")
    return ValueFormula(text=text, actions=tuple(named), steps=tuple(steps))


class _Parser:
    """Recursive descent over the tokens of one formula; the steps come out in the order of a stack."""

    def __init__(self, text: str, actions: Sequence[str]) -> None:
        self._text = text
        self._actions = actions
        self._tokens = self._read()
        self._at = 0
        self._depth = 0
        self._steps: list[_Step] = []

    def parse(self) -> list[_Step]:
        self._sum()
        if self._now.kind != "end":
            raise self._error(self._now, f"{self._now.text!r} is not expected here; an operator is missing")
        return self._steps

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _sum(self) -> None:
        self._product()
        while self._now.text in {"+", "-"} and self._now.kind == "mark":
            operation = self._take().text
            self._product()
            self._steps.append(_Step(operation))

    def _product(self) -> None:
        self._factor()
        while self._now.text in {"*", "/"} and self._now.kind == "mark":
            operation = self._take().text
            self._factor()
            self._steps.append(_Step(operation))

    def _factor(self) -> None:
        token = self._take()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(token, f"brackets and signs are more than {_DEEPEST} deep")
        if token.kind == "number":
            number = float(token.text)
            if not np.isfinite(number):
                raise self._error(token, f"{token.text} is too large")
            self._steps.append(_Step("number", number=number))
        elif token.kind == "name":
            self._name(token)
        elif token.kind == "mark" and token.text in {"+", "-"}:
            self._factor()
            if token.text == "-":
                self._steps.append(_Step("negate"))
        elif token.kind == "mark" and token.text == "(":
            self._sum()
            if self._take().text != ")":
                raise self._error(token, "this bracket is never closed")
        else:
            found = "the formula ends" if token.kind == "end" else f"there is {token.text!r}"
            raise self._error(token, f"a number, an action or a bracket is expected, but {found}")
        self._depth -= 1

    def _name(self, token: _Token) -> None:
        if token.text not in self._actions:
            near = difflib.get_close_matches(token.text, self._actions, n=1)
            hint = f"did you mean {near[0]!r}?" if near else _list(self._actions)
            raise self._error(token, f"there is no action {token.text!r}; {hint}")
        self._steps.append(_Step("name", name=token.text))

    def _take(self) -> _Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _read(self) -> list[_Token]:
        tokens, place = [], 0
        while self._text[place:].strip():
            match = _TOKEN.match(self._text, place)
            if match is None:
                place += len(self._text[place:]) - len(self._text[place:].lstrip())
                wrong = _Token("mark", self._text[place], place)
                raise self._error(
                    wrong, f"{wrong.text!r} cannot be used; write + - * / ( ), numbers, actions"
                )
            kind = match.lastgroup or "mark"
            text = match.group(kind)
            kind = "name" if kind in {"double", "single"} else kind
            tokens.append(_Token(kind, text, match.start(match.lastgroup or 0)))
            place = match.end()
        return [*tokens, _Token("end", "", len(self._text))]

    def _error(self, token: _Token, what: str) -> ConfigError:
        return ConfigError(f"value {self._text!r}, character {token.place + 1}: {what}")


def _apply(operation: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if operation == "+":
        return np.asarray(left + right)
    if operation == "-":
        return np.asarray(left - right)
    if operation == "*":
        return np.asarray(left * right)
    assert operation == "/"
    return np.asarray(left / right)


def _list(actions: Sequence[str]) -> str:
    return f"the actions are: {', '.join(actions)}"
