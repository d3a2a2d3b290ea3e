//! The caller's memory: structs with a size, texts, buffers and places for results.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::size_of;
use std::str::Utf8Error;

use super::boundary::{Failure, Result};
use super::status::{
    TTS_ERROR_ARGUMENT, TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_UTF8, tts_status,
};

/// A struct of the header whose first member is its size, so that it can grow in later versions.
///
/// # Safety
/// `repr(C)`, the first member is `struct_size: u32`, there is no padding, and every pattern of bits
/// is a value.
pub(super) unsafe trait Versioned: Copy {
    /// What messages call it.
    const NAME: &'static str;
    /// Size of its first published version.
    const FIRST_SIZE: usize;
    /// All members at their defaults.
    fn defaults() -> Self;
}

/// Larger than any version of a struct will ever be: a larger size is one that was never set.
const LARGEST: usize = 4096;

fn size_at<T: Versioned>(at: *const T) -> Result<usize> {
    if !at.is_aligned() {
        return Err(Failure::new(
            TTS_ERROR_ARGUMENT,
            format!("the {} is not aligned", T::NAME),
        ));
    }
    // SAFETY: not NULL (asked before), aligned, and by the contract of the header at least as large as
    // its first member says.
    let size = unsafe { at.cast::<u32>().read() } as usize;
    if size < T::FIRST_SIZE || size > LARGEST {
        let message = format!(
            "struct_size of the {} is {size}; set it to sizeof, or initialise the struct with its init function",
            T::NAME
        );
        return Err(Failure::new(TTS_ERROR_STRUCT_SIZE, message));
    }
    Ok(size)
}

/// Reads a struct that may be of an older or newer header; NULL stands for the defaults.
pub(super) fn read<T: Versioned>(at: *const T) -> Result<T> {
    let mut value = T::defaults();
    if at.is_null() {
        return Ok(value);
    }
    let size = size_at(at)?;
    let known = size.min(size_of::<T>());
    // SAFETY: the caller's struct is `size` bytes; every pattern of bits is a value of T.
    unsafe {
        at.cast::<u8>()
            .copy_to_nonoverlapping((&raw mut value).cast(), known);
    }
    // SAFETY: as above; these are members that a newer header has and this version does not know.
    let unknown = unsafe { std::slice::from_raw_parts(at.cast::<u8>().add(known), size - known) };
    if unknown.iter().any(|&byte| byte != 0) {
        let message = format!(
            "the {} sets members that this version of the library does not have",
            T::NAME
        );
        return Err(Failure::new(TTS_ERROR_STRUCT_SIZE, message));
    }
    Ok(value)
}

/// Fills a struct of `size` bytes with the defaults; members that only a newer header has become 0.
pub(super) fn init<T: Versioned>(at: *mut T, size: usize) -> Result<()> {
    let at = not_null(at, T::NAME)?;
    if size < T::FIRST_SIZE || size > LARGEST {
        let message = format!("{size} is not the size of a {}; pass sizeof", T::NAME);
        return Err(Failure::new(TTS_ERROR_STRUCT_SIZE, message));
    }
    let value = T::defaults();
    let known = size.min(size_of::<T>());
    // SAFETY: the caller's struct is `size` bytes; T has no padding, so that all of it is initialised.
    unsafe {
        at.cast::<u8>().write_bytes(0, size);
        (&raw const value)
            .cast::<u8>()
            .copy_to_nonoverlapping(at.cast(), known);
        at.cast::<u32>().write_unaligned(size as u32);
    }
    Ok(())
}

/// Looks whether a struct for results can be written, before the work is done.
pub(super) fn check_out<T: Versioned>(at: *mut T) -> Result<()> {
    size_at(not_null(at, T::NAME)?).map(|_| ())
}

/// Fills a struct for results, as far as the caller's header knows it; its struct_size stays.
pub(super) fn write<T: Versioned>(at: *mut T, value: T) -> Result<()> {
    let size = size_at(not_null(at, T::NAME)?)?;
    let known = size.min(size_of::<T>());
    let first = size_of::<u32>();
    // SAFETY: the caller's struct is `size` bytes; T has no padding.
    unsafe {
        let from = (&raw const value).cast::<u8>().add(first);
        from.copy_to_nonoverlapping(at.cast::<u8>().add(first), known - first);
    }
    Ok(())
}

/// Structs for results in a row, each as large as the first says that it is.
pub(super) struct Row<T> {
    first: *mut T,
    size: usize,
}

