"""Labels a picture. The work is in picture_classifier.py, the knowledge in model.npz."""

from pathlib import Path

from picture_classifier import Model


def load():
    return Model(Path(__file__).with_name("model.npz"))


def apply(input, model):
    return model.classify(input)
