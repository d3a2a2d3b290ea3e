//! Whole sentences on a GPU, and devices that fail.
