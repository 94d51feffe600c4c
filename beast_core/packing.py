"""Tables in 2 bits an entry: `(rows, width / 4 + 4)` bytes, of each row the entries, four a byte, then a scale and an
offset in float16.

An entry is 0, 1, 2 or 3; its value is that, times the scale, plus the offset. The layout is FBGEMM's (Khudia et al.
2021, https://arxiv.org/abs/2101.05615), as torch has it in its file qembeddingbag_prepack.cpp.
Whether a row loses anything by it is up to its training: see `beast_core.network.tables.quantise_rows`.
"""

import numpy as np

# Of a packed row: its scale and its offset, in float16.
SCALE_BYTES = 4
# What is computed of so many rows stays in a core's cache.
_ROWS_AT_ONCE = 2048
# Where the four entries of a byte are.
_SHIFTS = np.arange(0, 8, 2, dtype=np.uint8)
# The four entries of each byte, which are looked up as one number of 16 bytes.
_FOURS = ((np.arange(256)[:, None] >> _SHIFTS) & 3).astype(np.float32).view(np.complex128)[:, 0]


def packed_width(width: int) -> int:
    """Bytes of a row of so many entries, a multiple of four.

    >>> packed_width(256)
    68
    """
    return width // 4 + SCALE_BYTES


def row_scales(packed: np.ndarray) -> np.ndarray:
    """The scale and the offset of each row, `(rows, 2)` float16."""
    return np.ascontiguousarray(packed[:, -SCALE_BYTES:]).view(np.float16)


def row_entries(packed: np.ndarray, *, out: np.ndarray) -> np.ndarray:
    """The entries of packed rows, 0 to 3, `(rows, width)` float32, in the first rows of `out`.

    Memory that is new each time would cost ten times as much as what is computed here.
    """
    entries: np.ndarray = out[: len(packed)]
    # "raise" would write to a copy first, and no byte is out of range.
    np.take(_FOURS, packed[:, :-SCALE_BYTES], out=entries.view(np.complex128), mode="clip")
    return entries


def unpack_rows(packed: np.ndarray, *, out: np.ndarray) -> np.ndarray:
    """The values of packed rows, `(rows, width)` float32, in the first rows of `out`."""
    scales, offsets = row_scales(packed).astype(np.float32).T[..., None]
    values = row_entries(packed, out=out)
    values *= scales
    values += offsets
    return values


def unpack_table(packed: np.ndarray) -> np.ndarray:
    """The values of a packed table, `(rows, width)` float32."""
    values = np.empty((len(packed), 4 * (packed.shape[1] - SCALE_BYTES)), dtype=np.float32)
    for start in range(0, len(packed), _ROWS_AT_ONCE):
        unpack_rows(packed[start : start + _ROWS_AT_ONCE], out=values[start:])
    return values


def pack_table(table: np.ndarray) -> np.ndarray | None:
    """`(rows, width)` float -> the packed table that has the very same values, or None if there is none.

    The values of each row have to be -1.5, -0.5, 0.5 or 1.5 times a scale that float16 holds, and so its 1.5 times.
    """
    packed = np.empty((len(table), packed_width(table.shape[1])), dtype=np.uint8)
    unpacked = np.empty((min(len(table), _ROWS_AT_ONCE), table.shape[1]), dtype=np.float32)
    for start in range(0, len(table), _ROWS_AT_ONCE):
        rows = table[start : start + _ROWS_AT_ONCE].astype(np.float32, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):  # of what float16 does not hold
            part = _pack_rows(rows)
            if not np.array_equal(unpack_rows(part, out=unpacked), rows):
                return None
        packed[start : start + _ROWS_AT_ONCE] = part
    return packed


def _pack_rows(rows: np.ndarray) -> np.ndarray:
    sizes = np.abs(rows)
    scales = 2 * sizes.min(axis=1, keepdims=True)
    large = (sizes > scales).astype(np.uint8)
    entries = np.where(np.signbit(rows) & (scales > 0), 1 - large, 2 + large)  # a row of zeros has no signs
    fours = entries.reshape(len(rows), -1, 4) << _SHIFTS
    ends = np.concatenate([scales, -1.5 * scales], axis=1).astype(np.float16)
    return np.concatenate([fours.sum(axis=2, dtype=np.uint8), ends.view(np.uint8)], axis=1)
