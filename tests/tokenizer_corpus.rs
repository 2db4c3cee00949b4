//! GPT-2's tokenizer, byte for byte, on emoji, CJK, runs of white space, contractions, control
//! characters. The wasm build uses another regex engine than most programs: this one.

mod support;

use headmap::tokenizer::Tokenizer;
use serde::Deserialize;

#[derive(Deserialize)]
struct Corpus {
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

fn gpt2() -> Tokenizer {
    Tokenizer::from_json(&std::fs::read(support::gpt2_tokenizer()).unwrap()).unwrap()
}

#[test]
fn every_text_of_the_corpus() {
    let corpus = std::fs::read_to_string(support::path("tests/golden/tokenizer-corpus.json")).unwrap();
    let Corpus { texts } = serde_json::from_str(&corpus).unwrap();
    assert!(texts.len() > 200);
    let tokenizer = gpt2();
    for Text { text, ids } in texts {
        assert_eq!(tokenizer.encode(&text).unwrap(), ids, "{text:?}");
        assert_eq!(tokenizer.decode(&ids).unwrap(), text);
    }
}

#[test]
fn known_ids() {
    let t = gpt2();
    assert_eq!(t.n_vocab(), 50_257);
    assert_eq!(t.encode("Hello world").unwrap(), [15496, 995]);
    for (text, id) in [(" Paris", 6342), (" Mary", 5335), (" John", 1757), (" the", 262)] {
        assert_eq!(t.encode(text).unwrap(), [id]);
    }
    assert!(t.encode(&"a".repeat((1 << 20) + 1)).is_err());
}
