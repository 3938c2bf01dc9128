//! The tables of a page.

use std::fmt::Write;

use super::results::{Area, Case};

/// One table an area: ours in bold, each peer with what it costs for one of ours.
pub(super) fn of(areas: &[Area]) -> String {
    let mut text = String::new();
    for area in areas {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "### {}\n\n\
             | case | ns a call | over bare | ours to it | allocations a call | two threads, ns | to one thread |\n\
             |---|---|---|---|---|---|---|\n",
            area.name
        );
        for case in &area.cases {
            let _ = writeln!(text, "{}", row(area, case));
        }
        text.push('\n');
    }
    text
}

fn row(area: &Area, case: &Case) -> String {
    let is_bare = area
        .cases
        .first()
        .is_some_and(|bare| bare.name == case.name);
    let name = if case.is_ours() {
        format!("**{}**", case.name)
    } else {
        case.name.clone()
    };
    let over = match is_bare {
        true => String::new(),
        false => shown(area.over_bare(case)),
    };
    // Ours that is compared: the one named before the peer.
    let ours = area
        .cases
        .iter()
        .take_while(|other| other.name != case.name);
    let ratio = match ours.filter(|other| other.is_ours()).last() {
        Some(ours) if !case.is_ours() => {
            format!("{:.2}", area.over_bare(ours) / area.over_bare(case))
        }
        _ => String::new(),
    };
    let (two, to_one) = case.two_threads.map_or_else(Default::default, |two| {
        (shown(two), format!("{:.2}", two / case.one_thread))
    });
    // Counted over a thousand calls: a rare one that grows something shows as a fraction.
    let allocations = match case.allocations {
        count if count % 1_000 == 0 => (count / 1_000).to_string(),
        count => format!("{}.{:03}", count / 1_000, count % 1_000),
    };
    format!(
        "| {name} | {} | {over} | {ratio} | {allocations} | {two} | {to_one} |",
        shown(case.one_thread)
    )
}

/// Three figures; more would claim what no run repeats.
fn shown(nanos: f64) -> String {
    match nanos {
        ..10.0 => format!("{nanos:.2}"),
        10.0..100.0 => format!("{nanos:.1}"),
        _ => format!("{nanos:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, one_thread: f64) -> Case {
        Case {
            name: name.to_owned(),
            one_thread,
            two_threads: None,
            allocations: 0,
        }
    }

    #[test]
    fn a_peer_is_compared_with_the_one_of_ours_before_it() {
        let area = Area {
            name: "rate limit".to_owned(),
            cases: vec![
                case("bare", 2.0),
                case("ovasabi one", 12.0),
                Case {
                    two_threads: Some(44.0),
                    allocations: 2_001,
                    ..case("peer one", 22.0)
                },
                case("ovasabi two", 7.0),
                case("peer two", 12.0),
            ],
        };
        let text = of(&[area]);
        assert!(text.contains("| bare | 2.00 |  |  | 0 |  |  |"), "{text}");
        assert!(
            text.contains("| **ovasabi one** | 12.0 | 10.0 |  | 0 |  |  |"),
            "{text}"
        );
        assert!(
            text.contains("| peer one | 22.0 | 20.0 | 0.50 | 2.001 | 44.0 | 2.00 |"),
            "{text}"
        );
        assert!(
            text.contains("| peer two | 12.0 | 10.0 | 0.50 | 0 |  |  |"),
            "{text}"
        );
    }
}
