"""Off-policy estimates: equal to obp's on a real log, near the truth where it is known, honest about support."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.errors import DataError
from regard.evaluation.off_policy import Estimate, Logged, OffPolicyOptions, doubly_robust, ips, snips

# By obp 0.4.1 (pip install --no-deps obp==0.4.1, numpy 1.26.4, scikit-learn 1.4.2; its estimators loaded
# alone, with a stand-in for torch, which what is run here only names in annotations): InverseProbabilityWeighting,
# SelfNormalizedInverseProbabilityWeighting and DoublyRobust of obp.ope.estimators, with the policy and the
# reward model of `judged` as action_dist and estimated_rewards_by_reg_model of every round:
# estimate_policy_value(...), estimate_interval(..., alpha=0.05, n_bootstrap_samples=2000, random_state=0)
OBP = {
    "all": {
        "ips": (0.00500645700402338, 0.0027612226117014007, 0.007707026478442042),
        "snips": (0.005217606210746861, 0.0028776782136528687, 0.008032073218244683),
        "doubly robust": (0.0051861447605838565, 0.0029185212085908324, 0.007865743371007473),
    },
    "men": {
        "ips": (0.005645742248974227, 0.0031743123845979753, 0.008658084120167726),
        "snips": (0.00572832666599711, 0.0032207453824519196, 0.008784732273424996),
        "doubly robust": (0.005888821991200069, 0.00340218063856357, 0.008896345850392756),
    },
}


def judged(folder: Path, family: str) -> dict[str, Estimate]:
    """Judge, on the log of the random policy, how often Thompson sampling showed each item in each place."""
    log, other = (pl.read_parquet(folder / f"{policy}_{family}.parquet") for policy in ("random", "bts"))
    width = int(max(log["item_id"].max(), other["item_id"].max())) + 1
    shown, clicked = np.zeros((width, 3)), np.zeros((width, 3))
    slots = (other["item_id"].to_numpy(), other["position"].to_numpy() - 1)
    np.add.at(shown, slots, 1)
    np.add.at(clicked, slots, other["click"].to_numpy())
    policy, model = (shown + 1) / (shown + 1).sum(axis=0), (clicked + 0.005 * 20) / (shown + 20)
    item, place = log["item_id"].to_numpy(), log["position"].to_numpy() - 1
    logged = Logged(
        reward_R=log["click"].to_numpy(),
        propensity_R=log["propensity_score"].to_numpy(),
        target_R=policy[item, place],
    )
    expected = (policy * model).sum(axis=0)[place]
    robust = doubly_robust(logged, predicted_R=model[item, place], expected_R=expected)
    return {estimate.method: estimate for estimate in (ips(logged), snips(logged), robust)}


@pytest.mark.parametrize("family", OBP)
def test_on_a_real_log_values_and_intervals_are_those_of_obp(shared_data: Path, family: str) -> None:
    estimates = judged(shared_data / "open-bandit", family)
    for method, (value, low, high) in OBP[family].items():
        assert estimates[method].value.value == pytest.approx(value, rel=1e-12)
        assert estimates[method].value.low == pytest.approx(low, abs=2e-4)
        assert estimates[method].value.high == pytest.approx(high, abs=4e-4)
        assert estimates[method].effective_rows < 10_000


def simulated(rows: int, seed: int) -> tuple[Logged, np.ndarray, float]:
    """A world of 5 actions whose rewards are known; another policy than the log's is judged."""
    rng = np.random.default_rng(seed)
    reward = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    behaviour, target = np.array([0.4, 0.3, 0.1, 0.1, 0.1]), np.array([0.1, 0.1, 0.2, 0.2, 0.4])
    action = rng.choice(5, rows, p=behaviour)
    logged = Logged(
        reward_R=(rng.random(rows) < reward[action]).astype(float),
        propensity_R=behaviour[action],
        target_R=target[action],
    )
    return logged, reward[action], float(target @ reward)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    options = OffPolicyOptions(resamples=200)
    inside, alarms = np.zeros(3), 0
    for seed in range(100):
        logged, predicted, truth = simulated(800, seed)
        robust = doubly_robust(logged, predicted_R=predicted, expected_R=np.full(800, truth), options=options)
        for i, estimate in enumerate((ips(logged, options), snips(logged, options), robust)):
            inside[i] += estimate.value.low <= truth <= estimate.value.high
            alarms += any("mean weight" in warning for warning in estimate.warnings)
    assert (inside >= 88).all()
    assert alarms <= 3 * 3


