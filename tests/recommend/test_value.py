"""Value formulas: what Python's own arithmetic says, errors with their place, and never any code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import ConfigError
from regard.recommend.value import parse_value

ACTIONS = ["click", "purchase", "add-to-cart"]
RNG = np.random.default_rng(0)
CHANCES = {action: RNG.random(7) + 0.1 for action in ACTIONS}

ATOMS = st.sampled_from(["click", "purchase", "1", "2.5", ".5", "3e-1", "10"])
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"{p[0]} {p[1]}{p[2]}")
        | inner.map(lambda one: f"({one})")
        | inner.map(lambda one: f"-{one}")
    ),
    max_leaves=12,
)


@given(FORMULAS)
def test_it_computes_what_arithmetic_says(text: str) -> None:
    if "click" not in text and "purchase" not in text:
        with pytest.raises(ConfigError, match="names no action"):
            parse_value(text, ACTIONS)
        return
    expected = eval(text, {"__builtins__": {}}, {name: CHANCES[name] for name in ("click", "purchase")})
    assert parse_value(text, ACTIONS).of(CHANCES) == pytest.approx(np.broadcast_to(expected, 7))


@given(st.text(max_size=80) | st.text(alphabet="click()+-*/. 019e'\"_,purchase[]\\", max_size=80))
def test_whatever_is_written_it_is_a_formula_or_an_error_of_ours(text: str) -> None:
    try:
        formula = parse_value(text, ACTIONS)
    except ConfigError:
        return
    try:
        value = formula.of(CHANCES)
    except ConfigError:
        return
    assert value.shape == (7,)
    assert np.isfinite(value).all()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "click.__class__",
        "open('x')",
        "click if click else purchase",
        "[click for click in purchase]",
        "lambda: click",
        "click ** 2",
        "click; purchase",
        "f(click)",
        "click @ purchase",
        "1_000 * click",
        "clıck",
    ],
)
def test_code_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_value(text, ACTIONS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1: a number, an action or a bracket is expected, but the formula ends"),
        ("click +", "character 8: a number.*the formula ends"),
        ("click + * 2", r"character 9: a number.*there is '\*'"),
        ("(click + 1", "character 1: this bracket is never closed"),
        ("click) + 1", r"character 6: '\)' is not expected"),
        ("2 click", "character 3: 'click' is not expected here; an operator is missing"),
        ("click + buy", "character 9: there is no action 'buy'; the actions are: click, purchase"),
        ("10*purchse", "character 4: there is no action 'purchse'; did you mean 'purchase'"),
        ("click % 2", "character 7: '%' cannot be used"),
        ("1e999 * click", "character 1: 1e999 is too large"),
        ("3 + 4", "names no action"),
        ("(" * 60 + "click" + ")" * 60, "more than 50 deep"),
        ("-" * 900 + "click", "more than 50 deep"),
        ("click+" * 500 + "click", "at most 1000"),
    ],
)
def test_an_error_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_value(text, ACTIONS)


def test_products_bind_stronger_and_equal_ones_go_from_left_to_right() -> None:
    one = {"click": np.array([2.0])}
    for text, value in {
        "1+click*3": 7,
        "8/click/2": 2,
        "9-click-1": 6,
        "-click*3": -6,
        "(1+click)*3": 9,
    }.items():
        assert parse_value(text, ["click"]).of(one).tolist() == [value]


def test_a_name_that_is_no_word_is_quoted_and_each_action_is_named_once() -> None:
    formula = parse_value("\"add-to-cart\"*2 + 'add-to-cart' + click", ACTIONS)
    assert formula.actions == ("add-to-cart", "click")
    assert formula.of(CHANCES) == pytest.approx(3 * CHANCES["add-to-cart"] + CHANCES["click"])


def test_dividing_by_a_probability_of_0_names_the_candidate() -> None:
    with pytest.raises(ConfigError, match=r"not finite for candidate 1 \(purchase = 1, click = 0\)"):
        parse_value("purchase / click", ACTIONS).of({"click": np.array([1.0, 0.0]), "purchase": np.ones(2)})


def test_any_shape_goes_through() -> None:
    assert parse_value("click * 2", ["click"]).of({"click": np.ones((2, 3))}).shape == (2, 3)
    assert parse_value("click * 2", ["click"]).of({"click": np.ones(0)}).shape == (0,)
