//! What was measured, beside what it has to be.

use std::fmt::Write as _;

use super::Size;

/// How a figure is bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// It is only told.
    None,
    /// Not above this.
    AtMost(f64),
    /// Not below this.
    AtLeast(f64),
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The scenario.
    pub scenario: String,
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What it has to be.
    pub limit: Limit,
}

impl Figure {
    /// Whether it keeps its limit.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self.limit {
            Limit::None => true,
            Limit::AtMost(limit) => self.value <= limit,
            Limit::AtLeast(limit) => self.value >= limit,
        }
    }

    fn limit_text(&self) -> String {
        match self.limit {
            Limit::None => String::new(),
            Limit::AtMost(limit) => format!("≤ {limit}"),
            Limit::AtLeast(limit) => format!("≥ {limit}"),
        }
    }
}

/// All figures of a run, printed as they come.
#[derive(Debug)]
pub struct Report {
    size: Size,
    scenario: String,
    figures: Vec<Figure>,
}

impl Report {
    pub(super) fn new(size: Size) -> Self {
        Self { size, scenario: String::new(), figures: Vec::new() }
    }

    pub(super) fn begin(&mut self, scenario: &str) {
        println!("\n== {scenario}{}", if self.size.small { " (small)" } else { "" });
        scenario.clone_into(&mut self.scenario);
    }

    /// Notes a figure. Limits bind full runs only: a small one measures nothing.
    pub fn note(&mut self, name: impl Into<String>, value: f64, unit: &'static str, limit: Limit) {
        let limit = if self.size.small { Limit::None } else { limit };
        let scenario = self.scenario.clone();
        let figure = Figure { scenario, name: name.into(), value, unit, limit };
        let verdict = if figure.passes() { "" } else { "  MISSED" };
        let limit = figure.limit_text();
        println!("{:58} {:>12.3} {:8} {limit}{verdict}", figure.name, figure.value, figure.unit);
        self.figures.push(figure);
    }

    /// Notes something that must never happen, in runs of any size.
    pub fn never(&mut self, name: impl Into<String>, count: usize) {
        let small = std::mem::replace(&mut self.size.small, false);
        self.note(name, count as f64, "", Limit::AtMost(0.0));
        self.size.small = small;
    }

    /// Whether every figure keeps its limit.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.figures.iter().all(Figure::passes)
    }

    /// Writes all figures as a page.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &str) -> std::io::Result<()> {
        let mut page = String::from(
            "# Performance\n\nWritten by `cargo bench -p exam-benches --bench gate -- --write`, with \
             the load on the same machine.\n\n| scenario | figure | measured | limit |\n|---|---|---|---|\n",
        );
        for figure in &self.figures {
            let Figure { scenario, name, value, unit, .. } = figure;
            let missed = if figure.passes() { "" } else { " missed" };
            let limit = figure.limit_text();
            let _ = writeln!(page, "| {scenario} | {name} | {value:.3} {unit} | {limit}{missed} |");
        }
        std::fs::write(path, page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beyond_its_limit_fails_the_run() {
        let mut report = Report::new(Size { small: false });
        report.note("fast", 1.0, "ms", Limit::AtMost(2.0));
        assert!(report.passes());
        report.note("slow", 3.0, "ms", Limit::AtMost(2.0));
        assert!(!report.passes());
        let mut small = Report::new(Size { small: true });
        small.note("slow", 3.0, "ms", Limit::AtMost(2.0));
        assert!(small.passes(), "a small run measures nothing");
        small.never("lost", 1);
        assert!(!small.passes(), "but it loses nothing either");
    }
}
