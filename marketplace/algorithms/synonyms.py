"""What people type into search, as words that mean the same. Pure; kept in code, since PostgreSQL's own dictionaries of
synonyms are files of its server, which a hosted one does not take.
"""

import re
from collections.abc import Iterator
from itertools import combinations

GROUPS = [
    "picture, image, photo, photograph, img, pic",
    "remove, delete, erase, strip, remover",
    "background, backdrop",
    "enlarge, upscale, bigger, super resolution, magnify",
    "classify, recognize, label, what is in, identify",
    "face, facial, portrait",
    "ocr, read text, handwriting, handwritten, text recognition",
    "nsfw, nudity, porn, adult content",
    "toxic, profanity, hate, hate speech, insult, bad words, offensive, abuse",
    "spam, junk mail",
    "email, e-mail, mail",
    "translate, translation, translator, english to, into english",
    "sentiment, mood, opinion, emotion",
    "summary, summarize, summarise, shorten, tldr, condense",
    "keyword, key phrase, tag",
    "embedding, vector, semantic",
    "llm, large language model, gpt, chatbot, chat",
    "transcribe, transcription, transcript, speech to text, stt, asr, dictation",
    "text to speech, tts, read aloud, speech synthesis, voice synthesis",
    "denoise, noise reduction, noise removal, remove noise",
    "vocal, voice, karaoke, stem",
    "song, music, track",
    "video, movie, clip, film",
    "split, segment, separate, cut",
    "forecast, predict, prediction, forecasting",
    "anomaly, outlier, unusual, odd",
    "cluster, group, clustering",
    "recommend, recommendation, recommender, suggest",
    "stock, share price, equity",
    "fraud, fraudulent, scam",
    "geocode, address to coordinates, latitude",
    "route, path, directions, navigation",
    "licence plate, license plate, number plate, anpr, alpr",
    "anonymize, anonymise, redact, pseudonymize, remove personal data",
    "colour, color, colorize, colourize",
    "resume, cv, curriculum vitae",
    "convert, conversion, transform, transcode",
    "compress, zip, shrink, smaller",
    "scrape, crawl, scraper, crawler",
    "duplicate, plagiarism, copy",
    "house, home, property, real estate",
    "estimate, guess, estimation",
    "generate, generator, create, draw, make",
]
FILLERS = frozenset({
    "a", "algorithm", "an", "and", "api", "app", "are", "as", "at", "automatic", "automatically", "be", "by", "can",
    "do", "does", "for", "from", "get", "give", "has", "have", "how", "i", "in", "into", "is", "it", "its", "me",
    "model", "my", "need", "of", "off", "old", "on", "or", "please", "service", "so", "some", "that", "the", "their",
    "them", "this", "to", "tool", "use", "using", "want", "was", "we", "what", "when", "where", "which", "who",
    "will", "with", "you", "your",
})  # fmt: skip
"""Words that say little of what is meant, and are looked for only when nothing else was typed."""
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
"""What is typed beyond these makes no difference."""
SHORTEST_UNFINISHED = 3


def make_text_queries(words: str) -> tuple[str, str]:
    """Two queries in the language of PostgreSQL's to_tsquery: all of the words, and most of them; "" asks nothing.

    Each word stands for those that mean the same, and the last one also for what it may be the beginning of.
    """
    asked = [*_find_alternatives(words)]
    if not asked:
        return "", ""
    needed = len(asked) - len(asked) * 2 // 5 if len(asked) > 2 else len(asked)
    most = [" & ".join(chosen) for chosen in combinations(asked, needed)]
    return " & ".join(asked), " | ".join(f"({each})" for each in most)


def make_any_query(words: str) -> str:
    """The query for any of the words, by which what was found is ranked: the more of them it has, the better."""
    return " | ".join(_find_alternatives(words))


def _find_alternatives(words: str) -> Iterator[str]:
    """One group of a query for each word, or for each phrase that has synonyms."""
    typed = [word.lower() for word in WORD.findall(words)]
    said = _join_phrases(typed)
    wanted = [term for term in said if term not in FILLERS] or said
    for place, term in enumerate(wanted[:MOST_WORDS]):
        unfinished = place == len(wanted) - 1 and " " not in term and len(term) >= SHORTEST_UNFINISHED
        meant = sorted({term, *_synonyms.get(term, _synonyms.get(term.removesuffix("s"), ()))})
        yield "(" + " | ".join(_as_query(each, unfinished and each == term) for each in meant) + ")"


def _join_phrases(typed: list[str]) -> list[str]:
    said: list[str] = []
    while typed:
        length = next((n for n in (3, 2) if len(typed) >= n and " ".join(typed[:n]) in _synonyms), 1)
        said.append(" ".join(typed[:length]))
        typed = typed[length:]
    return said


def _as_query(term: str, unfinished: bool) -> str:
    words = [f"'{word}'" for word in term.split()]
    return f"{words[0]}:* | {words[0]}" if unfinished else f"({' <-> '.join(words)})"


def _read_groups() -> dict[str, set[str]]:
    groups = [{" ".join(WORD.findall(term)) for term in group.split(", ")} for group in GROUPS]
    return {term: group for group in groups for term in group}


_synonyms = _read_groups()
