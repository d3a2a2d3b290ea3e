//! NumPy's `.npy` files (format 1.0 written, 1.0 to 3.0 read), the way in and out for mel
//! spectrograms and dumped tensors.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use half::f16;

use super::{Error, Result};
use crate::disk::write_file;

/// An array of floats in C order: the last index runs fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes; one to three of them.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the sizes.
    pub data: Vec<f32>,
}

/// Writes floats as `path`, whole or not at all. `shape` are the sizes, the last index fastest.
///
/// # Errors
/// [`Error::Argument`] if the shape and the data disagree, [`Error::Write`].
pub fn write_f32(path: &Path, shape: &[usize], data: &[f32]) -> Result<()> {
    write_file(path, &encode_f32(shape, data)?).map_err(|e| Error::write(path, e))
}

/// Writes integers as `path`; as [`write_f32`].
///
/// # Errors
/// As [`write_f32`].
pub fn write_i64(path: &Path, shape: &[usize], data: &[i64]) -> Result<()> {
    let bytes = encode(
        "<i8",
        shape,
        data.len(),
        data.iter().map(|x| x.to_le_bytes()),
    )?;
    write_file(path, &bytes).map_err(|e| Error::write(path, e))
}

/// The bytes of a file of floats; as [`write_f32`].
///
/// # Errors
/// [`Error::Argument`] if the shape and the data disagree.
pub fn encode_f32(shape: &[usize], data: &[f32]) -> Result<Vec<u8>> {
    encode(
        "<f4",
        shape,
        data.len(),
        data.iter().map(|x| x.to_le_bytes()),
    )
}

fn encode<const WIDTH: usize>(
    descr: &str,
    shape: &[usize],
    len: usize,
    data: impl Iterator<Item = [u8; WIDTH]>,
) -> Result<Vec<u8>> {
    if shape.iter().product::<usize>() != len {
        return Err(Error::Argument(format!(
            "{len} values do not fill an array of shape {shape:?}"
        )));
    }
    let sizes = shape.iter().map(|n| format!("{n}, ")).collect::<Vec<_>>();
    let sizes = sizes.concat();
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Magic, version and length take 10 bytes; the data start at a multiple of 64.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = Vec::with_capacity(10 + header.len() + len * WIDTH);
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data.flatten());
    Ok(bytes)
}

/// Reads floats of 16, 32 or 64 bits, in one to three dimensions, from the file `path`.
///
/// # Errors
/// [`Error::Read`] if it cannot be read; [`Error::Format`] if it is no such array, or its data are
/// fewer or more than its shape says.
pub fn read_file(path: &Path) -> Result<Array> {
    let file = File::open(path).map_err(|e| Error::read(path, e))?;
    read(BufReader::new(file), &path.display().to_string())
}

/// Reads such an array from a stream to its end; `name` is for messages. Memory is that of the
/// data that are really there, whatever the header says.
///
/// # Errors
/// As [`read_file`].
pub fn read(mut input: impl Read, name: &str) -> Result<Array> {
    let bad = |reason: String| Error::format(name, reason);
    let io_error = |source: io::Error| {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            Error::format(name, "the NumPy file is cut off in its header")
        } else {
            Error::Read {
                name: name.to_owned(),
                source,
            }
        }
    };
    let mut start = [0; 8];
    input.read_exact(&mut start).map_err(io_error)?;
    if &start[..6] != b"\x93NUMPY" {
        return Err(bad(
            "this is not a NumPy file; write one with numpy.save()".to_owned()
        ));
    }
    let header_len = if start[6] == 1 {
        let mut n = [0; 2];
        input.read_exact(&mut n).map_err(io_error)?;
        u32::from(u16::from_le_bytes(n))
    } else {
        let mut n = [0; 4];
        input.read_exact(&mut n).map_err(io_error)?;
        u32::from_le_bytes(n)
    };
    if header_len > 1 << 16 {
        return Err(bad(format!("its header claims {header_len} bytes")));
    }
    let mut header = vec![0; header_len as usize];
    input.read_exact(&mut header).map_err(io_error)?;
    let header = Header::parse(&String::from_utf8_lossy(&header)).map_err(bad)?;
    let len = header.bytes().map_err(bad)?;
    let mut bytes = Vec::new();
    // One byte more than is due, to notice a file that is too long.
    input
        .take(len as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    if bytes.len() != len {
        let found = if bytes.len() < len { "fewer" } else { "more" };
        return Err(bad(format!(
            "its header says shape {:?}, {len} bytes of data, but there are {found}",
            header.shape
        )));
    }
    let data = header.decode(&bytes);
    let data = if header.fortran {
        from_fortran(&data, &header.shape)
    } else {
        data
    };
    Ok(Array {
        shape: header.shape,
        data,
    })
}

