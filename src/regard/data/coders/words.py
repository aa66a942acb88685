"""Words: text without an encoder becomes a bag of words, so that nothing needs an extra.

Words are runs of letters and digits in lower case, in any script; of Chinese and Japanese text, single
characters and pairs of neighbours. A word is kept if at least 2 training rows and at most half of them have
it. A word that a share p of the rows has tells ``-p log p - (1-p) log(1-p)`` about a row, which grows up to
p = 1/2: so if more than 8,192 are left, the most frequent of them tell most and stay. A row keeps its 64
rarest known words, which keeps bags of long text compact. Words that are not kept leave no trace; a text
without any known word is `UNSEEN`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from regard.config import Config
from regard.data.coders.base import Coded, Place
from regard.data.coders.codebook import Codebook
from regard.data.coders.sets import bags_of
from regard.data.columns import UNSEEN, Bags

__all__ = ["MOST_WORDS", "WORDS_A_ROW", "WordCoder", "words_of"]

MOST_WORDS: Final = 8_192
WORDS_A_ROW: Final = 64
_BATCH = 1 << 16  # rows whose words are in memory at once
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"


class WordCoder(Config):
    """Turns text into bags of words.

    Attributes
    ----------
    codebook
        Words and their codes, the most frequent first.

    Examples
    --------
    >>> text = pl.Series(["red hat", "Red shoe", "hat", "", "blue coat"])
    >>> place = Place(source="items", column="title")
    >>> coder = WordCoder.fit(text, used_R=np.ones(5, dtype=bool), place=place)
    >>> coder.codebook.values, coder.encode(text, place=place).column.code_J.tolist()
    (('hat', 'red'), [2, 3, 3, 2, 1])
    """

    codebook: Codebook

    @classmethod
    def fit(cls, values: pl.Series, *, used_R: np.ndarray, place: Place) -> WordCoder:
        """Choose the words of the training rows (`used_R`, ``[R]`` bool)."""
        used = _text(values, place=place).filter(pl.Series(used_R))
        counts = [
            words_of(used.slice(first, _BATCH)).list.unique().explode().drop_nulls().value_counts(name="rows")
            for first in range(0, len(used), _BATCH)
        ]
        if not counts:
            return cls(codebook=Codebook())
        total = pl.concat([count.rename({count.columns[0]: "word"}) for count in counts])
        total = total.group_by("word").agg(pl.col("rows").sum())
        kept = total.filter(pl.col("rows").is_between(2, len(used) / 2))
        kept = kept.sort(["rows", "word"], descending=[True, False]).head(MOST_WORDS)
        return cls(codebook=Codebook(values=tuple(kept["word"].to_list())))

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Bags`."""
        text = _text(values, place=place)
        parts = [self._pairs(text.slice(first, _BATCH), first) for first in range(0, len(text), _BATCH)]
        pair = np.concatenate(parts, axis=1) if parts else np.empty((2, 0), dtype=np.int64)
        has = text.is_not_null().to_numpy()
        known = np.zeros(len(text), dtype=bool)
        known[pair[0]] = True
        lost = np.flatnonzero(has & ~known)
        pair = np.concatenate([pair, np.stack([lost, np.full(len(lost), UNSEEN)])], axis=1)
        bags = bags_of(pair[0], pair[1], rows=len(text), size=self.codebook.size)
        return Coded(column=_rarest(bags), missing=int(np.count_nonzero(~has)), unseen=len(lost))

    def _pairs(self, text: pl.Series, first: int) -> np.ndarray:
        """Return ``[2, n]`` row and code of the known words of a batch."""
        words = words_of(text)
        count = words.list.len().fill_null(0).to_numpy()
        code = self.codebook.codes(words.explode(empty_as_null=False, keep_nulls=False))
        known = code > UNSEEN
        row = np.repeat(np.arange(first, first + len(text)), count)
        return np.stack([row[known], code[known].astype(np.int64)])


def words_of(text: pl.Series) -> pl.Series:
    """Return the words of each text as a list, with repetitions.

    Examples
    --------
    >>> words_of(pl.Series(["Don't PANIC!", "红色帽子 XL"])).to_list()
    [["don't", 'panic'], ['xl', '红', '色', '帽', '子', '红色', '帽子', '色帽']]
    """
    lower = text.str.to_lowercase()
    words = lower.str.extract_all(rf"[\p{{L}}\p{{N}}--[{_CJK}]]+(?:['\u{{2019}}]\p{{L}}+)*")
    if not lower.str.contains(rf"[{_CJK}]").any():
        return words
    # Pairs from the first character of each run, then from the second: together all neighbours.
    shifted = lower.str.replace_all(rf"[{_CJK}]([{_CJK}]*)", " ${1}")
    parts = pl.DataFrame(
        {
            "words": words,
            "single": lower.str.extract_all(rf"[{_CJK}]"),
            "even": lower.str.extract_all(rf"[{_CJK}]{{2}}"),
            "odd": shifted.str.extract_all(rf"[{_CJK}]{{2}}"),
        }
    )
    return parts.select(pl.concat_list("words", "single", "even", "odd").alias(text.name)).to_series()


def _text(values: pl.Series, *, place: Place) -> pl.Series:
    """Return text, null where missing or empty; anything else is refused."""
    place.refuse_mixed(values)
    if values.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        place.refuse_type(values, "text", advice="say number or category, or write it as text")
    text = values.cast(pl.String)
    place.refuse_long(text)
    return text.set((text.str.strip_chars() == "").fill_null(value=False), None)


def _rarest(bags: Bags) -> Bags:
    """Keep the 64 highest codes of each row: codes ascend as words get rarer."""
    count = np.diff(bags.offset_R1)
    if count.max(initial=0) <= WORDS_A_ROW:
        return bags
    from_end = np.repeat(bags.offset_R1[1:], count) - np.arange(len(bags.code_J))
    offset = np.zeros_like(bags.offset_R1)
    np.cumsum(np.minimum(count, WORDS_A_ROW), out=offset[1:])
    return Bags(offset_R1=offset, code_J=bags.code_J[from_end <= WORDS_A_ROW], size=bags.size)
