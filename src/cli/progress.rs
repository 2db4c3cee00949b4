//! Progress on stderr, when that is a terminal.

use headmap::Result;
use headmap::engine::Host;
use headmap::score::{Event, JobHost};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::Instant;

pub struct Terminal {
    started: Instant,
    shown: bool,
    done: Cell<u64>,
    total: Cell<u64>,
}

impl Default for Terminal {
    fn default() -> Self {
        let shown = std::io::stderr().is_terminal();
        Self {
            started: Instant::now(),
            shown,
            done: Cell::new(0),
            total: Cell::new(0),
        }
    }
}

impl Host for Terminal {
    fn settled(&self, comparisons: u64) {
        self.done.set(self.done.get() + comparisons);
    }

    async fn breathe(&self) -> Result<()> {
        Ok(())
    }

    fn now_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1e3
    }
}

impl JobHost for Terminal {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Plan { comparisons, .. } => self.total.set(comparisons),
            Event::Phase { text, .. } if self.shown => {
                let percent = 100 * self.done.get() / self.total.get().max(1);
                eprintln!("{percent:3} %  {text}");
            }
            _ => {}
        }
    }
}
