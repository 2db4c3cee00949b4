//! Static scores held against the reference (tests/golden/README.md), through the command-line program: what comes
//! out of the whole core on weights made here.
#![cfg(feature = "cli")]

#[allow(dead_code)]
#[path = "../examples/make_weights/make/mod.rs"]
mod make;

use make::{Dtype, Kind, Options};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A folder that goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("headmap-goldens-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn headmap(model: &Path, relation: &Path, k: &Value, first_mlp: bool) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headmap"));
    command
        .args(["score", "--model"])
        .arg(model)
        .arg("--relation")
        .arg(relation)
        .args(["-k", &k.to_string()]);
    if !first_mlp {
        command.arg("--no-mlp");
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Every head of every case: within [lo, hi], and where `exact`, equal.
fn holds(name: &str, options: &Options, tokenizer: &Path, exact: bool) {
    let folder = Folder::new(name);
    make::make_files(options, tokenizer, Some(&project("www/data/relations")), &folder.0).unwrap();
    let golden = read(&project(&format!("tests/golden/static-{name}.json")));
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 8);
    for case in cases {
        let relation = case["relation"].as_str().unwrap();
        let pairs = read(&project(&format!("www/data/relations/{relation}.json")))["pairs"].take();
        let file = folder.0.join("relation.json");
        fs::write(&file, pairs.to_string()).unwrap();
        let first_mlp = case["preprocessing"] == "first_mlp";
        let result = headmap(&folder.0, &file, &case["k"], first_mlp);
        let found = &result["relations"][0];
        let what = format!("{name} {relation} k={} first_mlp={first_mlp}", case["k"]);

        let kept: Vec<Value> = found["kept"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| serde_json::json!([p[2], p[3]]))
            .collect();
        assert_eq!(Value::from(kept), golden["relations"][relation], "{what}: kept pairs");
        assert_eq!(found["total"], case["n_pairs"], "{what}");
        for (side, hits) in [("score", "hits"), ("suppression", "suppression_hits")] {
            for (layer, row) in case[side]["hits"].as_array().unwrap().iter().enumerate() {
                for (head, wanted) in row.as_array().unwrap().iter().enumerate() {
                    let got = found[hits][layer][head].as_u64().unwrap();
                    let bound = |name: &str| case[side][name][layer][head].as_u64().unwrap();
                    let at = format!("{what}: {side} of {layer}.{head}");
                    assert!(
                        (bound("lo")..=bound("hi")).contains(&got),
                        "{at} is {got}, not in {}..={}",
                        bound("lo"),
                        bound("hi")
                    );
                    assert!(!exact || *wanted == got, "{at} is {got}, not {wanted}");
                }
            }
        }
    }
}

#[test]
fn tiny_weights_score_as_the_reference_says() {
    let options = Options {
        kind: Kind::Tiny,
        shape: Kind::Tiny.usual_shape(),
        dtype: Dtype::F32,
        prefix: false,
    };
    holds("tiny", &options, &project("tests/golden/tokenizers/tiny.json"), true);
}

#[test]
fn a_prefix_before_the_names_changes_nothing() {
    let options = Options {
        kind: Kind::Tiny,
        shape: Kind::Tiny.usual_shape(),
        dtype: Dtype::F32,
        prefix: true,
    };
    // The same goldens in a folder of its own: tests run side by side.
    let copy = Folder::new("prefix");
    make::make_files(&options, &project("tests/golden/tokenizers/tiny.json"), None, &copy.0).unwrap();
    let golden = read(&project("tests/golden/static-tiny.json"));
    let case = &golden["cases"][0];
    let pairs = read(&project("www/data/relations/name_copying.json"))["pairs"].take();
    let file = copy.0.join("relation.json");
    fs::write(&file, pairs.to_string()).unwrap();
    assert_eq!(
        (case["relation"].as_str(), case["preprocessing"].as_str()),
        (Some("name_copying"), Some("first_mlp"))
    );
    let result = headmap(&copy.0, &file, &case["k"], true);
    assert_eq!(result["relations"][0]["hits"], case["score"]["hits"]);
}

#[test]
fn planted_weights_score_as_the_reference_says() {
    let options = Options {
        kind: Kind::Planted,
        shape: Kind::Planted.usual_shape(),
        dtype: Dtype::F32,
        prefix: false,
    };
    holds(
        "planted",
        &options,
        &project("tests/golden/tokenizers/planted.json"),
        true,
    );
}
