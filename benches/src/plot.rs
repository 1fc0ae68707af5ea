//! Line charts as SVG, drawn without a library: an axis, a legend, and lines of points.

use std::fmt::Write as _;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its points, by rising x.
    pub points: Vec<(f64, f64)>,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The horizontal axis, with its unit.
    pub x: &'static str,
    /// The vertical axis, with its unit.
    pub y: &'static str,
    /// Whether the vertical axis is logarithmic.
    pub log: bool,
    /// The lines.
    pub lines: Vec<Line>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 40.0;

/// Colours that stay apart for most eyes, on white and on dark ground.
const COLOURS: [&str; 6] = ["#0b7a75", "#b54708", "#475467", "#7a5af8", "#b42318", "#067647"];

/// How many marks an axis has, about.
const MARKS: f64 = 5.0;

/// A scale from values to places.
struct Scale {
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let highest = values.iter().copied().fold(f64::MIN, f64::max);
        if log {
            let lowest = values.iter().copied().filter(|v| *v > 0.0).fold(f64::MAX, f64::min);
            let (lowest, highest) =
                if lowest < highest { (lowest, highest) } else { (0.1, highest.max(1.0)) };
            return Self { from: lowest.log10().floor(), to: highest.log10().ceil(), log };
        }
        let top = if highest > 0.0 { highest } else { 1.0 };
        Self { from: 0.0, to: top, log }
    }

    /// From 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.max(1e-9).log10() } else { value };
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn marks(&self) -> Vec<f64> {
        if self.log {
            let decades = self.from as i32..=self.to as i32;
            return decades.map(|decade| 10_f64.powi(decade)).collect();
        }
        let rough = self.to / MARKS;
        let decade = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * decade);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        (0..).map(|mark| f64::from(mark) * step).take_while(|mark| *mark <= self.to).collect()
    }
}

/// A number without needless digits.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{}M", v / 1e6),
        v if v >= 10_000.0 => format!("{}k", v / 1e3),
        v => format!("{}", (v * 1e6).round() / 1e6),
    }
}

impl Chart {
    /// The chart as an SVG element.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let x = Scale::of(points().map(|point| point.0), false);
        let y = Scale::of(points().map(|point| point.1), self.log);
        let at_x = |value: f64| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
        let at_y = |value: f64| HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"18\" font-size=\"14\" fill=\"#1d2939\">{}</text>\n",
            escape(&self.title)
        );
        for mark in y.marks() {
            let at = at_y(mark);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e4e7ec\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#475467\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                short(mark)
            );
        }
        for mark in x.marks() {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#475467\">{}</text>",
                at_x(mark),
                HEIGHT - BOTTOM + 16.0,
                short(mark)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#475467\">{}</text>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#475467\">{}</text>",
            WIDTH - RIGHT,
            HEIGHT - 8.0,
            escape(self.x),
            WIDTH - RIGHT,
            18,
            escape(self.y)
        );
        let mut legend_x = LEFT;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let path: Vec<String> = line
                .points
                .iter()
                .map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y)))
                .collect();
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.75\" points=\"{}\"/>\
                 <text x=\"{legend_x}\" y=\"38\" fill=\"{colour}\">— {}</text>",
                path.join(" "),
                escape(&line.name)
            );
            legend_x += 24.0 + 7.5 * line.name.chars().count() as f64;
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Text as it may stand in HTML and SVG.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_is_at_the_top_and_zero_at_the_bottom() {
        let chart = Chart {
            title: "a < b".to_owned(),
            x: "s",
            y: "ms",
            log: false,
            lines: vec![Line { name: "p99".to_owned(), points: vec![(0.0, 0.0), (10.0, 8.0)] }],
        };
        let svg = chart.to_svg();
        assert!(svg.contains("points=\"64.0,260.0 704.0,52.0\""), "{svg}");
        assert!(svg.contains("a &lt; b"), "{svg}");
    }

    #[test]
    fn a_logarithmic_axis_has_a_mark_each_decade() {
        let scale = Scale::of([0.5, 200.0].into_iter(), true);
        assert_eq!(scale.marks().len(), 5);
        assert!((scale.place(10.0) - 0.5).abs() < 1e-9);
    }
}
