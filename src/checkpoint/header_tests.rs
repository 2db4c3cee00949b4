//! Headers that lie, and that nothing a header says can bring the reader down.

use super::*;
use proptest::prelude::*;

fn parse(json: &str, data: u64) -> Result<Header> {
    Header::parse("x.safetensors", json.as_bytes(), 8 + json.len() as u64 + data)
}

fn message(json: &str, data: u64) -> String {
    let e = parse(json, data).unwrap_err();
    assert_eq!(e.code(), "CheckpointCorrupt");
    e.to_string()
}

#[test]
fn reads_what_is_right() {
    let json = r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
    let h = parse(json, 28).unwrap();
    let start = 8 + json.len() as u64;
    assert_eq!(h.tensors["a"].offset, start);
    assert_eq!(
        h.tensors["b"],
        TensorInfo {
            dtype: Dtype::F32,
            shape: vec![2, 3],
            offset: start + 4,
            len: 24
        }
    );
}

#[test]
fn offsets_beyond_32_bits_are_read() {
    let json = r#"{"a":{"dtype":"F32","shape":[1500000000],"data_offsets":[0,6000000000]},"b":{"dtype":"F32","shape":[1],"data_offsets":[6000000000,6000000004]}}"#;
    let h = parse(json, 6_000_000_004).unwrap();
    assert_eq!(h.tensors["b"].offset, 8 + json.len() as u64 + 6_000_000_000);
}

#[test]
fn names_each_lie() {
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    assert!(message(&one("F32", "[2]", "[0,4]"), 4).contains("needs 8 bytes but has 4"));
    assert!(message(&one("F32", "[2]", "[0,8]"), 4).contains("cut off"));
    assert!(message(&one("F32", "[2]", "[8,0]"), 8).contains("header lies"));
    assert!(message(&one("F32", "[1]", "[0,4]"), 8).contains("tensors end at"));
    assert!(message(&one("F32", "[1]", "[4,8]"), 8).contains("gap"));
    assert!(message(&one("F32", "[1,1,1,1,1]", "[0,4]"), 4).contains("5 axes"));
    assert!(message(&one("F32", "[18446744073709551615,2]", "[0,8]"), 8).contains("counted"));
    assert!(message(&one("F8_E4M3", "[1]", "[0,1]"), 1).contains("unknown variant"));
    assert!(message(&one("F32", "[-1]", "[0,4]"), 4).contains("header is wrong"));
    let twice =
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#;
    assert!(message(twice, 2).contains("twice"));
    let overlap =
        r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#;
    assert!(message(overlap, 3).contains("overlaps"));
    let many: Vec<_> = (0..=MAX_TENSORS)
        .map(|i| format!(r#""t{i}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#))
        .collect();
    assert!(message(&format!("{{{}}}", many.join(",")), 0).contains("more than 2000"));
}

#[test]
fn foreign_files_are_named() {
    let read = |bytes: &[u8]| {
        let source = super::super::BytesSource {
            name: "f".into(),
            bytes: bytes.to_vec(),
        };
        pollster::block_on(Header::read(&source)).unwrap_err()
    };
    let zip = read(b"PK\x03\x04aaaaaaaaaaaa");
    assert_eq!(zip.code(), "CheckpointUnsupported");
    assert!(zip.to_string().contains("pickled"));
    assert!(read(b"\x80\x02aaaaaaaaaaaaaa").to_string().contains("pickled"));
    assert!(read(b"<!doctype html>").to_string().contains("web page"));
    assert_eq!(read(b"abc").code(), "CheckpointCorrupt");
    assert_eq!(read(&[255; 40]).code(), "CheckpointCorrupt");
}

proptest! {
    #[test]
    fn never_panics_on_bytes(json in prop::collection::vec(any::<u8>(), 0..300), data in any::<u64>()) {
        let _ = Header::parse("x", &json, data);
    }

    /// Whatever numbers stand in the header: what is accepted lies inside the file, and fits.
    #[test]
    fn what_is_accepted_is_true(
        entries in prop::collection::vec((0u64..5, 0u64..5, 0u64..40, 0u64..40), 1..4),
        data in 0u64..60,
    ) {
        let json: Vec<_> = entries.iter().enumerate().map(|(i, (r, c, b, e))| {
            format!(r#""t{i}":{{"dtype":"F16","shape":[{r},{c}],"data_offsets":[{b},{e}]}}"#)
        }).collect();
        let json = format!("{{{}}}", json.join(","));
        if let Ok(h) = parse(&json, data) {
            let total: u64 = h.tensors.values().map(|t| t.len).sum();
            prop_assert_eq!(total, data);
            for t in h.tensors.values() {
                prop_assert_eq!(t.len, 2 * t.shape[0] * t.shape[1]);
                prop_assert!(t.offset + t.len <= 8 + json.len() as u64 + data);
            }
        }
    }

    /// Splits of the data in any order are accepted.
    #[test]
    fn true_headers_are_accepted(sizes in prop::collection::vec(0u64..50, 1..20)) {
        let mut at = 0;
        let json: Vec<_> = sizes.iter().enumerate().map(|(i, n)| {
            let s = format!(r#""t{i}":{{"dtype":"U8","shape":[{n}],"data_offsets":[{at},{}]}}"#, at + n);
            at += n;
            s
        }).rev().collect();
        let json = format!("{{{}}}", json.join(","));
        prop_assert!(parse(&json, at).is_ok());
    }
}
