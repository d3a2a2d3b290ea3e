//! Tacoglow: neural text-to-speech with Tacotron 2 and WaveGlow, made to be embedded.
//!
//! Data flows one way: `text -> symbol ids -> encoder memory -> mel frames -> audio`.
//! Layers call downwards only: [`synth`] drives [`nn`], which is written over the kernels of a
//! [`backend`]; [`text`], [`voice`] and [`audio`] are leaves.

pub mod audio;
pub mod backend;
pub mod capi;
pub mod disk;
pub mod nn;
mod room;
mod sync;
pub mod synth;
pub mod text;
pub mod voice;
