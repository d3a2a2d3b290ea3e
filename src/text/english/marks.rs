//! Punctuation and single signs, and the tidying of what the rules left.

use super::{Item, Piece, Reader, units};

/// Reads the sign at `i`, whatever it is, and returns where to go on.
pub(super) fn read(r: &mut Reader, i: usize) -> usize {
    let s = &r.scan;
    let (c, before, after) = (s.at(i), s.before(i), s.at(i + 1));
    let number_follows = s.at(s.spaces(i + 1)).is_ascii_digit();
    let spaced = before == ' ' && after == ' ';
    match c {
        '.' | '…' => return dots(r, i),
        ',' | ';' | '?' => r.mark(c, i),
        '!' if after != '=' => r.mark(c, i),
        ':' => {
            // Emoticons are not said.
            let mouth = i + 1 + usize::from(after == '-');
            if before == ' '
                && matches!(s.at(mouth), ')' | '(' | 'D' | 'P' | '/' | '|' | 'p' | 'o')
                && s.ends(mouth + 1)
            {
                return mouth + 1;
            }
            if after == ' ' || after == '\n' || after == '\0' {
                r.mark(':', i);
            }
        }
        // "word(s)", "f(x)": no pause.
        '(' if before.is_ascii_alphanumeric() => {
            if s.starts(i, "(s)") && s.ends(i + 3) {
                return i + 3;
            }
            r.quiet_bracket = true;
        }
        ')' if r.quiet_bracket => r.quiet_bracket = false,
        '!' | '<' | '>' if after == '=' => return comparison(r, i),
        '—' | '(' | ')' | '[' | ']' | '|' => r.mark(',', i),
        '–' | '-' if spaced || after == c || before == c => r.mark(',', i),
        '–' if !before.is_ascii_alphanumeric() || !after.is_ascii_alphanumeric() => {
            r.mark(',', i);
        }
        '"' => r.open_quote = !r.open_quote,
        // "&&" is one "and".
        '&' if after == '&' => {}
        '&' => r.say("and", i, i + 1),
        '@' => r.say("at", i, i + 1),
        '%' => r.say("percent", i, i + 1),
        '+' if number_follows || spaced || before == '+' => r.say("plus", i, i + 1),
        '+' if before.is_ascii_alphanumeric() => r.say("plus", i, i + 1),
        '−' if number_follows => r.say("minus", i, i + 1),
        '=' => return equals(r, i),
        '×' => r.say("times", i, i + 1),
        '*' if spaced && formula(r, i) => r.say("times", i, i + 1),
        '/' if spaced && number_follows => r.say("divided by", i, i + 1),
        '÷' => r.say("divided by", i, i + 1),
        '±' => r.say("plus or minus", i, i + 1),
        '<' if spaced || number_follows => r.say("less than", i, i + 1),
        '>' if spaced || number_follows && i > 0 => r.say("greater than", i, i + 1),
        '≤' => r.say("less than or equal to", i, i + 1),
        '≥' => r.say("greater than or equal to", i, i + 1),
        '≠' => r.say("not equal to", i, i + 1),
        '≈' => r.say("approximately", i, i + 1),
        '~' if number_follows => r.say("about", i, i + 1),
        'Ω' => r.say("omega", i, i + 1),
        '∞' => r.say("infinity", i, i + 1),
        '√' => r.say("square root of", i, i + 1),
        '^' if after == '2' && s.ends(i + 2) => {
            r.say("squared", i, i + 2);
            return i + 2;
        }
        '^' if after == '3' && s.ends(i + 2) => {
            r.say("cubed", i, i + 2);
            return i + 2;
        }
        '^' if number_follows || after == '-' && s.at(i + 2).is_ascii_digit() => {
            r.say("to the power of", i, i + 1);
        }
        '²' => r.say("squared", i, i + 1),
        '³' => r.say("cubed", i, i + 1),
        '°' => r.say("degrees", i, i + 1),
        '§' => r.say("section", i, i + 1),
        '#' if number_follows => r.say("number", i, i + 1),
        '#' if after.is_ascii_alphabetic() => r.say("hashtag", i, i + 1),
        '#' if before.is_ascii_uppercase() => r.say("sharp", i, i + 1),
        '/' if before.is_ascii_digit() && after.is_ascii_alphabetic() => {
            let (end, words) = units::per(s, i + 1).unwrap_or((i + 1, "per".to_owned()));
            r.say(&words, i, end);
            return end;
        }
        // "7 days/week"
        '/' if before == 's'
            && ["day", "week", "month", "year", "hour", "minute", "person"]
                .iter()
                .any(|x| s.word_is(i + 1, x)) =>
        {
            r.say("per", i, i + 1);
        }
        '$' if spaced => r.say("dollars", i, i + 1),
        _ => {}
    }
    i + 1
}

