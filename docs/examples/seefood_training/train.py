"""Trains SeeFood's three classifiers on painted pictures, and writes their models, samples and accuracy.

Run it again and get the same files, to the byte:  python docs/examples/seefood_training/train.py
It needs numpy, Pillow and scikit-learn; the algorithms themselves need no scikit-learn.
"""

import io
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
from picture_classifier import Model, features
from pictures import FRUIT, VEGETABLES, paint
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent
TRAINING, HELD_OUT, SAMPLES = range(1, 301), range(10_001, 10_101), 20_007
"""Seeds of the pictures of each kind: no picture of one set is in another."""
KINDS = {name: "fruit" for name in FRUIT} | {name: "vegetable" for name in VEGETABLES}
HIDDEN = 48


def main() -> None:
    training, held_out = make_set(TRAINING), make_set(HELD_OUT)
    train("fruit_or_vegetable", {name: kind for name, kind in KINDS.items()}, training, held_out)
    train("fruit_classifier", {name: name for name in FRUIT}, training, held_out)
    train("vegetable_classifier", {name: name for name in VEGETABLES}, training, held_out)
    write_samples()


def make_set(seeds: range) -> dict[str, np.ndarray]:
    """The features of one picture of each thing for each seed, as files would give them: through PNG bytes."""
    return {name: np.stack([features(picture(name, seed)) for seed in seeds]) for name in KINDS}


def picture(name: str, seed: int):
    return paint(name, np.random.default_rng([seed, sorted(KINDS).index(name)]))


def train(algorithm: str, labels: dict[str, str], training: dict, held_out: dict) -> None:
    """Fits one network, writes its files, and writes how it did on the held-out pictures into the README."""
    values, answers = rows(training, labels)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    network = MLPClassifier((HIDDEN,), alpha=0.01, max_iter=300, early_stopping=True, random_state=1)
    network.fit((values - mean) / spread, answers)
    folder = EXAMPLES / algorithm
    save_model(folder / "src" / "model.npz", network, mean, spread)
    shutil.copyfile(HERE / "picture_classifier.py", folder / "src" / "picture_classifier.py")
    report(folder, labels, held_out)


def rows(pictures: dict[str, np.ndarray], labels: dict[str, str]) -> tuple[np.ndarray, list[str]]:
    values = np.concatenate([pictures[name] for name in labels])
    return values, [label for name, label in labels.items() for _ in pictures[name]]


def save_model(path: Path, network: MLPClassifier, mean: np.ndarray, spread: np.ndarray) -> None:
    """An .npz with fixed times, so that the same training makes the same file."""
    arrays = {"mean": mean.astype(np.float32), "spread": spread.astype(np.float32), "labels": network.classes_}
    for number, (weights, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        arrays[f"weights_{number}"], arrays[f"bias_{number}"] = weights.astype(np.float32), bias.astype(np.float32)
    if network.n_outputs_ == 1:  # two labels: scikit-learn keeps one output, the logit of the second label
        arrays["weights_1"] = np.hstack([np.zeros_like(arrays["weights_1"]), arrays["weights_1"]])
        arrays["bias_1"] = np.hstack([np.zeros_like(arrays["bias_1"]), arrays["bias_1"]])
    arrays["labels"] = np.array([str(label) for label in network.classes_])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), content.getvalue())


def report(folder: Path, labels: dict[str, str], held_out: dict[str, np.ndarray]) -> None:
    """Judges the model as it is shipped, on pictures it has never seen."""
    model = Model(folder / "src" / "model.npz")
    values, answers = rows(held_out, labels)
    guesses = [model.labels[int(model.probabilities(row).argmax())] for row in values]
    right = sum(guess == answer for guess, answer in zip(guesses, answers, strict=True))
    table = confusion_matrix(answers, guesses, labels=model.labels)
    lines = [f"{right} of {len(answers)} held-out pictures are labelled rightly: **{right / len(answers):.1%}**."]
    lines += ["", "| is, labelled as | " + " | ".join(model.labels) + " |", "| --- " * (len(table) + 1) + "|"]
    lines += [f"| {label} | " + " | ".join(str(n) for n in row) + " |" for label, row in zip(model.labels, table, strict=True)]
    print(folder.name, lines[0])
    readme = folder / "README.md"
    between = "<!-- accuracy -->\n" + "\n".join(lines) + "\n<!-- end -->"
    text = re.sub(r"<!-- accuracy -->.*<!-- end -->", lambda _: between, readme.read_text(), flags=re.DOTALL)
    readme.write_text(text)


def write_samples() -> None:
    """A few pictures to try, which are in neither set."""
    for algorithm, names in {
        "seefood": ("apple", "banana", "broccoli", "carrot", "tomato"),
        "fruit_or_vegetable": ("orange", "cucumber"),
        "fruit_classifier": ("pear", "strawberry"),
        "vegetable_classifier": ("aubergine", "pepper"),
    }.items():
        folder = EXAMPLES / algorithm / "samples"
        folder.mkdir(exist_ok=True)
        for name in names:
            picture(name, SAMPLES).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
