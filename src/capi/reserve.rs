//! A reserve of memory, for when the system has none.
//!
//! Rust code asks for memory in hundreds of small places and ends the process where one is refused. Here it gets
//! what the system refuses out of some MiB that were set aside when the library was loaded (and cost nothing until
//! then). That is enough to carry a piece of work to its end or to the next `room::check`, which begins nothing new.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::room;

/// The reserve is a row of pages. One begins anew when the last of its blocks is given back, so that a block which
/// somebody keeps holds up one page alone.
const PAGES: usize = 64;
/// Bytes of a page, and the most that is given at once: who asks for more is ready to hear that there is no room.
const PAGE: usize = 256 << 10;
const SIZE: usize = PAGES * PAGE;

struct Reserve {
    arena: Arena,
    /// Of each page, how many blocks are out, above, and how many bytes were given, below.
    pages: [AtomicU64; PAGES],
}

#[repr(align(4096))]
struct Arena(UnsafeCell<MaybeUninit<[u8; SIZE]>>);

// SAFETY: bytes of the arena belong to whom `take` gave them.
unsafe impl Sync for Arena {}

#[global_allocator]
static RESERVE: Reserve = Reserve::new();

/// One block in the state of a page.
const BLOCK: u64 = 1 << 32;

impl Reserve {
    const fn new() -> Self {
        Self {
            arena: Arena(UnsafeCell::new(MaybeUninit::uninit())),
            pages: [const { AtomicU64::new(0) }; PAGES],
        }
    }

    #[cold]
    fn take(&self, layout: Layout) -> *mut u8 {
        room::say_short();
        if layout.size() > PAGE || layout.align() > align_of::<Arena>() {
            return ptr::null_mut();
        }
        for (page, state) in self.pages.iter().enumerate() {
            let mut start = 0;
            let more = |state: u64| {
                start = (state as u32 as usize).next_multiple_of(layout.align());
                let end = start + layout.size();
                (end <= PAGE).then(|| (state & !(BLOCK - 1)) + BLOCK + end as u64)
            };
            if state
                .fetch_update(Ordering::Acquire, Ordering::Relaxed, more)
                .is_ok()
            {
                let at = page * PAGE + start;
                return self.arena.0.get().cast::<u8>().wrapping_add(at);
            }
        }
        ptr::null_mut()
    }

    fn give_back(&self, block: *mut u8) {
        let page = (block.addr() - self.arena.0.get().addr()) / PAGE;
        let less = |state: u64| Some(if state < 2 * BLOCK { 0 } else { state - BLOCK });
        // It never refuses.
        let _ = self.pages[page].fetch_update(Ordering::Release, Ordering::Relaxed, less);
    }

    fn owns(&self, block: *mut u8) -> bool {
        block.addr().wrapping_sub(self.arena.0.get().addr()) < SIZE
    }
}

// SAFETY: blocks are the system's, or disjoint parts of the arena: what was given of a page only grows while one of its blocks
// is out. None of the functions unwinds.
unsafe impl GlobalAlloc for Reserve {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the system wants.
        let block = unsafe { System.alloc(layout) };
        if block.is_null() {
            self.take(layout)
        } else {
            block
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            return block;
        }
        let block = self.take(layout);
        if !block.is_null() {
            // SAFETY: the block has that many bytes.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.owns(block) {
            self.give_back(block);
        } else {
            // SAFETY: the block is the system's.
            unsafe { System.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.owns(block) {
            // SAFETY: the block is the system's.
            let moved = unsafe { System.realloc(block, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        if size <= layout.size() {
            return block; // what is too large is large enough
        }
        // SAFETY: by the caller's promises the layout is one, and `block` has `layout.size()` bytes.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size());
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks do not overlap, are aligned, and all of the reserve comes back with the last one.
    #[test]
    fn blocks_are_apart_and_come_back() {
        static RESERVE: Reserve = Reserve::new();
        for round in 0..2_usize {
            let mut blocks = Vec::new();
            for i in 0.. {
                let layout = Layout::from_size_align(1 + i * 37 % 5000, 1 << (i % 7)).unwrap();
                let block = RESERVE.take(layout);
                if block.is_null() {
                    break;
                }
                assert!(RESERVE.owns(block) && block.addr().is_multiple_of(layout.align()));
                for at in [0, layout.size() - 1] {
                    // SAFETY: the block has that many bytes.
                    unsafe { block.add(at).write(i as u8) };
                }
                blocks.push((block, layout));
            }
            assert!(blocks.len() > 4000, "round {round}");
            for (i, (block, layout)) in blocks.into_iter().enumerate() {
                for at in [0, layout.size() - 1] {
                    // SAFETY: as above.
                    assert_eq!(unsafe { block.add(at).read() }, i as u8);
                }
                // SAFETY: the block is the reserve's, and is given back once.
                unsafe { RESERVE.dealloc(block, layout) };
            }
            let states = RESERVE
                .pages
                .iter()
                .map(|page| page.load(Ordering::Relaxed));
            assert_eq!(states.max(), Some(0));
        }
        let too_large = Layout::from_size_align(PAGE + 1, 1).unwrap();
        assert!(RESERVE.take(too_large).is_null());
    }
}
