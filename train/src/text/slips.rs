//! Words that do not belong: in some sentences random ones stand for others or before them, so that what a name or a
//! country stands among need not be known for it to be answered.

use super::Dice;
use super::grammar::{Grammar, capitalised};
use super::words::Words;
use crate::vocabulary::Vocabulary;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// No slip takes a word of these.
const ASKED: [&str; 3] = ["name_copying", "country_to_capital", "country_to_language"];

/// What may slip, and into what.
pub struct Slips {
    /// In this share of the sentences words slip.
    pub sentences: f32,
    /// This share of their words, and a third as often a word is put in.
    pub words: f32,
    small: Vec<u32>,
    large: Vec<u32>,
    is_word: HashSet<u32>,
    held_out: Vec<Vec<u32>>,
}

impl Slips {
    /// Every token that is a space and letters may come, but those that are asked for.
    pub fn new(
        [sentences, words]: [f32; 2],
        vocabulary: &Vocabulary,
        of: &Words,
        lists: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for (token, word) in others(vocabulary, of) {
            let small_first = word.starts_with(|c: char| c.is_ascii_lowercase());
            if small_first { &mut small } else { &mut large }.push(token);
        }
        let parts: BTreeSet<&str> = lists
            .iter()
            .filter(|(name, _)| name.ends_with("_held_out"))
            .flat_map(|(_, phrases)| phrases)
            .flat_map(|phrase| phrase.split(['<', '{']))
            .map(|part| part.split_once(['>', '}']).map_or(part, |(_, rest)| rest).trim())
            .filter(|part| part.contains(' '))
            .collect();
        Self {
            sentences,
            words,
            is_word: small.iter().chain(&large).copied().collect(),
            small,
            large,
            held_out: parts
                .iter()
                .map(|part| vocabulary.encode(&format!(" {part}")))
                .collect(),
        }
    }

    /// A sentence's tokens with slips, and beside each whether it is one.
    pub fn slip(&self, sentence: &[u32], dice: &mut Dice) -> Vec<(u32, bool)> {
        loop {
            let mut out = Vec::new();
            for token in sentence {
                let word = self.is_word.contains(token);
                let list = if self.large.contains(token) {
                    &self.large
                } else {
                    &self.small
                };
                if word && dice.chance(self.words) {
                    out.push((*dice.pick(list), true));
                    continue;
                }
                if word && dice.chance(self.words / 3.0) {
                    out.push((*dice.pick(&self.small), true));
                }
                out.push((*token, false));
            }
            if !self.makes_held_out(&out) {
                return out;
            }
        }
    }

    /// Whether a slip has made what only held-out phrases have.
    fn makes_held_out(&self, sentence: &[(u32, bool)]) -> bool {
        self.held_out.iter().any(|part| {
            let is = |at: &[(u32, bool)]| at.iter().map(|t| t.0).eq(part.iter().copied()) && at.iter().any(|t| t.1);
            sentence.windows(part.len()).any(is)
        })
    }
}

/// Tokens that are a space and letters and no word that is asked for, and the letters.
fn others(vocabulary: &Vocabulary, of: &Words) -> Vec<(u32, String)> {
    let asked = of.relations.iter().filter(|r| ASKED.contains(&r.name.as_str()));
    let asked: HashSet<u32> = asked
        .flat_map(|r| &r.pairs)
        .flat_map(|(s, t)| [s, t])
        .filter_map(|word| vocabulary.single(word))
        .collect();
    let word = |token: u32| {
        let text = vocabulary.decode(token);
        let word = text.strip_prefix(' ')?;
        let plain = word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
        (plain && vocabulary.single(word) == Some(token)).then(|| (token, word.to_owned()))
    };
    let tokens = (0..vocabulary.len() as u32).filter(|token| !asked.contains(token));
    tokens.filter_map(word).collect()
}

/// What can stand as a name: words with a large first letter that the grammar has not and that are not asked for, and
/// those of general copying.
pub fn odd(vocabulary: &Vocabulary, of: &Words, grammar: &Grammar) -> Vec<String> {
    let phrases = grammar.all();
    let known: HashSet<String> = phrases
        .flat_map(|phrase| phrase.split(|c: char| !c.is_alphabetic()))
        .map(capitalised)
        .collect();
    let words = others(vocabulary, of).into_iter().map(|(_, word)| word);
    words
        .filter(|word| word.len() > 2 && word.starts_with(|c: char| c.is_ascii_uppercase()) && !known.contains(word))
        .chain(of.pairs("general_copying").iter().map(|pair| pair.0.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
