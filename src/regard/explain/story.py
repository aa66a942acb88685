"""Story: one sentence from measured influence, by checked templates, claiming no more than was measured.

The rule: an event is named if the item's log-probability falls by at least `MIN_NATS` without it and
that is at least the share `MIN_SHARE` of what all supporting events together give; at most `MAX_NAMED`
events, the strongest first. If none is named the sentence says so, and calls the item popular only where
its count says that. It does not know how influence was measured.

Shape letters: E events of the history.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.errors import ConfigError

__all__ = ["MAX_NAMED", "MIN_NATS", "MIN_SHARE", "material", "tell", "tell_attribute", "tell_without_history"]

MIN_NATS = 0.05
"""Without the event the item would be about 5 % less likely, or more."""

MIN_SHARE = 0.1
MAX_NAMED = 3


def material(influence_E: np.ndarray) -> np.ndarray:
    """Return the positions of the events that may be named, the strongest first, all of them.

    Parameters
    ----------
    influence_E
        ``[E]`` influence in nats, as `leave_one_out` measures it.

    Examples
    --------
    >>> material(np.array([0.02, 1.5, -2.0, 0.3, 0.1])).tolist()
    [1, 3]
    """
    support = np.maximum(influence_E, 0.0)
    finite = support[np.isfinite(support)]
    least = max(MIN_NATS, MIN_SHARE * float(finite.sum()))
    strongest = np.argsort(-support, kind="stable")
    named: np.ndarray = strongest[support[strongest] >= least]
    return named


def tell(
    influence_E: np.ndarray,
    items_E: np.ndarray,
    titles_E: Sequence[str],
    *,
    popular: bool,
    verb: str | None = None,
) -> str:
    """Say in one sentence why an item is recommended.

    Parameters
    ----------
    influence_E
        ``[E]`` influence of each event in nats.
    items_E, titles_E
        ``[E]`` number and title of the item of each event; an item is named once.
    popular
        Whether the item is one of the most popular ones.
    verb
        What the user did, in the past tense: ``"watched"``, ``"bought"``, ``"read"``; None leaves it open.

    Raises
    ------
    ConfigError
        If `verb` is not made of words.

    Examples
    --------
    >>> titles = ["Alien", "Amélie", "Blade Runner"]
    >>> tell(np.array([0.4, -0.1, 0.9]), np.array([3, 1, 2]), titles, popular=True, verb="watched")
    'because you watched Blade Runner and Alien'
    >>> tell(np.zeros(3), np.array([3, 1, 2]), titles, popular=True)
    'one of the most popular items; no single event of the history stands out'
    """
    if verb is not None and not verb.replace(" ", "").isalpha():
        raise ConfigError(
            f"verb = {verb!r}: give what the user did, in the past tense: watched, bought, read"
        )
    named = dict.fromkeys(items_E[material(influence_E)].tolist())
    title_of = dict(zip(items_E.tolist(), titles_E, strict=True))
    titles = [title_of[item] for item in named][:MAX_NAMED]
    if titles:
        return f"because {'of' if verb is None else f'you {verb}'} {_listed(titles)}"
    silent = "no single event of the history stands out"
    return f"one of the most popular items; {silent}" if popular else silent


def tell_attribute(
    influence_F: np.ndarray, replaced_F: np.ndarray, *, names: Sequence[str], values: Sequence[str | None]
) -> str:
    """Say which attribute of an item speaks most for it; nothing if none stands out.

    The rule of the events holds for attributes too, one has to be alone at the top, and its value has to
    matter: with the values of other items in its place the item falls by `MIN_NATS`, too. The first field,
    the id, stands for what others did with the item: it is called the item's own history.

    Parameters
    ----------
    influence_F
        ``[F]`` influence of each field of the item in nats, NaN where it has no value.
    replaced_F
        ``[F]`` mean fall with the values of other items, in nats; NaN where that is not known.
    names, values
        ``[F]`` what to call the fields and their values; None where a value has no short form.

    Examples
    --------
    >>> fields = {"names": ["item_id", "brand", "size"], "values": ["i7", "Nivea", "4"]}
    >>> tell_attribute(np.array([0.1, 1.2, 0.0]), np.array([np.nan, 0.9, 0.0]), **fields)
    'its brand, Nivea, speaks most for it'
    >>> tell_attribute(np.array([np.nan, 0.01, 0.0]), np.array([np.nan, 0.01, 0.0]), **fields)
    ''
    """
    support_F = np.nan_to_num(influence_F, nan=0.0, posinf=np.inf, neginf=0.0)
    named = material(support_F)
    if not len(named) or (support_F == support_F[named[0]]).sum() > 1:
        return ""
    first = int(named[0])
    if first == 0:
        return "its own history speaks most for it"
    if replaced_F[first] < MIN_NATS:
        return ""
    value, name = values[first], names[first].replace("_", " ")
    return f"its {name}{'' if value is None else f', {value},'} speaks most for it"


def tell_without_history() -> str:
    """Say why an item is recommended to a user of whom the model could read no event."""
    return "by popularity alone: the history has no event that the model knows"


def _listed(titles: Sequence[str]) -> str:
    *front, last = titles
    return f"{', '.join(front)} and {last}" if front else last
