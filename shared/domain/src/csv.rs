//! Comma-separated values (RFC 4180), read record by record from whatever part of a file is at hand, and written
//! so that a spreadsheet shows them and runs nothing.

/// What stands at the beginning of a cell that a spreadsheet would take for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What stands in it.
    pub cells: Cells,
    /// How many bytes it takes, its end of line included.
    pub len: usize,
}

/// What stands in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// Its cells, in their order.
    Read(Vec<String>),
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// A quoted cell goes on to the end of the file.
    Unclosed,
}

/// The record at the beginning of `bytes`; none if it goes on beyond them. `at_end` says that nothing comes after
/// `bytes`. Lines end with `\n`, `\r\n` or `\r`; a cell in quotes may hold any of them, and `""` for a quote.
pub fn record(bytes: &[u8], delimiter: u8, at_end: bool) -> Option<Record> {
    if bytes.is_empty() {
        return None;
    }
    let (mut cells, mut cell) = (Vec::new(), Vec::new());
    let (mut quoted, mut begun) = (false, false);
    let mut at = 0;
    let len = loop {
        let Some(&byte) = bytes.get(at) else {
            if !at_end {
                return None;
            }
            if quoted {
                return Some(Record { cells: Cells::Unclosed, len: at });
            }
            break at;
        };
        at += 1;
        match byte {
            b'"' if quoted => match bytes.get(at) {
                Some(b'"') => {
                    cell.push(b'"');
                    at += 1;
                }
                // Whether the cell ends here is said by what comes next.
                None if !at_end => return None,
                _ => quoted = false,
            },
            _ if quoted => cell.push(byte),
            b'"' if !begun => (quoted, begun) = (true, true),
            _ if byte == delimiter => {
                cells.push(std::mem::take(&mut cell));
                begun = false;
            }
            b'\n' => break at,
            b'\r' => match bytes.get(at) {
                Some(b'\n') => break at + 1,
                None if !at_end => return None,
                _ => break at,
            },
            _ => {
                cell.push(byte);
                begun = true;
            }
        }
    };
    cells.push(cell);
    let cells: Option<Vec<String>> = cells.into_iter().map(|cell| String::from_utf8(cell).ok()).collect();
    Some(Record { cells: cells.map_or(Cells::NotUtf8, Cells::Read), len })
}

/// What separates the cells of a file with this first line: a comma, a semicolon or a tab, whichever stands in it
/// most often outside quotes.
pub fn delimiter_of(line: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && delimiter == byte) {
            *count += 1;
        }
    }
    // The first of several that are as frequent.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// Adds a record: cells in quotes where they need them, formulas made harmless, the line ended with `\r\n`.
pub fn write_record<C: AsRef<str>>(out: &mut String, cells: impl IntoIterator<Item = C>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let cell = harmless(cell.as_ref());
        let plain = !cell.contains([',', ';', '"', '\n', '\r', '\t']) && cell.trim() == cell;
        if plain {
            out.push_str(&cell);
        } else {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        }
    }
    out.push_str("\r\n");
}

/// A cell that a spreadsheet would run gets an apostrophe before it, and so does one that looks as if it had got one.
pub fn harmless(cell: &str) -> String {
    let mut start = cell.chars();
    let marked = match start.next() {
        Some('\'') => start.next().is_some_and(|next| next == '\'' || FORMULA.contains(&next)),
        Some(first) => FORMULA.contains(&first),
        None => false,
    };
    if marked { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell before it was made harmless; any other cell as it is.
pub fn as_meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with('\'') || rest.starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every record of a text, however it is cut into two parts at `cut`.
    fn records(text: &[u8], delimiter: u8, cut: usize) -> Vec<Cells> {
        let (mut from, mut records) = (0, Vec::new());
        while from < text.len() {
            let first = (from < cut).then(|| record(&text[from..cut], delimiter, false)).flatten();
            let read = first.or_else(|| record(&text[from..], delimiter, true)).unwrap();
            from += read.len;
            records.push(read.cells);
        }
        records
    }

    fn read(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let whole = records(text.as_bytes(), delimiter, 0);
        for cut in 1..text.len() {
            assert_eq!(records(text.as_bytes(), delimiter, cut), whole, "cut at {cut}");
        }
        let cells = |cells| if let Cells::Read(cells) = cells { cells } else { panic!("{cells:?}") };
        whole.into_iter().map(cells).collect()
    }

    #[test]
    fn quotes_hold_delimiters_lines_and_quotes() {
        assert_eq!(
            read("a,\"b, \"\"c\"\"\r\nd\",\r\n1,2,3\nx\ry,\"\"", b','),
            [vec!["a", "b, \"c\"\r\nd", ""], vec!["1", "2", "3"], vec!["x"], vec!["y", ""]]
        );
        assert_eq!(read("5\" pipe;\"x\"y;a\"b", b';'), [["5\" pipe", "xy", "a\"b"]]);
        assert_eq!(read("a\t\u{995}\n", b'\t'), [["a", "\u{995}"]]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let unclosed = record(b"a,\"b\nc,d\n", b',', true);
        assert_eq!(unclosed, Some(Record { cells: Cells::Unclosed, len: 9 }));
        assert_eq!(record(b"a,\"b\nc,d\n", b',', false), None);
        assert_eq!(record(b"M\xfcller,1\nx", b',', false).unwrap().cells, Cells::NotUtf8);
        assert_eq!(record(b"", b',', true), None);
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_one() {
        assert_eq!(delimiter_of(b"first_name;last_name;\"a,b,c,d\""), b';');
        assert_eq!(delimiter_of(b"first_name\tphone"), b'\t');
        assert_eq!(delimiter_of(b"phone"), b',');
        assert_eq!(delimiter_of(b"a,b;c"), b',');
    }

    #[test]
    fn a_formula_is_made_harmless_and_read_back() {
        for (cell, written) in [
            ("+919876543210", "'+919876543210"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-", "'-"),
            ("'=x", "''=x"),
            ("'tis", "'tis"),
            ("Rossi", "Rossi"),
        ] {
            assert_eq!(harmless(cell), written);
            assert_eq!(as_meant(written), cell);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in prop::collection::vec(prop::collection::vec("\\PC{0,6}|[=+@'\"\n\r,; -]{0,4}", 2..4), 1..4)) {
            let mut text = String::new();
            for row in &rows {
                write_record(&mut text, row);
            }
            let read: Vec<Vec<String>> = records(text.as_bytes(), b',', text.len() / 2)
                .into_iter()
                .map(|cells| if let Cells::Read(cells) = cells { cells } else { panic!("{cells:?}") })
                .map(|cells| cells.iter().map(|cell| as_meant(cell).to_owned()).collect())
                .collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn reading_never_panics_and_always_goes_on(bytes in prop::collection::vec(any::<u8>(), 1..60)) {
            prop_assert!(record(&bytes, b',', true).is_some_and(|record| record.len > 0));
        }
    }
}