impl<T: Versioned> Row<T> {
    /// Looks whether all of them can be written.
    pub(super) fn new(first: *mut T, count: usize) -> Result<Self> {
        let size = if count == 0 {
            0
        } else {
            size_at(not_null(first, T::NAME)?)?
        };
        let row = Self { first, size };
        for i in 1..count {
            let other = size_at(row.at(i))?;
            if other != size {
                let message = format!(
                    "struct_size of {} {i} is {other}, before it {size}",
                    T::NAME
                );
                return Err(Failure::new(TTS_ERROR_STRUCT_SIZE, message));
            }
        }
        Ok(row)
    }

    fn at(&self, i: usize) -> *mut T {
        self.first.wrapping_byte_add(i * self.size)
    }

    /// Fills one.
    pub(super) fn write(&self, i: usize, value: T) -> Result<()> {
        write(self.at(i), value)
    }
}

/// Refuses NULL.
pub(super) fn not_null<T>(at: *mut T, name: &str) -> Result<*mut T> {
    if at.is_null() {
        Err(null(name))
    } else {
        Ok(at)
    }
}

pub(super) fn null(name: &str) -> Failure {
    Failure::new(TTS_ERROR_NULL, format!("{name} is NULL"))
}

/// Writes a result.
pub(super) fn put<T>(at: *mut T, value: T) {
    // SAFETY: callers pass what `not_null` let through; by the contract of the header it is the
    // address of a variable of this type. Written as unaligned, since C may pack its structs.
    unsafe { at.write_unaligned(value) };
}

/// A text that ends in NUL.
pub(super) fn text<'a>(at: *const c_char, name: &str) -> Result<&'a str> {
    utf8(text_bytes(at, name)?, name)
}

/// The bytes before a text's NUL.
pub(super) fn text_bytes<'a>(at: *const c_char, name: &str) -> Result<&'a [u8]> {
    if at.is_null() {
        return Err(null(name));
    }
    // SAFETY: by the contract of the header a text ends in NUL and does not change during the call,
    // which is as long as the callers of this function keep it.
    Ok(unsafe { CStr::from_ptr(at) }.to_bytes())
}

/// A text of a given length, or none at all.
pub(super) fn text_n<'a>(at: *const c_char, size: usize, name: &str) -> Result<&'a str> {
    utf8(bytes(at.cast(), size, name)?, name)
}

fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| not_utf8(name, error))
}

pub(super) fn not_utf8(name: &str, error: Utf8Error) -> Failure {
    Failure::new(TTS_ERROR_UTF8, format!("{name} is not UTF-8: {error}"))
}

/// Refuses a value in a member that has no meaning yet, so that a later version may give it one.
pub(super) fn reserved(value: u32) -> Result<()> {
    if value == 0 {
        return Ok(());
    }
    Err(Failure::new(TTS_ERROR_ARGUMENT, "`reserved` must be 0"))
}

/// Bytes of the caller; NULL is allowed if there are none.
pub(super) fn bytes<'a>(at: *const c_void, size: usize, name: &str) -> Result<&'a [u8]> {
    if size == 0 {
        return Ok(&[]);
    }
    if at.is_null() {
        return Err(null(name));
    }
    if size > isize::MAX as usize {
        return Err(Failure::new(
            TTS_ERROR_ARGUMENT,
            format!("{name}: {size} bytes are more than memory holds"),
        ));
    }
    // SAFETY: by the contract of the header there are `size` bytes, which do not change during the
    // call or, where the function's name says "borrowed", for as long as its documentation says.
    Ok(unsafe { std::slice::from_raw_parts(at.cast(), size) })
}

/// Pointers of the caller; NULL is allowed if there are none.
pub(super) fn pointers<'a, T>(
    at: *const *const T,
    count: usize,
    name: &str,
) -> Result<&'a [*const T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_array(at, count).map_err(|status| no_array(status, count, name))?;
    // SAFETY: by the contract of the header there are `count` pointers, which do not change during the call.
    Ok(unsafe { std::slice::from_raw_parts(at, count) })
}

/// A buffer to be filled; NULL is allowed for none at all.
pub(super) fn buffer<'a, T>(at: *mut T, count: usize, name: &str) -> Result<&'a mut [T]> {
    samples(at, count).map_err(|status| no_array(status, count, name))
}

/// As [`buffer`], for calls that must not even allocate a message.
pub(super) fn samples<'a, T>(
    at: *mut T,
    count: usize,
) -> std::result::Result<&'a mut [T], tts_status> {
    if count == 0 {
        return Ok(&mut []);
    }
    check_array(at, count)?;
    // SAFETY: by the contract of the header there is room for `count` values, which nobody else uses
    // during the call; they are numbers, of which every pattern of bits is a value.
    Ok(unsafe { std::slice::from_raw_parts_mut(at, count) })
}

