"""KeyTable: numbers many 64-bit keys by first appearance, whole batches at a time.

An open-addressing hash table over NumPy arrays: a batch costs a few gathers, so that a million keys
take some hundredths of a second, and a table of millions of keys need not be built anew for each
batch, as a join would. Keys have one or more words that must all agree, so that text can be told
apart by 128 bits of hashes. It does not know what the keys stand for.

Shape letters: n keys of a batch, W words of a key.
"""

from __future__ import annotations

import numpy as np

__all__ = ["KeyTable"]

_EMPTY = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: Knuth's multiplicative hash
_FIRST_BITS = 16


class KeyTable:
    """Gives each new key the next number.

    Parameters
    ----------
    words
        W, how many 64-bit words make a key.

    Examples
    --------
    >>> table = KeyTable(words=1)
    >>> table.number(np.array([[70, 50, 70]], dtype=np.uint64)).tolist(), len(table)
    ([0, 1, 0], 2)
    >>> table.number(np.array([[60, 50]], dtype=np.uint64)).tolist()
    [2, 1]
    """

    def __init__(self, *, words: int) -> None:
        self._keys = [np.empty(1 << (_FIRST_BITS - 1), dtype=np.uint64) for _ in range(words)]
        self._size = 0
        self._bits = _FIRST_BITS
        self._slots = np.full(1 << _FIRST_BITS, _EMPTY, dtype=np.int32)

    def __len__(self) -> int:
        return self._size

    def number(self, keys: np.ndarray) -> np.ndarray:
        """Return ``[n]`` int32 numbers of `keys` (``[W, n]`` uint64); new ones get the next numbers.

        New keys of one batch are numbered in the order of their first appearance.
        """
        numbers = self._find(keys)
        missing = np.flatnonzero(numbers == _EMPTY)
        while len(missing):
            _, first = np.unique(keys[0, missing], return_index=True)
            self._insert(keys[:, missing[np.sort(first)]])
            numbers[missing] = self._find(keys[:, missing])
            missing = missing[numbers[missing] == _EMPTY]  # those that share only the first word
        return numbers

    def _find(self, keys: np.ndarray) -> np.ndarray:
        """Return the numbers of `keys`, -1 for those that are not in the table."""
        slot = self._home(keys[0])
        found = self._slots.take(slot)
        wrong = np.flatnonzero((found != _EMPTY) & ~self._holds(found, keys))
        slot = slot[wrong]
        while len(wrong):
            slot = (slot + 1) & (len(self._slots) - 1)
            here = self._slots.take(slot)
            found[wrong] = here
            still = np.flatnonzero((here != _EMPTY) & ~self._holds(here, keys[:, wrong]))
            wrong, slot = wrong[still], slot[still]
        return found

    def _holds(self, numbers: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Mark (``[n]`` bool) where the key of a number is the given key; a number may be -1."""
        same: np.ndarray = self._keys[0].take(numbers, mode="wrap") == keys[0]
        for stored, given in zip(self._keys[1:], keys[1:], strict=True):
            same &= stored.take(numbers, mode="wrap") == given
        return same

    def _insert(self, keys: np.ndarray) -> None:
        """Add keys that the table does not hold, no two of which share their first word."""
        size = self._size + keys.shape[1]
        if size > len(self._keys[0]):
            more = np.empty(max(size, len(self._keys[0])), dtype=np.uint64)
            self._keys = [np.concatenate([stored, more]) for stored in self._keys]
        for stored, given in zip(self._keys, keys, strict=True):
            stored[self._size : size] = given
        first, self._size = self._size, size
        if 2 * size > len(self._slots):  # at most half full, so that few probes are needed
            self._bits = max(self._bits + 1, (4 * size - 1).bit_length())
            self._slots = np.full(1 << self._bits, _EMPTY, dtype=np.int32)
            first = 0
        self._place(np.arange(first, size, dtype=np.int32))

    def _place(self, numbers: np.ndarray) -> None:
        """Put numbers into free slots: all try at once, those that lost their slot try the next."""
        slot = self._home(self._keys[0][numbers])
        while len(numbers):
            free = self._slots.take(slot) == _EMPTY
            self._slots[slot[free]] = numbers[free]
            lost = self._slots.take(slot) != numbers
            numbers, slot = numbers[lost], (slot[lost] + 1) & (len(self._slots) - 1)

    def _home(self, key: np.ndarray) -> np.ndarray:
        """Return the slot (``[n]`` int64) at which the search for a key begins."""
        mixed = key * _MIX
        mixed >>= np.uint64(64 - self._bits)
        return mixed.view(np.int64)
