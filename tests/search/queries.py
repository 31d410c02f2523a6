"""Sixty things that people type into the store's search, and what they mean.

`names` are the first names in tasks.txt of the tasks that answer the query; `full_name` is one very algorithm.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """What is typed, and the tasks or the algorithm that it is looking for."""

    words: str
    names: tuple[str, ...] = ()
    full_name: str = ""


TASKS = [
    ("remove background from photo", "remove_background"),
    ("background remover", "remove_background"),
    ("delete backdrop of an image", "remove_background"),
    ("what is in this picture", "image_classifier"),
    ("object detection", "object_detector"),
    ("make photo bigger", "upscale"),
    ("image upscaler", "upscale"),
    ("colorize old black and white photos", "colorize"),
    ("face recognition", "face_recognition"),
    ("facial age estimation", "age_and_gender"),
    ("ocr", "read_text"),
    ("recognize handwriting", "read_text"),
    ("pdf extract text", "pdf_to_text"),
    ("invoice ocr", "read_invoice"),
    ("nsfw", "nudity_detection"),
    ("hate speech", "profanity_filter"),
    ("spam email", "spam_detection"),
    ("translate english to german", "translate"),
    ("sentiment of tweets", "sentiment_analysis"),
    ("summarise article", "summarizer"),
    ("named entity recognition", "named_entities"),
    ("detect language", "language_detection"),
    ("spelling correction", "spell_checker"),
    ("embeddings", "sentence_embedding"),
    ("llm", "chat_model", "write_code"),
    ("generate image from text", "text_to_image"),
    ("transcription", "speech_to_text"),
    ("tts", "text_to_speech"),
    ("remove vocals", "separate_stems"),
    ("noise reduction audio", "denoise_audio"),
    ("movie scene splitting", "scene_detection"),
    ("time series prediction", "forecast"),
    ("outlier detection", "anomaly_detection"),
    ("clustering", "k_means", "communities"),
    ("credit card fraud", "fraud_detection"),
    ("stock moving average", "stock_indicators"),
    ("geocoding", "geocode"),
    ("shortest route", "shortest_path", "travelling_salesman"),
    ("protein structure prediction", "protein_folding"),
    ("identify bird by sound", "bird_sounds"),
    ("prime factorization", "prime_factors"),
    ("anonymise personal data", "anonymize"),
    ("barcode reader", "read_barcode"),
    ("qr code generator", "make_qr"),
    ("customer churn", "churn_prediction"),
    ("automatic number plate recognition", "licence_plate"),
]
MISSPELT = [
    ("backgruond remval", "remove_background"),
    ("sentimant anlysis", "sentiment_analysis"),
    ("trasncribe", "speech_to_text"),
    ("recomender", "recommender"),
    ("suduko", "sudoku_solver"),
    ("pnuemonia x-ray", "xray_classifier"),
    ("tranlsate", "translate"),
    ("face detction", "face_detection"),
]
UNFINISHED = [("speech to te", "speech_to_text"), ("colori", "colorize"), ("travelling sal", "travelling_salesman")]
EXACT = ["{owner}/{name}", "{name}", "{owner} {name}"]
"""Forms in which one very algorithm is asked for."""

QUERIES = [Query(words, tuple(names)) for words, *names in [*TASKS, *MISSPELT, *UNFINISHED]]
