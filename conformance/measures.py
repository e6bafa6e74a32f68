"""Distances between outputs, and what the models' tasks are scored by."""

import json
from pathlib import Path

import numpy as np

Outputs = dict[str, np.ndarray]


def relative_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """max |a - b| / max |b|; infinite where shapes or non-finite places differ."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    if ours.size == 0:
        return 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(a[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    largest = float(np.abs(b[finite]).max())
    difference = float(np.abs(a[finite] - b[finite]).max())
    return difference / largest if largest > 0 else (0.0 if difference == 0 else float("inf"))


def identical(ours: Outputs, theirs: Outputs) -> bool:
    """Same names, types, shapes and bits."""
    return ours.keys() == theirs.keys() and all(
        ours[n].dtype == theirs[n].dtype and ours[n].shape == theirs[n].shape
        and ours[n].tobytes() == theirs[n].tobytes() for n in ours)


def sqnr(exact: list[np.ndarray], approximate: list[np.ndarray]) -> float:
    """Signal to quantization noise, dB, over all elements of all samples."""
    signal = sum(float((a.astype(np.float64) ** 2).sum()) for a in exact)
    noise = sum(float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).sum())
                for a, b in zip(exact, approximate, strict=True))
    return float("inf") if noise == 0 else 10 * float(np.log10(signal / noise))


def mean_cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over rows of the cosine between rows."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(((a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))).mean())


def top1(scores: np.ndarray, labels: np.ndarray) -> float:
    """Percent of rows whose largest score is at the label."""
    return 100 * float((scores.argmax(-1) == labels).mean())


def area_under_curve(positive: np.ndarray, score: np.ndarray) -> float:
    """Probability that a positive scores above a negative, by ranks."""
    order = score.argsort(kind="stable")
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    n = positive.sum()
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def speech(probability: np.ndarray, fraction: np.ndarray) -> dict[str, float]:
    """Frame accuracy over frames that are all speech or all noise, percent, and AUC."""
    sure = (fraction == 0) | (fraction == 1)
    truth = fraction > 0.5
    return {"accuracy": 100 * float(((probability > 0.5) == truth)[sure].mean()),
            "auc": area_under_curve(truth[sure], probability[sure])}


def centroids(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, labels: np.ndarray) -> float:
    """Percent of test vectors nearest to the mean vector of their own class."""
    means = np.stack([train[train_labels == c].mean(0) for c in range(int(train_labels.max()) + 1)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return top1(test @ means.T, labels)


def text_lines(maps: list[np.ndarray], boxes_file: Path) -> dict[str, float]:
    """Line recall (percent) and mean mask IoU of probability maps [1, 1, h, w], one a page."""
    hit = total = 0
    overlaps = []
    for probability, boxes in zip(maps, json.loads(boxes_file.read_text()).values(), strict=True):
        mask = probability[0, 0] > 0.3
        truth = np.zeros_like(mask)
        for x0, y0, x1, y1 in boxes:
            middle = (y0 + y1) // 2
            total += 1
            hit += int(mask[middle - 6:middle + 6, x0 + 4:x1 - 4].mean() > 0.5)
            truth[y0 + 8:y1 - 8, x0 + 8:x1 - 8] = True
        overlaps.append((mask & truth).sum() / (mask | truth).sum())
    return {"recall": 100 * hit / total, "iou": float(np.mean(overlaps))}


def notes(activation: np.ndarray, midi: np.ndarray) -> float:
    """Percent of clips whose strongest note [n, frames, 88] is the one played."""
    found = activation[:, 20:150].mean(1).argmax(1) + 21
    return 100 * float((found == midi).mean())
