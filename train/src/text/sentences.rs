//! Sentences of each kind, and the questions that measure what was learned.

use super::dice::Dice;
use super::grammar::{Grammar, capitalised};
use super::words::{Person, Words};

/// Writes sentences.
pub struct Author {
    pub grammar: Grammar,
    pub words: Words,
}

/// A text and the word that should follow it.
pub struct Question {
    pub prompt: String,
    /// Without the space before it.
    pub answer: String,
    /// The other name, where two compete.
    pub rival: String,
}

impl Author {
    /// Two people, one of whom is named again: the other one ends the sentence.
    fn two(&self, people: [&Person; 2], open: &str, close: &str, dice: &mut Dice) -> (String, String) {
        let [x, y] = people.map(|p| p.name.as_str());
        let (s, i) = if dice.chance(0.5) { (x, y) } else { (y, x) };
        let open = capitalised(&self.grammar.phrase(open, &[("X", x), ("Y", y)], dice));
        let close = self.grammar.phrase(close, &[("S", s), ("I", i)], dice);
        (open + &close, i.to_owned())
    }

    /// Two people of `from` compete; held-out phrases where `new_phrases`.
    pub fn question_of_two(&self, from: &[Person], new_phrases: bool, dice: &mut Dice) -> Question {
        let (open, close) = if new_phrases {
            ("two_open_held_out", "two_close_held_out")
        } else {
            ("two_open", "two_close")
        };
        loop {
            let people: [&Person; 2] = dice.some(from);
            let (text, answer) = self.two(people, open, close, dice);
            // Only where the sentence ends in the answer is there a prompt.
            let Some(prompt) = text.strip_suffix(&format!(" {answer}.")) else {
                continue;
            };
            let rival = people
                .iter()
                .find(|p| p.name != answer)
                .expect("two people have two names");
            return Question {
                prompt: prompt.to_owned(),
                answer,
                rival: rival.name.clone(),
            };
        }
    }

    /// Every country in one phrase of `list` that ends in the capital.
    pub fn questions_of_capitals(&self, list: &str, dice: &mut Dice) -> Vec<Question> {
        let pairs = self.words.pairs("country_to_capital");
        let ask = |(country, capital): &(String, String)| loop {
            let text = self
                .grammar
                .phrase(list, &[("country", country), ("capital", capital)], dice);
            if let Some(prompt) = text.strip_suffix(&format!(" {capital}.")) {
                return Question {
                    prompt: prompt.to_owned(),
                    answer: capital.clone(),
                    rival: String::new(),
                };
            }
        };
        pairs.iter().map(ask).collect()
    }

    pub fn sentence(&self, kind: Kind, dice: &mut Dice) -> String {
        let people = &self.words.people;
        let text = match kind {
            Kind::Two => self.two(dice.some(people), "two_open", "two_close", dice).0,
            Kind::Same => {
                let [x, y] = dice.some::<_, 2>(people).map(|p| p.name.as_str());
                let s = if dice.chance(0.5) { x } else { y };
                self.grammar.phrase("same", &[("X", x), ("Y", y), ("S", s)], dice)
            }
            Kind::Three => {
                let names = dice.some::<_, 3>(people).map(|p| p.name.as_str());
                let [s, t, i] = dice.some::<_, 3>(&names).map(|n| *n);
                let [x, y, z] = names;
                self.grammar.phrase(
                    "three",
                    &[("X", x), ("Y", y), ("Z", z), ("S", s), ("T", t), ("I", i)],
                    dice,
                )
            }
            Kind::Story => self.grammar.phrase("story", &[("A", &dice.pick(people).name)], dice),
            Kind::Once => {
                let of = if dice.chance(0.5) { people } else { &self.words.held_out };
                self.once(dice.pick(of), dice)
            }
            Kind::Plain => self.grammar.phrase("plain", &[], dice),
            Kind::Capital => {
                let (s, t) = dice.pick(self.words.pairs("country_to_capital"));
                self.grammar.phrase("capital", &[("country", s), ("capital", t)], dice)
            }
            Kind::Language => {
                let (s, t) = dice.pick(self.words.pairs("country_to_language"));
                self.grammar
                    .phrase("language", &[("country", s), ("language", t)], dice)
            }
            Kind::Past => {
                let (s, t) = dice.pick(self.words.pairs("verb_to_past"));
                self.grammar.phrase("past", &[("verb", s), ("past", t)], dice)
            }
            Kind::List => self.list(dice),
            Kind::Count => {
                let line = self.grammar.phrase("number_line", &[], dice);
                let words: Vec<&str> = line.split(' ').collect();
                let from = dice.below(words.len() - 2);
                words[from..].join(" ")
            }
        };
        capitalised(&text)
    }

    fn once(&self, p: &Person, dice: &mut Dice) -> String {
        let slots = [
            ("A", p.name.as_str()),
            ("attribute_job", &p.job),
            ("attribute_city", &p.city),
            ("attribute_animal", &p.animal),
        ];
        self.grammar.phrase("once", &slots, dice)
    }

    /// "walk-> walked; go-> went; ..." in one of several forms, of one relation.
    fn list(&self, dice: &mut Dice) -> String {
        let relation = dice.pick(&self.words.relations);
        let copying = relation.name == "name_copying";
        let [between, after] = *dice.pick(&[["-> ", "; "], [": ", ", "], [" and ", ", "], [" is ", ". "]]);
        let mut out = String::new();
        for i in 0..3 + dice.below(4) {
            let (s, t) = if copying {
                let name = &dice.pick(&self.words.people).name;
                (name, name)
            } else {
                let pair = dice.pick(&relation.pairs);
                (&pair.0, &pair.1)
            };
            let lead = if i == 0 { "" } else { after };
            out += &format!("{lead}{s}{between}{t}");
        }
        out + "."
    }
}

/// Kinds of sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Two,
    Same,
    Three,
    Story,
    Once,
    Plain,
    Capital,
    Language,
    Past,
    List,
    Count,
}

pub const KINDS: [Kind; 11] = [
    Kind::Two,
    Kind::Same,
    Kind::Three,
    Kind::Story,
    Kind::Once,
    Kind::Plain,
    Kind::Capital,
    Kind::Language,
    Kind::Past,
    Kind::List,
    Kind::Count,
];
