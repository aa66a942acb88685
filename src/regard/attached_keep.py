"""attached_keep: an AttachedPipeline to and from one folder: that of its retrieval model, and its ranker's.

What the folder of a ranker holds is kept under names that begin with ``attached_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from regard.artifact import ArtifactContent, write_artifact
from regard.attached import AttachedPipeline, staged
from regard.evaluation.neighbours import ItemKNN
from regard.keep import content_of
from regard.model import Model
from regard.neighbours_keep import neighbour_tensors, neighbours_in
from regard.ranking_keep import ranking_content, ranking_of
from regard.recommend.value import parse_value
from regard.train.two_stage_config import SecondStageConfig

__all__ = ["DOCUMENT", "attached_of", "save_attached"]

DOCUMENT: Final = "attached"
_BEFORE: Final = f"{DOCUMENT}_"
_T = TypeVar("_T")


def save_attached(pipeline: AttachedPipeline, folder: str | Path) -> None:
    """Write both to a folder; an older model there is replaced only when this one is complete."""
    second, first = pipeline.second, content_of(pipeline.retrieval)
    ranker = ranking_content(second.ranker)
    document = {
        "config": pipeline.stages.to_json(),
        "value": second.value.text,
        "record": dict(pipeline.record),
    }
    similar = next((one.scorer for one in second.sources if isinstance(one.scorer, ItemKNN)), None)
    content = ArtifactContent(
        documents={**first.documents, **_named(ranker.documents), DOCUMENT: document},
        tensors={**first.tensors, **_named(ranker.tensors), DOCUMENT: neighbour_tensors(similar)},
        tables={**first.tables, **_named(ranker.tables)},
        texts={**first.texts, "README.md": first.texts["README.md"] + _card(pipeline)},
    )
    write_artifact(folder, content)


def attached_of(model: Model, content: ArtifactContent, folder: str | Path) -> AttachedPipeline:
    """Make it of what a folder holds, behind the retrieval model of the same folder."""
    document = content.documents[DOCUMENT]
    held = ArtifactContent(
        documents=_unnamed(content.documents),
        tensors=_unnamed(content.tensors),
        tables=_unnamed(content.tables),
    )
    ranker = ranking_of(held, folder)
    return staged(
        model,
        ranker,
        value=parse_value(document["value"], ranker.spec.actions),
        config=SecondStageConfig.from_json(document["config"]),
        similar=neighbours_in(content.tensors[DOCUMENT]),
    )


def _named(parts: Mapping[str, _T]) -> dict[str, _T]:
    return {f"{_BEFORE}{name}": part for name, part in parts.items()}


def _unnamed(parts: Mapping[str, _T]) -> dict[str, _T]:
    return {name.removeprefix(_BEFORE): part for name, part in parts.items() if name.startswith(_BEFORE)}


def _card(pipeline: AttachedPipeline) -> str:
    second, record = pipeline.second, pipeline.record
    sources = ", ".join(f"{source.name} {source.count}" for source in second.sources)
    return (
        f"\n## Second stage\n\n- candidates: {sources}\n- a ranker of impressions, which predicts "
        f"{', '.join(second.ranker.spec.actions)}; value: {second.value.text}\n- it knows "
        f"{record['known_items']:,} of {record['items']:,} items and "
        f"{record['known_users']:,} of {record['users']:,} users\n"
    )
