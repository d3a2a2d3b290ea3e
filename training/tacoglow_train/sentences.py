"""Free text to be spoken: example phrases of WordNet, and sentences filled in from templates.

The templates cover what phrases of a dictionary lack: greetings, questions, numbers, days, names.
"""

import os
import random
import re

from . import Mistake

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

SLOTS = {
    "thing": "apples books letters miles minutes hours people houses cars birds trees songs words stories tickets cups "
    "stones friends questions answers doors players points dollars pages steps rooms ships coins keys",
    "noun": "river garden house mountain window kitchen story letter city market ocean bridge station machine computer "
    "engine voice weather morning evening teacher doctor child harbour forest castle road school office village "
    "island library train ship door picture table dinner music game message phone world question answer coffee",
    "adjective": "small large quiet old new bright dark happy slow quick open wonderful strange simple gentle warm cold "
    "green blue red white heavy empty narrow famous dangerous beautiful modern hungry tired",
    "verb": "see find remember forget open close hear paint visit leave describe watch explain follow clean repair",
    "name": "Anna Peter Mary John David Sarah Michael Laura Tom Emma Paul Alice James Robert Linda Susan Daniel Kate "
    "George Helen",
    "place": "London Paris Berlin Boston Chicago Rome Madrid Texas Canada France Japan China India Egypt Oxford",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July August September October November December",
    "clock": "thirty|fifteen|forty-five|ten|twenty|o'clock|in the morning|in the evening",
}
SLOTS = {key: values.split("|" if "|" in values else None) for key, values in SLOTS.items()}

GREETINGS = (
    "Hello world.|Hello world!|Hello, world.|Hello there.|Good morning.|Good evening.|Good night.|Good afternoon.|"
    "How are you today?|Nice to meet you.|Thank you very much.|You are welcome.|See you tomorrow.|Have a nice day.|"
    "Welcome back.|Goodbye.|Yes, please.|No, thank you.|Please wait a moment.|I am sorry.|Excuse me.|"
    "What is your name?|My name is {name}.|Hello, {name}.|Good morning, {name}.|How are you, {name}?|This is a test.|"
    "This is a test of the voice.|Testing, one, two, three.|Can you hear me?|Hello, how are you?|"
    "Hello world, this is a test.|Hello, my name is {name}.|Welcome to the {noun}.|Text to speech.|"
    "Speech synthesis is fun.|I can speak.|I can talk now.|Please call me back.|Press any key.|Yes.|No.|Okay.|Stop.|"
    "Game over.|Try again.|You win.|Well done!|Be careful!|Follow me.|Let us go.|I do not know.|What happened?"
).split("|")

TEMPLATES = GREETINGS + (
    "There are {number} {thing}.|I have {number} {thing}.|She counted {number} {thing}.|It is {number} {thing} away.|"
    "{number}, {small}, {small}.|The number is {number}.|Page {number}.|Chapter {small}.|"
    "The {adjective} {noun} is near the {noun}.|Where is the {adjective} {noun}?|Is the {noun} {adjective}?|"
    "Did {name} see the {noun}?|Who is in the {noun}?|What is the {adjective} {noun}?|Why is the {noun} so {adjective}?|"
    "When will {name} come home?|{name} and {name} live in a {adjective} {noun}.|The meeting is on {day}.|"
    "Today is {day}.|My birthday is in {month}.|It rained on {day}, but not on {day}.|{name} said hello to {name}.|"
    "Please {verb} the {noun}.|I like the {adjective} {noun}.|We will go to the {noun} on {day}.|"
    "Can you tell me about the {noun}?|Do you like {thing}?|How many {thing} do you have?|"
    "The {noun} was {adjective}, and the {noun} was {adjective}.|Turn left after {small} {thing}.|"
    "It costs {number} dollars.|The time is {hour} {clock}.|It is {small} degrees outside.|"
    "We came from {place} to {place}.|{name} wants to {verb} the {adjective} {noun}.|They did not {verb} the {noun}.|"
    "Have you ever been to {place}?|If you {verb} the {noun}, tell {name}.|"
    "In {month}, the {noun} is {adjective}.|There is a {noun} behind the {noun}.|He did not {verb} it.|"
    "You should {verb} the {adjective} {noun} before {day}.|Would you like to {verb} the {noun}?"
).split("|")


