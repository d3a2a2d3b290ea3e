//! CMUdict in blocks of words that share their beginnings, each a Huffman-coded bit stream: a look-up
//! is a binary search over the first words of the blocks, then one block is read up to the word.
//! `tools/make_lexicon.py` writes the data and says the format.

use std::sync::OnceLock;

static DATA: &[u8] = include_bytes!("../data/cmudict.bin");

/// Ends a suffix or a pronunciation.
const END: u8 = 0;

/// CMUdict.
pub(super) fn cmudict() -> &'static Packed {
    static PACKED: OnceLock<Packed> = OnceLock::new();
    // The data is a constant, and a test reads it: an empty dictionary cannot happen.
    PACKED.get_or_init(|| Packed::open(DATA).unwrap_or_default())
}

#[derive(Default)]
pub(super) struct Packed {
    words: usize,
    block_words: usize,
    phonemes: Vec<&'static str>,
    /// Shared letters, letters, shared phonemes, phonemes.
    codes: [Code; 4],
    /// Little-endian u32 each.
    starts: &'static [u8],
    data: &'static [u8],
}

/// A canonical Huffman code: codes of one length are consecutive numbers.
#[derive(Default)]
struct Code {
    /// Per length from 1: first code, number of codes, index of the first symbol.
    lengths: Vec<(u32, u32, usize)>,
    symbols: Vec<u8>,
    /// Symbol and length of the code that the next [`FAST`] bits begin with; length 0 if it is longer.
    fast: Vec<(u8, u8)>,
}

/// Bits that are looked up at once.
const FAST: usize = 9;

struct Input {
    bytes: &'static [u8],
    at: usize,
}

impl Input {
    fn take(&mut self, n: usize) -> Option<&'static [u8]> {
        let slice = self.bytes.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(slice)
    }

    fn u8(&mut self) -> Option<usize> {
        Some(usize::from(self.take(1)?[0]))
    }

    fn u16(&mut self) -> Option<usize> {
        let b = self.take(2)?;
        Some(usize::from(u16::from_le_bytes([b[0], b[1]])))
    }
}

