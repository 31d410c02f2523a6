"""Trains SeeFood's three classifiers on painted pictures, and writes their models, samples and accuracy.

Run it again and get the same files:  python docs/examples/seefood_training/train.py
It needs what requirements.txt names; the algorithms themselves need no scikit-learn. One minute on one core.
"""

import base64
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
from picture_classifier import Model, features, read_picture
from pictures import FRUIT, VEGETABLES, paint
from PIL import Image
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent
TRAINING, HELD_OUT, SAMPLES = range(1, 301), range(10_001, 10_101), 20_007
"""Seeds of the pictures of each kind: no picture of one set is in another."""
KINDS = dict.fromkeys(FRUIT, "fruit") | dict.fromkeys(VEGETABLES, "vegetable")
HIDDEN = 48
TILE = 64


def main() -> None:
    training, held_out = make_set(TRAINING), make_set(HELD_OUT)
    train("fruit_or_vegetable", KINDS, training, held_out)
    train("fruit_classifier", {name: name for name in FRUIT}, training, held_out)
    train("vegetable_classifier", {name: name for name in VEGETABLES}, training, held_out)
    report_seefood(held_out)
    write_samples()


def make_set(seeds: range) -> dict[str, np.ndarray]:
    """The features of one picture of each thing for each seed, read from a file's bytes as a caller's are."""
    return {name: np.stack([features(read_picture(as_file(picture(name, seed)))) for seed in seeds]) for name in KINDS}


def picture(name: str, seed: int) -> Image.Image:
    return paint(name, np.random.default_rng([seed, sorted(KINDS).index(name)]))


def as_file(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80, optimize=True)
    return content.getvalue()


def train(algorithm: str, labels: dict[str, str], training: dict, held_out: dict) -> None:
    """Fits one network, writes its files, and writes how it did on the held-out pictures into the README."""
    values, answers = rows(training, labels)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    network = MLPClassifier((HIDDEN,), alpha=0.01, max_iter=300, early_stopping=True, random_state=1)
    names, numbers = np.unique(answers, return_inverse=True)
    network.fit((values - mean) / spread, numbers)
    folder = EXAMPLES / algorithm
    save_model(folder / "src" / "model.npz", network, names, mean, spread)
    shutil.copyfile(HERE / "picture_classifier.py", folder / "src" / "picture_classifier.py")
    report(folder, labels, held_out)


def rows(pictures: dict[str, np.ndarray], labels: dict[str, str]) -> tuple[np.ndarray, list[str]]:
    values = np.concatenate([pictures[name] for name in labels])
    return values, [label for name, label in labels.items() for _ in pictures[name]]


def save_model(path: Path, network: MLPClassifier, names: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> None:
    """An .npz with fixed times, so that the same training makes the same file."""
    arrays = {"mean": mean.astype(np.float32), "spread": spread.astype(np.float32), "labels": names}
    for number, (weights, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        arrays[f"weights_{number}"], arrays[f"bias_{number}"] = weights.astype(np.float32), bias.astype(np.float32)
    if network.n_outputs_ == 1:  # two labels: scikit-learn keeps one output, the logit of the second label
        arrays["weights_1"] = np.hstack([np.zeros_like(arrays["weights_1"]), arrays["weights_1"]])
        arrays["bias_1"] = np.hstack([np.zeros_like(arrays["bias_1"]), arrays["bias_1"]])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), content.getvalue())


def report(folder: Path, labels: dict[str, str], held_out: dict[str, np.ndarray]) -> None:
    """Judges the model as it is shipped, on pictures it has never seen."""
    model = Model(folder / "src" / "model.npz")
    values, answers = rows(held_out, labels)
    guesses = [best_label(model, row) for row in values]
    table = confusion_matrix(answers, guesses, labels=model.labels)
    lines = [score(guesses, answers), "", "| is, labelled as | " + " | ".join(model.labels) + " |"]
    lines += ["| --- " * (len(table) + 1) + "|"]
    lines += [
        f"| {label} | " + " | ".join(map(str, counts)) + " |" for label, counts in zip(model.labels, table, strict=True)
    ]
    write_accuracy(folder, lines)


def report_seefood(held_out: dict[str, np.ndarray]) -> None:
    """Judges the three models one after the other, as seefood asks them."""
    first, *others = (
        Model(EXAMPLES / name / "src" / "model.npz")
        for name in ("fruit_or_vegetable", "fruit_classifier", "vegetable_classifier")
    )
    specialists = dict(zip(first.labels, others, strict=True))
    values, answers = rows(held_out, {name: name for name in KINDS})
    guesses = [best_label(specialists[best_label(first, row)], row) for row in values]
    write_accuracy(EXAMPLES / "seefood", [score(guesses, answers)])


def best_label(model: Model, row: np.ndarray) -> str:
    return model.labels[int(model.probabilities(row).argmax())]


def score(guesses: list[str], answers: list[str]) -> str:
    right = sum(guess == answer for guess, answer in zip(guesses, answers, strict=True))
    return f"{right} of {len(answers)} held-out pictures are labelled rightly: **{right / len(answers):.1%}**."


def write_accuracy(folder: Path, lines: list[str]) -> None:
    print(folder.name, lines[0])
    readme = folder / "README.md"
    between = "<!-- accuracy -->\n" + "\n".join(lines) + "\n<!-- end -->"
    text = re.sub(r"<!-- accuracy -->.*<!-- end -->", lambda _: between, readme.read_text(), flags=re.DOTALL)
    readme.write_text(text)


def write_samples() -> None:
    """A few pictures to try, which are in neither set. The first of each is the one that the store page offers."""
    for algorithm, names in {
        "seefood": ("carrot", "apple", "banana", "broccoli", "tomato"),
        "fruit_or_vegetable": ("orange", "cucumber"),
        "fruit_classifier": ("pear", "strawberry"),
        "vegetable_classifier": ("aubergine", "pepper"),
    }.items():
        write_pictures(EXAMPLES / algorithm, {name: picture(name, SAMPLES) for name in names})
    write_pictures(EXAMPLES / "image_thumbnail", {"market": market()}, width=96, height=96)


def market() -> Image.Image:
    """All twelve things in one picture, for other algorithms to work on."""
    stall = Image.new("RGB", (4 * TILE, 3 * TILE))
    for place, name in enumerate(KINDS):
        tile = picture(name, SAMPLES).resize((TILE, TILE), Image.Resampling.LANCZOS)
        stall.paste(tile, (place % 4 * TILE, place // 4 * TILE))
    return stall


def write_pictures(folder: Path, pictures: dict[str, Image.Image], **options: int) -> None:
    """Files in samples/, and the first as the sample input in agora.toml."""
    (folder / "samples").mkdir(exist_ok=True)
    files = {name: as_file(image) for name, image in pictures.items()}
    for name, content in files.items():
        (folder / "samples" / f"{name}.jpg").write_bytes(content)
    value = json.dumps({"image": base64.b64encode(next(iter(files.values()))).decode(), **options})
    manifest = folder / "agora.toml"
    manifest.write_text(
        re.sub(r"^input = .*$", lambda _: f"input = '{value}'", manifest.read_text(), flags=re.MULTILINE)
    )


if __name__ == "__main__":
    main()
