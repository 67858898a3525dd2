//! Registers as tables for people.

use anyhow::{Context, bail};
use config::{Access, Form, Register, Table, WordOrder};

/// Lines with their columns under one another.
pub fn columns(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(place) {
                Some(widest) => *widest = (*widest).max(width),
                None => widths.push(width),
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Every way to read these words, each from its own address on.
pub fn of_words(table: Table, address: u16, words: &[u16]) -> Vec<Vec<String>> {
    let addresses = address..=u16::MAX;
    if table.is_bits() {
        let mut rows = vec![["address", "value"].map(String::from).to_vec()];
        let row = |(at, bit): (u16, &u16)| vec![at.to_string(), bit.to_string()];
        rows.extend(addresses.zip(words).map(row));
        return rows;
    }
    let pairs = [
        ("u32 abcd", Form::U32, WordOrder::Abcd),
        ("u32 cdab", Form::U32, WordOrder::Cdab),
        ("f32 abcd", Form::F32, WordOrder::Abcd),
        ("f32 cdab", Form::F32, WordOrder::Cdab),
        ("f32 badc", Form::F32, WordOrder::Badc),
        ("f32 dcba", Form::F32, WordOrder::Dcba),
    ];
    let mut head = ["address", "hex", "u16", "i16"].map(String::from).to_vec();
    if words.len() > 1 {
        head.extend(pairs.iter().map(|(name, ..)| String::from(*name)));
    }
    let mut rows = vec![head];
    for (place, (at, word)) in addresses.zip(words).enumerate() {
        let mut row = vec![at.to_string(), format!("0x{word:04X}"), word.to_string()];
        row.push(word.cast_signed().to_string());
        if words.len() > place + 1 {
            row.extend(pairs.iter().map(|(_, form, order)| {
                decoded(&plain(table, at, form.clone(), *order), &words[place..])
            }));
        }
        rows.push(row);
    }
    rows
}

/// Numbers of one form, one behind the other.
pub fn of_form(register: &Register, words: &[u16]) -> Vec<Vec<String>> {
    let mut rows = vec![["address", "raw", "value"].map(String::from).to_vec()];
    let step = register.words();
    let addresses = (register.address..=u16::MAX).step_by(usize::from(step));
    for (at, words) in addresses.zip(words.chunks(usize::from(step))) {
        rows.push(vec![at.to_string(), raw(words), decoded(register, words)]);
    }
    rows
}

/// A register without a name.
pub fn plain(table: Table, address: u16, form: Form, order: WordOrder) -> Register {
    Register {
        name: String::new(),
        table,
        address,
        form,
        order,
        access: Access::Both,
        symbol: String::new(),
        scale: 1.0,
        offset: 0.0,
        sentinels: Vec::new(),
    }
}

/// Words as they are on the wire.
pub fn raw(words: &[u16]) -> String {
    words.iter().map(|word| format!("0x{word:04X}")).collect::<Vec<_>>().join(" ")
}

/// A value, or a dash for what is none.
pub fn decoded(register: &Register, words: &[u16]) -> String {
    register.decode(words).map_or_else(|| "-".to_owned(), number)
}

/// Seven digits at most: a float has no more.
fn number(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e10 {
        format!("{value:.0}")
    } else if (1e-3..1e7).contains(&size) {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.3e}")
    }
}

/// The words for values as somebody typed them.
pub fn words_to_write(values: &[String], register: Option<Register>) -> anyhow::Result<Vec<u16>> {
    let mut words = Vec::new();
    for value in values {
        let Some(register) = &register else {
            words.push(one_word(value)?);
            continue;
        };
        let number: f64 = value.parse().with_context(|| format!("`{value}` is no number"))?;
        let (low, high) = register.limits();
        if !(low..=high).contains(&number) {
            bail!("`{value}`: from {low} to {high} is allowed");
        }
        let mut some = vec![0; usize::from(register.words())];
        register.encode(number, &mut some);
        words.extend(some);
    }
    Ok(words)
}

/// 0 to 65535, -32768 to -1, or 0x.
fn one_word(value: &str) -> anyhow::Result<u16> {
    let word = match value.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => value.parse().ok().or_else(|| value.parse().ok().map(i16::cast_unsigned)),
    };
    word.with_context(|| {
        format!("`{value}`: a number from -32768 to 65535, or 0x0000 to 0xFFFF; larger ones with --as u32 or f32")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_shows_in_the_column_of_its_word_order() {
        let bytes = 7.25_f32.to_be_bytes();
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let text = columns(&of_words(Table::Holding, 10, &[word(2), word(0)]));
        let row = text.lines().nth(1).unwrap_or_default();
        let at = text.find("f32 cdab").unwrap_or_default();
        assert!(row[at..].starts_with("7.25 "), "{text}");
        assert!(row.starts_with("10       0x0000  0 "), "{text}");
        assert_eq!(
            text.lines().nth(2),
            Some("11       0x40E8  16616  16616"),
            "no pair begins there"
        );
    }

    #[test]
    fn what_is_typed_becomes_the_words_that_carry_it() {
        let typed = |values: &[&str], form: Option<(Form, WordOrder)>| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            let register = form.map(|(form, order)| plain(Table::Holding, 0, form, order));
            words_to_write(&values, register).map_err(|error| error.to_string())
        };
        assert_eq!(typed(&["1", "-1", "0xFF00"], None), Ok(vec![1, 0xFFFF, 0xFF00]));
        let float = Some((Form::F32, WordOrder::Cdab));
        assert_eq!(typed(&["7.25"], float), Ok(vec![0, 0x40E8]));
        for (value, form) in
            [("70000", None), ("x", None), ("-1", Some((Form::U32, WordOrder::Abcd)))]
        {
            assert!(typed(&[value], form).is_err(), "{value}");
        }
    }
}
