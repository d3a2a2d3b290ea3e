//! Rows of a stream, with the context that the next block needs.

use crate::backend::{Backend, Rows, RowsMut, rows, rows_mut};

/// A tensor that holds rows `start..end` of a stream. Row 0 is the first of the utterance; the rows
/// before it are the zeros of a convolution's padding.
pub(super) struct Window<B: Backend> {
    tensor: B::Tensor,
    capacity: usize,
    lead: usize,
    start: isize,
    end: isize,
}

impl<B: Backend> Window<B> {
    /// Room for `capacity` rows; begins with `lead` rows of zeros before row 0.
    pub(super) fn new(backend: &mut B, capacity: usize, channels: usize, lead: usize) -> Self {
        let tensor = backend.zeros(capacity, channels);
        Self {
            tensor,
            capacity,
            lead,
            start: -(lead as isize),
            end: 0,
        }
    }

    /// Back to the beginning, for another utterance.
    pub(super) fn restart(&mut self, backend: &mut B) {
        backend.zero_rows(&mut self.tensor, 0..self.lead);
        self.start = -(self.lead as isize);
        self.end = 0;
    }

    /// One past the last row.
    pub(super) fn end(&self) -> isize {
        self.end
    }

    /// From `row` of the stream on, to read.
    pub(super) fn at(&self, row: isize) -> Rows<'_, B::Tensor> {
        debug_assert!(row >= self.start);
        rows(&self.tensor, (row - self.start) as usize)
    }

    /// From `row` of the stream on, to change.
    pub(super) fn at_mut(&mut self, row: isize) -> RowsMut<'_, B::Tensor> {
        debug_assert!(row >= self.start);
        rows_mut(&mut self.tensor, (row - self.start) as usize)
    }

    /// Makes room for `n` more rows, forgetting those before `keep`, and returns where they go.
    pub(super) fn append(
        &mut self,
        backend: &mut B,
        n: usize,
        keep: isize,
    ) -> RowsMut<'_, B::Tensor> {
        let used = (self.end - self.start) as usize;
        if used + n > self.capacity {
            let keep = keep.max(self.start);
            let from = (keep - self.start) as usize;
            backend.move_rows(&mut self.tensor, from..used, 0);
            self.start = keep;
            assert!(
                used - from + n <= self.capacity,
                "a window of {} rows is too small",
                self.capacity
            );
        }
        let row = (self.end - self.start) as usize;
        self.end += n as isize;
        rows_mut(&mut self.tensor, row)
    }

    /// Appends `n` rows of zeros.
    pub(super) fn append_zeros(&mut self, backend: &mut B, n: usize, keep: isize) {
        let at = self.append(backend, n, keep);
        backend.zero_rows(at.tensor, at.row..at.row + n);
    }
}
