//! The commands that run the model: one line of JSON on stdout, or a sentence on stderr and nothing there.
#![cfg(feature = "cli")]

mod support;

use serde_json::Value;
use std::process::{Command, Output};
use support::{model, path};

fn headmap(command: &str, arguments: &[&str]) -> Output {
    let model = model("planted");
    let mut program = Command::new(env!("CARGO_BIN_EXE_headmap"));
    program.arg(command).arg("--model").arg(model).args(arguments);
    program.output().unwrap()
}

fn json(command: &str, arguments: &[&str]) -> Value {
    let done = headmap(command, arguments);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(text.lines().count(), 1);
    serde_json::from_str(&text).unwrap()
}

/// The pairs of a built-in relation as a relation file.
fn relation(name: &str) -> String {
    let text = std::fs::read_to_string(path(&format!("www/data/relations/{name}.json"))).unwrap();
    let pairs: Value = serde_json::from_str(&text).unwrap();
    let file = std::env::temp_dir().join(format!("headmap-command-{name}-{}.json", std::process::id()));
    std::fs::write(&file, pairs["pairs"].to_string()).unwrap();
    file.display().to_string()
}

#[test]
fn dynamic_scores_the_papers_templates() {
    let found = json("dynamic", &["--relation", &relation("name_copying"), "-k", "1"]);
    assert_eq!(found["schema"], "headmap/dynamic");
    let templates = found["templates"].as_array().unwrap();
    assert_eq!(templates.len(), 4);
    assert_eq!(templates[0]["with_context"]["hits"][0][1], templates[0]["total"]);
}

#[test]
fn ablate_takes_the_heads_by_static_score() {
    let names = relation("name_copying");
    let few = " John-> John; Donna-> Donna; <X>->";
    let found = json(
        "ablate",
        &["--relation", &names, "--template", few, "-m", "3", "--draws", "2"],
    );
    assert_eq!(found["order"].as_array().unwrap().len(), 3);
    let task = &found["tasks"][0];
    assert_eq!(task["clean"], task["total"]);
    assert_eq!(task["ranked"].as_array().unwrap().len(), 3);
    assert_eq!(found["random_heads"].as_array().unwrap().len(), 2);
    let given = json(
        "ablate",
        &[
            "--relation",
            &names,
            "--template",
            few,
            "--heads",
            "0.1",
            "--draws",
            "0",
        ],
    );
    assert_eq!(given["order"], serde_json::json!([[0, 1]]));
}

#[test]
fn prompt_and_patterns_answer() {
    let found = json(
        "prompt",
        &[
            "--text",
            " Donna-> Donna; Mary->",
            "--ablate",
            "0.1",
            "--attention",
            "0.1,3.3",
        ],
    );
    assert_eq!(found["attention"].as_array().unwrap().len(), 2);
    assert_eq!(found["top"].as_array().unwrap().len(), 10);
    assert_eq!(found["ablated_top"].as_array().unwrap().len(), 10);
    let found = json("patterns", &["--length", "8"]);
    assert_eq!(found["induction"][3].as_array().unwrap().len(), 4);
}

#[test]
fn what_cannot_be_done_is_said_on_stderr() {
    let names = relation("name_copying");
    for (command, arguments, what) in [
        ("dynamic", vec!["--relation", &names, "--template", "no mark"], "<X>"),
        (
            "ablate",
            vec!["--relation", &names, "--template", "a <X>", "--heads", "9.9"],
            "9.9",
        ),
        (
            "ablate",
            vec!["--relation", &names, "--template", "a <X>", "--heads", "nine"],
            "layer.head",
        ),
        ("prompt", vec!["--text", ""], "empty"),
        ("patterns", vec!["--length", "100000"], "random tokens"),
    ] {
        let done = headmap(command, &arguments);
        assert!(
            !done.status.success() && done.stdout.is_empty(),
            "{command} {arguments:?}"
        );
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(said.contains(what), "{said}");
    }
}
