//! How much memory a device may give.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Error;

/// Bytes in use on a device, and how many may be.
#[derive(Debug)]
pub struct Ledger {
    used: AtomicU64,
    limit: u64,
}

/// Bytes that are in use until it is dropped.
#[derive(Debug, Default)]
pub struct Share(Option<(Arc<Ledger>, u64)>);

impl Ledger {
    /// Nothing in use, and so many bytes to give; as many as are asked for if `None`.
    pub fn new(limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicU64::new(0),
            limit: limit.unwrap_or(u64::MAX),
        })
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Notes that so many more bytes are in use.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if that would be more than the limit; then nothing is noted.
    pub fn take(self: &Arc<Self>, bytes: u64) -> Result<Share, Error> {
        let more = |used: u64| used.checked_add(bytes).filter(|&total| total <= self.limit);
        match self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        {
            Ok(_) => Ok(Share(Some((self.clone(), bytes)))),
            Err(used) => Err(Error::OutOfMemory(format!(
                "{bytes} bytes more than the {used} in use would exceed the limit of {}",
                self.limit
            ))),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((ledger, bytes)) = &self.0 {
            ledger.used.fetch_sub(*bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken is given back, and the limit is one that may be reached.
    #[test]
    fn a_limit_is_kept() {
        let ledger = Ledger::new(Some(10));
        let first = ledger.take(7).unwrap();
        assert!(matches!(ledger.take(4), Err(Error::OutOfMemory(_))));
        assert!(matches!(ledger.take(u64::MAX), Err(Error::OutOfMemory(_))));
        let second = ledger.take(3).unwrap();
        assert_eq!(ledger.used(), 10);
        drop(first);
        assert_eq!(ledger.used(), 3);
        drop(second);
        assert_eq!(ledger.used(), 0);
    }
}
