//! What a device's clock says of its kernels.

use std::time::Duration;

/// What a kernel took.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// Kernel, tile shape and storage of its weights, as in `lstm_cell.few1.f16`.
    pub name: &'static str,
    /// How often it ran.
    pub calls: u64,
    /// All of its runs.
    pub time: Duration,
    /// Multiply-adds.
    pub macs: u64,
    /// Bytes of weights and activations that it must read and write at least.
    pub bytes: u64,
}

impl KernelTime {
    /// Operations a nanosecond, two for a multiply-add; 0 if it took no time.
    pub fn gflops(&self) -> f64 {
        per_nanosecond(2 * self.macs, self.time)
    }

    /// Bytes a nanosecond; 0 if it took no time.
    pub fn gigabytes_per_second(&self) -> f64 {
        per_nanosecond(self.bytes, self.time)
    }
}

fn per_nanosecond(amount: u64, time: Duration) -> f64 {
    let nanoseconds = time.as_nanos();
    if nanoseconds == 0 {
        return 0.0;
    }
    amount as f64 / nanoseconds as f64
}
