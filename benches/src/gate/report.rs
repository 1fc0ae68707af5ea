//! What was measured, beside what it has to be.

use std::fmt::Write as _;
use std::path::Path;

use super::Size;
use crate::latency::Latencies;
use crate::plot::{Chart, Line};

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

/// A scenario as far as it has run.
#[derive(Debug, Default)]
struct Section {
    name: String,
    about: String,
    figures: Vec<Figure>,
    charts: Vec<Chart>,
}

/// All figures of a run, printed as they come.
#[derive(Debug)]
pub struct Report {
    size: Size,
    sections: Vec<Section>,
}

impl Report {
    pub(super) fn new(size: Size) -> Self {
        Self { size, sections: Vec::new() }
    }

    pub(super) fn begin(&mut self, name: &str, about: &str) {
        println!("\n== {name}{}: {about}", if self.size.small { " (small)" } else { "" });
        self.sections.push(Section {
            name: name.to_owned(),
            about: about.to_owned(),
            ..Section::default()
        });
    }

    fn section(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.sections.push(Section::default());
        }
        self.sections.last_mut().expect("there is one now")
    }

    /// Notes a figure. Limits bind full runs only: a small one measures nothing.
    pub fn note(&mut self, name: impl Into<String>, value: f64, unit: &'static str, limit: Limit) {
        let limit = if self.size.small { Limit::None } else { limit };
        self.bind(name.into(), value, unit, limit);
    }

    /// Notes something that must never happen, in runs of any size.
    pub fn never(&mut self, name: impl Into<String>, count: usize) {
        self.bind(name.into(), count as f64, "", Limit::AtMost(0.0));
    }

    fn bind(&mut self, name: String, value: f64, unit: &'static str, limit: Limit) {
        let figure = Figure { name, value, unit, limit };
        let verdict = if figure.passes() { "" } else { "  MISSED" };
        let limit = figure.limit_text();
        println!("{:58} {:>12.3} {:8} {limit}{verdict}", figure.name, figure.value, figure.unit);
        self.section().figures.push(figure);
    }

    /// Adds a chart.
    pub fn chart(&mut self, chart: Chart) {
        self.section().charts.push(chart);
    }

    /// Adds a chart of how long things took.
    pub fn curves(&mut self, title: impl Into<String>, lines: &[(&str, &Latencies)]) {
        let line = |(name, latencies): &(&str, &Latencies)| Line {
            name: (*name).to_owned(),
            points: latencies.curve().into_iter().map(|(share, ms)| (share * 100.0, ms)).collect(),
        };
        self.chart(Chart {
            title: title.into(),
            x: "% took no longer",
            y: "ms",
            log: true,
            lines: lines.iter().map(line).collect(),
        });
    }

    /// Whether every figure keeps its limit.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.missed().is_empty()
    }

    /// The figures beyond their limits.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        let of = |section: &Section| {
            let missed = section.figures.iter().filter(|figure| !figure.passes());
            let said = missed.map(|f| {
                format!(
                    "{}: {} is {:.3} {}, not {}",
                    section.name,
                    f.name,
                    f.value,
                    f.unit,
                    f.limit_text()
                )
            });
            said.collect::<Vec<_>>()
        };
        self.sections.iter().flat_map(of).collect()
    }

    /// Writes all figures as a page, and the plots into a folder `plots` beside it.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let plots = path.parent().unwrap_or(Path::new(".")).join("plots");
        std::fs::create_dir_all(&plots)?;
        let mut page = format!(
            "# Performance\n\nWritten by `scripts/gate performance`, with the load on the same \
             machine: {}. Speeds are ratios inside one run wherever they can be: the machine is \
             shared, and what it does in a second swings several-fold. CPU is time on a core, the \
             kernel's part included. A limit that was not kept says so; where the time goes, and \
             why it is missed, stands in [profile.md](profile.md).\n",
            machine()
        );
        for section in &self.sections {
            let _ = writeln!(page, "\n## {}\n\n{}.\n", section.name, section.about);
            page.push_str("| figure | measured | limit |\n|---|---:|---|\n");
            for figure in &section.figures {
                let missed = if figure.passes() { "" } else { " **missed**" };
                let (value, limit) = (number(figure.value), figure.limit_text());
                let _ = writeln!(
                    page,
                    "| {} | {value} {} | {limit}{missed} |",
                    figure.name, figure.unit
                );
            }
            for (place, chart) in section.charts.iter().enumerate() {
                let name = format!("{}-{}.svg", section.name, place + 1);
                std::fs::write(plots.join(&name), chart.to_svg())?;
                let _ = writeln!(page, "\n![{}](plots/{name})", chart.title);
            }
        }
        std::fs::write(path, page)
    }
}

/// Three digits, and no more behind the point than tell something.
fn number(value: f64) -> String {
    match value {
        v if v.fract() == 0.0 => format!("{v:.0}"),
        v if v.abs() >= 100.0 => format!("{v:.0}"),
        v if v.abs() >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// The machine in words.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (processor, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    format!("{cores} cores of {model}, {} GiB, Linux", kib.unwrap_or(0).div_ceil(1 << 20))
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
