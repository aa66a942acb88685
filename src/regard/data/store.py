"""The folder of a prepared data set, and the arrays that it is written from.

Layout::

    meta.json        format, version, names of the event columns and how they were read, the report
    offsets.npy      [U + 1] int64: user u owns the events offsets[u] to offsets[u + 1]
    item.npy time.npy (weight.npy event_type.npy session_id.npy field.0.npy)    one value per event
    users.parquet items.parquet (event_types.parquet field.0.parquet)           ids first, rows by number

Nothing is pickled. Arrays are memory-mapped when opened. A folder is written beside its place and
moved there when complete, so that a crash leaves no half data set.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import polars as pl

from regard.data.dataset import Dataset
from regard.data.event_fields import FieldReading
from regard.data.histories import Histories
from regard.data.schema import OPTIONAL
from regard.data.vocab import Vocab
from regard.errors import DataError

__all__ = ["FolderStore", "MemoryStore", "Store", "further", "open_dataset", "save_tables"]

_FORMAT = "regard-dataset"
_VERSION = 1
_META = "meta.json"
_OWN = "own:"  # before the names of further columns, which may be called like ours


def further(number: int) -> str:
    """Return what the files of a further column of events are called, whose own name may be no file name."""
    return f"field.{number}"


class Store(Protocol):
    """Where the columns of events live while a log is being prepared."""

    def scratch(self, name: str, dtype: np.dtype, size: int) -> np.ndarray:
        """Return an array of `size` values to fill in any order."""
        ...

    def append(self, name: str, values: np.ndarray) -> None:
        """Append to the column `name`."""
        ...

    def column(self, name: str) -> np.ndarray:
        """Return the column `name`; no more may be appended to it."""
        ...

    def drop(self, name: str) -> None:
        """Forget a column that `column` has returned."""
        ...

    def finish(self) -> Mapping[str, np.ndarray]:
        """Return the columns that were appended and not dropped; no more may be appended."""
        ...


class MemoryStore:
    """Keeps everything in memory."""

    def __init__(self) -> None:
        self._parts: dict[str, list[np.ndarray]] = {}

    def scratch(self, name: str, dtype: np.dtype, size: int) -> np.ndarray:
        """Return an array of `size` values to fill in any order."""
        return np.empty(size, dtype=dtype)

    def append(self, name: str, values: np.ndarray) -> None:
        """Append to the column `name`."""
        self._parts.setdefault(name, []).append(values)

    def column(self, name: str) -> np.ndarray:
        """Return the column `name`; no more may be appended to it."""
        whole = np.concatenate(self._parts[name])
        self._parts[name] = [whole]
        return whole

    def drop(self, name: str) -> None:
        """Forget a column that `column` has returned."""
        del self._parts[name]

    def finish(self) -> Mapping[str, np.ndarray]:
        """Return the columns that were appended and not dropped."""
        return {name: self.column(name) for name in self._parts}


class FolderStore:
    """Keeps the columns in files, so that only what is being worked on is in memory.

    Use it as a context manager: when left without `publish`, what was written is removed.

    Parameters
    ----------
    folder
        Where the data set will be; it must be new, empty, or hold an earlier data set.

    Raises
    ------
    DataError
        If the folder holds something else.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not (folder / _META).is_file() and (folder.is_file() or any(folder.iterdir())):
            raise DataError(f"{folder}: holds something that is no data set; choose a new folder")
        self._folder = folder
        self.path = folder.with_name(f".{folder.name}.partial")
        self._files: dict[str, BinaryIO] = {}
        self._sizes: dict[str, int] = {}
        self._dtypes: dict[str, np.dtype] = {}

    def __enter__(self) -> FolderStore:
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def scratch(self, name: str, dtype: np.dtype, size: int) -> np.ndarray:
        """Return a memory-mapped array of `size` values to fill in any order."""
        if size == 0:
            return np.empty(0, dtype=dtype)
        return np.memmap(self.path / f"{name}.scratch", dtype=dtype, mode="w+", shape=(size,))

    def append(self, name: str, values: np.ndarray) -> None:
        """Append to the column `name`."""
        if name not in self._files:
            self._files[name] = (self.path / f"{name}.npy").open("wb")
            self._dtypes[name], self._sizes[name] = values.dtype, 0
            self._write_header(name)
        values.tofile(self._files[name])
        self._sizes[name] += len(values)

    def column(self, name: str) -> np.ndarray:
        """Write the true size into the header and return the column, memory-mapped."""
        file = self._files[name]
        file.flush()
        self._write_header(name)
        file.close()
        return _load(self.path / f"{name}.npy")

    def drop(self, name: str) -> None:
        """Remove the file of a column that `column` has returned."""
        del self._files[name]
        (self.path / f"{name}.npy").unlink()

    def finish(self) -> Mapping[str, np.ndarray]:
        """Return the columns that were appended and not dropped, memory-mapped."""
        for scratch in self.path.glob("*.scratch"):
            scratch.unlink()
        return {name: self.column(name) for name in self._files}

    def publish(self) -> None:
        """Move the complete data set to its place."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self.path.rename(self._folder)

    def _write_header(self, name: str) -> None:
        """Write or rewrite the header; NumPy pads it so that a growing size does not change its length."""
        file = self._files[name]
        file.seek(0)
        header = np.lib.format.header_data_from_array_1_0(np.empty(0, dtype=self._dtypes[name]))
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (self._sizes[name],)})


def save_tables(dataset: Dataset, folder: Path, *, report: Mapping[str, object]) -> None:
    """Write everything of a data set but its columns of events, which the store has written."""
    histories = dataset.histories
    np.save(
        folder / "offsets.npy", np.concatenate([[0], histories.stop]).astype(np.int64), allow_pickle=False
    )
    dataset.user_table.write_parquet(folder / "users.parquet")
    dataset.item_table.write_parquet(folder / "items.parquet")
    if dataset.event_types is not None:
        dataset.event_types.ids.to_frame().write_parquet(folder / "event_types.parquet")
    own = [name for name in histories.fields if name not in OPTIONAL]
    for number, name in enumerate(own):
        if name in dataset.event_vocabs:
            dataset.event_vocabs[name].ids.to_frame().write_parquet(folder / f"{further(number)}.parquet")
    meta = {
        "format": _FORMAT,
        "version": _VERSION,
        "fields": [name for name in histories.fields if name in OPTIONAL],
        "further": {name: name in dataset.event_vocabs for name in own},
        "readings": {name: reading.to_json() for name, reading in dataset.event_readings.items()},
        "event_types": dataset.event_types is not None,
        "report": report,
    }
    (folder / _META).write_text(json.dumps(meta, indent=1, ensure_ascii=False), encoding="utf-8")


def open_dataset(folder: str | Path) -> Dataset:
    """Open a data set that `prepare` wrote; its events are memory-mapped, not read.

    Raises
    ------
    DataError
        If the folder holds no data set, or one of a newer format, or lacks a file.
    """
    place = Path(folder).expanduser()
    if not (place / _META).is_file():
        raise DataError(f"{place}: holds no prepared data set (there is no {_META})")
    try:
        meta = json.loads((place / _META).read_text(encoding="utf-8"))
        if meta.get("format") != _FORMAT or meta.get("version", 0) > _VERSION:
            raise DataError(f"{place}: a data set of a newer or unknown format; prepare the log again")
        offsets = np.load(place / "offsets.npy", allow_pickle=False)
        own = meta.get("further", {})  # by name, whether it has a vocabulary
        files = {name: name for name in ("item", "time", *meta["fields"])}
        files |= {f"{_OWN}{name}": further(number) for number, name in enumerate(own)}
        columns = {name: _load(place / f"{file}.npy") for name, file in files.items()}
        vocabs = {
            name: Vocab(pl.read_parquet(place / f"{files[_OWN + name]}.parquet")["id"])
            for name, has in own.items()
            if has
        }
        readings = {name: FieldReading.from_json(said) for name, said in meta.get("readings", {}).items()}
        users, items = (pl.read_parquet(place / f"{name}.parquet") for name in ("users", "items"))
        types = pl.read_parquet(place / "event_types.parquet")["id"] if meta["event_types"] else None
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{place}: the data set is damaged: {error}; prepare the log again") from error
    if any(len(column) != offsets[-1] for column in columns.values()):
        raise DataError(f"{place}: the columns of events differ in length; prepare the log again")
    return Dataset(
        users=Vocab(users["user_id"].rename("id")),
        items=Vocab(items["item_id"].rename("id")),
        histories=Histories(
            start=offsets[:-1],
            stop=offsets[1:],
            item=columns.pop("item"),
            time=columns.pop("time"),
            fields={name.removeprefix(_OWN): column for name, column in columns.items()},
        ),
        item_table=items,
        user_table=users,
        event_types=Vocab(types) if types is not None else None,
        event_vocabs=vocabs,
        event_readings=readings,
    )


def _load(path: Path) -> np.ndarray:
    column: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return column
