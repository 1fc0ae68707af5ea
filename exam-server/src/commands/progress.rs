//! Progress of long work: a bar on a terminal, plain lines elsewhere, nothing beside JSON.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a piece of work has come.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: usize,
    tenths: usize,
    quiet: bool,
}

impl Progress {
    /// Begins `total` pieces of work; `quiet` shows nothing.
    #[must_use]
    pub fn begin(what: &'static str, total: usize, quiet: bool) -> Self {
        let terminal = !quiet && std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
            ProgressBar::new(total as u64)
                .with_style(style.expect("the template is well-formed"))
                .with_message(what)
        });
        Self { bar, what, total, tenths: 0, quiet }
    }

    /// So much is done.
    pub fn done(&mut self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        } else if !self.quiet && self.total > 0 {
            let tenths = done * 10 / self.total;
            if tenths > self.tenths {
                self.tenths = tenths;
                eprintln!("{}: {done} of {}", self.what, self.total);
            }
        }
    }

    /// All is done.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
