"""Symbols and their ids are the published ones; words become phonemes or letters."""

import random

from tacoglow_train import sentences, text


def test_table_is_the_published_one():
    assert len(text.SYMBOLS) == 148
    anchors = {0: "_", 1: "-", 2: "!", 11: " ", 12: "A", 37: "Z", 38: "a", 63: "z", 64: "@AA", 88: "@B", 106: "@HH", 120: "@NG", 147: "@ZH"}
    assert {i: text.SYMBOLS[i] for i in anchors} == anchors


def test_first_pronunciation_and_letters(lexicon):
    ids, spans = text.encode("Red, zork!", lexicon)
    assert [text.SYMBOLS[i] for i in ids] == ["@R", "@EH1", "@D", ",", " ", "z", "o", "r", "k", "!"]
    assert spans == [(0, 3), (5, 9)]


def test_hyphenated_words_are_known_when_their_parts_are(lexicon):
    symbols = lambda s: [text.SYMBOLS[i] for i in text.encode(s, lexicon)[0]]
    assert symbols("blue-green.") == ["@B", "@L", "@UW1", "-", "@G", "@R", "@IY1", "@N", "."]
    assert symbols("blue-zork.") == list("blue-zork.")


def test_phonemes_in_braces_and_dropped_characters(lexicon):
    ids, _ = text.encode("{HH AH0 XX} \"go\" é%.", lexicon)
    assert [text.SYMBOLS[i] for i in ids] == ["@HH", "@AH0", " ", "@G", "@OW1", " ", "e", "."]


def test_mixing_gives_both_forms(lexicon):
    rng = random.Random(1)
    forms = {len(text.encode("stop.", lexicon, 0.5, rng)[0]) for _ in range(40)}
    assert forms == {5}  # both forms of "stop" have four symbols
    kinds = {text.SYMBOLS[text.encode("stop.", lexicon, 0.5, rng)[0][0]] for _ in range(40)}
    assert kinds == {"@S", "s"}


def test_unknown_characters_are_reported():
    assert text.unknown_characters("a_b#c {HH}") == ["#", "_"]


def test_numbers_and_templates():
    assert sentences.number_words(19_999) == "nineteen thousand nine hundred ninety-nine"
    assert sentences.number_words(40) == "forty"
    rng = random.Random(3)
    for template in sentences.TEMPLATES:
        filled = sentences.fill(template, rng)
        assert filled[-1] in ".?!" and "{" not in filled and not text.unknown_characters(filled), filled


def test_the_same_seed_gives_the_same_text(tmp_path):
    (tmp_path / "lines").write_text("".join(f"This is line {sentences.number_words(i)}.\n" for i in range(60)))
    first, again = sentences.collect(str(tmp_path / "lines"), 5, 10), sentences.collect(str(tmp_path / "lines"), 5, 10)
    other = sentences.collect(str(tmp_path / "lines"), 6, 10)
    assert first == again and first[1] != other[1]
    assert first[0] == other[0] and not set(first[0]) & set(first[1])
