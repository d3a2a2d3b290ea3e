//! Any Unicode text in ASCII, exactly as the published front end did it (Unidecode 1.0.22).
//!
//! The table is that of the Rust crate `unidecode` 0.3.0 (BSD-3-Clause), repacked by
//! `tools/make_transliteration.py`. Of the 63,488 characters of the Basic Multilingual Plane, crate
//! and package agree on 45,615 (71.8 %); nearly all the rest are blocks that the package leaves
//! out and the crate fills with `[?]`. The rules below close the gap: a test compares a hash of
//! each block of 256 characters in planes 0 and 1 with the package, and all 512 are equal.

use std::sync::OnceLock;

use unicode_normalization::char::decompose_compatible;

static TABLE: &[u8] = include_bytes!("data/transliteration.bin");

/// Appends the ASCII spelling of `text` to `out`.
pub(super) fn to_ascii(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            push_ascii(c, out);
        }
    }
}

/// Appends the ASCII spelling of one character.
pub(super) fn push_ascii(c: char, out: &mut String) {
    let cp = c as u32;
    match cp {
        0..0x80 => out.push(c),
        // Control characters; the crate reads them as Windows-1252.
        0x80..0xa0 => {}
        // Letterlike symbols and compatibility forms that the crate does not know.
        0x2071
        | 0x2090..=0x2093
        | 0x2095..=0x209c
        | 0x2102
        | 0x210a..=0x2115
        | 0x2119..=0x211d
        | 0x2124
        | 0x2128..=0x212d
        | 0x212f..=0x2131
        | 0x2133..=0x2134
        | 0x2139
        | 0x2145..=0x2149
        | 0x2460..=0x24ea
        | 0x3251..=0x325f
        | 0x32b1..=0x32bf
        | 0x1d400..=0x1d6a3
        | 0x1d7ce..=0x1d7ff
        | 0x1f100..=0x1f129 => compatible(c, out),
        0x1d6a4..=0x1d7cb => out.push_str(greek(cp)),
        0x24eb..=0x24ff => out.push_str(&circled(cp).to_string()),
        _ => match exception(cp) {
            Some(text) => out.push_str(text),
            None if left_out(cp) => {}
            None => match table(cp) {
                // The package's tables are one character short where they have nothing to say.
                Some("[?]") if cp & 0xff == 0xff => {}
                Some(text) => out.push_str(text),
                None => {}
            },
        },
    }
}

/// The ASCII part of the Unicode compatibility decomposition.
fn compatible(c: char, out: &mut String) {
    decompose_compatible(c, |c| {
        if c.is_ascii() {
            out.push(c);
        }
    });
}

/// The mathematical Greek alphabet by name, spelled as the package spells it (of its many styles, it
/// knows the bold one).
fn greek(cp: u32) -> &'static str {
    #[rustfmt::skip]
    const CAPITAL: [&str; 26] = [
        "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa",
        "Lamda", "Mu", "Nu", "Xi", "Omicron", "Pi", "Rho", "Theta", "Sigma", "Tau", "Upsilon", "Phi",
        "Chi", "Psi", "Omega", "nabla",
    ];
    #[rustfmt::skip]
    const SMALL: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
        "lamda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tai", "upsilon", "phi",
        "chi", "psi", "omega",
    ];
    match cp {
        0x1d6a4 => "i",
        0x1d6a5 => "j",
        0x1d6a8..=0x1d6c1 => CAPITAL[(cp - 0x1d6a8) as usize],
        0x1d6c2..=0x1d6da => SMALL[(cp - 0x1d6c2) as usize],
        _ => "",
    }
}

/// Numbers in circles that have no compatibility decomposition.
fn circled(cp: u32) -> u32 {
    match cp {
        0x24eb..=0x24f4 => cp - 0x24eb + 11,
        0x24f5..=0x24fe => cp - 0x24f5 + 1,
        _ => 0,
    }
}

/// Blocks of 256 characters for which the package has no table, or one that is nearly empty.
fn left_out(cp: u32) -> bool {
    matches!(
        cp >> 8,
        0x08 | 0x19..=0x1d
            | 0x29..=0x2d
            | 0x34..=0x4c
            | 0xa5..=0xab
            | 0xd8..=0xf8
            | 0xfc
            | 0x100..
    )
}

