//! One character of the input as characters the rules know: ASCII, and a few signs that are said.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::text::transliterate::push_ascii;

/// What became of a character.
pub(super) enum Folded {
    Same(char),
    /// The text was put into the buffer.
    Text,
    Nothing,
}

/// Signs beyond ASCII that have rules of their own.
const SIGNS: &str = "£€¥₹₩₽₿₺₪฿¢°²³½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒×÷±−–—…§≤≥≠≈∞√µºΩ";

/// Greek letters that stand alone are said by name.
const GREEK: &str = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega";

/// A small raised digit or sign, as it is on the line.
fn power(c: char) -> Option<char> {
    let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|r| r == c)?;
    "0123456789-".chars().nth(raised)
}

/// "10⁻³", "10²³" and "2⁸": but "m²" is square, and a lone digit behind a word is that of a note.
fn is_power(c: char, before: char, after: char) -> bool {
    let alone = power(before).is_none() && power(after).is_none();
    !alone || before.is_ascii_digit() && !matches!(c, '²' | '³')
}

/// Folds `c`, which stands between `before` and `after` in the input.
pub(super) fn fold(c: char, before: char, after: char, out: &mut String) -> Folded {
    out.clear();
    match c {
        '\t' | '\r' => Folded::Same(' '),
        '`' => Folded::Same('\''),
        '\n' | ' '..='~' => Folded::Same(c),
        '\0'..'\n' | '\u{0b}'..' ' | '\u{7f}' => match c {
            '\u{0b}' | '\u{0c}' => Folded::Same('\n'),
            _ => Folded::Nothing,
        },
        '\u{85}' | '\u{2028}' | '\u{2029}' => Folded::Same('\n'),
        _ if power(c).is_some() && is_power(c, before, after) => {
            if power(before).is_none() {
                out.push('^');
            }
            out.extend(power(c));
            Folded::Text
        }
        _ if SIGNS.contains(c) => Folded::Same(c),
        '‘' | '’' | '‛' | '′' | 'ʼ' | '´' | '‹' | '›' => Folded::Same('\''),
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '「' | '」' | '『' | '』' => {
            Folded::Same('"')
        }
        '‐' | '‑' | '⁃' => Folded::Same('-'),
        '‒' => Folded::Same('–'),
        '―' => Folded::Same('—'),
        '。' | '｡' => Folded::Same('.'),
        '、' | '،' => Folded::Same(','),
        '؟' => Folded::Same('?'),
        '؛' => Folded::Same(';'),
        'μ' if !before.is_alphabetic() && after.is_alphabetic() => Folded::Same('µ'),
        '№' => Folded::Same('#'),
        '￡' => Folded::Same('£'),
        '￥' => Folded::Same('¥'),
        '™' | '®' | '©' => Folded::Same(' '),
        // Soft hyphen, joiners, direction marks, byte order mark, variation selectors, skin tones.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' => Folded::Nothing,
        _ if c.is_whitespace() => Folded::Same(' '),
        _ if is_combining_mark(c) => Folded::Nothing,
        'Α'..='Ω' | 'α'..='ω' if !before.is_alphabetic() && !after.is_alphabetic() => {
            let index = (c as u32 - if c >= 'α' { 'α' as u32 } else { 'Α' as u32 }) as usize;
            out.push(' ');
            out.push_str(GREEK.split(' ').nth(index).unwrap_or(""));
            out.push(' ');
            Folded::Text
        }
        _ if c.is_alphanumeric() => {
            // Superscript digits, ligatures, full-width and accented letters; then other scripts.
            decompose_compatible(c, |c| {
                if !is_combining_mark(c) {
                    push_ascii(c, out);
                }
            });
            out.retain(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '\''));
            Folded::Text
        }
        _ => {
            // Full-width punctuation and the like; pictures and other signs only part words.
            decompose_compatible(c, |c| {
                if c.is_ascii() || SIGNS.contains(c) {
                    out.push(c);
                }
            });
            if out.is_empty() || c == '…' {
                Folded::Same(' ')
            } else {
                Folded::Text
            }
        }
    }
}
