//! Sentences of each kind, and the questions that measure what was learned.

use super::dice::Dice;
use super::grammar::{Grammar, capitalised};
use super::words::{Person, Words};

/// Writes sentences.
pub struct Author {
    pub grammar: Grammar,
    pub words: Words,
}

/// What a recipe may ask of the sentences; without it they are the grammar's alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Phrases of `text/more.json` too.
    pub more_phrases: bool,
    /// In this share of the sentences of two names one is held out, and it is the one that is named again.
    pub strangers: f32,
    /// In this share of the sentences in which names come again other words stand for all their names.
    pub other_words: f32,
    /// In this share of the places of a name another word stands, beside names.
    pub odd_names: f32,
}

/// A sentence, whole.
pub struct Sentence<'a> {
    pub text: String,
    /// A held-out name that is named again in it.
    pub stranger: Option<&'a str>,
}

impl From<String> for Sentence<'_> {
    fn from(text: String) -> Self {
        Self { text, stranger: None }
    }
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
    /// Two names in some order; `s` is named again, and `i` ends the sentence.
    fn two(&self, [x, y]: [&str; 2], [s, i]: [&str; 2], lists: [&str; 2], more: bool, dice: &mut Dice) -> String {
        let [open, close] = lists;
        let open = self.grammar.phrase_of(open, more, &[("X", x), ("Y", y)], dice);
        begun(open, &[x, y]) + &self.grammar.phrase_of(close, more, &[("S", s), ("I", i)], dice)
    }

    /// Words that stand as names: people's, or, in a share of the sentences, any.
    fn named<const N: usize>(&self, manner: &Manner, dice: &mut Dice) -> [&str; N] {
        if manner.other_words > 0.0 && dice.chance(manner.other_words) {
            return dice
                .some(self.words.pairs("general_copying"))
                .map(|pair| pair.0.as_str());
        }
        let mut names = dice.some(&self.words.people).map(|person| person.name.as_str());
        if manner.odd_names > 0.0 {
            let odd = dice.some::<_, N>(&self.words.odd);
            for (name, odd) in names.iter_mut().zip(odd) {
                if dice.chance(manner.odd_names) {
                    *name = odd;
                }
            }
        }
        names
    }

    fn two_people(&self, manner: &Manner, dice: &mut Dice) -> Sentence<'_> {
        let lists = ["two_open", "two_close"];
        let stranger = manner.strangers > 0.0 && dice.chance(manner.strangers);
        let (names, roles) = if stranger {
            let [s, i] = [&self.words.held_out, &self.words.people].map(|list| dice.pick(list).name.as_str());
            (either(s, i, dice), [s, i])
        } else {
            let [x, y] = self.named(manner, dice);
            ([x, y], either(x, y, dice))
        };
        Sentence {
            text: self.two(names, roles, lists, manner.more_phrases, dice),
            stranger: stranger.then_some(roles[0]),
        }
    }

    /// Two people of `from` compete; held-out phrases where `new_phrases`.
    pub fn question_of_two(&self, from: &[Person], new_phrases: bool, dice: &mut Dice) -> Question {
        let lists = if new_phrases {
            ["two_open_held_out", "two_close_held_out"]
        } else {
            ["two_open", "two_close"]
        };
        loop {
            let [x, y] = dice.some(from).map(|person| person.name.as_str());
            let [rival, answer] = either(x, y, dice);
            let text = self.two([x, y], [rival, answer], lists, false, dice);
            // Only where the sentence ends in the answer is there a prompt.
            let Some(prompt) = text.strip_suffix(&format!(" {answer}.")) else {
                continue;
            };
            return Question {
                prompt: prompt.to_owned(),
                answer: answer.to_owned(),
                rival: rival.to_owned(),
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

    pub fn sentence(&self, kind: Kind, manner: &Manner, dice: &mut Dice) -> Sentence<'_> {
        let text = match kind {
            Kind::Two => return self.two_people(manner, dice),
            Kind::Same => {
                let [x, y] = self.named(manner, dice);
                let [s, _] = either(x, y, dice);
                let text = self.grammar.phrase("same", &[("X", x), ("Y", y), ("S", s)], dice);
                return begun(text, &[x, y]).into();
            }
            Kind::Three => {
                let names = self.named::<3>(manner, dice);
                let [s, t, i] = dice.some::<_, 3>(&names).map(|n| *n);
                let [x, y, z] = names;
                let slots = [("X", x), ("Y", y), ("Z", z), ("S", s), ("T", t), ("I", i)];
                return begun(self.grammar.phrase("three", &slots, dice), &names).into();
            }
            Kind::Story => {
                let [a] = self.named(manner, dice);
                return begun(self.grammar.phrase("story", &[("A", a)], dice), &[a]).into();
            }
            Kind::Once => {
                let known = dice.chance(0.5);
                let of = if known {
                    &self.words.people
                } else {
                    &self.words.held_out
                };
                self.once(dice.pick(of), dice)
            }
            Kind::Plain => self.grammar.phrase("plain", &[], dice),
            Kind::Capital => {
                let (s, t) = dice.pick(self.words.pairs("country_to_capital"));
                let slots = [("country", s.as_str()), ("capital", t.as_str())];
                self.grammar.phrase_of("capital", manner.more_phrases, &slots, dice)
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
        capitalised(&text).into()
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

/// Two in either order.
fn either<'a>(a: &'a str, b: &'a str, dice: &mut Dice) -> [&'a str; 2] {
    if dice.chance(0.5) { [a, b] } else { [b, a] }
}

/// `text` with its first letter large, unless it begins with a word that stands as a name: only as it is can it be copied.
fn begun(text: String, names: &[&str]) -> String {
    if names.iter().any(|name| text.starts_with(name)) {
        text
    } else {
        capitalised(&text)
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
