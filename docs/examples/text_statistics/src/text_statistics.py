"""Counts what a text is made of, and estimates how hard it is to read. Standard library only."""

import re
from collections import Counter
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
SENTENCE_END = re.compile(r"[.!?…]+(?=[\s\"'\u201d\u2019)\]]|$)")
VOWELS = re.compile(r"[aeiouyäöüàâéèêëîïôûùáíóú]+")
WORDS_PER_MINUTE = 238
"""Silent reading of English prose, the mean of 190 studies (Brysbaert, 2019)."""
COMMON = frozenset(Path(__file__).with_name("common_words.txt").read_text().split())
"""English words that say nothing about what a text is about."""


def apply(input):
    text, top = read_input(input)
    words = WORD.findall(text)
    sentences = max(len(SENTENCE_END.findall(text)), 1 if words else 0)
    return {
        "characters": len(text),
        "words": len(words),
        "distinct_words": len({word.lower() for word in words}),
        "sentences": sentences,
        "paragraphs": len(re.findall(r"\S[^\n]*(?:\n[^\n]*\S[^\n]*)*", text)),
        "words_per_sentence": round(len(words) / sentences, 1) if words else 0,
        "reading_seconds": round(60 * len(words) / WORDS_PER_MINUTE),
        "reading_ease": reading_ease(words, sentences),
        "keywords": keywords(words, top),
    }


def read_input(given):
    """The text, and how many keywords are wanted. Raises ValueError."""
    options = given if isinstance(given, dict) else {"text": given}
    text, top = options.get("text"), options.get("keywords", 5)
    if not isinstance(text, str):
        raise ValueError('send a text, or {"text": "...", "keywords": 5}')
    if type(top) is not int or not 0 <= top <= 100:
        raise ValueError("keywords must be a whole number from 0 to 100")
    return text, top


def reading_ease(words, sentences):
    """Flesch reading ease: 100 is very easy, 60 is plain, 30 and below is academic. None without words."""
    if not words:
        return None
    per_word = sum(map(syllables, words)) / len(words)
    return round(206.835 - 1.015 * len(words) / sentences - 84.6 * per_word, 1)


def syllables(word):
    """An estimate: groups of vowels, without a silent e at the end."""
    word = word.lower()
    count = len(VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and count > 1
    return max(count - silent, 1)


def keywords(words, top):
    """The words that occur most often, without those that every text has; then in order of appearance."""
    counted = Counter(word.lower() for word in words if len(word) > 2 and word.lower() not in COMMON)
    return [{"word": word, "count": count} for word, count in counted.most_common(top)]
