"""The methods by name, what each covers, and which of them a scorer has what it takes for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from regard.errors import ConfigError
from regard.explain.gates import has_gates
from regard.explain.methods import attention, controls, gradients, removal
from regard.explain.methods.base import Attribution, Covers, Method
from regard.explain.question import Question
from regard.models.protocols import Scorer

__all__ = ["CONTROLS", "METHODS", "fitting", "method_of"]


def _any(scorer: Scorer[Any]) -> bool:
    return True


def _claims(
    name: str,
    attribute: Callable[[Question, int], Attribution],
    fits: Callable[[Scorer[Any]], bool] = _any,
) -> Method:
    return Method(name=name, covers="the served score", faithful=True, attribute=attribute, fits=fits)


def _shows(
    name: str,
    attribute: Callable[[Question, int], Attribution],
    fits: Callable[[Scorer[Any]], bool] = _any,
    *,
    covers: Covers = "the network",
) -> Method:
    return Method(name=name, covers=covers, faithful=False, attribute=attribute, fits=fits)


METHODS = (
    _claims("leave one out", removal.leave_one_out),
    _claims("screened", removal.screened, has_gates),
    _claims("in rounds", removal.in_rounds),
    _claims("one by one", removal.one_by_one),
    _claims("shapley", removal.shapley),
    _claims("gradient x input", gradients.gradient_x_input, has_gates),
    _claims("integrated gradients", gradients.integrated_gradients, has_gates),
    _claims("popular paths", gradients.popular_paths, has_gates),
    _shows("attention, last layer", attention.last_layer, attention.has_attention),
    _shows("attention, mean", attention.mean_layers, attention.has_attention),
    _shows("attention rollout", attention.rollout, attention.has_attention),
    _shows("attention by values", attention.value_weighted, attention.has_values),
    _shows("latest first", controls.latest_first, covers="nothing"),
    _shows("random order", controls.random_order, covers="nothing"),
)
"""Every method; those that claim to be faithful first, then attention, then what knows no model."""

CONTROLS = ("attention, last layer", "latest first", "random order")
"""What every table of measures holds."""


def method_of(name: str) -> Method:
    """Return the method called `name`.

    Raises
    ------
    ConfigError
        If there is none; the message names them.

    Examples
    --------
    >>> method_of("shapley").covers
    'the served score'
    """
    for method in METHODS:
        if method.name == name:
            return method
    raise ConfigError(
        f"there is no method {name!r} of explaining; there are: {', '.join(one.name for one in METHODS)}"
    )


def fitting(scorer: Scorer[Any], names: Sequence[str] | None = None) -> list[Method]:
    """Return the methods, all or those named, that a scorer has what it takes for.

    Raises
    ------
    ConfigError
        If a name is that of no method.
    """
    wanted = METHODS if names is None else tuple(method_of(name) for name in names)
    return [method for method in wanted if method.fits(scorer)]
