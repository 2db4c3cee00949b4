//! Layers that wait for the next job outside the engine's memory: the same result, no bytes read again.

mod support;

use headmap::checkpoint::{BytesSource, Header};
use headmap::engine::cpu::{CpuEngine, Outside};
use headmap::result::ResultDocument;
use headmap::score::{Model, Options, Preprocessing, Provenance, SilentHost, score_relations};
use headmap::tokenizer::Tokenizer;
use std::cell::RefCell;
use std::rc::Rc;
use support::{model, path, relation};

/// Everything that was put outside and is still there.
type Store = Rc<RefCell<Vec<Rc<Vec<f32>>>>>;

struct Stored {
    floats: Rc<Vec<f32>>,
    store: Store,
}

impl Outside for Stored {
    fn read(&self, first: usize, into: &mut [f32]) {
        into.copy_from_slice(&self.floats[first..first + into.len()]);
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.store.borrow_mut().retain(|kept| !Rc::ptr_eq(kept, &self.floats));
    }
}

/// An engine that keeps layers in `store`, `room` of them.
fn engine(store: &Store, room: usize) -> CpuEngine {
    let store = store.clone();
    CpuEngine {
        outside: Some(Box::new(move |parts: &[&[f32]]| {
            if store.borrow().len() == room {
                return None;
            }
            let floats = Rc::new(parts.concat());
            store.borrow_mut().push(floats.clone());
            let store = store.clone();
            Some(Box::new(Stored { floats, store }) as Box<dyn Outside>)
        })),
        ..CpuEngine::default()
    }
}

/// The tiny model with NaN in W_V of layer 1's head 1.
fn broken() -> (BytesSource, u64) {
    let name = "model.safetensors".to_owned();
    let bytes = std::fs::read(model("tiny").join(&name)).unwrap();
    let mut source = BytesSource { name, bytes };
    let header = pollster::block_on(Header::read(&source)).unwrap();
    let of = |key: &str| &header.tensors[key];
    let at = of("h.1.attn.c_attn.weight").offset as usize + (5 * 96 + 64 + 16) * 4;
    source.bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    // A third of c_attn is W_V.
    let layer = of("h.0.attn.c_attn.weight").len / 3 + of("h.0.attn.c_proj.weight").len;
    (source, layer)
}

/// Two jobs with one model that may keep `budget` bytes of layers.
fn twice(engine: CpuEngine, budget: u64, between: impl FnOnce()) -> [ResultDocument; 2] {
    let config = std::fs::read_to_string(model("tiny").join("config.json")).unwrap();
    let tokenizer = Tokenizer::from_json(&std::fs::read(path("tests/golden/tokenizers/tiny.json")).unwrap()).unwrap();
    let (source, _) = broken();
    pollster::block_on(async {
        let opened = Model::open(
            Rc::new(engine),
            source,
            Some(&config),
            tokenizer,
            Provenance::default(),
            budget,
        );
        let (opened, asked) = (opened.await.unwrap(), [relation("name_copying", 1)]);
        let options = || Options {
            preprocessing: Preprocessing::FirstMlp,
        };
        let first = score_relations(&opened, &asked, options(), &SilentHost).await.unwrap();
        between();
        let second = score_relations(&opened, &asked, options(), &SilentHost).await.unwrap();
        [first, second]
    })
}

#[test]
fn layers_kept_outside_give_the_same_result_and_are_not_read_again() {
    let layer = broken().1;
    let relations = |result: &ResultDocument| serde_json::to_value(&result.relations).unwrap();
    let [plain, again] = twice(CpuEngine::default(), u64::MAX, || ());
    assert_eq!((relations(&plain), 0), (relations(&again), again.bytes_read));
    let [_, nothing_kept] = twice(CpuEngine::default(), 0, || ());
    let read = nothing_kept.bytes_read / 2;
    assert!(read >= layer);
    let invalid = &plain.relations[0].invalid;
    assert_eq!((invalid[0].layer, invalid[0].head, invalid.len()), (1, 1, 1));
    // Budget, room outside, and how many of the two layers are kept.
    for (budget, room, kept) in [
        (u64::MAX, 9, 2),
        (2 * layer, 9, 2),
        (2 * layer - 1, 9, 1),
        (0, 9, 0),
        (u64::MAX, 1, 1),
        (u64::MAX, 0, 0),
    ] {
        let store = Store::default();
        let look = || assert_eq!(store.borrow().len(), kept, "{budget} {room}");
        let [first, second] = twice(engine(&store, room), budget, look);
        assert_eq!(relations(&first), relations(&plain));
        assert_eq!(relations(&second), relations(&plain));
        assert_eq!(second.bytes_read, (2 - kept as u64) * read, "{budget} {room}");
        assert!(store.borrow().is_empty(), "a closed model has left something outside");
    }
}
