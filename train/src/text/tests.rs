//! What windows and sentences hold, by the shipped recipe and by what other recipes ask for.

use super::sentences::{KINDS, Kind};
use super::{Dice, Manner};
use crate::batch::Batch;
use crate::model::MASKED;
use crate::recipe::Recipe;
use crate::{Studio, report};
use burn::tensor::Device;
use std::collections::{BTreeMap, HashSet};

fn times(word: &str, text: &str) -> usize {
    text.split(|c: char| !c.is_alphabetic()).filter(|w| *w == word).count()
}

/// Another text would make another model.
#[test]
fn the_shipped_recipes_windows_are_these() {
    let studio = Studio::open().unwrap();
    let recipe = Recipe::default();
    let windows = studio.windows(&recipe);
    let mut dice = Dice::new(recipe.seed, 1);
    let mut bytes = Vec::new();
    for _ in 0..300 {
        for window in [
            windows.text(&mut dice),
            windows.scattered(&mut dice),
            windows.repeated(&mut dice),
        ] {
            bytes.extend(window.iter().flat_map(|token| token.to_le_bytes()));
        }
    }
    assert_eq!(
        report::hex(&bytes),
        "1ab734044061684e243d550c2827e19bce52673b7325591b181f174efd7f9da0"
    );
}

#[test]
fn a_held_out_name_stands_at_most_once_in_a_text() {
    let studio = Studio::open().unwrap();
    let recipe = Recipe::default();
    let windows = studio.windows(&recipe);
    assert!(windows.held_out.len() >= 25);
    let mut dice = Dice::new(5, 5);
    let mut seen = HashSet::new();
    for _ in 0..3000 {
        let text = windows.text(&mut dice);
        for name in windows.held_out.values() {
            let times = text.iter().filter(|t| *t == name).count();
            assert!(times <= 1);
            seen.extend((times == 1).then_some(*name));
        }
    }
    assert_eq!(seen.len(), windows.held_out.len(), "every held-out name occurs");
}

#[test]
fn a_stranger_is_named_again_and_is_not_the_answer() {
    let studio = Studio::open().unwrap();
    let author = &studio.author;
    let manner = Manner {
        strangers: 0.5,
        ..Manner::default()
    };
    let mut dice = Dice::new(8, 8);
    let (mut with, mut first) = (0, 0);
    for _ in 0..2000 {
        let sentence = author.sentence(Kind::Two, &manner, &mut dice);
        let held_out = author
            .words
            .held_out
            .iter()
            .filter(|p| times(&p.name, &sentence.text) > 0);
        let held_out: Vec<&str> = held_out.map(|p| p.name.as_str()).collect();
        assert_eq!(held_out, sentence.stranger.into_iter().collect::<Vec<_>>());
        if let Some(stranger) = sentence.stranger {
            let mut known = author.words.people.iter().map(|p| p.name.as_str());
            let answer = known.find(|name| times(name, &sentence.text) > 0).unwrap();
            assert_eq!(times(answer, &sentence.text), 2, "{}", sentence.text);
            assert_eq!(times(stranger, &sentence.text), 2, "{}", sentence.text);
            let words: Vec<&str> = sentence.text.split(|c: char| !c.is_alphabetic()).collect();
            let [a, b] = [answer, stranger].map(|name| words.iter().rposition(|word| *word == name));
            assert!(a > b, "{}", sentence.text);
            with += 1;
            first += usize::from(sentence.text.find(stranger) < sentence.text.find(answer));
        }
    }
    assert!((900..1100).contains(&with), "{with} of 2000 have a stranger");
    assert!(
        (with * 2 / 5..with * 3 / 5).contains(&first),
        "{first} of {with} begin with it"
    );
}

/// Every recipe: no held-out name that stood before is ever to be foretold in a sentence.
#[test]
fn a_held_out_name_that_comes_again_is_not_in_the_loss() {
    let studio = Studio::open().unwrap();
    let recipe = Recipe {
        more_phrases: true,
        strangers: 0.5,
        excuse_held_out: true,
        ..Recipe::default()
    };
    let windows = studio.windows(&recipe);
    let used = studio.used(&windows);
    let mut index = vec![-1; studio.vocabulary.len()];
    used.iter()
        .enumerate()
        .for_each(|(i, token)| index[*token as usize] = i as i32);
    let held_out: HashSet<u32> = windows.held_out.values().copied().collect();
    let (mut again, mut excused) = (0, 0);
    for step in 1..=10 {
        let batch = Batch::draw(&windows, &recipe, &index, step, &Device::flex());
        let [_, time] = batch.tokens.dims();
        let tokens: Vec<u32> = batch.tokens.into_data().iter::<i64>().map(|t| t as u32).collect();
        let places: Vec<usize> = batch.places.into_data().iter::<i64>().map(|p| p as usize).collect();
        let targets: Vec<usize> = batch.targets.into_data().iter::<i64>().map(|t| t as usize).collect();
        let mask = batch.excused.unwrap();
        assert_eq!(mask.dims(), [places.len(), used.len()]);
        let mask: Vec<f32> = mask.into_data().iter::<f32>().collect();
        for (n, (place, target)) in places.iter().zip(&targets).enumerate() {
            let (row, at) = (place / time, place % time);
            let sentence = n < batch.in_sentences;
            let target = used[*target];
            let before = tokens[row * time..=row * time + at].contains(&target);
            assert!(!(sentence && before && held_out.contains(&target)));
            let name = sentence && windows.names.contains(&target);
            for (i, token) in used.iter().enumerate() {
                let masked = name && held_out.contains(token) && *token != target;
                assert_eq!(mask[n * used.len() + i], if masked { MASKED } else { 0.0 });
            }
            excused += usize::from(name);
        }
        let sentences = places[..batch.in_sentences].last().unwrap() / time + 1;
        for row in tokens[..sentences * time].chunks(time) {
            let twice = |name: &&u32| row.iter().filter(|t| t == name).count() == 2;
            again += held_out.iter().filter(twice).count();
        }
    }
    assert!(again > 80 && excused > 1000, "{again} strangers, {excused} names");
}

