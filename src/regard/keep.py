"""keep: a Model to and from a model folder. Which tensor goes where is known here and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from regard.artifact import ArtifactContent, read_artifact, write_artifact
from regard.config import RunOptions
from regard.data.coding import Coders
from regard.data.columns import columns_of_arrays, columns_to_arrays
from regard.data.dataset import Dataset
from regard.data.event_fields import FieldReading
from regard.data.histories import Histories
from regard.data.split import SplitSpec
from regard.data.vocab import Vocab
from regard.errors import ArtifactError
from regard.model import Model
from regard.models.blend import Blend, BlendWeights
from regard.models.context import ContextSpec
from regard.models.items import ItemEncoder, ItemFeatures
from regard.models.memory import ItemMemory
from regard.models.registry import build
from regard.recommend.approx import ApproxIndex, IndexRecord
from regard.train.describing import Description
from regard.train.fitting import FitConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["content_of", "load_model", "model_of", "save_model"]

_FIELD: Final = "field."  # before the names of further columns of events


def save_model(model: Model, folder: str | Path) -> None:
    """Write `model` to a folder; an older model there is replaced only when this one is complete."""
    write_artifact(folder, content_of(model))


def content_of(model: Model) -> ArtifactContent:
    """Return what the folder of a model holds."""
    dataset = model.dataset
    document = {
        "config": model.config.to_json(),
        "options": model.options.to_json(),
        "split": model.split.to_json(),
        "blend": model.blend.weights.to_json(),
        "events": _event_names(dataset),
        "context": model.network.context.spec.to_json(),
        "items": {"coders": model.items.coders.to_json(), "columns": list(model.items.columns)},
        "torch": torch.__version__,
    }
    index = model.index
    log = "".join(json.dumps(epoch) + "\n" for epoch in model.training)
    return ArtifactContent(
        documents={"model": document} | ({} if index is None else {"index": index.record.to_json()}),
        tensors={
            "weights": {name: value.cpu() for name, value in model.network.state_dict().items()},
            "blend": _blend_tensors(model.blend),
            "histories": _tensors(dataset.histories, model.train.histories),
            "items": _item_tensors(model.items),
            "context": _of_arrays(model.network.context.spec.arrays()),
        }
        | ({} if index is None else {"index": {"graph": index.to_bytes()}}),
        tables={"items": dataset.item_table, "users": dataset.user_table},
        texts={"training.jsonl": log, "README.md": _card(model)},
    )


def load_model(folder: str | Path) -> Model:
    """Read a model folder; it needs nothing else.

    Raises
    ------
    ArtifactError
        If the folder is no model, or is damaged, incomplete or of a newer format.
    """
    return model_of(read_artifact(folder), folder)


def model_of(content: ArtifactContent, folder: str | Path) -> Model:
    """Return the model that `content_of` made this content of; see `load_model`."""
    if "model" not in content.documents:
        raise ArtifactError(f"{folder}: this folder holds no model (a checkpoint, perhaps)")
    document = content.documents["model"]
    config = FitConfig.from_json(document["config"])
    items, users = content.tables["items"], content.tables["users"]
    histories = _histories(content.tensors["histories"])
    dataset = Dataset(
        users=Vocab(users["user_id"].rename("id")),
        items=Vocab(items["item_id"].rename("id")),
        histories=histories,
        item_table=items,
        user_table=users,
        event_types=_vocab(document["events"]["types"]),
        event_vocabs={name: Vocab.of(ids) for name, ids in document["events"]["vocabs"].items()},
        event_readings={
            name: FieldReading.from_json(said)
            for name, said in document["events"].get("readings", {}).items()  # older folders have none
        },
    ).asking(config.target)
    stop = content.tensors["histories"]["train_stop"].numpy()
    train = dataset.part(replace(histories, stop=stop))
    described = _items(document["items"], content.tensors["items"])
    features = ItemFeatures(columns=described.columns, trained_V=train.item_counts > 0)
    arrays = {name: value.numpy() for name, value in content.tensors["context"].items()}
    context = ContextSpec.from_json(document["context"], arrays)
    network = build(
        config.model, config.shape, num_items=len(dataset.items), features=features, context=context
    )
    network.load_state_dict(dict(content.tensors["weights"]))
    network.eval()
    return Model(
        network=network,
        blend=_blend(
            content.tensors["blend"], BlendWeights.from_json(document["blend"]), items=network.items
        ),
        dataset=dataset,
        train=train,
        split=SplitSpec.from_json(document["split"]),
        config=config,
        options=RunOptions.from_json(document["options"]),
        training=[json.loads(line) for line in content.texts["training.jsonl"].splitlines()],
        index=_index(content, num_items=len(dataset.items)),
        items=described,
    )


def _tensors(histories: Histories, train: Histories) -> dict[str, Tensor]:
    """Return compact arrays; the training part of each history is its beginning."""
    assert np.array_equal(histories.start, train.start)
    events, lengths = histories.events(), histories.lengths
    stop = np.cumsum(lengths)
    arrays = {
        "start": stop - lengths,
        "stop": stop,
        "train_stop": stop - lengths + train.lengths,
        "item": histories.item[events],
        "time": histories.time[events],
    } | {f"{_FIELD}{name}": column[events] for name, column in histories.fields.items()}
    return _of_arrays(arrays)


_COLUMN: Final = "column."
_CODER: Final = "coder."


def _item_tensors(items: Description) -> dict[str, Tensor]:
    arrays = {f"{_COLUMN}{name}": array for name, array in columns_to_arrays(items.columns).items()}
    arrays |= {f"{_CODER}{name}": array for name, array in items.coders.arrays().items()}
    return _of_arrays(arrays)


def _of_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _items(document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Description:
    def under(start: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(start): value.numpy()
            for name, value in tensors.items()
            if name.startswith(start)
        }

    return Description(
        coders=Coders.from_json(document["coders"], under(_CODER)),
        columns=columns_of_arrays(document["columns"], under(_COLUMN)),
    )


def _blend_tensors(blend: Blend) -> dict[str, Tensor]:
    tensors = {"trend": blend.trend_V}
    if blend.memory is not None:
        tensors |= {
            "memory.item": blend.memory.item_C,
            "memory.neighbour": blend.memory.neighbour_CK.int(),
            "memory.weight": blend.memory.weight_CK,
        }
    return tensors


def _blend(tensors: Mapping[str, Tensor], weights: BlendWeights, *, items: torch.nn.Module) -> Blend:
    memory = None
    if "memory.item" in tensors:
        memory = ItemMemory(
            item_C=tensors["memory.item"],
            neighbour_CK=tensors["memory.neighbour"].long(),
            weight_CK=tensors["memory.weight"],
        )
    cold_V = items.cold_V if isinstance(items, ItemEncoder) else None
    return Blend(weights=weights, trend_V=tensors["trend"], memory=memory, cold_V=cold_V)


def _index(content: ArtifactContent, *, num_items: int) -> ApproxIndex | None:
    if "index" not in content.documents:
        return None
    record = IndexRecord.from_json(content.documents["index"])
    return ApproxIndex.from_bytes(content.tensors["index"]["graph"], record, num_items=num_items)


def _histories(tensors: Mapping[str, Tensor]) -> Histories:
    return Histories(
        start=tensors["start"].numpy(),
        stop=tensors["stop"].numpy(),
        item=tensors["item"].numpy(),
        time=tensors["time"].numpy(),
        fields={
            name.removeprefix(_FIELD): column.numpy()
            for name, column in tensors.items()
            if name.startswith(_FIELD)
        },
    )


def _event_names(dataset: Dataset) -> dict[str, Any]:
    """Return what the codes and the numbers of events stand for, for JSON."""
    types = dataset.event_types
    return {
        "types": None if types is None else types.ids.to_list(),
        "vocabs": {name: vocab.ids.to_list() for name, vocab in dataset.event_vocabs.items()},
        "readings": {name: reading.to_json() for name, reading in dataset.event_readings.items()},
    }


def _vocab(ids: list[Any] | None) -> Vocab | None:
    return None if ids is None else Vocab.of(ids)


def _card(model: Model) -> str:
    """Write what a person wants to know who finds the folder."""
    counts = {
        "users": len(model.dataset.users),
        "items": len(model.dataset.items),
        "events": model.dataset.num_events,
        "events learned from": model.train.num_events,
        "parameters": sum(p.numel() for p in model.network.parameters()),
    }
    lines = "\n".join(f"- {name}: {count:,}" for name, count in counts.items())
    epochs = pl.DataFrame(model.training)
    best = epochs["validation"].max() if "validation" in epochs.columns else None
    value = f"\n- best validation NDCG@10: {best:.4f}" if isinstance(best, float) else ""
    return (
        f"# A model of Regard\n\n{lines}\n- model: {model.config.model}\n- split: {model.split}\n"
        f"- seed: {model.options.seed}{value}\n\nIt holds the histories of its users: treat it like the "
        "log that it was made from.\n"
    )