fn check_array<T>(at: *const T, count: usize) -> std::result::Result<(), tts_status> {
    if at.is_null() {
        Err(TTS_ERROR_NULL)
    } else if !at.is_aligned() || count > isize::MAX as usize / size_of::<T>() {
        Err(TTS_ERROR_ARGUMENT)
    } else {
        Ok(())
    }
}

fn no_array(status: tts_status, count: usize, name: &str) -> Failure {
    if status == TTS_ERROR_NULL {
        return null(name);
    }
    let message = format!("{name} is not aligned, or {count} is more than memory holds");
    Failure::new(status, message)
}

/// A text for C to keep, in which a zero would end it too soon.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// A text in a fixed array of a result, cut between characters if need be, with its NUL.
pub(super) fn fixed_text<const N: usize>(text: &str) -> [c_char; N] {
    let mut array = [0; N];
    let cut = text.floor_char_boundary(N - 1);
    for (to, &from) in array.iter_mut().zip(&text.as_bytes()[..cut]) {
        *to = from as c_char;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct that has grown by two members.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Today {
        struct_size: u32,
        first: u32,
        second: u64,
        third: u64,
    }

    // SAFETY: repr(C), struct_size first, no padding, all bits are values.
    unsafe impl Versioned for Today {
        const NAME: &'static str = "struct";
        const FIRST_SIZE: usize = 8;

        fn defaults() -> Self {
            Self {
                struct_size: 24,
                first: 1,
                second: 2,
                third: 3,
            }
        }
    }

    /// Memory of a caller whose header knows `size` bytes of the struct, filled with `byte`.
    fn caller(size: usize, byte: u8) -> Box<[u64]> {
        let mut memory = vec![u64::from_ne_bytes([byte; 8]); size.div_ceil(8)].into_boxed_slice();
        let word = u64::from(size as u32) | u64::from(u32::from_ne_bytes([byte; 4])) << 32;
        memory[0] = word.to_le();
        memory
    }

    /// Structs of older, equal and newer headers are read and written as far as both sides know them, and nothing
    /// beyond their end is touched: each is a block of its own, so that Miri sees it.
    #[test]
    #[cfg(target_endian = "little")]
    fn structs_of_any_version_are_read_and_written() {
        for (size, second, third) in [(8, 2, 3), (16, 0, 3), (24, 0, 0), (32, 0, 0), (4096, 0, 0)] {
            let mut memory = caller(size, 0);
            let at = memory.as_mut_ptr().cast::<Today>();
            let known = Today {
                struct_size: size as u32,
                first: 0,
                second,
                third,
            };
            assert_eq!(read(at).unwrap(), known);
            write(at, Today::defaults()).unwrap();
            let after = read(at).unwrap();
            assert_eq!((after.struct_size, after.first), (size as u32, 1));
            assert_eq!((after.second, after.third), (2, 3));
            init(at, size).unwrap();
            assert!(memory.iter().skip(3).all(|&word| word == 0));
        }
        let mut newer = caller(32, 7);
        let status = read(newer.as_mut_ptr().cast::<Today>()).unwrap_err().status;
        assert_eq!(status, TTS_ERROR_STRUCT_SIZE);
        for size in [0, 4, 7, 4097, u32::MAX as usize] {
            let mut memory = caller(8, 0);
            memory[0] = size as u64;
            let at = memory.as_mut_ptr().cast::<Today>();
            assert_eq!(check_out(at).unwrap_err().status, TTS_ERROR_STRUCT_SIZE);
            assert_eq!(init(at, size).unwrap_err().status, TTS_ERROR_STRUCT_SIZE);
        }
    }

    /// Texts and buffers are exactly as long as they are said to be.
    #[test]
    fn texts_and_buffers_have_their_length() {
        let bytes: Box<[u8]> = Box::from(*b"caf\xc3\xa9");
        let at = bytes.as_ptr().cast();
        assert_eq!(text_n(at, 5, "text").unwrap(), "café");
        assert_eq!(text_n(at, 4, "text").unwrap_err().status, TTS_ERROR_UTF8);
        assert_eq!(text_n(std::ptr::null(), 0, "text").unwrap(), "");
        assert_eq!(text(c"yes".as_ptr(), "text").unwrap(), "yes");
        let mut samples: Box<[f32]> = Box::from([0.0; 3]);
        buffer(samples.as_mut_ptr(), 3, "samples")
            .unwrap()
            .fill(1.0);
        assert_eq!(*samples, [1.0; 3]);
        let unaligned = samples.as_mut_ptr().wrapping_byte_add(1);
        let refused = buffer(unaligned, 1, "samples").unwrap_err();
        assert_eq!(refused.status, TTS_ERROR_ARGUMENT);
        let texts = [fixed_text::<4>("abc"), fixed_text::<4>("ab\u{e9}")];
        assert_eq!(texts.map(|text| text[3]), [0, 0]);
    }
}
