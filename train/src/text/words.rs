//! The words that sentences speak of, from the page's own relations, and which of them are held out.

use super::dice::Dice;
use serde_json::Value;
use std::path::Path;

/// A word and what it stands to: country and capital, verb and past.
pub type Pair = (String, String);

/// One relation: its name and those pairs of which both words are single tokens.
pub struct Relation {
    pub name: String,
    pub pairs: Vec<Pair>,
}

/// A name and what is always said of its bearer, so that each name has something of its own to be learned.
pub struct Person {
    pub name: String,
    pub job: String,
    pub city: String,
    pub animal: String,
}

/// Names in every fifth place of the list are held out: they occur, but never twice in a text.
const HELD_OUT_EVERY: usize = 5;

/// A relation of fewer pairs is left out of the text.
const ENOUGH: usize = 20;

pub struct Words {
    pub people: Vec<Person>,
    pub held_out: Vec<Person>,
    pub relations: Vec<Relation>,
    /// What can stand as a name and is none.
    pub odd: Vec<String>,
}

impl Words {
    /// `relations` is the folder `www/data/relations`; `single` says whether a word, with a space before it, is one
    /// token.
    pub fn read(
        relations: &Path,
        lists: &super::grammar::Grammar,
        single: impl Fn(&str) -> bool,
    ) -> std::io::Result<Self> {
        let json = |file: &str| -> std::io::Result<Value> {
            Ok(serde_json::from_slice(&std::fs::read(relations.join(file))?)?)
        };
        let mut all = Vec::new();
        for entry in json("index.json")?.as_array().into_iter().flatten() {
            let file = json(entry["file"].as_str().unwrap_or_default())?;
            let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let pairs = file["pairs"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|p| (word(&p[0]), word(&p[1])));
            all.push(Relation {
                name: word(&entry["name"]),
                pairs: pairs.filter(|(s, t)| single(s) && single(t)).collect(),
            });
        }
        all.retain(|relation: &Relation| relation.pairs.len() >= ENOUGH);
        let pairs_of = |name: &str| {
            &all.iter()
                .find(|r| r.name == name)
                .expect("a relation is missing")
                .pairs
        };
        let cities: Vec<String> = pairs_of("country_to_capital").iter().map(|p| p.1.clone()).collect();
        // What is said of a person does not depend on the seed of the training.
        let mut dice = Dice::new(0, 0);
        let (mut people, mut held_out) = (Vec::new(), Vec::new());
        for (i, (name, _)) in pairs_of("name_copying").iter().enumerate() {
            let person = Person {
                name: name.clone(),
                job: format!("the {}", dice.pick(&lists.lists()["job"])),
                city: dice.pick(&cities).clone(),
                animal: dice.pick(&lists.lists()["animal"]).clone(),
            };
            if i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 {
                &mut held_out
            } else {
                &mut people
            }
            .push(person);
        }
        Ok(Self {
            people,
            held_out,
            relations: all,
            odd: Vec::new(),
        })
    }

    /// Every word of every relation, as often as it stands there.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.relations.iter().flat_map(|r| &r.pairs).flat_map(|(s, t)| [s, t])
    }

    /// Pairs of a relation. Panics when there is none of this name.
    pub fn pairs(&self, name: &str) -> &[Pair] {
        &self
            .relations
            .iter()
            .find(|r| r.name == name)
            .expect("a relation is missing")
            .pairs
    }
}
