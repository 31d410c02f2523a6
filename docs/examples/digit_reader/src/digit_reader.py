"""Reads a handwritten digit: a picture is brought to 8 by 8 counts of ink, and a support vector machine names it."""

import base64
import io

import numpy as np
from PIL import Image, ImageOps
from sklearn.datasets import load_digits
from sklearn.svm import SVC

TRAINING = 1_257
"""The first 70 % of the 1,797 digits that come with scikit-learn; accuracy.py judges by the rest."""
SIDE, CELL = 32, 4
"""The digits were scanned at 32 by 32, and the ink in each cell of 4 by 4 was counted: 0 to 16."""
LARGEST_PIXELS = 50_000_000


class DigitError(ValueError):
    """The input holds no digit that can be read."""


def load():
    """Trains the model: it takes less time than reading one from a file would save."""
    digits, answers = load_digits(return_X_y=True)
    return SVC(C=10, gamma=0.001).fit(digits[:TRAINING], answers[:TRAINING])


def apply(input, model):
    """The digit, and the three likeliest ones, in order of the duels between two digits that each has won."""
    duels = model.decision_function(ink(input).reshape(1, -1))[0]
    candidates = [int(digit) for digit in np.argsort(-duels)[:3]]
    return {"digit": candidates[0], "candidates": candidates}


def ink(given):
    """8 by 8 counts from 0 to 16: as given, or from a picture. Raises DigitError."""
    if isinstance(given, dict):
        given = given.get("image")
    if isinstance(given, list):
        return counts_of(given)
    return count(read_picture(given))


def counts_of(rows):
    try:
        counts = np.array(rows, dtype=float)
    except (TypeError, ValueError):
        counts = np.empty(0)
    if counts.shape != (8, 8) or counts.min() < 0 or counts.max() > 16:
        raise DigitError("counts of ink must be 8 rows of 8 numbers from 0 to 16")
    return counts


def read_picture(given):
    try:
        if isinstance(given, str):
            given = base64.b64decode(given.partition("base64,")[2] or given, validate=True)
        if not isinstance(given, bytes):
            raise DigitError('send the bytes of a picture, {"image": "base64"}, or 8 rows of 8 counts of ink')
        picture = Image.open(io.BytesIO(given))
    except DigitError:
        raise
    except (OSError, ValueError, Image.DecompressionBombError):
        raise DigitError("the input is not a picture that can be read: send PNG, JPEG, GIF or WebP") from None
    if picture.width * picture.height > LARGEST_PIXELS:
        raise DigitError(f"the picture has more than {LARGEST_PIXELS:,} pixels: send a smaller one")
    return picture


def count(picture):
    """What the scanner of the training digits did: cut the digit out, make it fill 32 by 32, count its ink."""
    grey = ImageOps.autocontrast(on_paper(picture).convert("L"))
    shades = np.asarray(grey, dtype=float) / 255
    edge = np.concatenate([shades[0], shades[-1], shades[:, 0], shades[:, -1]])
    dark = 1 - shades if np.median(edge) > 0.5 else shades  # ink is 1, also when it is white on black
    rows, columns = np.nonzero(dark > 0.5)
    if len(rows) < 4:
        raise DigitError("the picture shows no digit: send dark ink on light paper, or the reverse")
    cut = dark[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    filled = np.asarray(Image.fromarray(cut * 255).resize(box_in(cut.shape), Image.Resampling.BILINEAR)) / 255
    cells = centred(filled).reshape(8, CELL, 8, CELL)
    return np.clip(cells, 0, 1).sum(axis=(1, 3))


def on_paper(picture):
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def box_in(shape):
    """Width and height that fill the square, in the digit's own proportions."""
    height, width = shape
    scale = SIDE / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def centred(cut):
    square = np.zeros((SIDE, SIDE))
    top, left = (SIDE - cut.shape[0]) // 2, (SIDE - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return square
