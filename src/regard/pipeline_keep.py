"""pipeline_keep: a Pipeline to and from one folder: that of its retrieval model, with what comes after it.

Of the sources only neighbours are kept; popularity is counted again from the log, which is in the folder.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from regard.artifact import ArtifactContent, read_artifact, write_artifact
from regard.attached_keep import DOCUMENT as ATTACHED
from regard.attached_keep import attached_of
from regard.evaluation.neighbours import ItemKNN
from regard.keep import content_of, model_of
from regard.model import Model
from regard.models.calibration import Calibration
from regard.models.ranker import Ranker
from regard.neighbours_keep import neighbour_tensors, neighbours_in
from regard.pipeline import Pipeline
from regard.recommend.second_stage import SecondStage
from regard.train.mining import sources_of
from regard.train.two_stage_config import SecondStageConfig
from regard.two_stage import ranker_shape, ranker_spec

__all__ = ["load_any", "save_pipeline"]

_DOCUMENT: Final = "second_stage"
_EDGE: Final = "edge."
_TRAINED: Final = "trained"


def save_pipeline(pipeline: Pipeline, folder: str | Path) -> None:
    """Write both stages to a folder; an older model there is replaced only when this one is complete."""
    second, first = pipeline.second, content_of(pipeline.retrieval)
    arrays = {f"{_EDGE}{name}": edge for name, edge in second.edges.items()}
    arrays[_TRAINED] = pipeline.spec.items.trained_V
    similar = next((one.scorer for one in second.sources if isinstance(one.scorer, ItemKNN)), None)
    document = {
        "config": pipeline.stages.to_json(),
        "sources": [source.name for source in second.sources],
        "scale": second.sources[0].scale,
        "weight": second.weight,
        "calibration": second.calibration.to_json(),
        "record": dict(pipeline.record),
    }
    content = ArtifactContent(
        documents={**first.documents, _DOCUMENT: document},
        tensors={
            **first.tensors,
            "ranker": {name: value.cpu() for name, value in second.ranker.state_dict().items()},
            _DOCUMENT: {
                **{name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()},
                **neighbour_tensors(similar),
            },
        },
        tables=first.tables,
        texts={**first.texts, "README.md": first.texts["README.md"] + _card(pipeline)},
    )
    write_artifact(folder, content)


def load_any(folder: str | Path) -> Model:
    """Read a model folder, with its second stage where it has one (a `TwoStageModel`); it needs nothing else.

    Raises
    ------
    ArtifactError
        If the folder is no model, or is damaged, incomplete or of a newer format.
    """
    content = read_artifact(folder)
    model = model_of(content, folder)
    if ATTACHED in content.documents:
        return attached_of(model, content, folder)
    return _pipeline(model, content) if _DOCUMENT in content.documents else model


def _pipeline(model: Model, content: ArtifactContent) -> Pipeline:
    document, tensors = content.documents[_DOCUMENT], content.tensors[_DOCUMENT]
    config = SecondStageConfig.from_json(document["config"])
    first, *others = sources_of(model.recommender, model.train, config, similar=neighbours_in(tensors))
    names = document["sources"]
    assert [source.name for source in (first, *others)] == names
    edges = {name: tensors[f"{_EDGE}{name}"].numpy() for name in names}
    spec = ranker_spec(model, tensors[_TRAINED].numpy(), edges)
    ranker = Ranker(ranker_shape(model, config), spec)
    ranker.load_state_dict(dict(content.tensors["ranker"]))
    second = SecondStage(
        sources=(replace(first, scale=document["scale"]), *others),
        ranker=ranker.eval(),
        edges=edges,
        max_length=config.shape.max_length,
        weight=document["weight"],
        calibration=Calibration.from_json(document["calibration"]),
    )
    return Pipeline.after(model, second, stages=config, spec=spec, record=document["record"])


def _card(pipeline: Pipeline) -> str:
    second = pipeline.second
    sources = ", ".join(f"{source.name} {source.count}" for source in second.sources)
    return (
        f"\n## Second stage\n\n- candidates: {sources}\n- parameters of the ranker: "
        f"{sum(p.numel() for p in second.ranker.parameters()):,}\n- weight of the ranker: {second.weight:g} "
        "(chosen on validation; 0 is the order of retrieval)\n"
    )