def number_words(n):
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + ("" if n % 10 == 0 else "-" + ONES[n % 10])
    if n < 1000:
        return ONES[n // 100] + " hundred" + ("" if n % 100 == 0 else " " + number_words(n % 100))
    return number_words(n // 1000) + " thousand" + ("" if n % 1000 == 0 else " " + number_words(n % 1000))


def fill(template, rng):
    """One sentence of a template; every slot is drawn anew."""

    def draw(match):
        slot = match.group(1)
        if slot == "number":
            return number_words(rng.choice([rng.randrange(21), rng.randrange(100), rng.randrange(1000), rng.randrange(1000, 20000)]))
        if slot == "small":
            return number_words(rng.randrange(100))
        if slot == "hour":
            return number_words(rng.randrange(1, 13))
        return rng.choice(SLOTS[slot])

    sentence = re.sub(r"\{(\w+)\}", draw, template)
    return sentence[0].upper() + sentence[1:]


def wordnet_phrases(folder, longest=90):
    """Example phrases of WordNet's data files as sentences: plain words only, 2 to 16 of them."""
    phrases = set()
    for name in ("noun", "verb", "adj", "adv"):
        with open(os.path.join(folder, "data." + name), encoding="latin-1") as f:
            for phrase in re.findall(r'"([^"]{8,%d})"' % longest, f.read()):
                phrase = phrase.strip().rstrip(".,;")
                mark = phrase[-1:] if phrase[-1:] in "?!" else "."
                phrase = phrase.rstrip("?!").strip()
                plain = re.fullmatch(r"[A-Za-z][A-Za-z' ,-]*", phrase)
                odd = re.search(r"[A-Z]{2}|\s-|-\s|--|\b[a-z]?'\s|,,|\s,|-$|,$|^[B-HJ-Z]\s", phrase)
                if plain and not odd and 2 <= len(phrase.split()) <= 16:
                    phrases.add(phrase[0].upper() + phrase[1:] + mark)
    return sorted(phrases)


def describe(source):
    """What the text is: WordNet's folder, or what the first line of a file says after a `#`, else the file's name."""
    if os.path.isdir(source):
        return "WordNet 3.0 example phrases (WordNet licence)"
    with open(source, encoding="utf-8") as f:
        line = f.readline().strip()
    return line.lstrip("# ") if line.startswith("#") else os.path.basename(source)


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def collect(source, seed, held_out):
    """(held-out sentences, training sentences): one filled template for every four phrases, shuffled by `seed`.

    `source` is WordNet's folder or a file of sentences, one a line. The held-out sentences are the same
    for every seed, so that figures of different corpora can be compared.
    """
    if not os.path.exists(source):
        raise Mistake(f"there is no text at {source}: --text is WordNet's folder (Debian's wordnet-base) or a file with one sentence a line")
    phrases = wordnet_phrases(source) if os.path.isdir(source) else sorted(set(read_lines(source)))
    fixed = random.Random(1234)
    fixed.shuffle(phrases)
    held, pool = phrases[:held_out], phrases[held_out:]
    rng = random.Random(seed)
    rng.shuffle(pool)
    filled = list(dict.fromkeys([fill(t, rng) for t in GREETINGS] + [fill(rng.choice(TEMPLATES), rng) for _ in range(len(pool) // 3)]))
    filled = [s for s in filled if s not in held]
    rng.shuffle(filled)
    mixed = []
    for i, phrase in enumerate(pool):
        mixed.append(phrase)
        if i % 4 == 3 and filled:
            mixed.append(filled.pop())
    return held, mixed