fn u32_at(bytes: &[u8], index: usize) -> Option<usize> {
    let b = bytes.get(4 * index..4 * index + 4)?;
    Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

impl Packed {
    fn open(bytes: &'static [u8]) -> Option<Self> {
        let mut input = Input { bytes, at: 0 };
        if input.take(4)? != b"TGL1" {
            return None;
        }
        let words = u32_at(input.take(4)?, 0)?;
        let block_words = input.u16()?;
        let blocks = input.u16()?;
        let mut phonemes = vec![""];
        for _ in 0..input.u8()? {
            let len = input.u8()?;
            phonemes.push(std::str::from_utf8(input.take(len)?).ok()?);
        }
        let mut codes: [Code; 4] = Default::default();
        for code in &mut codes {
            *code = Code::read(&mut input)?;
        }
        let starts = input.take(4 * (blocks + 1))?;
        let data = bytes.get(input.at..)?;
        Some(Self {
            words,
            block_words,
            phonemes,
            codes,
            starts,
            data,
        })
    }

    fn blocks(&self) -> usize {
        self.words.div_ceil(self.block_words.max(1))
    }

    /// First word of a block, and its bit stream.
    fn block(&self, index: usize) -> Option<(&'static [u8], Bits)> {
        let bytes = self
            .data
            .get(u32_at(self.starts, index)?..u32_at(self.starts, index + 1)?)?;
        let len = usize::from(*bytes.first()?);
        let bits = Bits {
            bytes: bytes.get(len + 1..)?,
            at: 0,
        };
        Some((bytes.get(1..=len)?, bits))
    }

    /// The pronunciation of a lower-case word.
    pub(super) fn get(&self, word: &str) -> Option<Vec<&'static str>> {
        let word = word.as_bytes();
        let (mut low, mut high) = (0, self.blocks());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.block(middle)?.0 <= word {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let (first, mut bits) = self.block(low.checked_sub(1)?)?;
        let mut current = first.to_vec();
        let mut pron = Vec::new();
        self.read_pron(&mut bits, 0, &mut pron)?;
        for _ in 1..self.block_words {
            if current.as_slice() >= word {
                break;
            }
            let shared = usize::from(self.codes[0].next(&mut bits)?);
            current.truncate(shared);
            loop {
                match self.codes[1].next(&mut bits)? {
                    END => break,
                    letter => current.push(letter),
                }
            }
            let shared = usize::from(self.codes[2].next(&mut bits)?);
            self.read_pron(&mut bits, shared, &mut pron)?;
        }
        if current != word {
            return None;
        }
        pron.iter()
            .map(|&p| self.phonemes.get(usize::from(p)).copied())
            .collect()
    }

    fn read_pron(&self, bits: &mut Bits, shared: usize, pron: &mut Vec<u8>) -> Option<()> {
        pron.truncate(shared);
        loop {
            match self.codes[3].next(bits)? {
                END => return Some(()),
                phoneme => pron.push(phoneme),
            }
        }
    }
}

impl Code {
    fn read(input: &mut Input) -> Option<Self> {
        let count = input.u8()?;
        let mut code = Self::default();
        let (mut value, mut length) = (0u32, 0);
        for index in 0..count {
            let symbol = input.u8()?;
            let this = input.u8()?;
            while length < this {
                value <<= 1;
                length += 1;
                code.lengths.push((value, 0, index));
            }
            code.lengths.last_mut()?.1 += 1;
            value += 1;
            code.symbols.push(symbol as u8);
        }
        code.fast = (0..1u32 << FAST)
            .map(|bits| code.begins(bits).unwrap_or_default())
            .collect();
        Some(code)
    }

    /// The code that the given [`FAST`] bits begin with.
    fn begins(&self, bits: u32) -> Option<(u8, u8)> {
        self.lengths
            .iter()
            .take(FAST)
            .enumerate()
            .find_map(|(n, &(first, count, index))| {
                let offset = (bits >> (FAST - 1 - n))
                    .checked_sub(first)
                    .filter(|&o| o < count)?;
                Some((*self.symbols.get(index + offset as usize)?, n as u8 + 1))
            })
    }

    fn next(&self, bits: &mut Bits) -> Option<u8> {
        if let Some(&(symbol, length @ 1..)) = self.fast.get(bits.peek()) {
            bits.at += usize::from(length);
            return Some(symbol);
        }
        let mut value = 0;
        for &(first, count, index) in &self.lengths {
            value = value << 1 | bits.next()?;
            // Codes of this length start at `first`; smaller values belong to no code.
            if let Some(offset) = value.checked_sub(first).filter(|&o| o < count) {
                return self.symbols.get(index + offset as usize).copied();
            }
        }
        None
    }
}

struct Bits {
    bytes: &'static [u8],
    at: usize,
}

impl Bits {
    /// The next [`FAST`] bits; zeros behind the end, which can only make a wrong word, not a wrong read.
    fn peek(&self) -> usize {
        let byte = |n: usize| {
            self.bytes
                .get(self.at / 8 + n)
                .map_or(0, |&b| usize::from(b))
        };
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        bits >> (24 - FAST - self.at % 8) & ((1 << FAST) - 1)
    }

    fn next(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_can_be_read_and_holds_its_words_in_order() {
        let dict = cmudict();
        assert_eq!(dict.words, 126_052);
        let mut previous = Vec::new();
        for index in 0..dict.blocks() {
            let (first, _) = dict.block(index).expect("block");
            assert!(first.to_vec() > previous, "block {index}");
            previous = first.to_vec();
            let word = std::str::from_utf8(first).expect("ASCII");
            assert!(dict.get(word).is_some_and(|p| !p.is_empty()), "{word}");
        }
    }

    #[test]
    fn absent_words_at_the_edges_are_absent() {
        for word in [
            "",
            "\0",
            "'",
            "zzzzz",
            "~",
            "hellp",
            "tacoglow",
            "\u{10ffff}",
        ] {
            assert_eq!(cmudict().get(word), None, "{word:?}");
        }
    }
}
