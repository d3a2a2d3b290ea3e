//! What a terminal shows while work is under way; nothing if standard error is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that is redrawn, and gone when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar over `total` units, or a spinner if the total is 0.
    pub(crate) fn new(total: u64, message: &str) -> Self {
        let (bar, template) = if total == 0 {
            (ProgressBar::new_spinner(), "{spinner} {msg}")
        } else {
            (
                ProgressBar::new(total),
                "{spinner} {bar:30} {percent:>3} %  {msg}",
            )
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    pub(crate) fn message(&self, message: String) {
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
