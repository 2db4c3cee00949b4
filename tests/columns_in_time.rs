//! A column is told when its own weights are through, whatever the line does afterwards: the weights behind it come only once
//! it was heard.

mod support;

use headmap::checkpoint::{ByteSource, FileSource};
use headmap::engine::Host;
use headmap::engine::cpu::CpuEngine;
use headmap::error::{Error, Result};
use headmap::score::{Event, JobHost, Model, Options, Provenance, score_relations};
use headmap::tokenizer::Tokenizer;
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use support::{model, relation};

/// Turns after which nobody will tell the column any more.
const PATIENCE: usize = 1_000;

/// Holds every tensor behind a column's own back until that column was heard.
struct Line {
    file: FileSource,
    columns: Rc<Cell<usize>>,
    /// Where the tensors begin that wait, and for how many columns.
    waits: Vec<(u64, u64, usize)>,
}

impl ByteSource for Line {
    fn name(&self) -> &str {
        self.file.name()
    }

    fn len(&self) -> u64 {
        self.file.len()
    }

    async fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let wanted = self
            .waits
            .iter()
            .find(|(from, to, _)| (*from..*to).contains(&offset))
            .map_or(0, |w| w.2);
        let mut turns = 0;
        poll_fn(|cx| {
            turns += 1;
            if self.columns.get() >= wanted {
                return Poll::Ready(Ok(()));
            }
            cx.waker().wake_by_ref();
            if turns < PATIENCE {
                Poll::Pending
            } else {
                Poll::Ready(Err(Error::Cancelled))
            }
        })
        .await?;
        self.file.read(offset, len).await
    }
}

struct Heard(Rc<Cell<usize>>);

impl Host for Heard {
    fn settled(&self, _comparisons: u64) {}

    async fn breathe(&self) -> Result<()> {
        Ok(())
    }

    fn now_ms(&self) -> f64 {
        0.0
    }
}

impl JobHost for Heard {
    fn event(&self, event: Event<'_>) {
        if let Event::Layer { layer, .. } = event {
            assert_eq!(layer, self.0.get(), "in order, each once");
            self.0.set(layer + 1);
        }
    }
}

#[test]
fn no_column_waits_for_the_weights_behind_it() {
    let folder = model("planted");
    let plain = support::open(&folder).unwrap();
    let n_layer = plain.layout().n_layer;
    let columns = Rc::new(Cell::new(0));
    let mut waits = vec![];
    for (l, kind) in (0..n_layer).flat_map(|l| [(l, "attn"), (l, "mlp")]) {
        let columns = if kind == "attn" { l } else { 1 };
        for key in ["c_attn.weight", "c_fc.weight", "c_proj.weight"] {
            if let Some(t) = plain.layout().find(&format!("h.{l}.{kind}.{key}")) {
                waits.push((t.offset, t.offset + t.len, columns));
            }
        }
    }
    assert!(waits.len() > 2 * n_layer);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let line = Line {
        file: FileSource::open(&folder.join("model.safetensors")).unwrap(),
        columns: columns.clone(),
        waits,
    };
    let tokenizer = Tokenizer::from_json(read("tokenizer.json").as_bytes()).unwrap();
    let engine = Rc::new(CpuEngine::default());
    let config = read("config.json");
    let opened = Model::open(engine, line, Some(&config), tokenizer, Provenance::default(), 0);
    let opened = pollster::block_on(opened).unwrap();
    let relations = [relation("name_copying", 1)];
    let heard = Heard(columns.clone());
    let scored = score_relations(&opened, &relations, Options::default(), &heard);
    let result = pollster::block_on(scored).expect("every column was told in time");
    assert_eq!(columns.get(), n_layer);

    let undisturbed = score_relations(&plain, &relations, Options::default(), &headmap::score::SilentHost);
    let undisturbed = pollster::block_on(undisturbed).unwrap();
    assert_eq!(result.relations[0].hits, undisturbed.relations[0].hits);
}
