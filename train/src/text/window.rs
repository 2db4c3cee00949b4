//! Windows of tokens: what one row of a batch holds.

use super::dice::Dice;
use super::sentences::{Author, Kind, Manner};
use super::slips::Slips;
use crate::vocabulary::Vocabulary;
use std::collections::{HashMap, HashSet};

/// How much of what the text holds: weights, which need not sum to one.
pub struct Mix {
    pub kinds: Vec<(Kind, f32)>,
}

impl Default for Mix {
    fn default() -> Self {
        use Kind::*;
        let kinds = vec![
            (Two, 14.0),
            (Same, 2.0),
            (Three, 1.0),
            (Story, 2.0),
            (Once, 2.5),
            (Plain, 1.0),
            (Capital, 3.0),
            (Language, 1.0),
            (Past, 1.0),
            (List, 1.5),
            (Count, 0.3),
        ];
        Self { kinds }
    }
}

/// Where a name or a country is asked for.
const SLIPPING: [Kind; 6] = [
    Kind::Two,
    Kind::Same,
    Kind::Three,
    Kind::Story,
    Kind::Capital,
    Kind::Language,
];

/// Makes windows.
pub struct Windows<'a> {
    pub author: &'a Author,
    pub vocabulary: &'a Vocabulary,
    /// Tokens that random windows draw from, held-out names too.
    pub random: Vec<u32>,
    pub mix: Mix,
    pub manner: Manner,
    /// Where the recipe asks for them.
    pub slips: Option<Slips>,
    /// Tokens in a window.
    pub len: usize,
    /// Held-out names: at most once in a window of sentences, or twice where one is a stranger.
    pub held_out: HashMap<String, u32>,
    /// All names.
    pub names: HashSet<u32>,
}

impl Windows<'_> {
    /// Tokens that the text uses, in ascending order: words of the relations and whatever many windows hold.
    pub fn used(&self, words: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut dice = Dice::new(0, 1);
        let mut used: std::collections::BTreeSet<u32> = words.collect();
        for _ in 0..4000 {
            used.extend(self.text(&mut dice));
        }
        used.into_iter().collect()
    }

    /// Random tokens, and again the same, until the window is full.
    pub fn repeated(&self, dice: &mut Dice) -> Vec<u32> {
        let period = 2 + dice.below(self.len / 2);
        let lead = dice.below(8);
        let first: Vec<u32> = (0..lead + period).map(|_| *dice.pick(&self.random)).collect();
        let mut out = first.clone();
        while out.len() < self.len {
            out.extend_from_slice(&first[lead..]);
        }
        out.truncate(self.len);
        out
    }

    /// A few random tokens in random order: whoever copies what stood before is already right quite often, so that
    /// heads learn to copy before they learn from where.
    pub fn scattered(&self, dice: &mut Dice) -> Vec<u32> {
        let few: Vec<u32> = (0..2 + dice.below(9)).map(|_| *dice.pick(&self.random)).collect();
        (0..self.len).map(|_| *dice.pick(&few)).collect()
    }

    /// Sentences.
    pub fn text(&self, dice: &mut Dice) -> Vec<u32> {
        self.text_and_slips(dice).into_iter().map(|(token, _)| token).collect()
    }

    /// Sentences, and beside each token whether it is a slip.
    pub fn text_and_slips(&self, dice: &mut Dice) -> Vec<(u32, bool)> {
        loop {
            let mut text = String::new();
            let (mut out, mut read, mut strangers) = (Vec::new(), 0, Vec::new());
            while out.len() < self.len {
                let kind = self.kind(dice);
                let sentence = self.author.sentence(kind, &self.manner, dice);
                strangers.extend(sentence.stranger);
                // At the start a text has no space before it, elsewhere it has; prompts come in both forms.
                if !text.is_empty() || dice.chance(0.3) {
                    text.push(' ');
                }
                text += &sentence.text;
                let tokens = self.vocabulary.encode(&text);
                let new = &tokens[read..];
                match &self.slips {
                    Some(slips) if SLIPPING.contains(&kind) && dice.chance(slips.sentences) => {
                        out.extend(slips.slip(new, dice));
                    }
                    _ => out.extend(new.iter().map(|token| (*token, false))),
                }
                read = tokens.len();
            }
            out.truncate(self.len);
            let too_often = |(name, id): (&String, &u32)| {
                let allowed = if strangers.contains(&name.as_str()) { 2 } else { 1 };
                out.iter().filter(|(t, _)| t == id).count() > allowed
            };
            if !self.held_out.iter().any(too_often) {
                return out;
            }
        }
    }

    fn kind(&self, dice: &mut Dice) -> Kind {
        let all: f32 = self.mix.kinds.iter().map(|k| k.1).sum();
        let mut left = dice.unit() * all;
        for (kind, weight) in &self.mix.kinds {
            left -= weight;
            if left < 0.0 {
                return *kind;
            }
        }
        self.mix.kinds[0].0
    }
}
