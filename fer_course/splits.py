"""Fair divisions: what belongs together stays together, and is written down.

In: a group per example (event, fold, person, copies of one picture), or pixels to
look for copies in. Out: the name of a split per example, pairs of near-duplicates,
and manifests (CSV) from which anyone rebuilds a split. Notebook 01 shows what a random
split hides; notebook 05 scans 35,887 faces.
"""

import csv
import io
from pathlib import Path

import numpy as np

from fer_course.files import read_table, write_atomically

_STEPS = 200_000  # groups times orders tried
_SIDE = 24  # candidates for near-duplicates are found at 24x24 pixels
_CHUNK = 1024  # rows per matrix product: 35,887 faces need about 0.8 GB


def split_by_group(groups, shares, seed, amounts=None):
    """Return the split of each example; all examples of a group get the same.

    Of many seeded orders of the groups the one that comes closest to the shares is
    taken; few large groups cannot come close.

    Args:
        groups: (N,) labels of any kind that sorts, tuples too.
        shares: split name -> share of the examples, e.g. {"train": 0.9, "choose": 0.1}.
        seed: the same seed gives the same division.
        amounts: (N, K) numbers to be shared out alike besides the examples
            themselves: faces in a photo, small ones among them.

    Returns:
        (N,) array of split names.

    Raises:
        ValueError: the shares do not add up to 1.

    >>> split_by_group(["a", "a", "b", "c"], {"train": 0.75, "choose": 0.25}, 1)
    array(['train', 'train', 'choose', 'train'], dtype='<U6')
    """
    names = np.array(list(shares))
    wanted = np.array([shares[name] for name in shares], dtype=np.float64)
    if not len(names) or (wanted <= 0).any() or abs(wanted.sum() - 1) > 1e-6:
        raise ValueError(f"The shares {dict(shares)} must be above 0 and add up to 1.")
    groups = list(groups)
    places = {group: place for place, group in enumerate(sorted(set(groups)))}
    member = np.array([places[group] for group in groups], dtype=int)
    columns = np.ones((len(member), 1))
    if amounts is not None:
        columns = np.hstack([columns, np.asarray(amounts, dtype=np.float64)])
    sizes = np.zeros((len(places), columns.shape[1]))
    np.add.at(sizes, member, columns)
    sizes /= np.maximum(sizes.sum(axis=0), 1e-9)
    rng = np.random.default_rng(seed)
    best, best_miss = np.zeros(len(places), int), np.inf
    for _ in range(np.clip(_STEPS // max(len(places), 1), 3, 1000)):
        split, miss = _fill(rng.permutation(len(places)), sizes, wanted)
        if miss < best_miss:
            best, best_miss = split, miss
    return names[best[member]]


def _fill(order, sizes, wanted):
    """Give each group to the split that lacks most; also how far off the worst is."""
    split, filled = np.zeros(len(sizes), int), np.zeros(len(wanted))
    for group in order:
        split[group] = np.argmin((filled + sizes[group, 0] / 2) / wanted)
        filled[split[group]] += sizes[group, 0]
    shared = np.stack([sizes[split == k].sum(axis=0) for k in range(len(wanted))])
    used = sizes.sum(axis=0) > 0
    off = np.abs(shared - wanted[:, None])[:, used] / wanted[:, None]
    return split, off.max(initial=0)


def near_duplicates(pixels, threshold=0.9):
    """Return the pairs of pictures that are copies of each other, mirrored or not.

    Pictures are compared by the correlation of their pixels, so that brightness and
    contrast do not matter; pictures of one gray value are left out. Candidates are
    found at 24x24 and confirmed at full size, where look-alikes fall behind copies.

    Args:
        pixels: (N, H, W) uint8.
        threshold: lowest correlation of a pair, above 0.

    Returns:
        (P, 2) int pairs, first index below the second, in order; (P,) float32
        correlations.

    >>> faces = np.arange(48, dtype=np.uint8).reshape(2, 4, 6)
    >>> near_duplicates(np.concatenate([faces, faces[:1, :, ::-1]]))[0].tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 3:
        raise ValueError(
            f"The pixels have the shape {pixels.shape}, expected (N, H, W)."
        )
    if threshold <= 0:
        raise ValueError(f"threshold is {threshold}: it must be above 0.")
    if not len(pixels):
        return np.zeros((0, 2), int), np.zeros(0, np.float32)
    small, whole = _rows_of(pixels, _SIDE), _rows_of(pixels)
    mirrored = small.reshape(-1, _SIDE, _SIDE)[:, :, ::-1].reshape(small.shape)
    pairs, correlations = [], []
    for start in range(0, len(small), _CHUNK):
        rest = small[start:]
        block = rest[:_CHUNK] @ rest.T
        np.maximum(block, mirrored[start : start + _CHUNK] @ rest.T, out=block)
        first, second = np.nonzero(block >= threshold)
        later = second > first
        found = np.stack([first[later], second[later]], axis=1) + start
        pairs.append(found)
        correlations.append(_correlations(whole, found, pixels.shape[1:]))
    pairs, correlations = np.concatenate(pairs), np.concatenate(correlations)
    copies = correlations >= threshold
    return pairs[copies], correlations[copies]


def _correlations(rows, pairs, image_hw):
    """Return the correlation of each pair, the better of mirrored and not."""
    first, second = rows[pairs[:, 0]], rows[pairs[:, 1]]
    mirrored = first.reshape(-1, *image_hw)[:, :, ::-1].reshape(first.shape)
    straight = np.einsum("ij,ij->i", first, second)
    return np.maximum(straight, np.einsum("ij,ij->i", mirrored, second))


def _rows_of(pixels, side=None):
    """Return float32 rows of mean 0 and length 1, at `side` px; plain ones are 0."""
    import cv2

    if side:
        size = (side, side)
        small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pixels]
        pixels = np.array(small).reshape(len(pixels), -1)
    rows = pixels.reshape(len(pixels), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-3)


def group_by_pairs(n, pairs):
    """Return a group number per example: joined by a chain of pairs, same number.

    Args:
        n: how many examples there are.
        pairs: (P, 2) int; P may be 0.

    Returns:
        (n,) int, the smallest index of each group.

    >>> group_by_pairs(5, [[3, 1], [4, 3]])
    array([0, 1, 2, 1, 1])
    """
    parent = np.arange(n)

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]  # shorten the path on the way
            i = parent[i]
        return i

    for a, b in np.asarray(pairs, dtype=int).reshape(-1, 2):
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    return np.array([root(i) for i in range(n)], dtype=int)


def write_manifest(path, rows, columns):
    """Write a table as CSV (UTF-8, one line a row), whole or not at all.

    Args:
        path: where.
        rows: sequence of sequences, one value per column.
        columns: the names in the first line.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"A row has {len(row)} values for {len(columns)} columns.")
        writer.writerow(row)
    return write_atomically(path, text.getvalue())


def read_manifest(path):
    """Return the rows of a manifest as dictionaries of text, column -> value.

    Raises:
        FileNotFoundError: there is no such manifest.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there. The manifests in data/splits come with the course: "
            "`git checkout data/splits` brings them back."
        )
    return read_table(path)
