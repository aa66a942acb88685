"""Hacker News: who commented on which story; titles and authors of the stories. Histories are very short.

The files tell no times, but stories are numbered as they come, so a story's number stands for its time. The final
score of a story and the standing of a user were counted later: they would tell of the future and are left out.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.data.sources.table_set import PublicData, need

__all__ = ["read_hackernews"]

_HOMEPAGE = "https://news.ycombinator.com"


def read_hackernews(folder: Path) -> PublicData:
    """Read ``story_user_comment.csv.gz`` and ``stories.csv.gz``."""
    pairs, stories = (
        pl.read_csv(
            need(folder, file, name="hackernews", homepage=_HOMEPAGE), schema_overrides={"user": pl.String}
        )
        for file in ("story_user_comment.csv.gz", "stories.csv.gz")
    )
    events = pairs.unique(["user", "story"], keep="first", maintain_order=True)
    return PublicData(
        name="hackernews",
        events=events.select(user_id="user", item_id="story", timestamp="story"),
        items=stories.select(item_id="story", title="title", author="user"),
        users=None,
        licence="Hacker News pairs: MIT.",
        homepage=_HOMEPAGE,
    )
