"""Every exception that Regard raises for a caller's mistake.

The tree::

    RegardError
    +-- DataError            a file, column, row or value that cannot be used
    |   +-- SchemaError      a column is missing or has a type that cannot be read
    |   +-- SplitError       a split leaves nothing to train on or nothing to ask
    +-- ConfigError          a setting that does not exist or has a value out of range
    +-- UnknownIdError       an id that nothing is known about, where the policy is to refuse
    +-- KernelError          an attention kernel that cannot do this mask, naming one that can
    +-- TrainingError        training cannot go on (a loss that is not finite), with step and users
    +-- ResumeError          a checkpoint that belongs to other data or to another configuration
    +-- ArtifactError        a model folder that is damaged, incomplete or of a newer format
    +-- CapacityError        a request that cannot fit in memory, saying what would
    +-- StoreError           a log of events that cannot be used
    |   +-- StoreDown        the store cannot be reached or cannot write; the same call may work later
    |   +-- StoreBusy        another process holds the file
    |   +-- StoreCorrupt     what was stored is damaged, naming the first bad number
    +-- MissingExtraError    an optional dependency that is not installed, naming the extra

Messages say what is wrong, where (file, column, row, value) and what to do. Mistakes of our own are
``assert`` statements, not members of this tree.
"""

from __future__ import annotations

__all__ = [
    "ArtifactError",
    "CapacityError",
    "ConfigError",
    "DataError",
    "KernelError",
    "MissingExtraError",
    "RegardError",
    "ResumeError",
    "SchemaError",
    "SplitError",
    "StoreBusy",
    "StoreCorrupt",
    "StoreDown",
    "StoreError",
    "TrainingError",
    "UnknownIdError",
]


class RegardError(Exception):
    """Root of the tree: catch it to catch every mistake that Regard explains."""


class DataError(RegardError):
    """A file, column, row or value that cannot be used."""


class SchemaError(DataError):
    """A column is missing or has a type that cannot be read."""


class SplitError(DataError):
    """A split leaves nothing to train on or nothing to ask."""


class ConfigError(RegardError):
    """A setting that does not exist or has a value out of range."""


class UnknownIdError(RegardError):
    """An id that nothing is known about, where the stated policy is to refuse."""


class KernelError(RegardError):
    """An attention kernel that cannot do this mask, naming one that can."""


class TrainingError(RegardError):
    """Training cannot go on, for instance because the loss is not finite."""


class ResumeError(RegardError):
    """A checkpoint that belongs to other data or to another configuration."""


class ArtifactError(RegardError):
    """A model folder that is damaged, incomplete or of a newer format."""


class CapacityError(RegardError):
    """A request that cannot fit in memory; the message says what would fit."""


class StoreError(RegardError):
    """A log of events that cannot be used."""


class StoreDown(StoreError):  # noqa: N818 (a state, as the words of the field have it)
    """The store cannot be reached or cannot write: full disk, failed sync, lost server. It may work later."""


class StoreBusy(StoreError):  # noqa: N818
    """Another process holds the file; the message says what to do."""


class StoreCorrupt(StoreError):  # noqa: N818
    """What was stored is damaged; all events before the first bad one can be read.

    Parameters
    ----------
    message
        What is damaged, where, and what to do.
    first_bad
        Number of the first event that is damaged or missing.
    """

    def __init__(self, message: str, *, first_bad: int) -> None:
        super().__init__(message)
        self.first_bad = first_bad


class MissingExtraError(RegardError):
    """An optional dependency is not installed; the message names the extra.

    Parameters
    ----------
    package
        The package that failed to import.
    extra
        The extra of Regard that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'regard[{extra}]'")
