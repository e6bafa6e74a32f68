//! Plain tables: columns padded with spaces, numbers to the right.

use std::fmt::{self, Write};

/// A table for people.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    has_header: bool,
}

impl Table {
    /// A table without a header: labels and values.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A table whose columns have names.
    pub(crate) fn with_header(names: &[&str]) -> Self {
        Self { rows: vec![names.iter().map(|&name| name.to_owned()).collect()], has_header: true }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a label and a value.
    pub(crate) fn pair(&mut self, label: &str, value: impl fmt::Display) {
        self.rows.push(vec![label.to_owned(), value.to_string()]);
    }

    /// Whether all cells of a column below the header are numbers.
    fn is_numeric(&self, column: usize) -> bool {
        let cells = self.rows.iter().skip(usize::from(self.has_header)).filter_map(|row| row.get(column));
        let is_number = |cell: &String| cell.trim_end_matches([' ', '%']).parse::<f64>().is_ok();
        self.has_header && cells.into_iter().all(is_number)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns: Vec<(usize, bool)> =
            (0..n_columns).map(|column| (width(column), self.is_numeric(column))).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, &(width, is_numeric)) in row.iter().zip(&columns) {
                let separator = if line.is_empty() { "" } else { "  " };
                if is_numeric {
                    write!(line, "{separator}{cell:>width$}")?;
                } else {
                    write!(line, "{separator}{cell:<width$}")?;
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_columns() {
        let mut table = Table::with_header(&["name", "n"]);
        table.row(["a".into(), "1".into()]);
        table.row(["long".into(), "200".into()]);
        assert_eq!(table.to_string(), "name    n\na       1\nlong  200\n");
        let mut pairs = Table::new();
        pairs.pair("model", "m.onnx");
        pairs.pair("n", 3);
        assert_eq!(pairs.to_string(), "model  m.onnx\nn      3\n");
    }
}
