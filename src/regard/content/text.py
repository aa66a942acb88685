"""Texts to vectors, by any encoder that sentence-transformers reads without running foreign code.

Weights come from safetensors alone: a folder whose weights are pickles, or whose ``modules.json`` names a
class that is not sentence-transformers' own, is refused before anything is loaded. What an encoder sees is
the text with its runs of white space made one space and cut at `CHARACTERS_A_TOKEN` characters a token, so
that an endless cell costs no more than a long one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from regard.content.config import ContentConfig
from regard.content.encoder import unit
from regard.content.find import encoder_name, find_folder, hash_of
from regard.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SentenceModel", "TextEncoder", "seen"]

MARKER: Final = "modules.json"
CHARACTERS_A_TOKEN: Final = 32
_DESCRIBING: Final = (".json", ".safetensors", ".txt", ".model")
_PICKLES: Final = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


def seen(text: str, *, max_tokens: int) -> str:
    """Return the part of a text that an encoder sees, white space made plain.

    Examples
    --------
    >>> seen("  Toy\\n\\tStory ", max_tokens=8)
    'Toy Story'
    """
    limit = max_tokens * CHARACTERS_A_TOKEN
    return " ".join(text[: 8 * limit].split())[:limit]


class SentenceModel:
    """A sentence-transformers folder: named at once, loaded when it is first asked for a vector.

    Parameters
    ----------
    name
        Folder, installed package, or name on the hub.
    device
        Name of a torch device.
    max_tokens
        Tokens of a text that are read, if the encoder can read so many.

    Raises
    ------
    ConfigError
        If there is no such folder, if its weights are pickles, or if it asks for foreign code.
    """

    def __init__(self, name: str, *, device: str, max_tokens: int) -> None:
        self.folder = find_folder(name, marker=MARKER)
        _refuse_unsafe(self.folder)
        self._device = device
        self._max_tokens = max_tokens

    def version(self) -> str:
        """Hash the files of the folder and the settings that change its vectors."""
        files = [path for path in self.folder.rglob("*") if path.suffix in _DESCRIBING]
        return hash_of(files, self._max_tokens, CHARACTERS_A_TOKEN)

    def width(self) -> int:
        """Return the width of its vectors."""
        return int(self.encode([" "]).shape[1])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1 for texts, or for pictures where the model reads them."""
        vectors = self._model.encode(
            list(values), batch_size=len(values), convert_to_numpy=True, show_progress_bar=False
        )
        return unit(np.asarray(vectors, dtype=np.float32))

    @cached_property
    def _model(self) -> SentenceTransformer:
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging
        except ImportError:
            raise MissingExtraError("sentence-transformers", "content") from None
        shows_progress = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(self.folder),
                device=self._device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ConfigError(f"{self.folder}: sentence-transformers cannot load it: {error}") from error
        finally:
            if shows_progress:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        if model.max_seq_length is not None and model.max_seq_length > self._max_tokens:
            model.max_seq_length = self._max_tokens
        return model


class TextEncoder:
    """Makes vectors of texts.

    Parameters
    ----------
    config
        Names the encoder: `ContentConfig.joint` where there is one, else `ContentConfig.text`.
    """

    def __init__(self, config: ContentConfig) -> None:
        name = config.joint or config.text
        self._model = SentenceModel(name, device=config.device, max_tokens=config.max_tokens)
        self.name = encoder_name("text", name, self._model.version())

    def width(self) -> int:
        """Return the width of its vectors."""
        return self._model.width()

    def prepare(self, value: str) -> str:
        """Return the text as it is."""
        return value

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1."""
        return self._model.encode(prepared)


def _refuse_unsafe(folder: Path) -> None:
    """Refuse weights that are pickles and modules that are not sentence-transformers' own."""
    modules = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    for module in modules:
        if not str(module["type"]).startswith("sentence_transformers."):
            raise ConfigError(
                f"{folder / MARKER}: asks for {module['type']}, which is not sentence-transformers' own code"
            )
        place = folder / module["path"]
        pickles = [path for path in sorted(place.glob("*")) if path.suffix in _PICKLES]
        if pickles and not any(place.glob("*.safetensors")):
            raise ConfigError(
                f"{pickles[0]}: is a pickle, which runs code when it is read; "
                "save the encoder again with safetensors (model.save(folder) of sentence-transformers does)"
            )
