"""RankingModel: what a user holds after `fit_ranker`: it tells how likely actions are, is evaluated and
saved.

It is fitted on the earlier part of the impressions; the later part chooses the epoch and calibrates the
probabilities. It keeps the feedback that it was given, because that is the history of later impressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from regard.config import RunOptions
from regard.data.auc import Ranking
from regard.data.coding import Coders
from regard.data.feedback import Past
from regard.data.histories import Histories
from regard.data.impression_split import split_impressions
from regard.data.impression_table import ReadImpressions
from regard.data.impressions import Impressions
from regard.data.likeness import Likeness
from regard.data.tables import Source
from regard.data.vocab import Vocab
from regard.evaluation.click_report import ClickMetrics, measure_clicks, user_sample
from regard.evaluation.clicks import Groups, group_auc, log_loss
from regard.models.calibration import Calibration, fit_calibration
from regard.models.rank_rows import RankRows, score_rows
from regard.models.ranker import Ranker, RankerSpec
from regard.train.describing import Description
from regard.train.fitting import Watch
from regard.train.rank_digest import digest_of
from regard.train.rank_features import RankTables, features_of, likeness_of, past_of, request_fields
from regard.train.ranking import RankTrainer
from regard.train.ranking_config import RankingConfig

__all__ = ["RankingModel", "fit_ranker"]


@dataclass(frozen=True, kw_only=True)
class RankingModel:
    """A trained ranker with the ids and settings that belong to it.

    Parameters
    ----------
    ranker
        The network, in evaluation mode.
    spec
        What it was built from.
    users, items
        Vocabularies of the numbers that impressions use.
    item_columns, user_columns
        Coders and columns of their attributes.
    request
        Coders of the further columns of impressions.
    past
        What histories are made of, with the feedback that is known.
    calibration
        By action, how logits become probabilities.
    config, options
        Settings that it was trained with.
    training
        One dictionary for each epoch.
    interrupted
        Whether training was stopped by Ctrl-C; a model that was loaded does not know.
    """

    ranker: Ranker
    spec: RankerSpec
    users: Vocab
    items: Vocab
    item_columns: Description
    user_columns: Description
    request: Coders
    past: Past
    calibration: Mapping[str, Calibration]
    config: RankingConfig
    options: RunOptions
    training: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False

    @cached_property
    def likeness(self) -> Likeness | None:
        """How items went together in the feedback that is known; counted when it is first asked for."""
        return likeness_of(self.past, self.config, items=len(self.items))

    def score(self, impressions: Impressions) -> dict[str, np.ndarray]:
        """Return by action ``[K]`` float64 probabilities of all candidates.

        Parameters
        ----------
        impressions
            By the numbers of `users` and `items`. Earlier ones of the same user count as known feedback, with
            their labels, where the ranker reads feedback.

        Raises
        ------
        DataError
            If a history or a field is missing or cannot be read.
        """
        return self.probabilities(self.logits(impressions))

    def logits(self, impressions: Impressions, *, histories: Histories | None = None) -> np.ndarray:
        """Return ``[K, A]`` float32 logits: the order of candidates, before any calibration.

        Parameters
        ----------
        impressions
            As of `score`.
        histories
            ``[I]`` what each user did before, by the numbers of `items`, and when it is asked; None: what is
            known of the user.
        """
        past = self.past.about(impressions)
        known = past.histories(impressions) if histories is None else histories
        rows = _rows(impressions, known, past, self.request, self.spec, self.config, likeness=self.likeness)
        if histories is not None:
            rows = replace(rows, histories=replace(rows.histories, asked=histories.asked))
        return score_rows(self.ranker, rows, device=self.options.device)

    def probabilities(self, logit_KA: np.ndarray) -> dict[str, np.ndarray]:
        """Return by action ``[K]`` float64 probabilities, calibrated."""
        return {
            action: self.calibration[action].apply(logit_KA[:, place])
            for place, action in enumerate(self.spec.actions)
        }

    def evaluate(self, impressions: Impressions, *, action: str | None = None) -> ClickMetrics:
        """Measure the ranker on impressions that it has not learned from, for one action (the first)."""
        chosen = action or self.spec.actions[0]
        logit_K = self.logits(impressions)[:, self.spec.actions.index(chosen)]
        probability_K = self.calibration[chosen].apply(logit_K)
        return measure_clicks(impressions, logit_K, action=chosen, probabilities=probability_K)

    def save(self, folder: str | Path) -> None:
        """Write the model as one folder, atomically: safetensors, JSON, Parquet and hashes."""
        from regard.ranking_keep import save_ranking

        save_ranking(self, folder)

    @staticmethod
    def load(folder: str | Path) -> RankingModel:
        """Read a folder that `save` wrote.

        Raises
        ------
        ArtifactError
            If the folder holds no ranker, or is damaged, incomplete or of a newer format.
        """
        from regard.ranking_keep import load_ranking

        return load_ranking(folder)


def fit_ranker(
    read: ReadImpressions,
    *,
    items: Source | None = None,
    users: Source | None = None,
    settings: RankingConfig | Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    watch: Watch | None = None,
) -> RankingModel:
    """Train a ranker on impressions.

    Parameters
    ----------
    read
        What `read_impressions` returned; its later part (`RankingConfig.validation`) is validation.
    items, users
        Tables of attributes, one row for each id.
    settings
        Whole configuration, or some settings of it.
    options
        Seed, device, threads.
    watch
        Listeners, and where checkpoints go. Ctrl-C keeps the best weights so far; a run that goes on from its
        checkpoint ends as one that was not interrupted.

    Raises
    ------
    DataError, SchemaError
        If impressions or tables cannot be used.
    SplitError
        If nothing is left to train on or to validate with.
    TrainingError
        If the loss is not finite.
    ResumeError
        If the checkpoint belongs to other data or to another configuration.

    Examples
    --------
    >>> from regard.data.impression_table import read_impressions
    >>> log = {"user_id": [u % 7 for u in range(200)], "item_id": [i % 9 for i in range(200)],
    ...        "timestamp": list(range(200)), "click": [int((i * i) % 9 > 3) for i in range(200)]}
    >>> read = read_impressions(log)
    >>> model = fit_ranker(read, settings={"train": {"epochs": 1}, "shape": {"width": 8}})
    >>> model.score(read.impressions)["click"].shape
    (200,)
    """
    config = settings if isinstance(settings, RankingConfig) else RankingConfig(**dict(settings or {}))
    options = options or RunOptions()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    return _fitted(read, RankTables(items=items, users=users), config, options, watch or Watch())


def _fitted(
    read: ReadImpressions,
    tables: RankTables,
    config: RankingConfig,
    options: RunOptions,
    watch: Watch,
) -> RankingModel:
    cut = split_impressions(read.impressions, config.validation)
    features = features_of(read, cut.train, tables, config)
    past = past_of(cut.train, config, users=len(read.users))
    learned = past.after(cut.train)
    like = likeness_of(learned, config, items=len(read.items))
    rows, held = (
        _rows(part, learned.histories(part), learned, features.request, features.spec, config, likeness=like)
        for part in (cut.train, cut.test)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        ranker = Ranker(config.shape, features.spec)
    trainer = RankTrainer(ranker, rows, config=config, options=options)
    result = trainer.run(
        hooks=watch.hooks("ranker", config.train.epochs),
        validate=lambda: _quality(ranker, held, config, options),
        folder=None if watch.folder is None else watch.folder / "ranker",
        fingerprint=digest_of(held),
        resume=watch.resume,
    )
    logit_KA = score_rows(ranker, held, device=options.device)
    calibration = {
        action: fit_calibration(config.calibration, logit_KA[:, place], cut.test.labels[action])
        for place, action in enumerate(features.spec.actions)
    }
    return RankingModel(
        ranker=ranker,
        spec=features.spec,
        users=read.users,
        items=read.items,
        item_columns=features.items,
        user_columns=features.users,
        request=features.request,
        past=learned.after(cut.test),
        calibration=calibration,
        config=config,
        options=options,
        training=result.history,
        interrupted=result.interrupted,
    )


def _rows(
    impressions: Impressions,
    histories: Histories,
    past: Past,
    request: Coders,
    spec: RankerSpec,
    config: RankingConfig,
    *,
    likeness: Likeness | None,
) -> RankRows:
    longest = config.shape.max_length
    fields = request_fields(
        request, spec, impressions, past, histories=histories.latest(longest), likeness=likeness
    )
    return RankRows.of(impressions, histories, fields, max_length=longest)


def _quality(ranker: Ranker, held: RankRows, config: RankingConfig, options: RunOptions) -> float:
    """Return the metric of validation, higher is better, of the first action."""
    impressions = held.impressions
    logit_K = score_rows(ranker, held, device=options.device)[:, 0]
    label_K = impressions.labels[ranker.actions[0]]
    if config.metric == "log_loss":
        return -log_loss(label_K, Calibration().apply(logit_K))
    if config.metric == "auc":
        return Ranking.of(logit_K).auc(label_K)
    user_K = np.repeat(user_sample(impressions.user_I), impressions.lengths)
    return group_auc(Groups.of(user_K, logit_K), label_K).weighted