/// "!=", "<=", ">=".
fn comparison(r: &mut Reader, i: usize) -> usize {
    let words = match r.scan.at(i) {
        '!' => "not equal to",
        '<' => "less than or equal to",
        _ => "greater than or equal to",
    };
    r.say(words, i, i + 2);
    i + 2
}

/// "=", "==": more in a row are a line.
fn equals(r: &mut Reader, i: usize) -> usize {
    let mut end = i;
    while r.scan.at(end) == '=' {
        end += 1;
    }
    if end - i <= 3 {
        r.say("equals", i, end);
    }
    end
}

/// Whether a number or a single letter stands on both sides of a spaced sign.
fn formula(r: &Reader, i: usize) -> bool {
    let s = &r.scan;
    let alone = |at: usize, beyond: char| {
        let c = s.at(at);
        c.is_ascii_digit() || c.is_ascii_alphabetic() && !beyond.is_ascii_alphanumeric()
    };
    i >= 2 && alone(i - 2, s.before(i - 2)) && alone(i + 2, s.at(i + 3))
}

/// A full stop, or an ellipsis: a pause if the sentence goes on.
fn dots(r: &mut Reader, i: usize) -> usize {
    let mut end = i;
    let mut many = false;
    while matches!(r.scan.at(end), '.' | '…') {
        many |= end > i || r.scan.at(end) == '…';
        end += 1;
    }
    // "file.txt", ".5": a dot inside is not a stop.
    if !many && r.scan.at(end).is_ascii_alphanumeric() && r.scan.before(i).is_ascii_alphanumeric() {
        if r.scan.at(end).is_ascii_alphabetic() && r.scan.before(i).is_ascii_digit() {
            return end;
        }
        // "world.No": a space is missing.
        let (before, next, second) = (r.scan.before(i), r.scan.at(end), r.scan.at(end + 1));
        if before.is_ascii_lowercase() && next.is_ascii_uppercase() && second.is_ascii_lowercase() {
            r.mark('.', i);
            return end;
        }
        r.say("dot", i, end);
        return end;
    }
    // ".NET"
    let (first, second) = (r.scan.at(end), r.scan.at(end + 1));
    let name =
        first.is_ascii_lowercase() || first.is_ascii_uppercase() && !second.is_ascii_lowercase();
    if !many && name && r.scan.before(i) == ' ' {
        r.say("dot", i, end);
        return end;
    }
    let stop = !many || r.scan.could_end(end);
    r.mark(if stop { '.' } else { ',' }, i);
    end
}

/// How strongly a mark parts what is around it; of several in a row the strongest stays.
fn strength(mark: char) -> u32 {
    match mark {
        ',' => 1,
        ';' => 2,
        ':' => 3,
        '.' => 4,
        '!' => 5,
        _ => 6,
    }
}

/// Leaves one mark between words, none before the first, and only `. ! ?` after the last.
pub(super) fn tidy(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let Item::Mark(mark) = piece.item else {
            out.push(piece);
            continue;
        };
        match out.last_mut() {
            None => {}
            Some(Piece {
                item: Item::Mark(last),
                source,
            }) => {
                let stronger = strength(mark) > strength(*last);
                if stronger {
                    (*last, *source) = (mark, piece.source);
                }
            }
            Some(_) => out.push(piece),
        }
    }
    if let Some(Piece {
        item: Item::Mark(',' | ';' | ':'),
        ..
    }) = out.last()
    {
        out.pop();
    }
    out
}
