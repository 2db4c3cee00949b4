//! The sentences: `text/grammar.json` holds lists of phrases in which `<list>` stands for any phrase of that list
//! and `{slot}` for a word that the caller chooses.

use super::dice::Dice;
use std::collections::BTreeMap;

/// Phrases by list.
pub struct Grammar {
    lists: BTreeMap<String, Vec<String>>,
    /// Of `text/more.json`, which only some recipes use; no question is made from it.
    more: BTreeMap<String, Vec<String>>,
}

/// Words for the slots of one sentence: (slot, word).
pub type Slots<'a> = [(&'a str, &'a str)];

impl Grammar {
    /// The grammar of this crate.
    pub fn new() -> Self {
        let read = |text| serde_json::from_str(text).expect("a grammar is a list of phrases a name");
        Self {
            lists: read(include_str!("../../text/grammar.json")),
            more: read(include_str!("../../text/more.json")),
        }
    }

    pub fn lists(&self) -> &BTreeMap<String, Vec<String>> {
        &self.lists
    }

    /// Every phrase of every list.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lists.values().chain(self.more.values()).flatten()
    }

    fn list(&self, name: &str) -> &[String] {
        self.lists
            .get(name)
            .or_else(|| self.more.get(name))
            .unwrap_or_else(|| panic!("the grammar has no list {name}"))
    }

    /// A phrase of `list`, whole: references replaced by phrases, slots by words.
    pub fn phrase(&self, list: &str, slots: &Slots<'_>, dice: &mut Dice) -> String {
        self.phrase_of(list, false, slots, dice)
    }

    /// A phrase of `list`, or of what `text/more.json` adds to it.
    pub fn phrase_of(&self, list: &str, more: bool, slots: &Slots<'_>, dice: &mut Dice) -> String {
        let own = self.list(list);
        let added = self.more.get(list).filter(|_| more).map_or(&[][..], Vec::as_slice);
        let at = dice.below(own.len() + added.len());
        let phrase = own.get(at).unwrap_or_else(|| &added[at - own.len()]);
        let mut out = String::new();
        self.expand(phrase, slots, dice, &mut out);
        out
    }

    fn expand(&self, phrase: &str, slots: &Slots<'_>, dice: &mut Dice, out: &mut String) {
        let mut rest = phrase;
        while let Some(at) = rest.find(['<', '{']) {
            out.push_str(&rest[..at]);
            let close = if rest.as_bytes()[at] == b'<' { '>' } else { '}' };
            let end = at
                + rest[at..]
                    .find(close)
                    .unwrap_or_else(|| panic!("{phrase} does not close a bracket"));
            let name = &rest[at + 1..end];
            if close == '>' {
                let phrase = dice.pick(self.list(name));
                self.expand(phrase, slots, dice, out);
            } else {
                let slot = slots.iter().find(|(slot, _)| *slot == name);
                out.push_str(
                    slot.unwrap_or_else(|| panic!("{phrase} has a slot {name} that nobody fills"))
                        .1,
                );
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
    }
}

/// `text` with its first letter large.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
