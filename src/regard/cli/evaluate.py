"""``regard evaluate``: how good a model is, beside strong simple baselines, on what was held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    from regard.explain.faithfulness_report import FaithfulnessReport
    from regard.model import Model

__all__ = ["app", "evaluate"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def evaluate(
    what: Annotated[Path, typer.Argument(help="A model folder, or an event log to fit and evaluate on.")],
    *,
    items: opt.Items = None,
    columns: opt.Columns = None,
    recipe: opt.Recipe = "sequential",
    settings: opt.Setting = None,
    split: opt.Split = "time",
    target: opt.Target = None,
    type_weight: opt.TypeWeight = None,
    seed: opt.Seed = 0,
    drop_bad_rows: opt.DropBad = False,
    baselines: Annotated[bool, typer.Option(help="Fit and ask the baselines too.")] = True,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Let lists hold what the user has already had.")
    ] = False,
    explanations: Annotated[
        bool, typer.Option("--explanations", help="Measure whether explanations are true of the model, too.")
    ] = False,
    explained_users: Annotated[
        int, typer.Option("--explained-users", min=1, help="Users whose first item is explained for that.")
    ] = 200,
    as_json: opt.Json = False,
) -> None:
    """Evaluate a model on what was held out of its log, beside the baselines.

    Every item of the catalogue is a candidate; there are no sampled metrics. Given an event log instead
    of a model, a model is trained on its earlier part first (the options from --items to
    --drop-bad-rows are for that). Of a two-stage model it also says what is handed over to the ranker.

    --explanations removes events in the order that each method of explaining gives, and shows how fast the
    item falls; attention, the latest events first and a random order stand beside as controls.
    """
    from regard.evaluation.protocol import EvaluateOptions
    from regard.manifest import is_artifact
    from regard.pipeline import TwoStageModel

    if is_artifact(what):
        from regard.api import load

        model = load(what)
    else:
        from regard.cli.training import TrainingRequest, train
        from regard.config import RunOptions

        request = TrainingRequest(
            events=what,
            items=items,
            users=None,
            columns=columns or [],
            recipe=recipe,
            settings=settings or [],
            split=split,
            target=target,
            type_weights=type_weight or [],
            options=RunOptions(seed=seed),
            drop_bad_rows=drop_bad_rows,
            work=None,
        )
        model = train(request, opt.messages())
    options = EvaluateOptions(exclude_seen=not include_seen)
    report = model.evaluate(options=options, baselines=baselines)
    stages = model.evaluate_stages(options) if isinstance(model, TwoStageModel) else None
    explained = _explanations(model, explained_users) if explanations else None
    if as_json:
        more = {} if explained is None else {"explanations": explained.to_json()}
        more |= {} if stages is None else {"stages": stages.to_json()}
        opt.write_json({**report.to_json(), **more})
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(report.table())
    console.print(report.verdict())
    for sentence in [] if stages is None else stages.sentences():
        console.print(sentence, markup=False)
    if explained is not None:
        for table in explained.tables():
            console.print(table)


def _explanations(model: Model, users: int) -> FaithfulnessReport:
    """Measure explanations for users that are asked about in the test."""
    from regard.explain.faithfulness import FaithfulnessConfig, measure_explanations

    queries = model.queries
    config = FaithfulnessConfig(
        users=users, counterfactual_users=min(users, 100), stability_users=min(users, 100)
    )
    shown = opt.progress_on(opt.messages(), "explaining users")
    return measure_explanations(model.recommender, queries.histories, config, progress=shown)
