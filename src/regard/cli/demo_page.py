"""The page of ``regard demo``: what the log is, how good the model is, lists for three users with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from regard.evaluation import page, plots

if TYPE_CHECKING:
    from rich.console import Console

    from regard.evaluation.report import Report
    from regard.model import Model

__all__ = ["write_report"]

_USERS, _ITEMS = 3, 5


def write_report(
    path: Path, *, model: Model, report: Report, name: str, verb: str | None, screen: Console
) -> Path:
    """Write the report to `path`, show the lists on the screen too, and return where the page lies.

    Raises
    ------
    MissingExtraError
        If Altair or its converter is not installed.
    """
    sections: list[page.Section] = [
        page.Callout(report.verdict()),
        page.Facts(
            (
                ("events", f"{model.dataset.num_events:,}"),
                ("users", f"{len(model.dataset.users):,}"),
                ("items", f"{len(model.dataset.items):,}"),
                ("events learned from", f"{model.train.num_events:,}"),
                ("split", str(model.split)),
            )
        ),
        page.Heading("How good it is"),
        page.Table(report.summary(), caption=report.notes(), highlight=0),
        page.Figure(plots.metric_bars(report), "NDCG@10 of the model and of the baselines, with intervals."),
        *_slices(report),
        page.Heading("Recommended, and why"),
        page.Text(
            "A reason is measured: each event of the history is removed, and named if the item's probability "
            "falls without it."
        ),
        *_users(model, verb, screen),
        page.Heading("How it learned, and from what"),
        *_training(model),
        page.Figure(plots.length_histogram(model.dataset.histories.lengths), "Histories by their length."),
        page.Figure(plots.long_tail(model.train.item_counts), "Share of events that popular items take."),
    ]
    return page.write_page(path, title=f"Regard on {name}", sections=sections)


def _slices(report: Report) -> list[page.Section]:
    kinds = dict.fromkeys(part.by for part in report.model.slices)
    return [page.Figure(plots.slice_lines(report, by), f"NDCG@10 by {by}.") for by in kinds]


def _training(model: Model) -> list[page.Section]:
    search = [epoch for epoch in model.training if epoch["phase"] == "search"]
    if not search:
        return []
    svg = plots.training_curve(
        [epoch["epoch"] for epoch in search],
        [epoch["loss"] for epoch in search],
        [epoch["validation"] for epoch in search],
        metric="Validation NDCG@10",
    )
    return [page.Figure(svg, "Loss and validation by epoch; the best one sets the length of the training.")]


def _users(model: Model, verb: str | None, screen: Console) -> list[page.Section]:
    """Recommend to three users of middling history, and draw the strongest reason of the first list."""
    lengths = model.dataset.histories.lengths
    some = np.flatnonzero(lengths >= 2)
    order = some[np.argsort(lengths[some], kind="stable")]
    chosen = order[np.unique((np.array([0.25, 0.5, 0.75]) * (len(order) - 1)).round().astype(int))][:_USERS]
    titles = model.dataset.titles()
    sections: list[page.Section] = []
    for user in model.dataset.users.decode(chosen).to_list():
        frame = model.recommend(users=[user], k=_ITEMS)
        named = titles.gather(model.dataset.items.encode(frame["item_id"])).to_list()
        why = [model.explain(user=user, item=item, verb=verb) for item in frame["item_id"].to_list()]
        screen.print(f"\nuser {user}", style="bold", markup=False)
        cards = []
        for title, explanation in zip(named, why, strict=True):
            screen.print(f"  {title}: {explanation.text}", markup=False)
            note = f"{explanation.probability:.2%} among all items"
            cards.append(page.Card(title=title, note=note, reasons=(explanation.text,)))
        sections.append(page.Cards(title=f"User {user}", cards=tuple(cards)))
        if why and why[0].events.height:
            events = why[0].events
            svg = plots.influence_bars(events["title"].to_list(), events["influence"].to_list())
            sections.append(page.Figure(svg, f"What speaks for {named[0]}, for user {user}."))
    return sections
