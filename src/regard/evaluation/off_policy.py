"""Off-policy evaluation: what another system would have earned, from a log that kept its propensities.

A row is one candidate that was shown, with its reward, the probability with which it was shown (the
propensity) and the probability with which the system that is judged would have shown it. Inverse
propensity scoring weights the reward by the ratio (Horvitz and Thompson 1952), self-normalised IPS divides
by the mean ratio (Swaminathan and Joachims, NeurIPS 2015), doubly robust corrects a reward model by
weighted residuals (Dudík et al., ICML 2011). Weights may be clipped, which trades variance for a bias towards
the log; every estimate says how many were. An estimate stands on what was shown: the effective sample size
(Kish 1965) says on how much, and a mean weight that stays below 1 shows that the judged system would show
what the log never did. It does not know rankings: slots are judged one by one.

Shape letters: R rows, B bootstrap samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydantic

from regard.config import Config
from regard.errors import DataError
from regard.evaluation.significance import Interval

__all__ = ["Estimate", "Logged", "OffPolicyOptions", "doubly_robust", "ips", "snips"]

_FEW = 1000  # different rows up to which drawing counts is quicker


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What was shown, what came of it, and what another system would have done.

    Parameters
    ----------
    reward_R
        ``[R]`` for instance 1 for a click.
    propensity_R
        ``[R]`` probability with which the running system showed what it showed: above 0, at most 1.
    target_R
        ``[R]`` probability with which the judged system would have shown the same: 0 to 1.
    group_R
        ``[R]`` whom a row belongs to (a user), so that intervals keep a group together; None: itself.

    Raises
    ------
    DataError
        If a value is out of its range, with row and value, or if there is no row.
    """

    reward_R: np.ndarray
    propensity_R: np.ndarray
    target_R: np.ndarray
    group_R: np.ndarray | None = None

    def __post_init__(self) -> None:
        columns = {
            "reward": self.reward_R,
            "propensity": self.propensity_R,
            "target probability": self.target_R,
        }
        sizes = {name: len(column) for name, column in columns.items()}
        if len(set(sizes.values())) != 1 or not len(self.reward_R):
            raise DataError(f"off-policy evaluation: needs columns of one length, at least one row: {sizes}")
        fine = {
            "reward": np.isfinite(self.reward_R),
            "propensity": (self.propensity_R > 0) & (self.propensity_R <= 1),
            "target probability": (self.target_R >= 0) & (self.target_R <= 1),
        }
        should = {"reward": "be finite", "propensity": "be above 0 and at most 1"}
        for name, rows in fine.items():
            if not rows.all():
                row = int(np.flatnonzero(~rows)[0])
                raise DataError(
                    f"off-policy evaluation: the {name} of row {row} is {columns[name][row]}; it must "
                    f"{should.get(name, 'lie in 0 to 1')}"
                )

    def weights(self) -> np.ndarray:
        """Return ``[R]`` how much likelier the judged system was to show what was shown."""
        weight: np.ndarray = self.target_R / self.propensity_R
        return weight


