//! The report as a page with plots, in one file that needs nothing else.

use std::fmt::Write as _;

use super::report::{Limits, Report};
use super::watch::Second;
use crate::plot::{Chart, Line, escape};

impl Report {
    /// The charts of a run.
    #[must_use]
    pub fn charts(&self) -> Vec<Chart> {
        let over_time = |name: &str, value: fn(&Second) -> f64| Line {
            name: name.to_owned(),
            points: self.seconds.iter().map(|second| (second.at_s, value(second))).collect(),
        };
        let curve = |(wait, curve): &(crate::recorder::Wait, Vec<(f64, f64)>)| Line {
            name: wait.name().to_owned(),
            points: curve.iter().map(|(share, ms)| (share * 100.0, *ms)).collect(),
        };
        let chart = |title: &str, x, y, log, lines| {
            let title = title.to_owned();
            Chart { title, x, y, log, lines }
        };
        let curves = self.curves.iter().filter(|(_, curve)| curve.len() > 1).map(curve).collect();
        vec![
            chart(
                "Acknowledgements a second",
                "seconds",
                "a second",
                false,
                vec![over_time("acknowledged", |second| second.acks as f64)],
            ),
            chart(
                "The slowest of a hundred acknowledgements",
                "seconds",
                "ms",
                true,
                vec![over_time("p99", |second| second.ack_p99_ms)],
            ),
            chart("How long candidates waited", "% waited no longer", "ms", true, curves),
            chart(
                "The server's cores",
                "seconds",
                "cores",
                false,
                vec![over_time("cores", |second| second.cores)],
            ),
            chart(
                "The server's memory",
                "seconds",
                "MiB",
                false,
                vec![over_time("resident", |second| second.resident_mib)],
            ),
        ]
    }

    /// The report as a page.
    #[must_use]
    pub fn to_page(&self, limits: &Limits) -> String {
        let mut page = String::from(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Load report</title>\n\
             <style>body{font:16px/1.6 sans-serif;color:#1d2939;max-width:760px;margin:2rem auto;\
             padding:0 1rem}table{border-collapse:collapse;width:100%;margin:1rem 0}\
             td,th{border-bottom:1px solid #e4e7ec;padding:.25rem .5rem;text-align:right;\
             font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}\
             .bad{color:#b42318}.good{color:#067647}svg{width:100%}</style>\n<h1>Load report</h1>\n",
        );
        let failures = self.failures(limits);
        if failures.is_empty() {
            page.push_str("<p class=\"good\">Passed: nothing was lost and every limit kept.</p>\n");
        }
        for failure in failures.iter().chain(&self.told.errors) {
            let _ = writeln!(page, "<p class=\"bad\">{}</p>", escape(failure));
        }
        page.push_str(
            "<table><tr><th>waited for<th>count<th>p50 ms<th>p90 ms<th>p99 ms<th>max ms</tr>\n",
        );
        for (wait, s) in self.waits.iter().filter(|(_, summary)| summary.count > 0) {
            let _ = writeln!(
                page,
                "<tr><td>{}<td>{}<td>{:.2}<td>{:.2}<td>{:.2}<td>{:.2}</tr>",
                wait.name(),
                s.count,
                s.p50_ms,
                s.p90_ms,
                s.p99_ms,
                s.max_ms
            );
        }
        page.push_str("</table>\n<table>\n");
        for (name, value) in self.facts() {
            let _ = writeln!(page, "<tr><td>{}<td>{}</tr>", escape(name), escape(&value));
        }
        page.push_str("</table>\n");
        for chart in self.charts() {
            page.push_str(&chart.to_svg());
        }
        page.push_str("</html>\n");
        page
    }
}
