//! The table of a profile: what each kernel takes.

use std::fmt::Write as _;

use serde::Serialize;

use tts::backend::KernelTime;

use crate::print;

/// A kernel's line.
#[derive(Serialize)]
pub(crate) struct KernelRow {
    /// Kernel, tile shape and storage of its weights.
    name: &'static str,
    calls: u64,
    time_ms: f64,
    /// Of the time of all kernels, from 0 to 1.
    share: f64,
    /// Two operations per multiply-add.
    gflops: f64,
    /// Of weights and activations that it must read and write at least.
    gb_per_s: f64,
}

/// A line for each kernel, in their order.
pub(crate) fn rows(kernels: &[KernelTime]) -> Vec<KernelRow> {
    let all: f64 = kernels.iter().map(|k| k.time.as_secs_f64()).sum();
    let row = |k: &KernelTime| KernelRow {
        name: k.name,
        calls: k.calls,
        time_ms: k.time.as_secs_f64() * 1e3,
        share: k.time.as_secs_f64() / all.max(f64::MIN_POSITIVE),
        gflops: k.gflops(),
        gb_per_s: k.gigabytes_per_second(),
    };
    kernels.iter().map(row).collect()
}

/// For people.
pub(crate) fn table(rows: &[KernelRow]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:width$}  {:>8}  {:>9}  {:>6}  {:>8}  {:>7}",
        "kernel", "calls", "ms", "share", "GFLOP/s", "GB/s"
    );
    for row in rows {
        let _ = write!(
            text,
            "\n{:width$}  {:>8}  {:>9}  {:>4.1} %  {:>8}  {:>7}",
            row.name,
            print::thousands(row.calls),
            print::digits(row.time_ms),
            row.share * 100.0,
            print::digits(row.gflops),
            print::digits(row.gb_per_s),
        );
    }
    let (calls, time): (u64, f64) = rows
        .iter()
        .fold((0, 0.0), |(c, t), row| (c + row.calls, t + row.time_ms));
    let _ = write!(
        text,
        "\n{:width$}  {:>8}  {:>9}",
        "all",
        print::thousands(calls),
        print::digits(time)
    );
    text
}
