//! Models that are broken, each with its sentence; a broken head does not take the others along.

mod support;

use headmap::checkpoint::{BytesSource, Config, Gpt2Layout, Header};
use headmap::engine::cpu::CpuEngine;
use headmap::result::ResultDocument;
use headmap::score::run::{DynamicAsk, DynamicDocument, score_dynamic};
use headmap::score::{Model, Options, Preprocessing, Provenance, SilentHost, score_relations};
use headmap::tokenizer::Tokenizer;
use headmap::{Error, Result};
use std::rc::Rc;
use support::{model, path, relation};

/// The tiny model's file with `edit` done to the bytes of one tensor.
fn edited(key: &str, edit: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let bytes = std::fs::read(model("tiny").join("model.safetensors")).unwrap();
    let mut source = BytesSource {
        name: "model.safetensors".into(),
        bytes,
    };
    let header = pollster::block_on(Header::read(&source)).unwrap();
    let t = &header.tensors[key];
    edit(&mut source.bytes[t.offset as usize..(t.offset + t.len) as usize]);
    source.bytes
}

fn score_with(bytes: Vec<u8>, tokenizer: &str, preprocessing: Preprocessing) -> Result<ResultDocument> {
    let config = std::fs::read_to_string(model("tiny").join("config.json")).unwrap();
    let tokenizer = Tokenizer::from_json(&std::fs::read(path(tokenizer)).unwrap())?;
    let source = BytesSource {
        name: "model.safetensors".into(),
        bytes,
    };
    let engine = Rc::new(CpuEngine::default());
    let open = Model::open(engine, source, Some(&config), tokenizer, Provenance::default(), 0);
    let model = pollster::block_on(open)?;
    let options = Options { preprocessing };
    pollster::block_on(score_relations(
        &model,
        &[relation("name_copying", 1)],
        options,
        &SilentHost,
    ))
}

const TINY: &str = "tests/golden/tokenizers/tiny.json";

fn refused(bytes: Vec<u8>) -> Error {
    score_with(bytes, TINY, Preprocessing::FirstMlp).unwrap_err()
}

