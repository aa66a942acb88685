"""Videos to vectors: a few frames, evenly spaced, through the image encoder, pooled by attention.

The attention has no parameters: the query is the mean of the frames' vectors, keys and values are the vectors
themselves, and the weights are the softmax of their cosine similarity to the query over a temperature. Frames
that are typical of the video count, a black or a title frame hardly does. A query that is learned would need
videos with something to learn from; here nothing is trained.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regard.content.config import ContentConfig
from regard.content.encoder import FrameEncoder, unit
from regard.errors import DataError, MissingExtraError

__all__ = ["VideoEncoder", "pool_frames", "read_frames"]


def pool_frames(frame_FE: np.ndarray, *, temperature: float) -> np.ndarray:
    """Pool the vectors of F frames to one of length 1 by attention to their mean.

    Examples
    --------
    >>> frames = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> pool_frames(frames, temperature=0.1).round(2).tolist()
    [1.0, 0.0]
    """
    query_E = unit(frame_FE.mean(0))
    score_F = frame_FE @ query_E / temperature
    weight_F = np.exp(score_F - score_F.max())
    return unit(weight_F / weight_F.sum() @ frame_FE)


def read_frames(source: bytes | Path, *, frames: int, max_pixels: int) -> list[np.ndarray]:
    """Decode frames from the middles of as many equal parts of a video; fewer where it has fewer.

    Returns
    -------
    list of numpy.ndarray
        ``[height, width, 3]`` uint8 each.

    Raises
    ------
    DataError
        If there is no video that can be decoded, or if its frames are too large, with the reason.
    """
    av = _av()
    try:
        with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as container:
            if not container.streams.video:
                raise DataError("has no video stream")
            stream = container.streams.video[0]
            if stream.width * stream.height > max_pixels:
                raise DataError(f"frames of {stream.width:,} x {stream.height:,} pixels are too large")
            found = [frame.to_ndarray(format="rgb24") for frame in _evenly(container, stream, frames)]
    # FFmpeg's own errors, which are also OSError or ValueError, and what a damaged index leads to.
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise DataError(f"cannot be decoded as a video: {error}") from error
    if not found:
        raise DataError("has no frame that can be decoded")
    return found


class VideoEncoder:
    """Makes vectors of videos with an encoder of images.

    Parameters
    ----------
    config
        Says how many frames, and the temperature of their pooling.
    images
        The encoder of the frames.
    """

    def __init__(self, config: ContentConfig, images: FrameEncoder) -> None:
        self._config = config
        self._images = images
        self.name = f"video-{config.frames}-{config.temperature:g}-{images.name}"

    def width(self) -> int:
        """Return the width of its vectors."""
        return self._images.width()

    def prepare(self, value: bytes | Path) -> list[Any]:
        """Return the frames, ready for the encoder of images.

        Raises
        ------
        DataError
            If the video cannot be decoded.
        """
        config = self._config
        frames = read_frames(value, frames=config.frames, max_pixels=config.max_pixels)
        return [self._images.prepare_frame(frame) for frame in frames]

    def encode(self, prepared: Sequence[list[Any]]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1."""
        temperature = self._config.temperature
        return np.stack([pool_frames(self._images.encode(one), temperature=temperature) for one in prepared])


def _evenly(container: Any, stream: Any, frames: int) -> Iterator[Any]:
    """Yield frames at the middles of equal parts, by seeking where the length is known."""
    stream.thread_type = "AUTO"
    seconds = float(stream.duration * stream.time_base) if stream.duration else None
    if seconds is None and container.duration:
        seconds = container.duration / 1e6
    if not seconds:
        yield from _every(container.decode(stream), frames)
        return
    start = stream.start_time or 0
    last = None
    for part in range(frames):
        wanted = start + int((part + 0.5) / frames * seconds / stream.time_base)
        container.seek(wanted, stream=stream)  # to the key frame before it
        frame = None
        for frame in container.decode(stream):
            if frame.pts is not None and frame.pts >= wanted:
                break
        # Where none is that late, the last one counts: a clip of one frame has its only one at 0.
        if frame is not None and frame.pts != last:
            last = frame.pts
            yield frame


def _every(decoded: Iterator[Any], frames: int) -> list[Any]:
    """Return evenly spaced frames of a video whose length nobody says: all are looked at, few are kept.

    Whenever twice as many are held as are wanted, every second one is dropped and from then on only every
    second one of before is taken.
    """
    held: list[Any] = []
    step = 1
    for number, frame in enumerate(decoded):
        if number % step == 0:
            held.append(frame)
            if len(held) == 2 * frames:
                held, step = held[::2], 2 * step
    places = np.unique(np.linspace(0, len(held) - 1, min(frames, len(held))).round().astype(int))
    return [held[place] for place in places]


def _av() -> Any:
    try:
        import av
    except ImportError:
        raise MissingExtraError("av", "content") from None
    return av
