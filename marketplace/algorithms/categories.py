"""What algorithms are about, by their tags: the store's shelves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """A shelf; an algorithm with one of its tags stands on it."""

    id: str
    name: str
    tags: tuple[str, ...]


CATEGORIES = [
    Category("vision", "Images", ("image", "vision", "photo", "face", "ocr", "segmentation", "detection", "color")),
    Category("language", "Language", ("nlp", "text", "translation", "sentiment", "summary", "keywords", "language")),
    Category("audio", "Speech and audio", ("audio", "speech", "music", "sound", "voice")),
    Category("video", "Video", ("video", "motion", "scene")),
    Category("generation", "Generation", ("llm", "diffusion", "generative", "style", "chat")),
    Category("data", "Data and statistics", ("statistics", "time-series", "machine-learning", "graph", "data")),
    Category("finance", "Finance and trade", ("finance", "stocks", "retail", "price", "fraud", "currency")),
    Category("planning", "Maps and planning", ("geo", "route", "optimization", "transport", "weather", "schedule")),
    Category("science", "Science", ("math", "physics", "chemistry", "astronomy", "simulation", "energy")),
    Category("health", "Health and life", ("medical", "health", "bio", "dna", "plants", "food")),
    Category("documents", "Documents", ("document", "pdf", "table", "barcode", "convert")),
    Category("safety", "Security and privacy", ("security", "privacy", "safety", "crypto", "password", "malware")),
    Category("web", "Web", ("web", "scraping", "seo", "links", "html")),
]


def find_category(category_id: str) -> Category | None:
    """None for one that is not there."""
    return next((each for each in CATEGORIES if each.id == category_id), None)
