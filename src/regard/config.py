"""Config: the base of every configuration. Frozen, keyword-only, checked when made, a JSON round trip.

A configuration sits beside the class that it configures. What only exists while a program runs (a
data set, a device, a progress bar) is an argument, never a setting.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self

import pydantic

from regard.errors import ConfigError, RegardError

__all__ = ["Config", "RunOptions", "named_once"]


class Config(pydantic.BaseModel):
    """Base class of configurations: frozen, keyword-only, unknown settings refused.

    Raises
    ------
    ConfigError
        If a setting does not exist or a value is out of range; all problems are named at once.

    Examples
    --------
    >>> options = RunOptions(seed=7)
    >>> RunOptions.from_json(options.to_json()) == options
    True
    >>> options.changed(seed=8).seed
    8
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except pydantic.ValidationError as error:
            raise ConfigError(_explain(type(self), error)) from None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a dictionary that JSON can hold."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, settings: dict[str, Any]) -> Self:
        """Make a configuration from what `to_json` returned."""
        return cls(**settings)

    def changed(self, **settings: Any) -> Self:
        """Return a copy with some settings replaced, checked like a new one."""
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **settings})


class RunOptions(Config):
    """How to run, apart from what is run: seed, device, precision, threads.

    Attributes
    ----------
    seed
        Seed of every random choice; the same seed gives the same result twice on one machine.
    device
        Name of a torch device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
    precision
        ``"auto"`` takes bfloat16 autocast where the processor multiplies it natively, else float32.
    threads
        Threads that torch may use; None leaves torch's own choice.
    """

    seed: int = pydantic.Field(default=0, ge=0, lt=2**31)
    device: str = "cpu"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: int | None = pydantic.Field(default=None, ge=1)


def _explain(config: type[Config], error: pydantic.ValidationError) -> str:
    """Say each problem of a configuration in one line, with the nearest setting for a misspelt one."""
    import difflib

    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, list(config.model_fields), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has: {', '.join(config.model_fields)}"
            lines.append(f"{config.__name__} has no setting {name!r}{hint}")
        else:
            lines.append(f"{config.__name__}.{name} = {problem['input']!r}: {problem['msg']}")
    return "; ".join(lines)


def named_once(file: Path, refuse: type[RegardError]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """Return an ``object_pairs_hook`` for `json.loads` that refuses a name which stands twice in one object.

    Examples
    --------
    >>> import json
    >>> json.loads('{"a": 1, "a": 2}', object_pairs_hook=named_once(Path("f.json"), ConfigError))
    Traceback (most recent call last):
    regard.errors.ConfigError: f.json: 'a' is named twice in one object
    """

    def make(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in pairs:
            if name in made:
                raise refuse(f"{file}: {name!r} is named twice in one object")
            made[name] = value
        return made

    return make