fn put(bytes: &mut [u8], index: usize, value: f32) {
    bytes[index * 4..index * 4 + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn nan_in_one_heads_weights_makes_that_head_invalid_and_no_other() {
    let whole = score_with(edited("wte.weight", |_| {}), TINY, Preprocessing::FirstMlp).unwrap();
    // c_attn is [32, 96]: column 64 + 16 is the first of head 1's values.
    let in_w_v = edited("h.1.attn.c_attn.weight", |b| put(b, 5 * 96 + 64 + 16, f32::NAN));
    // c_proj is [32, 32]: row 3 is head 0's.
    let in_w_o = edited("h.1.attn.c_proj.weight", |b| put(b, 3 * 32, f32::INFINITY));
    for (bytes, head) in [(in_w_v, 1), (in_w_o, 0)] {
        let got = score_with(bytes, TINY, Preprocessing::FirstMlp).unwrap();
        let r = &got.relations[0];
        assert_eq!(r.invalid.len(), 1);
        assert_eq!((r.invalid[0].layer, r.invalid[0].head), (1, head));
        assert!(r.invalid[0].reason.contains("h.1.attn"), "{}", r.invalid[0].reason);
        assert_eq!(r.hits[0], whole.relations[0].hits[0]);
        assert_eq!(r.hits[1][1 - head], whole.relations[0].hits[1][1 - head]);
    }
    // What no score reads may be anything: the queries' columns.
    let in_queries = edited("h.1.attn.c_attn.weight", |b| put(b, 0, f32::NAN));
    let got = score_with(in_queries, TINY, Preprocessing::FirstMlp).unwrap();
    assert_eq!(got.relations[0].hits, whole.relations[0].hits);
}

/// What head 0 of the last layer writes, made so large that the logits of some prompts overflow.
#[test]
fn a_head_that_overflows_in_some_prompts_has_no_dynamic_hits_and_the_others_keep_theirs() {
    let run = |factor: f64| {
        let bytes = edited("h.1.attn.c_proj.weight", |b| {
            for value in b[..16 * 32 * 4].as_chunks_mut::<4>().0 {
                let larger = (f64::from(f32::from_le_bytes(*value)) * factor).clamp(-3e38, 3e38);
                *value = (larger as f32).to_le_bytes();
            }
        });
        let config = std::fs::read_to_string(model("tiny").join("config.json")).unwrap();
        let tokenizer = Tokenizer::from_json(&std::fs::read(path(TINY)).unwrap()).unwrap();
        let name = "model.safetensors".into();
        let source = BytesSource { name, bytes };
        let engine = Rc::new(CpuEngine::default());
        let open = Model::open(engine, source, Some(&config), tokenizer, Provenance::default(), 0);
        let ask = DynamicAsk {
            name: "name_copying".into(),
            pairs: relation("name_copying", 1).pairs,
            k: 100,
            templates: vec!["This is <X>".into()],
            multi_token: false,
        };
        pollster::block_on(async { score_dynamic(&open.await?, &ask, &SilentHost).await }).unwrap()
    };
    let (clean, broken) = (run(1.0), run(2e38));
    assert!(clean.invalid.is_empty());
    let hits = |d: &DynamicDocument| d.templates[0].with_context.hits.clone();
    assert!(hits(&clean)[1][0] > 0, "nothing would be lost");
    assert_eq!(broken.invalid.len(), 1);
    assert_eq!((broken.invalid[0].layer, broken.invalid[0].head), (1, 0));
    assert_eq!(hits(&broken)[1][0], 0);
    assert_eq!(broken.templates[0].with_context.suppression_hits[1][0], 0);
    assert_eq!(hits(&broken)[1][1], hits(&clean)[1][1]);
    assert_eq!(hits(&broken)[0], hits(&clean)[0]);
}

#[test]
fn nan_where_every_head_needs_it_is_an_error_that_names_the_tensor() {
    let wte = refused(edited("wte.weight", |b| put(b, 7 * 32, f32::NAN)));
    assert_eq!(wte.code(), "CheckpointNotFinite");
    assert!(wte.to_string().contains("wte.weight, token 7"), "{wte}");
    let mlp = edited("h.0.mlp.c_fc.weight", |b| put(b, 0, f32::NEG_INFINITY));
    assert!(refused(mlp.clone()).to_string().contains("h.0.mlp.c_fc.weight"));
    assert!(
        score_with(mlp, TINY, Preprocessing::None).is_ok(),
        "the MLP is not used here"
    );
}

#[test]
fn a_cut_file_and_another_tokenizer_are_refused() {
    let bytes = edited("wte.weight", |_| {});
    assert_eq!(refused(bytes[..bytes.len() / 2].to_vec()).code(), "CheckpointCorrupt");
    let e = score_with(bytes, "tests/golden/tokenizers/planted.json", Preprocessing::None).unwrap_err();
    assert_eq!(e.code(), "TokenizerMismatch");
    assert!(Tokenizer::from_json(b"{").is_err_and(|e| e.code() == "TokenizerInvalid"));
}

#[test]
fn relations_without_a_usable_pair_are_refused() {
    let folder = model("tiny");
    let open = support::open(&folder).unwrap();
    let mut words = relation("name_copying", 1);
    words.pairs = vec![("antidisestablishmentarianism".into(), "Mary".into())];
    let score = |r| pollster::block_on(score_relations(&open, &[r], Options::default(), &SilentHost));
    let e = score(words).unwrap_err();
    assert_eq!(e.code(), "RelationEmpty");
    assert!(e.to_string().contains("tokens"), "{e}");
    assert_eq!(
        score(relation("name_copying", 0)).unwrap_err().code(),
        "RelationInvalid"
    );
}

/// GPT-2 XL's real sizes: offsets beyond 32 bits, and what a static job reads of them.
#[test]
fn gpt2_xl_plans_beyond_four_gigabytes() {
    let (layers, d, v) = (48u64, 1600u64, 50_257u64);
    let mut at = 0;
    let mut entries = Vec::new();
    let mut tensor = |name: String, shape: &[u64]| {
        let len = shape.iter().product::<u64>() * 4;
        entries.push(format!(
            r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{at},{}]}}"#,
            at + len
        ));
        at += len;
    };
    for l in 0..layers {
        tensor(format!("h.{l}.attn.bias"), &[1, 1, 1024, 1024]);
        tensor(format!("h.{l}.attn.c_attn.weight"), &[d, 3 * d]);
        tensor(format!("h.{l}.attn.c_proj.weight"), &[d, d]);
        tensor(format!("h.{l}.ln_2.weight"), &[d]);
        tensor(format!("h.{l}.ln_2.bias"), &[d]);
        tensor(format!("h.{l}.mlp.c_fc.weight"), &[d, 4 * d]);
        tensor(format!("h.{l}.mlp.c_fc.bias"), &[4 * d]);
        tensor(format!("h.{l}.mlp.c_proj.weight"), &[4 * d, d]);
        tensor(format!("h.{l}.mlp.c_proj.bias"), &[d]);
    }
    tensor("wte.weight".into(), &[v, d]);
    let json = format!("{{{}}}", entries.join(","));
    let file = 8 + json.len() as u64 + at;
    let header = Header::parse("xl", json.as_bytes(), file).unwrap();
    let layout = Gpt2Layout::new("xl", header, &Config::default()).unwrap();
    assert_eq!((layout.n_layer, layout.n_head), (48, 25));
    assert!(layout.tensor("wte.weight").offset > u64::from(u32::MAX));
    let share = layout.bytes(&layout.static_job(true)) as f64 / file as f64;
    assert!(share < 0.38, "{share}");
}
