//! Times as people write them: `90 s`, `10 min`, `3 h`, `2 d`, `1 h 30 min`.

use std::time::Duration;

/// Seconds in a unit.
const UNITS: [(&str, f64); 5] =
    [("ms", 0.001), ("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

/// The time behind a text.
///
/// # Errors
/// When it is none: with what would be one.
pub fn parse(text: &str) -> Result<Duration, String> {
    let words: Vec<&str> = text.split_whitespace().flat_map(parts).collect();
    let wrong = || {
        format!("\"{text}\" is no time: write for instance \"90 s\", \"10 min\", \"3 h\", \"2 d\"")
    };
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let mut seconds = 0.0;
    for pair in words.chunks(2) {
        let number: f64 = pair[0].parse().map_err(|_| wrong())?;
        let unit = UNITS.iter().find(|(name, _)| *name == pair[1]).ok_or_else(wrong)?;
        if !(number >= 0.0) {
            return Err(wrong());
        }
        seconds += number * unit.1;
    }
    // A thousand years is a slip of the pen.
    if seconds > 3.2e10 {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// `30min` is `30 min`.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let number = word.trim_end_matches(|end: char| end.is_ascii_alphabetic());
    let (number, unit) = word.split_at(number.len());
    [number, unit].into_iter().filter(|part| !part.is_empty())
}

/// The same, short: `3 h 20 min`, `41 s`.
#[must_use]
pub fn show(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_people_write() {
        for (text, seconds) in [
            ("90 s", 90.0),
            ("10 min", 600.0),
            ("1 h 30 min", 5_400.0),
            ("2 d", 172_800.0),
            ("500 ms", 0.5),
            ("30min", 1_800.0),
            ("1h 30min", 5_400.0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "10", "min 10", "10 weeks", "-1 s", "1e99 d", "nan s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
