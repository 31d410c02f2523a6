"""Judges digit_reader on the digits that it was not trained on, as counts and as pictures of many sizes.

python docs/examples/digit_reader/accuracy.py     (needs requirements.txt; prints what the README says)
"""

import base64
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "src"))

from digit_reader import TRAINING, apply, load  # noqa: E402 - the folder is no package


def main():
    model = load()
    digits, answers = (part[TRAINING:] for part in load_digits(return_X_y=True))
    random = np.random.default_rng(1)
    given = {
        "counts of ink": [digit.reshape(8, 8).tolist() for digit in digits],
        "pictures, ink on paper": [picture(digit, random, dark_ink=True) for digit in digits],
        "pictures, chalk on a board": [picture(digit, random, dark_ink=False) for digit in digits],
    }
    for name, inputs in given.items():
        right = sum(apply(value, model)["digit"] == answer for value, answer in zip(inputs, answers, strict=True))
        print(f"| {name} | {right} of {len(answers)} | {right / len(answers):.1%} |")
    write_samples({f"{answers[index]}": given["pictures, ink on paper"][index] for index in (7, 0, 20)})


def write_samples(pictures):
    """Files in samples/, and the first as the sample input in agora.toml."""
    (HERE / "samples").mkdir(exist_ok=True)
    for name, content in pictures.items():
        (HERE / "samples" / f"{name}.jpg").write_bytes(content)
    value = json.dumps({"image": base64.b64encode(next(iter(pictures.values()))).decode()})
    manifest = HERE / "agora.toml"
    manifest.write_text(
        re.sub(r"^input = .*$", lambda _: f"input = '{value}'", manifest.read_text(), flags=re.MULTILINE)
    )


def picture(digit, random, *, dark_ink):
    """A scanned digit as a photograph of it would be: larger, somewhere on the page, unevenly lit, with noise."""
    side = int(random.integers(32, 96))
    glyph = Image.fromarray((digit.reshape(8, 8) * 255 / 16).astype(np.uint8))
    glyph = glyph.resize((side, side), Image.Resampling.BICUBIC)
    page = np.zeros((128, 128))
    top, left = random.integers(8, 120 - side, 2)
    page[top : top + side, left : left + side] = np.asarray(glyph) / 255
    shades = page if not dark_ink else 1 - page
    lit = (0.15 + 0.7 * shades) * np.linspace(0.95, 1.05, 128) + random.normal(0, 0.02, page.shape)
    content = io.BytesIO()
    Image.fromarray((np.clip(lit, 0, 1) * 255).astype(np.uint8)).save(content, "JPEG", quality=85)
    return content.getvalue()


if __name__ == "__main__":
    main()