/// Ranges where the package says something else than the crate: new currency signs, fractions with
/// spaces around them, Hepburn spelling of kana, letters added to Unicode since.
#[rustfmt::skip]
const EXCEPTIONS: &[(u32, u32, &str)] = &[
    (0xbc, 0xbc, " 1/4 "), (0xbd, 0xbd, " 1/2 "), (0xbe, 0xbe, " 3/4 "), (0x2e5, 0x2eb, ""),
    (0x2ef, 0x2fe, "[?]"), (0x2ff, 0x2ff, ""), (0x3f4, 0x3f9, "[?]"), (0x3fc, 0x3fe, "[?]"),
    (0x3ff, 0x3ff, ""), (0x404, 0x404, "Ie"), (0x42a, 0x42a, "'"), (0x44a, 0x44a, "'"),
    (0x589, 0x589, ":"), (0x5be, 0x5be, "-"), (0x6ff, 0x6ff, ""), (0xaf0, 0xaf1, "[?]"),
    (0xaf9, 0xaf9, "[?]"), (0x13f5, 0x13f5, "[?]"), (0x13f8, 0x13fd, "[?]"), (0x1d6c, 0x1d6c, "b"),
    (0x1d6d, 0x1d6d, "d"), (0x1d6e, 0x1d6e, "f"), (0x1d6f, 0x1d6f, "m"), (0x1d70, 0x1d70, "n"),
    (0x1d71, 0x1d71, "p"), (0x1d72, 0x1d73, "r"), (0x1d74, 0x1d74, "s"), (0x1d75, 0x1d75, "t"),
    (0x1d76, 0x1d76, "z"), (0x1d77, 0x1d77, "g"), (0x1d7d, 0x1d7d, "p"), (0x1d80, 0x1d80, "b"),
    (0x1d81, 0x1d81, "d"), (0x1d82, 0x1d82, "f"), (0x1d83, 0x1d83, "g"), (0x1d84, 0x1d84, "k"),
    (0x1d85, 0x1d85, "l"), (0x1d86, 0x1d86, "m"), (0x1d87, 0x1d87, "n"), (0x1d88, 0x1d88, "p"),
    (0x1d89, 0x1d89, "r"), (0x1d8a, 0x1d8a, "s"), (0x1d8c, 0x1d8c, "v"), (0x1d8d, 0x1d8d, "x"),
    (0x1d8e, 0x1d8e, "z"), (0x1e9b, 0x1e9b, "S"), (0x1e9c, 0x1e9d, "[?]"), (0x1e9f, 0x1e9f, "[?]"),
    (0x1efa, 0x1efe, "[?]"), (0x1eff, 0x1eff, ""), (0x2047, 0x2047, "??"), (0x204e, 0x204e, "*"),
    (0x2052, 0x2052, "%"), (0x2053, 0x2053, "~"), (0x2057, 0x2057, "''''"), (0x205f, 0x205f, " "),
    (0x2060, 0x2060, ""), (0x2094, 0x2094, "[?]"), (0x20b0, 0x20b0, "Pf"), (0x20b1, 0x20b1, "P"),
    (0x20b2, 0x20b2, "G"), (0x20b3, 0x20b3, "A"), (0x20b4, 0x20b4, "UAH"), (0x20b5, 0x20b5, "C|"),
    (0x20b6, 0x20b6, "L"), (0x20b7, 0x20b7, "Sm"), (0x20b8, 0x20b8, "T"), (0x20b9, 0x20b9, "Rs"),
    (0x20ba, 0x20ba, "L"), (0x20bb, 0x20bb, "M"), (0x20bc, 0x20bc, "m"), (0x20bd, 0x20bd, "R"),
    (0x20be, 0x20be, "l"), (0x20bf, 0x20bf, "BTC"), (0x20e5, 0x20e5, ""), (0x2100, 0x2100, " a/c "),
    (0x2101, 0x2101, " a/s "), (0x2105, 0x2105, " c/o "), (0x2106, 0x2106, " c/u "),
    (0x2116, 0x2116, "No. "), (0x2120, 0x2120, "(sm)"), (0x2121, 0x2121, "TEL"),
    (0x2122, 0x2122, "(tm)"), (0x212e, 0x212e, "e"), (0x2132, 0x2132, "F"), (0x213b, 0x213b, "FAX"),
    (0x214e, 0x214e, "F"), (0x2150, 0x2150, " 1/7 "), (0x2151, 0x2151, " 1/9 "),
    (0x2152, 0x2152, " 1/10 "), (0x2189, 0x2189, " 0/3 "), (0x2212, 0x2212, "-"),
    (0x2215, 0x2215, "/"), (0x2216, 0x2216, "\\"), (0x2217, 0x2217, "*"), (0x2223, 0x2223, "|"),
    (0x2236, 0x2236, ":"), (0x223c, 0x223c, "~"), (0x2264, 0x2264, "<="), (0x2265, 0x2265, ">="),
    (0x2266, 0x2266, "<="), (0x2267, 0x2267, ">="), (0x2303, 0x2303, "^"), (0x2329, 0x2329, "<"),
    (0x232a, 0x232a, "> "), (0x24ff, 0x24ff, "0"), (0x25f4, 0x25f7, "#"), (0x25f8, 0x25fe, "[?]"),
    (0x25ff, 0x25ff, ""), (0x266f, 0x266f, "#"), (0x2731, 0x2731, "*"), (0x2758, 0x2758, "|"),
    (0x2762, 0x2762, "!"), (0x27e6, 0x27e6, "["), (0x27e8, 0x27e8, "<"), (0x27e9, 0x27e9, "> "),
    (0x2983, 0x2983, "{"), (0x2984, 0x2984, "} "), (0x2a74, 0x2a74, "::="), (0x2a75, 0x2a75, "=="),
    (0x2a76, 0x2a76, "==="), (0x2c60, 0x2c60, "L"), (0x2c61, 0x2c61, "l"), (0x2c62, 0x2c62, "L"),
    (0x2c63, 0x2c63, "P"), (0x2c64, 0x2c64, "R"), (0x2c65, 0x2c65, "a"), (0x2c66, 0x2c66, "t"),
    (0x2c67, 0x2c67, "H"), (0x2c68, 0x2c68, "h"), (0x2c69, 0x2c69, "K"), (0x2c6a, 0x2c6a, "k"),
    (0x2c6b, 0x2c6b, "Z"), (0x2c6c, 0x2c6c, "z"), (0x2c6e, 0x2c6e, "M"), (0x2c6f, 0x2c6f, "A"),
    (0x3057, 0x3057, "shi"), (0x3061, 0x3061, "chi"), (0x3063, 0x3064, "tsu"),
    (0x30b7, 0x30b7, "shi"), (0x30c1, 0x30c1, "chi"), (0x30c3, 0x30c4, "tsu"), (0x30ff, 0x30ff, ""),
    (0x32cc, 0x32cc, "Hg"), (0x32cd, 0x32cd, "erg"), (0x32ce, 0x32ce, "eV"),
    (0x32cf, 0x32cf, "LTD"), (0x3371, 0x3371, "hPa"), (0x3377, 0x3377, "dm"),
    (0x3378, 0x3378, "dm^2"), (0x3379, 0x3379, "dm^3"), (0x337a, 0x337a, "IU"),
    (0x33a3, 0x33a3, "mm^3"), (0xfdf0, 0xfdfb, ""), (0xfdfc, 0xfdfd, "[?]"),
];

