//! The chart of a page: one bar a case, on a logarithmic scale, for what it costs over the bare service.

use std::fmt::Write;

use super::results::Area;

const NAMES: u32 = 370;
const BARS: u32 = 420;
const WIDTH: u32 = NAMES + BARS + 90;
const ROW: u32 = 20;
/// The ends of the scale, as powers of ten of a nanosecond.
const DECADES: std::ops::RangeInclusive<u32> = 0..=5;

/// An SVG that needs no font but the reader's own.
pub(super) fn of(areas: &[Area]) -> String {
    let rows = areas.iter().map(|area| area.cases.len() + 1).sum::<usize>();
    let height = u32::try_from(rows).unwrap_or(u32::MAX / ROW) * ROW + 3 * ROW;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="10" y="16">Cost over the bare service, ns a call (logarithmic); ours in blue</text>
"##
    );
    for decade in DECADES {
        let x = place(10_f64.powi(i32::try_from(decade).unwrap_or(0)));
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            r##"<line x1="{x}" y1="{ROW}" x2="{x}" y2="{}" stroke="#dddddd"/><text x="{x}" y="{}" text-anchor="middle" fill="#666666">{}</text>"##,
            height - ROW,
            height - 6,
            10_u64.pow(decade)
        );
    }
    let mut y = 2 * ROW;
    for area in areas {
        let _ = writeln!(
            svg,
            r#"<text x="10" y="{y}" font-weight="bold">{}</text>"#,
            escaped(&area.name)
        );
        y += ROW;
        for case in area.cases.iter().skip(1) {
            let over = area.over_bare(case);
            let end = place(over);
            let colour = if case.is_ours() { "#2563eb" } else { "#9ca3af" };
            let _ = writeln!(
                svg,
                r#"<text x="20" y="{y}">{}</text><rect x="{NAMES}" y="{}" width="{}" height="12" fill="{colour}"/><text x="{}" y="{y}">{over:.1}</text>"#,
                escaped(&case.name),
                y - 10,
                end - NAMES,
                end + 5
            );
            y += ROW;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Where on the scale so many nanoseconds are.
fn place(nanos: f64) -> u32 {
    let share = nanos.max(1.0).log10() / f64::from(*DECADES.end());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between zero and the width of the bars"
    )]
    let length = (share.min(1.0) * f64::from(BARS)).round() as u32;
    NAMES + length
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::results::Case;
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_logarithm_of_its_cost() {
        assert_eq!(place(0.3), NAMES, "below the scale");
        assert_eq!(place(100_000.0), NAMES + BARS);
        assert_eq!(place(1e9), NAMES + BARS, "beyond the scale");
        let case = |name: &str, one_thread| Case {
            name: name.to_owned(),
            one_thread,
            two_threads: None,
            allocations: 0,
        };
        let svg = of(&[Area {
            name: "a < b".to_owned(),
            cases: vec![case("bare", 2.0), case("ovasabi x", 12.0)],
        }]);
        assert!(
            svg.contains("a &lt; b") && svg.contains(">10.0</text>"),
            "{svg}"
        );
        assert!(
            !svg.contains(">bare<"),
            "the bare service costs nothing over itself"
        );
    }
}