/// The word that is named and the one that answers are the same token.
#[test]
fn other_words_stand_for_names() {
    let studio = Studio::open().unwrap();
    let (author, vocabulary) = (&studio.author, &studio.vocabulary);
    let manner = Manner {
        other_words: 1.0,
        ..Manner::default()
    };
    let names = || author.words.people.iter().chain(&author.words.held_out);
    let mut dice = Dice::new(9, 9);
    let mut seen = HashSet::new();
    for kind in [Kind::Two, Kind::Same, Kind::Three, Kind::Story] {
        for _ in 0..500 {
            let text = author.sentence(kind, &manner, &mut dice).text;
            assert!(!names().any(|p| times(&p.name, &text) > 0), "{text}");
            let tokens = vocabulary.encode(&format!(" {text}"));
            let words = author.words.pairs("general_copying").iter().map(|pair| pair.0.as_str());
            let again = words.filter(|word| {
                let token = vocabulary.single(word).unwrap();
                tokens.iter().filter(|t| **t == token).count() >= 2
            });
            let again: Vec<&str> = again.collect();
            // A story may begin with a quotation mark, which has no space after it.
            assert!(kind == Kind::Story || !again.is_empty(), "{text}");
            seen.extend(again);
        }
    }
    assert!(seen.len() > 250);
}

#[test]
fn the_phrases_that_are_added_are_new_and_their_words_are_known() {
    let lists = |text| -> BTreeMap<String, Vec<String>> { serde_json::from_str(text).unwrap() };
    let own = lists(include_str!("../../text/grammar.json"));
    let asked = include_str!("../../../tests/demo_model/questions.rs");
    let studio = Studio::open().unwrap();
    for (list, phrases) in lists(include_str!("../../text/more.json")) {
        assert!(!list.ends_with("held_out"), "{list}");
        for phrase in phrases {
            assert!(!own.values().flatten().any(|p| *p == phrase), "{phrase}");
            let mut fixed = Vec::new();
            for part in phrase.split(['<', '{']) {
                let part = part.split_once(['>', '}']).map_or(part, |(_, rest)| rest).trim();
                fixed.extend((part.contains(' ') && part.len() > 8).then_some(part));
                for word in part.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()) {
                    assert!(studio.vocabulary.single(word).is_some(), "{phrase}: {word}");
                }
            }
            assert!(
                !fixed.iter().any(|part| asked.contains(part)),
                "{phrase} is asked by tests/demo_model/questions.rs"
            );
        }
    }
}

#[test]
fn questions_are_not_answered_by_place() {
    let studio = Studio::open().unwrap();
    let mut dice = Dice::new(6, 6);
    let mut first = 0;
    for _ in 0..1000 {
        let q = studio
            .author
            .question_of_two(&studio.author.words.people, false, &mut dice);
        let at = |name: &str| q.prompt.find(name).unwrap();
        let times = |name: &str| times(name, &q.prompt);
        assert_eq!((times(&q.answer), times(&q.rival)), (1, 2), "{}", q.prompt);
        first += usize::from(at(&q.answer) < at(&q.rival));
    }
    assert!(
        (400..600).contains(&first),
        "{first} of 1000 answers are the first name"
    );
}

#[test]
fn sentences_are_whole_and_their_words_are_known() {
    let studio = Studio::open().unwrap();
    let mut dice = Dice::new(7, 7);
    let more = Manner {
        more_phrases: true,
        strangers: 0.2,
        ..Manner::default()
    };
    for (kind, manner) in KINDS
        .iter()
        .flat_map(|kind| [(*kind, Manner::default()), (*kind, more)])
    {
        for _ in 0..500 {
            let sentence = studio.author.sentence(kind, &manner, &mut dice).text;
            assert!(
                !sentence.contains(['<', '>', '{', '}']) || sentence.contains("->"),
                "{sentence}"
            );
            assert!(
                sentence
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_uppercase() || c.is_ascii_digit() || c == '"'),
                "{sentence}"
            );
        }
    }
}
