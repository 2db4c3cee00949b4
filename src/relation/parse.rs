//! Relation files: a JSON list of [source, target], or lines of CSV or TSV.

use super::{MAX_FILE, Pair, check_pairs};
use crate::error::{Error, Result};

/// Reads pairs from the text of a file. What starts with `[` is JSON, the rest is one pair a
/// line: tab-separated where a tab stands in the text, else comma-separated (quotes as in RFC 4180).
/// Empty lines and white space around the words do not count.
///
/// Errors: the limits of [`super`], and anything that is not pairs.
pub fn parse_pairs(text: &str) -> Result<Vec<Pair>> {
    if text.len() > MAX_FILE {
        return Err(Error::RelationInvalid("The relation file is over 2 MB.".into()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let pairs = if text.trim_start().starts_with('[') {
        from_json(text)?
    } else {
        from_lines(text)?
    };
    let pairs: Vec<Pair> = pairs
        .into_iter()
        .map(|(s, t)| (s.trim().to_owned(), t.trim().to_owned()))
        .collect();
    if pairs.is_empty() {
        return Err(Error::RelationInvalid(
            "The relation file holds no pairs. Write one a line, as in: France, Paris".into(),
        ));
    }
    check_pairs(&pairs)?;
    Ok(pairs)
}

fn from_json(text: &str) -> Result<Vec<Pair>> {
    serde_json::from_str(text).map_err(|e| {
        Error::RelationInvalid(format!(
            "The relation file is not a JSON list of [source, target] pairs ({e})."
        ))
    })
}

fn from_lines(text: &str) -> Result<Vec<Pair>> {
    let delimiter = if text.contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut pairs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Error::RelationInvalid(format!("The relation file cannot be read ({e}).")))?;
        let line = record.position().map_or(0, csv::Position::line);
        match record.iter().collect::<Vec<_>>().as_slice() {
            [blank] if blank.trim().is_empty() => {}
            [s, t] => pairs.push(((*s).to_owned(), (*t).to_owned())),
            other => {
                return Err(Error::RelationInvalid(format!(
                    "Line {line} of the relation file has {} columns where source and target were expected.",
                    other.len()
                )));
            }
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<Pair> {
        list.iter().map(|(s, t)| ((*s).into(), (*t).into())).collect()
    }

    #[test]
    fn reads_json_csv_and_tsv() {
        let want = pairs(&[("France", "Paris"), ("Korea, South", "Seoul")]);
        assert_eq!(
            parse_pairs(r#" [["France","Paris"],["Korea, South","Seoul"]]"#).unwrap(),
            want
        );
        assert_eq!(
            parse_pairs("\u{feff}France, Paris\r\n\"Korea, South\",Seoul\n\n").unwrap(),
            want
        );
        assert_eq!(parse_pairs("France\tParis\nKorea, South\tSeoul").unwrap(), want);
    }

    #[test]
    fn says_what_is_wrong() {
        let why = |t: &str| parse_pairs(t).unwrap_err().to_string();
        assert!(why("").contains("no pairs"));
        assert!(why("a,b\na,b,c").contains("Line 2"));
        assert!(why("[[1,2]]").contains("JSON"));
        assert!(why("a,\n").contains("empty side"));
        assert!(why(&format!("a,{}", "b".repeat(201))).contains("200 bytes"));
        assert!(why(&"a,b\n".repeat(20_001)).contains("20001 pairs"));
        assert!(why(&"a,b\n".repeat(600_000)).contains("2 MB"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse_pairs(&text);
        }

        #[test]
        fn json_comes_back_as_written(list in prop::collection::vec(("[a-z\"é]{1,9}", "[^\\s]{1,9}"), 1..9)) {
            let text = serde_json::to_string(&list).unwrap();
            prop_assert_eq!(parse_pairs(&text).unwrap(), list);
        }
    }
}
