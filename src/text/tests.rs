//! Tests of the front end.

mod english;
mod front_end;
mod hostile;
mod published;
mod splitting;
