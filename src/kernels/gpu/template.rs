//! WGSL with loops and conditions that are unrolled before it is compiled.
//!
//! A line `//# for I in 0..8` (or `0..=7`) ... `//# end` repeats its body with `#I` replaced by 0 to 7;
//! `//# if #NAME` ... `//# end` keeps its body when the value is not 0 (`//# if not #NAME` when it is).
//! `#NAME` anywhere stands for a constant. Register blocks have to be written out like this:
//! not every shader compiler keeps an indexed array in registers.

use std::ops::Range;

/// Expands `source` with `constants`. Panics on a malformed template: they are all our own.
pub fn expand(source: &str, constants: &[(&str, u32)]) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let mut out = String::with_capacity(source.len() * 4);
    let values: Vec<(String, u32)> = constants.iter().map(|(n, v)| (format!("#{n}"), *v)).collect();
    block(&lines, &values, &mut out);
    out
}

fn block(lines: &[&str], values: &[(String, u32)], out: &mut String) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let Some(directive) = line.trim_start().strip_prefix("//# ") else {
            out.push_str(&replace(line, values));
            out.push('\n');
            at += 1;
            continue;
        };
        let end = at + matching_end(&lines[at..]);
        let body = &lines[at + 1..end];
        let words: Vec<String> = replace(directive, values)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["for", name, "in", range] => {
                let range = parse(range).expect("a range 0..n or 1..=n");
                let mut inner = values.to_vec();
                inner.push((format!("#{name}"), 0));
                for i in range {
                    inner.last_mut().expect("just pushed").1 = i;
                    block(body, &inner, out);
                }
            }
            ["if", value] if value != "0" => block(body, values, out),
            ["if", "not", "0"] => block(body, values, out),
            ["if", _] | ["if", "not", _] => {}
            _ => panic!("unknown template line: {line}"),
        }
        at = end + 1;
    }
}

fn parse(range: &str) -> Option<Range<u32>> {
    let (first, end) = range.split_once("..")?;
    let end = match end.strip_prefix('=') {
        Some(last) => last.parse::<u32>().ok()? + 1,
        None => end.parse().ok()?,
    };
    Some(first.parse().ok()?..end)
}

/// Index of the `//# end` that belongs to the directive in `lines[0]`.
fn matching_end(lines: &[&str]) -> usize {
    let mut depth = 0;
    for (i, line) in lines.iter().enumerate() {
        match line.trim_start().strip_prefix("//# ") {
            Some("end") => depth -= 1,
            Some(_) => depth += 1,
            None => {}
        }
        if depth == 0 {
            return i;
        }
    }
    panic!("a template block without its end: {}", lines[0]);
}

fn replace(line: &str, values: &[(String, u32)]) -> String {
    let mut values: Vec<_> = values.iter().collect();
    // #COLS_PER before #COLS, or the shorter name would eat the head of the longer one.
    values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    values.iter().fold(line.to_owned(), |text, (name, value)| {
        text.replace(name.as_str(), &value.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn loops_nest_and_names_do_not_eat_each_other() {
        let text = "//# for I in 0..#N\na#I\n//# for J in 0..2\nb#I_#J #NN\n//# end\n//# end\nz";
        assert_eq!(
            expand(text, &[("N", 2), ("NN", 7)]),
            "a0\nb0_0 7\nb0_1 7\na1\nb1_0 7\nb1_1 7\nz\n"
        );
    }

    #[test]
    fn a_range_may_name_its_last() {
        let text = "//# for I in 1..=#N\n//# for J in 0..#I\n#I#J\n//# end\n//# end";
        assert_eq!(expand(text, &[("N", 2)]), "10\n20\n21\n");
        assert_eq!(expand(text, &[("N", 0)]), "");
    }

    #[test]
    fn conditions() {
        let text = "//# if #X\nx\n//# end\n//# if not #X\ny\n//# end";
        assert_eq!(expand(text, &[("X", 1)]), "x\n");
        assert_eq!(expand(text, &[("X", 0)]), "y\n");
    }

    #[test]
    #[should_panic(expected = "without its end")]
    fn an_open_block_is_an_error() {
        expand("//# for I in 0..2\nx", &[]);
    }
}
