"""ranking_keep: a RankingModel to and from a model folder. Which tensor goes where is known here alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from regard.artifact import ArtifactContent, read_artifact, write_artifact
from regard.config import RunOptions
from regard.data.coding import Coders
from regard.data.columns import columns_of_arrays, columns_to_arrays
from regard.data.feedback import Feedback, Past
from regard.data.vocab import Vocab
from regard.errors import ArtifactError
from regard.models.calibration import Calibration
from regard.models.context import ContextSpec
from regard.models.items import ItemFeatures
from regard.models.ranker import Ranker, RankerSpec
from regard.ranking import RankingModel
from regard.train.describing import Description
from regard.train.ranking_config import RankingConfig

__all__ = ["load_ranking", "ranking_content", "ranking_of", "save_ranking"]

_COLUMN: Final = "column."
_CODER: Final = "coder."
_TRAINED: Final = "trained"
_EVENTS: Final = ("user_N", "item_N", "time_N", "outcome_N")


def save_ranking(model: RankingModel, folder: str | Path) -> None:
    """Write `model` to a folder; an older one there is replaced only when this one is complete."""
    write_artifact(folder, ranking_content(model))


def ranking_content(model: RankingModel) -> ArtifactContent:
    """Return all that a folder of `model` holds."""
    spec, past = model.spec, model.past
    document = {
        "config": model.config.to_json(),
        "options": model.options.to_json(),
        "actions": list(spec.actions),
        "calibration": {action: one.to_json() for action, one in model.calibration.items()},
        "past": {"kind": past.kind, "action": past.action, "users": past.users, "level": past.level},
        "events": spec.events.to_json(),
        "request": {"coders": model.request.to_json(), "columns": list(spec.request)},
        "items": _names(model.item_columns),
        "users": _names(model.user_columns),
        "training": model.training,
        "torch": torch.__version__,
    }
    request = _columns(columns_to_arrays(spec.request)) | _coders(model.request)
    return ArtifactContent(
        documents={"ranker": document},
        tensors={
            "weights": {name: value.cpu() for name, value in model.ranker.state_dict().items()},
            "feedback": _tensors({name: getattr(past.known, name) for name in _EVENTS}),
            "events": _tensors(spec.events.arrays()),
            "request": _tensors(request),
            "items": _described(model.item_columns, spec.items),
            "users": _described(model.user_columns, spec.users),
        },
        tables={
            "item_ids": pl.DataFrame({"item_id": model.items.ids}),
            "user_ids": pl.DataFrame({"user_id": model.users.ids}),
        },
    )


def load_ranking(folder: str | Path) -> RankingModel:
    """Read a folder that `save_ranking` wrote; it needs nothing else.

    Raises
    ------
    ArtifactError
        If the folder holds no ranker, or is damaged, incomplete or of a newer format.
    """
    return ranking_of(read_artifact(folder), folder)


def ranking_of(content: ArtifactContent, folder: str | Path) -> RankingModel:
    """Make the ranker of what `ranking_content` returned; `folder` is named in refusals.

    Raises
    ------
    ArtifactError
        If it holds no ranker.
    """
    if "ranker" not in content.documents:
        raise ArtifactError(f"{folder}: this folder holds no ranker")
    document = content.documents["ranker"]
    tensors = {name: _arrays(held) for name, held in content.tensors.items()}
    config = RankingConfig.from_json(document["config"])
    spec = RankerSpec(
        actions=tuple(document["actions"]),
        items=_features(document["items"], tensors["items"]),
        users=_features(document["users"], tensors["users"]),
        events=ContextSpec.from_json(document["events"], tensors["events"]),
        request=columns_of_arrays(document["request"]["columns"], _under(_COLUMN, tensors["request"])),
    )
    ranker = Ranker(config.shape, spec)
    ranker.load_state_dict(dict(content.tensors["weights"]))
    known = Feedback(**{name: tensors["feedback"][name] for name in _EVENTS})
    return RankingModel(
        ranker=ranker.eval(),
        spec=spec,
        users=Vocab(content.tables["user_ids"]["user_id"].rename("id")),
        items=Vocab(content.tables["item_ids"]["item_id"].rename("id")),
        item_columns=_description(document["items"], tensors["items"]),
        user_columns=_description(document["users"], tensors["users"]),
        request=Coders.from_json(document["request"]["coders"], _under(_CODER, tensors["request"])),
        past=Past(known=known, **document["past"]),
        calibration={name: Calibration.from_json(one) for name, one in document["calibration"].items()},
        config=config,
        options=RunOptions.from_json(document["options"]),
        training=list(document["training"]),
    )


def _names(described: Description) -> dict[str, Any]:
    return {"coders": described.coders.to_json(), "columns": list(described.columns)}


def _described(described: Description, features: ItemFeatures) -> dict[str, Tensor]:
    arrays = _columns(columns_to_arrays(described.columns)) | _coders(described.coders)
    return _tensors(arrays | {_TRAINED: features.trained_V})


def _description(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Description:
    return Description(
        coders=Coders.from_json(document["coders"], _under(_CODER, arrays)),
        columns=columns_of_arrays(document["columns"], _under(_COLUMN, arrays)),
    )


def _features(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> ItemFeatures:
    columns = columns_of_arrays(document["columns"], _under(_COLUMN, arrays))
    return ItemFeatures(columns=columns, trained_V=arrays[_TRAINED])


def _columns(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{_COLUMN}{name}": array for name, array in arrays.items()}


def _coders(coders: Coders) -> dict[str, np.ndarray]:
    return {f"{_CODER}{name}": array for name, array in coders.arrays().items()}


def _under(start: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in tensors.items()}