struct Header {
    width: usize,
    big_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Parses the Python dictionary that a header is, as NumPy writes it.
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let value = |key: &str| {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let rest = quoted
                .iter()
                .find_map(|q| text.split_once(q.as_str()).map(|(_, rest)| rest))
                .and_then(|rest| rest.trim_start().strip_prefix(':'));
            rest.map(str::trim_start)
                .ok_or_else(|| format!("its header has no '{key}'"))
        };
        let descr = value("descr")?;
        let descr = descr
            .trim_start_matches(['\'', '"'])
            .split(['\'', '"'])
            .next()
            .unwrap_or_default();
        let (order, kind) = descr.split_at_checked(1).unwrap_or_default();
        let width = match (order, kind) {
            ("<" | ">" | "=", "f2") => 2,
            ("<" | ">" | "=", "f4") => 4,
            ("<" | ">" | "=", "f8") => 8,
            _ => {
                return Err(format!(
                    "its values are of type '{descr}'; floats are needed: array.astype('float32')"
                ));
            }
        };
        let fortran = value("fortran_order")?;
        let fortran = match (fortran.starts_with("True"), fortran.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err("its header does not say whether it is in Fortran order".to_owned()),
        };
        let shape = value("shape")?
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .ok_or("its header has no shape in parentheses")?
            .0;
        let shape = shape
            .split(',')
            .map(str::trim)
            .filter(|n| !n.is_empty())
            .map(str::parse)
            .collect::<std::result::Result<Vec<usize>, _>>()
            .map_err(|_| format!("its shape ({shape}) is not made of sizes"))?;
        if shape.is_empty() || shape.len() > 3 {
            return Err(format!(
                "it has {} dimensions; one to three are read",
                shape.len()
            ));
        }
        Ok(Self {
            width,
            big_endian: order == ">",
            fortran,
            shape,
        })
    }

    fn bytes(&self) -> std::result::Result<usize, String> {
        self.shape
            .iter()
            .try_fold(self.width, |bytes, &n| bytes.checked_mul(n))
            .filter(|&bytes| isize::try_from(bytes).is_ok())
            .ok_or_else(|| format!("its shape {:?} is larger than any memory", self.shape))
    }

    fn decode(&self, bytes: &[u8]) -> Vec<f32> {
        bytes
            .chunks_exact(self.width)
            .map(|chunk| {
                let mut b = [0; 8];
                b[..self.width].copy_from_slice(chunk);
                if self.big_endian {
                    b[..self.width].reverse();
                }
                match self.width {
                    2 => f16::from_le_bytes([b[0], b[1]]).to_f32(),
                    4 => f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
                    _ => f64::from_le_bytes(b) as f32,
                }
            })
            .collect()
    }
}

/// C order from Fortran order, where the first index runs fastest.
fn from_fortran(data: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut index = vec![0; shape.len()];
    (0..data.len())
        .map(|_| {
            let position = index
                .iter()
                .zip(shape)
                .rev()
                .fold(0, |at, (i, n)| at * n + i);
            for (i, n) in index.iter_mut().zip(shape).rev() {
                *i += 1;
                if *i < *n {
                    break;
                }
                *i = 0;
            }
            data[position]
        })
        .collect()
}