fn exception(cp: u32) -> Option<&'static str> {
    let at = EXCEPTIONS.partition_point(|&(_, last, _)| last < cp);
    let &(first, _, text) = EXCEPTIONS.get(at)?;
    (first <= cp).then_some(text)
}

fn number(at: usize) -> Option<usize> {
    let bytes = TABLE.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

/// Where each string starts, and where the block numbers start.
fn index() -> &'static (Vec<u32>, usize) {
    static INDEX: OnceLock<(Vec<u32>, usize)> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut at = 2;
        let mut starts = Vec::new();
        for _ in 0..number(0).unwrap_or(0) {
            starts.push(at as u32);
            at += 1 + TABLE.get(at).map_or(0, |&len| usize::from(len));
        }
        (starts, at)
    })
}

/// Looks one character of the Basic Multilingual Plane up.
fn table(cp: u32) -> Option<&'static str> {
    let (starts, blocks) = index();
    let row = number(blocks + 2 * (cp >> 8) as usize)?;
    let string = number(blocks + 512 + 512 * row + 2 * (cp & 0xff) as usize)?;
    let at = *starts.get(string)? as usize;
    let len = usize::from(*TABLE.get(at)?);
    std::str::from_utf8(TABLE.get(at + 1..at + 1 + len)?).ok()
}
