"""From the bytes of a picture to a label: features that can be explained, and a small neural network.

numpy and Pillow only, so that a slot starts fast. train.py copies this file into each of the three classifiers.
"""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64
LARGEST_PIXELS = 50_000_000
HUES, SATURATIONS, VALUES, DIRECTIONS, RINGS = 18, 3, 4, 9, 8


class PictureError(ValueError):
    """The input is not a picture that can be read."""


class Model:
    """Weights of one hidden layer, and the names of the labels."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self.labels = [str(label) for label in stored["labels"]]
            self._mean, self._spread = stored["mean"], stored["spread"]
            self._layers = [(stored["weights_0"], stored["bias_0"]), (stored["weights_1"], stored["bias_1"])]

    def classify(self, picture: object) -> dict[str, object]:
        """The likeliest label, how sure the model is of it, and the probability of each label."""
        shares = self.probabilities(features(read_picture(picture)))
        best = int(shares.argmax())
        scores = {label: round(float(share), 4) for label, share in zip(self.labels, shares, strict=True)}
        return {"label": self.labels[best], "confidence": round(float(shares[best]), 4), "probabilities": scores}

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        hidden = (values - self._mean) / self._spread
        (first, first_bias), (second, second_bias) = self._layers
        logits = np.maximum(hidden @ first + first_bias, 0) @ second + second_bias
        grown = np.exp(logits - logits.max())
        return grown / grown.sum()


def read_picture(given: object) -> Image.Image:
    """A picture from bytes, or from {"image": base64}. Raises PictureError."""
    if isinstance(given, dict):
        given = given.get("image")
    try:
        if isinstance(given, str):
            given = base64.b64decode(given.partition("base64,")[2] or given, validate=True)
        if not isinstance(given, bytes):
            raise PictureError('send the bytes of a picture, or {"image": "its bytes as base64"}')
        picture = Image.open(io.BytesIO(given))
        if picture.width * picture.height > LARGEST_PIXELS:
            raise PictureError(f"the picture has more than {LARGEST_PIXELS:,} pixels: send a smaller one")
        return picture.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("the input is not a picture that can be read: send PNG, JPEG, GIF or WebP") from None


def features(picture: Image.Image) -> np.ndarray:
    """Numbers that say what stands before the background: its colours, its shape, its texture."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float64) / 255
    hsv = np.asarray(small.convert("HSV"), dtype=np.float64) / 256
    mask = foreground(pixels)
    return np.concatenate([colours(hsv, mask), shape(mask), texture(pixels.mean(axis=2), mask)])


def foreground(pixels: np.ndarray) -> np.ndarray:
    """Which pixels differ from the colours along the picture's border (true or false, Otsu's threshold)."""
    border = np.concatenate([pixels[:4].reshape(-1, 3), pixels[-4:].reshape(-1, 3), pixels[:, :4].reshape(-1, 3)])
    middle = np.median(border, axis=0)
    difference = pixels - middle
    shade = difference.mean(axis=2, keepdims=True)
    # A shadow is darker without another colour: what is grey counts half.
    distance = np.abs(difference - shade).sum(axis=2) + 0.5 * np.abs(shade[..., 0])
    return distance > _otsu(distance)


def _otsu(values: np.ndarray) -> float:
    counts, edges = np.histogram(values, bins=64)
    centres = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * centres).cumsum()
    spread = below * above * (sums / np.maximum(below, 1) - (sums[-1] - sums) / np.maximum(above, 1)) ** 2
    return float(edges[int(spread.argmax()) + 1])


def colours(hsv: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Histograms of hue with saturation, and of brightness, over the foreground; the mean of each channel."""
    chosen = hsv[mask] if mask.any() else hsv.reshape(-1, 3)
    both, _, _ = np.histogram2d(chosen[:, 0], chosen[:, 1], bins=(HUES, SATURATIONS), range=((0, 1), (0, 1)))
    value, _ = np.histogram(chosen[:, 2], bins=VALUES, range=(0, 1))
    return np.concatenate([np.sqrt(both.ravel() / len(chosen)), value / len(chosen), chosen.mean(axis=0)])


def shape(mask: np.ndarray) -> np.ndarray:
    """What turning and moving do not change: elongation, moments, edge length, area, and the outline's rings."""
    y, x = np.nonzero(mask) if mask.any() else np.nonzero(np.ones_like(mask))
    x, y = x - x.mean(), y - y.mean()
    long, short = np.linalg.eigvalsh(np.cov(np.stack([x, y])) + 1e-6 * np.eye(2))[::-1]
    radius = np.hypot(x, y) / np.sqrt(long + short)
    rings, _ = np.histogram(radius, bins=RINGS, range=(0, 2.4))
    edges = np.abs(np.diff(mask.astype(int), axis=0)).sum() + np.abs(np.diff(mask.astype(int), axis=1)).sum()
    along = _along_axis(x, y)
    return np.array([short / long, len(x) / mask.size, edges / np.sqrt(len(x)), *along, *(rings / len(x))])


def _along_axis(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Skewness and flatness along the two main axes: a carrot thins to one end, a banana bends to one side."""
    _, axes = np.linalg.eigh(np.cov(np.stack([x, y])) + 1e-6 * np.eye(2))
    turned = np.stack([x, y], axis=1) @ axes
    scaled = turned / (turned.std(axis=0) + 1e-9)
    bend = np.abs((scaled[:, 0] * (scaled[:, 1] ** 2 - 1)).mean())
    return np.concatenate([np.abs((scaled**3).mean(axis=0)), (scaled**4).mean(axis=0), [bend]])


def texture(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Gradient directions inside the outline, strongest first (so that turning matters little), and their strength."""
    down, right = np.gradient(grey)
    strength = np.hypot(down, right) * _eroded(mask)
    direction = np.mod(np.arctan2(down, right), np.pi)
    counts, _ = np.histogram(direction, bins=DIRECTIONS, range=(0, np.pi), weights=strength)
    total = strength.sum() + 1e-9
    area = mask.sum() + 1
    return np.array([*(counts / total)[np.argsort(-counts)], total / area, np.sqrt((strength**2).sum() / area)])


def _eroded(mask: np.ndarray) -> np.ndarray:
    inner = mask.copy()
    for axis in (0, 1):
        for step in (-2, 2):
            inner &= np.roll(mask, step, axis=axis)
    return inner