class OffPolicyOptions(Config):
    """How estimates are made.

    Attributes
    ----------
    clip
        Largest weight; None: no limit.
    resamples
        Bootstrap samples of the interval.
    confidence
        Share of them that it holds.
    seed
        The same seed gives the same interval.
    """

    clip: float | None = pydantic.Field(default=None, gt=0)
    resamples: int = pydantic.Field(default=1000, ge=1)
    confidence: float = pydantic.Field(default=0.95, gt=0, lt=1)
    seed: int = pydantic.Field(default=0, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the judged system is estimated to earn for each row.

    Parameters
    ----------
    method
        ``"ips"``, ``"snips"``, ``"doubly robust"``.
    value
        The estimate with its percentile bootstrap interval.
    rows
        Rows of the log.
    effective_rows
        How many equally weighted rows the weights are worth.
    mean_weight
        Before clipping; 1 is expected.
    clip, clipped
        The largest weight that was allowed, and how many rows were above it.
    warnings
        Why not to trust the value, if there is a reason.
    """

    method: str
    value: Interval
    rows: int
    effective_rows: float
    mean_weight: float
    clip: float | None
    clipped: int
    warnings: tuple[str, ...]


def ips(logged: Logged, options: OffPolicyOptions | None = None) -> Estimate:
    """Estimate by inverse propensity scoring: the mean of weight times reward.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> log = Logged(reward_R=np.array([1, 0]), propensity_R=half, target_R=np.array([0.9, 0.1]))
    >>> ips(log).value.value
    0.9
    """
    chosen = options or OffPolicyOptions()
    weight = _weights(logged, chosen)
    return _estimate("ips", logged, chosen, above=weight * logged.reward_R, below=np.ones(len(weight)))


def snips(logged: Logged, options: OffPolicyOptions | None = None) -> Estimate:
    """Estimate by self-normalised inverse propensity scoring: the weighted mean of the reward."""
    chosen = options or OffPolicyOptions()
    weight = _weights(logged, chosen)
    return _estimate("snips", logged, chosen, above=weight * logged.reward_R, below=weight)


def doubly_robust(
    logged: Logged,
    *,
    predicted_R: np.ndarray,
    expected_R: np.ndarray,
    options: OffPolicyOptions | None = None,
) -> Estimate:
    """Estimate by a reward model, corrected where the log says that it is wrong.

    Parameters
    ----------
    logged
        The log.
    predicted_R
        ``[R]`` the model's reward of what was shown. A model that learnt from these very rows makes the
        estimate too sure: fit it on others.
    expected_R
        ``[R]`` its mean reward of what the judged system would show in that place: the sum over all
        candidates of target probability times predicted reward.
    options
        Clipping and interval.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> log = Logged(reward_R=np.array([1, 0]), propensity_R=half, target_R=np.array([0.9, 0.1]))
    >>> doubly_robust(log, predicted_R=np.array([1, 0]), expected_R=np.array([0.9, 0.9])).value.value
    0.9
    """
    chosen = options or OffPolicyOptions()
    assert len(predicted_R) == len(expected_R) == len(logged.reward_R)
    weight = _weights(logged, chosen)
    above = expected_R + weight * (logged.reward_R - predicted_R)
    return _estimate("doubly robust", logged, chosen, above=above, below=np.ones(len(weight)))


def _weights(logged: Logged, options: OffPolicyOptions) -> np.ndarray:
    return logged.weights() if options.clip is None else np.minimum(logged.weights(), options.clip)


def _estimate(
    method: str, logged: Logged, options: OffPolicyOptions, *, above: np.ndarray, below: np.ndarray
) -> Estimate:
    weight, raw = _weights(logged, options), logged.weights()
    square = float((weight**2).sum())
    effective = float(weight.sum()) ** 2 / square if square else 0.0
    total = float(below.sum())
    low, high = _bootstrap(above, below, logged.group_R, options)
    value = float(above.sum()) / total if total else float("nan")
    return Estimate(
        method=method,
        value=Interval(value=value, low=low, high=high),
        rows=len(raw),
        effective_rows=effective,
        mean_weight=float(raw.mean()),
        clip=options.clip,
        clipped=0 if options.clip is None else int((raw > options.clip).sum()),
        warnings=_warn(raw, effective),
    )


def _warn(weight: np.ndarray, effective: float) -> tuple[str, ...]:
    warnings = []
    mean, error = (
        float(weight.mean()),
        float(weight.std(ddof=1) / np.sqrt(len(weight))) if len(weight) > 1 else 0,
    )
    if mean + 3 * error < 1:
        warnings.append(
            f"the mean weight is {mean:.3f} where 1 is expected: the judged system would show what this log "
            f"never shows, about {1 - mean:.0%} of the time, and nothing is known of that"
        )
    elif mean - 3 * error > 1:
        warnings.append(
            f"the mean weight is {mean:.3f} where 1 is expected: the propensities are not those of this log"
        )
    if effective < max(100.0, 0.01 * len(weight)):
        warnings.append(
            f"the weights are worth {effective:.0f} of {len(weight)} rows: the value hangs on a few of them: "
            "clip the weights, or judge a system closer to the log's"
        )
    return tuple(warnings)


def _bootstrap(
    above: np.ndarray, below: np.ndarray, group: np.ndarray | None, options: OffPolicyOptions
) -> tuple[float, float]:
    """Return the percentile interval of sum(above) / sum(below), rows drawn group by group."""
    if group is not None:
        place = np.unique(group, return_inverse=True)[1]
        above, below = np.bincount(place, weights=above), np.bincount(place, weights=below)
    rng = np.random.default_rng(options.seed)
    pairs, counts = np.unique(np.stack([above, below]), axis=1, return_counts=True)
    if len(counts) <= _FEW:  # values that many rows share are drawn as counts
        drawn = rng.multinomial(len(above), counts / len(above), size=options.resamples) @ pairs.T
    else:
        drawn = np.empty((options.resamples, 2))
        for sample in drawn:
            times = np.bincount(rng.integers(0, len(above), len(above)), minlength=len(above))
            sample[:] = above @ times, below @ times
    total = drawn[:, 1]
    found = np.divide(drawn[:, 0], total, out=np.full(len(drawn), np.nan), where=total > 0)
    tail = (1 - options.confidence) / 2
    known = found[~np.isnan(found)]
    if not len(known):
        return float("nan"), float("nan")
    return float(np.quantile(known, tail)), float(np.quantile(known, 1 - tail))
