//! Checkpoints that are not quite a GPT-2.

use super::*;

/// The header of a GPT-2 with `layers` layers, width `d`, 10 tokens.
fn gpt2(prefix: &str, layers: u64, d: u64) -> Header {
    let mut shapes = vec![("wte.weight".to_owned(), vec![10, d])];
    for l in 0..layers {
        for (key, shape) in [
            ("ln_2.weight", vec![d]),
            ("ln_2.bias", vec![d]),
            ("attn.c_attn.weight", vec![d, 3 * d]),
            ("attn.c_proj.weight", vec![d, d]),
            ("mlp.c_fc.weight", vec![d, 4 * d]),
            ("mlp.c_fc.bias", vec![4 * d]),
            ("mlp.c_proj.weight", vec![4 * d, d]),
            ("mlp.c_proj.bias", vec![d]),
        ] {
            shapes.push((format!("h.{l}.{key}"), shape));
        }
    }
    let tensors = shapes.into_iter().map(|(key, shape)| {
        let len = shape.iter().product::<u64>() * 4;
        (
            format!("{prefix}{key}"),
            TensorInfo {
                dtype: Dtype::F32,
                shape,
                offset: 0,
                len,
            },
        )
    });
    Header {
        tensors: tensors.collect(),
    }
}

fn refused(header: Header, config: Config) -> Error {
    Gpt2Layout::new("f", header, &config).unwrap_err()
}

#[test]
fn sizes_come_from_the_tensors_with_or_without_prefix() {
    for prefix in ["", "transformer."] {
        let l = Gpt2Layout::new("f", gpt2(prefix, 3, 128), &Config::default()).unwrap();
        assert_eq!(
            (l.n_layer, l.n_head, l.d_model, l.d_mlp, l.n_vocab),
            (3, 2, 128, 512, 10)
        );
        assert_eq!(l.tensor("h.2.attn.c_proj.weight").shape, [128, 128]);
    }
}

#[test]
fn the_job_reads_each_tensor_once_and_the_mlp_only_where_it_is_used() {
    let l = Gpt2Layout::new("f", gpt2("", 2, 64), &Config::default()).unwrap();
    let keys = l.static_job(true);
    assert_eq!(
        keys[..3],
        ["wte.weight", "h.0.attn.c_attn.weight", "h.0.attn.c_proj.weight"]
    );
    assert_eq!(keys.len(), 3 + 6 + 2);
    assert_eq!(l.static_job(false).len(), 5);
    let one = Gpt2Layout::new("f", gpt2("", 1, 64), &Config::default()).unwrap();
    assert_eq!(one.static_job(true).len(), 3);
}

#[test]
fn what_does_not_fit_together_is_refused_and_named() {
    let missing = |key: &str| {
        let mut h = gpt2("", 2, 64);
        h.tensors.remove(key);
        refused(h, Config::default())
    };
    assert_eq!(missing("wte.weight").code(), "CheckpointUnsupported");
    assert!(
        missing("h.1.attn.c_proj.weight")
            .to_string()
            .contains("h.1.attn.c_proj.weight")
    );
    assert_eq!(missing("h.0.mlp.c_fc.bias").code(), "CheckpointShape");

    let mut h = gpt2("", 2, 64);
    h.tensors.get_mut("h.1.attn.c_attn.weight").unwrap().shape = vec![64, 64];
    assert_eq!(refused(h, Config::default()).code(), "CheckpointShape");

    let mut h = gpt2("", 2, 64);
    h.tensors.get_mut("h.1.attn.c_attn.weight").unwrap().dtype = Dtype::I32;
    assert_eq!(refused(h, Config::default()).code(), "CheckpointUnsupported");

    let mut h = gpt2("", 1, 64);
    h.tensors
        .insert("lm_head.weight".into(), h.tensors["wte.weight"].clone());
    assert!(refused(h, Config::default()).to_string().contains("lm_head"));

    assert!(
        refused(gpt2("", 1, 32), Config::default())
            .to_string()
            .contains("config.json")
    );
}

#[test]
fn a_config_of_another_model_is_refused() {
    let config = |json: &str| Config::parse(json).unwrap();
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"n_layer":3}"#)).code(),
        "ConfigInvalid"
    );
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"n_head":7}"#)).code(),
        "ConfigInvalid"
    );
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"n_head":0}"#)).code(),
        "ConfigInvalid"
    );
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"layer_norm_epsilon":-1}"#)).code(),
        "ConfigInvalid"
    );
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"activation_function":"relu"}"#)).code(),
        "CheckpointUnsupported"
    );
    assert_eq!(
        refused(gpt2("", 2, 64), config(r#"{"model_type":"llama"}"#)).code(),
        "CheckpointUnsupported"
    );
    assert!(Config::parse("[").is_err());
    let ok = Gpt2Layout::new("f", gpt2("", 2, 32), &config(r#"{"n_head":2}"#)).unwrap();
    assert_eq!(ok.shape().d_head, 16);
}