def test_a_right_model_narrows_the_interval_and_a_wrong_one_does_no_harm() -> None:
    logged, predicted, truth = simulated(20_000, 1)
    plain = ips(logged).value
    right = doubly_robust(logged, predicted_R=predicted, expected_R=np.full(20_000, truth)).value
    wrong = doubly_robust(logged, predicted_R=np.full(20_000, 0.9), expected_R=np.full(20_000, 0.9)).value
    assert right.high - right.low < plain.high - plain.low
    assert wrong.value == pytest.approx(truth, abs=0.03)


def test_the_logs_own_policy_earns_what_the_log_earned() -> None:
    logged, _, _ = simulated(500, 2)
    same = Logged(reward_R=logged.reward_R, propensity_R=logged.propensity_R, target_R=logged.propensity_R)
    estimate = ips(same)
    assert estimate.value.value == pytest.approx(logged.reward_R.mean())
    assert estimate.effective_rows == pytest.approx(500)
    assert estimate.warnings == ()


def test_missing_support_and_few_effective_rows_are_said() -> None:
    half = np.full(1000, 0.5)
    never = Logged(reward_R=np.ones(1000), propensity_R=half, target_R=np.full(1000, 0.2))
    assert "mean weight is 0.400" in ips(never).warnings[0]
    assert "about 60% of the time" in ips(never).warnings[0]
    few = Logged(
        reward_R=np.ones(1000), propensity_R=np.full(1000, 0.01), target_R=(np.arange(1000) < 10) * 1.0
    )
    assert any("worth 10 of 1000 rows" in warning for warning in snips(few).warnings)
    wrong = Logged(reward_R=np.ones(1000), propensity_R=half / 5, target_R=half)
    assert "propensities are not those" in ips(wrong).warnings[0]


def test_clipping_is_stated_and_lowers_what_heavy_rows_say() -> None:
    logged, _, truth = simulated(5000, 3)
    clipped = ips(logged, OffPolicyOptions(clip=2.0))
    assert clipped.clip == 2.0
    assert clipped.clipped == int((logged.weights() > 2).sum()) > 0
    assert clipped.value.value < truth
    assert clipped.mean_weight == ips(logged).mean_weight


def test_rows_of_one_user_come_and_go_together() -> None:
    logged, _, _ = simulated(600, 4)
    copied = Logged(
        reward_R=np.repeat(logged.reward_R, 10),
        propensity_R=np.repeat(logged.propensity_R, 10),
        target_R=np.repeat(logged.target_R, 10),
        group_R=np.repeat(np.arange(600), 10),
    )
    one, many = ips(logged).value, ips(copied).value
    assert many.high - many.low == pytest.approx(one.high - one.low, rel=0.1)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("propensity_R", 0.0, "propensity of row 1 is 0.0; it must be above 0"),
        ("target_R", 1.5, "target probability of row 1 is 1.5"),
        ("reward_R", np.nan, "reward of row 1 is nan"),
    ],
)
def test_values_out_of_range_are_named(column: str, value: float, message: str) -> None:
    columns = {name: np.array([0.5, 0.5]) for name in ("reward_R", "propensity_R", "target_R")}
    columns[column][1] = value
    with pytest.raises(DataError, match=message):
        Logged(**columns)
    with pytest.raises(DataError, match="at least one row"):
        Logged(reward_R=np.zeros(0), propensity_R=np.zeros(0), target_R=np.zeros(0))
