//! The voice file: configuration, weights, and what may be trusted in them.
//!
//! [`config`] is what a voice says about itself, [`file`] reads and writes it.

pub mod config;
