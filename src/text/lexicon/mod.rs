//! Pronunciations: CMUdict as packed data, rules for endings, and the user's own words.

mod packed;
mod user;

pub(super) use user::Saying;
pub use user::UserLexicon;

/// The first pronunciation of a lower-case word in CMUdict, or of its base with an ending put on:
/// ARPAbet names such as `HH`, `AH0`.
///
/// CMUdict's 126,052 words are 658 kB of data in the library. A look-up allocates only what it
/// returns and takes about a microsecond.
pub(super) fn pronounce(word: &str) -> Option<Vec<&'static str>> {
    known(word).or_else(|| with_ending(word))
}

/// Words that the normaliser says and CMUdict has not.
#[rustfmt::skip]
const MORE: &[(&str, &str)] = &[
    ("covid", "K OW1 V IH0 D"), ("gigabit", "G IH1 G AH0 B IH2 T"), ("gigahertz", "G IH1 G AH0 HH ER2 T S"),
    ("gigawatt", "G IH1 G AH0 W AA2 T"), ("kilocalorie", "K IH1 L AH0 K AE2 L ER0 IY0"),
    ("kilohertz", "K IH1 L AH0 HH ER2 T S"), ("kilojoule", "K IH1 L AH0 JH UW2 L"),
    ("kilopascal", "K IH1 L AH0 P AE2 S K AH0 L"), ("kilovolt", "K IH1 L AH0 V OW2 L T"),
    ("kilohm", "K IH1 L OW2 M"), ("megohm", "M EH1 G OW2 M"), ("megapixel", "M EH1 G AH0 P IH2 K S AH0 L"),
    ("hmm", "HH AH0 M"), ("pfft", "F T"), ("psst", "P S T"), ("shh", "SH"), ("tsk", "T IH1 S K"), ("brr", "B ER1"),
    ("grr", "G ER1"), ("nth", "EH1 N TH"), ("zzz", "Z"), ("mmm", "M"), ("microsecond", "M AY1 K R OW0 S EH2 K AH0 N D"), ("milliamp", "M IH1 L IY0 AE2 M P"),
    ("millivolt", "M IH1 L AH0 V OW2 L T"), ("miz", "M IH1 Z"), ("paise", "P AY1 S EH0"),
    ("quadrillion", "K W AA0 D R IH1 L Y AH0 N"), ("quintillion", "K W IH0 N T IH1 L Y AH0 N"), ("tau", "T AW1"),
    ("omicron", "OW1 M AH0 K R AA2 N"), ("upsilon", "UW1 P S AH0 L AA2 N"), ("viz", "V IH1 Z"),
];

/// The pronunciation of a word that is listed as it stands.
fn known(word: &str) -> Option<Vec<&'static str>> {
    packed::cmudict().get(word).or_else(|| {
        let (_, pron) = MORE.iter().find(|(more, _)| *more == word)?;
        Some(pron.split(' ').collect())
    })
}

/// The name of a letter, or of several. CMUdict's first entry for "a" is the article.
pub(super) fn letter_name(letter: char, many: bool) -> Option<Vec<&'static str>> {
    let name = match letter {
        'a' => vec!["EY1"],
        _ => packed::cmudict().get(letter.encode_utf8(&mut [0; 4]))?,
    };
    if many { plural(name) } else { Some(name) }
}

/// Possessives, plurals and contractions of known words.
fn with_ending(word: &str) -> Option<Vec<&'static str>> {
    let get = |base: &str| known(base).filter(|_| base.len() > 1);
    let add = |base: &str, sounds: &[&'static str]| {
        let mut pron = get(base)?;
        pron.extend_from_slice(sounds);
        Some(pron)
    };
    if let Some(base) = word.strip_suffix("'s") {
        return plural(get(base).or_else(|| plural_of(base))?);
    }
    if let Some(base) = word.strip_suffix("s'") {
        return get(&word[..word.len() - 1]).or_else(|| plural(get(base)?));
    }
    for (ending, sounds) in [
        ("'ll", ["AH0", "L"].as_slice()),
        ("'ve", &["AH0", "V"]),
        ("'re", &["ER0"]),
        ("'d", &["D"]),
        ("n't", &["AH0", "N", "T"]),
    ] {
        if let Some(base) = word.strip_suffix(ending) {
            return add(base, sounds);
        }
    }
    plural_of(word)
}

fn plural_of(word: &str) -> Option<Vec<&'static str>> {
    let base = word
        .strip_suffix('s')
        .filter(|base| base.len() > 2 && !base.ends_with('s'))?;
    plural(known(base)?)
}

/// Adds the sound of an `s`, which depends on the sound before it.
fn plural(mut pron: Vec<&'static str>) -> Option<Vec<&'static str>> {
    match *pron.last()? {
        "S" | "Z" | "SH" | "ZH" | "CH" | "JH" => pron.extend(["IH0", "Z"]),
        "P" | "T" | "K" | "F" | "TH" => pron.push("S"),
        _ => pron.push("Z"),
    }
    Some(pron)
}

/// Whether CMUdict says a word letter by letter, as it does "fbi".
pub(super) fn is_initials(word: &str) -> bool {
    let Some(pron) = packed::cmudict().get(word) else {
        return false;
    };
    let plain = |p: &'static str| p.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut spelled = Vec::new();
    for letter in word.chars() {
        match letter_name(letter, false) {
            Some(name) => spelled.extend(name.into_iter().map(plain)),
            None => return false,
        }
    }
    word.len() > 1 && pron.into_iter().map(plain).eq(spelled)
}
