"""Model: what a user of Regard holds after `fit` or `load`: it recommends, explains, is evaluated, is saved.

It keeps the whole log by numbers, because known users are recommended to by their histories, and because
a model that knows what it learned from can be evaluated honestly later, without the caller's files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import torch

from regard.config import RunOptions
from regard.data.dataset import Dataset
from regard.data.media import Media
from regard.data.schema import Columns
from regard.data.split import Queries, SplitSpec, hold_out
from regard.data.tables import Source
from regard.data.vocab import Id
from regard.errors import SplitError
from regard.evaluation.baselines import LeftOut, default_baselines
from regard.evaluation.protocol import EvaluateOptions, evaluate
from regard.evaluation.report import Report
from regard.explain.contrast import Contrast, contrast
from regard.explain.explanation import Explanation, explain
from regard.explain.overview import Overview, overview
from regard.explain.what_if import WhatIf, encode_values, what_if
from regard.models.blend import Blend
from regard.models.causal import CausalModel
from regard.recommend.approx import ApproxConfig, ApproxIndex
from regard.recommend.indexing import index_of
from regard.recommend.policy import Policy
from regard.recommend.recommender import Recommender
from regard.recommend.request import HistoriesLike, Ids
from regard.recommend.reranked import PolicyAnswer, PolicyRequest, recommend_with_policy
from regard.recommend.rules.context import Context
from regard.recommend.serving import recommender_of
from regard.train.describing import Description
from regard.train.examples import validation_of
from regard.train.fitting import FitConfig

if TYPE_CHECKING:
    from regard.additions import Added

__all__ = ["Model"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A trained model with the ids, histories and settings that belong to it.

    Parameters
    ----------
    network
        The trained network, in evaluation mode.
    blend
        What is weighed beside it: an item memory and the trend.
    dataset
        Everything that is known of the users.
    train
        The part of it that the network learned from.
    split
        How that part was cut off; what came after it is the test.
    config, options
        What was trained and how it was run.
    training
        One dictionary for each epoch, in order, each with the ``phase`` it belongs to.
    interrupted
        Whether Ctrl-C ended the training early.
    index
        Finds candidates in a large catalogue; None searches it exactly.
    items
        What the network reads of the items beside their ids.
    """

    network: CausalModel
    blend: Blend
    dataset: Dataset
    train: Dataset
    split: SplitSpec
    config: FitConfig
    options: RunOptions
    training: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False
    index: ApproxIndex | None = None
    items: Description = field(default_factory=Description)

    @cached_property
    def recommender(self) -> Recommender:
        """What serves: weights, vocabularies and histories together."""
        exact = recommender_of(self.network, known=self.dataset, train=self.train, blend=self.blend)
        return replace(exact, index=self.index)

    def indexed(self, config: ApproxConfig | None = None) -> Model:
        """Return the same model with an index for approximate search, built and measured on its own users.

        Raises
        ------
        MissingExtraError
            If the extra ``approx`` is not installed.
        """
        return replace(self, index=index_of(self.recommender, config))

    def recommend(
        self,
        *,
        users: Ids | None = None,
        histories: HistoriesLike | None = None,
        times: Any = None,
        k: int = 10,
        exclude_seen: bool = True,
        only: Ids | None = None,
        exclude: Ids | None = None,
        at: Any = None,
    ) -> pl.DataFrame:
        """Recommend for users by id, or for bare histories; see `Recommender.recommend`."""
        return self.recommender.recommend(
            users=users,
            histories=histories,
            times=times,
            k=k,
            exclude_seen=exclude_seen,
            only=only,
            exclude=exclude,
            at=at,
        )

    @cached_property
    def policy_context(self) -> Context:
        """What the rules of a policy may know: the item table, when items were first seen, item vectors."""
        with torch.inference_mode():
            vectors_VD = self.network.item_table().float().cpu().numpy()
        return Context.of(self.dataset, vectors_VD=vectors_VD, fields=self.items.coders.fields)

    def recommend_with(self, policy: Policy, request: PolicyRequest) -> PolicyAnswer:
        """Recommend under the rules of a policy, and say what each of them moved.

        Parameters
        ----------
        policy
            The rules, for instance ``Policy.read("policy.json")``.
        request
            What is asked: ``PolicyRequest(users=["ann"], k=10)``, with the arguments of `recommend`.

        Raises
        ------
        ConfigError
            If a rule names what the catalogue does not have, or as `recommend` does.
        """
        return recommend_with_policy(self.recommender, policy, self.policy_context, request)

    def explain(
        self,
        *,
        item: Id,
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        times: Sequence[Any] | None = None,
        verb: str | None = None,
    ) -> Explanation:
        """Say why `item` is recommended to a user, or for a history; see `regard.explain.explain`."""
        return explain(
            self.recommender,
            item=item,
            titles=self.dataset.titles(),
            user=user,
            history=history,
            times=times,
            verb=verb,
            table=self.dataset.item_table,
        )

    def contrast(
        self,
        *,
        item: Id,
        other: Id,
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        times: Sequence[Any] | None = None,
    ) -> Contrast:
        """Say why one item and not the other; see `regard.explain.contrast.contrast`."""
        return contrast(
            self.recommender,
            item=item,
            other=other,
            titles=self.dataset.titles(),
            user=user,
            history=history,
            times=times,
        )

    def overview(self, *, users: int = 200, seed: int = 0) -> Overview:
        """Say what drives the model over some users; see `regard.explain.overview.overview`."""
        known, titles = self.recommender.histories, self.dataset.titles()
        return overview(self.recommender, known, titles=titles, users=users, seed=seed)

    def what_if(
        self,
        *,
        item: Id,
        instead: Mapping[str, Any],
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        times: Sequence[Any] | None = None,
    ) -> WhatIf:
        """Say what other attributes would do for an item (``instead={"colour": "blue"}``); see `WhatIf`."""
        return what_if(
            self.recommender,
            item=item,
            other=encode_values(self.items.coders, instead, self.dataset.item_table),
            titles=self.dataset.titles(),
            user=user,
            history=history,
            times=times,
        )

    @property
    def queries(self) -> Queries:
        """What was held out.

        Raises
        ------
        SplitError
            If the model learned from the whole log.
        """
        if self.split.kind == "none":
            raise SplitError(
                "this model learned from every event, so there is nothing to evaluate it on; "
                "fit with --split time to hold the latest events out"
            )
        return hold_out(self.dataset, self.split).queries

    def evaluate(
        self, *, options: EvaluateOptions | None = None, baselines: bool = True, name: str = "regard"
    ) -> Report:
        """Ask for what was held out, beside the baselines, on the whole catalogue.

        Parameters
        ----------
        options
            Which metrics, whether seen items are left out, intervals.
        baselines
            Whether to fit and ask the baselines too; the report then compares. Those that the catalogue is
            too large for are left out and named in the report.
        name
            What to call the model in the report.

        Raises
        ------
        SplitError
            If the model learned from the whole log.
        """
        queries = self.queries
        results = [evaluate(self.recommender, queries, train=self.train, name=name, options=options)]
        left_out = []
        if baselines:
            tune_on = validation_of(self.train, self.split)
            for baseline in default_baselines():
                scorer = baseline.fit_if_possible(self.train, tune_on)
                if isinstance(scorer, LeftOut):
                    left_out.append(scorer)
                    continue
                ranker = Recommender.of(scorer, known=self.dataset, train=self.train)
                results.append(
                    evaluate(ranker, queries, train=self.train, name=baseline.name, options=options)
                )
        return Report.of(results, left_out=left_out)

    def add_items(
        self,
        items: Source,
        *,
        columns: Columns | Mapping[str, str] | None = None,
        media: Media | None = None,
    ) -> Added:
        """Return the model with new items, recommendable at once; see `regard.additions.add_items`."""
        from regard.additions import add_items

        return add_items(self, items, columns=columns, media=media)

    def save(self, folder: str | Path) -> None:
        """Write the model as one folder, atomically: safetensors, JSON, Parquet and hashes."""
        from regard.keep import save_model

        save_model(self, folder)
