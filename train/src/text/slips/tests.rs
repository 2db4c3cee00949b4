//! What slips, what never does, and what stands as a name beside people's.

use super::*;
use crate::Studio;
use crate::batch::Batch;
use crate::recipe::Recipe;
use crate::text::sentences::Kind;
use crate::text::{Manner, Windows};
use burn::tensor::Device;

fn recipe() -> Recipe {
    Recipe {
        slips: 1.0,
        slipped_words: 0.2,
        ..Recipe::default()
    }
}

/// A sentence's tokens, as inside a text.
fn sentence(studio: &Studio, kind: Kind, dice: &mut Dice) -> Vec<u32> {
    let text = studio.author.sentence(kind, &Manner::default(), dice).text;
    studio.vocabulary.encode(&format!(" {text}"))
}

#[test]
fn what_is_asked_for_stays_in_its_order() {
    let studio = Studio::open().unwrap();
    let windows = studio.windows(&recipe());
    let slips = windows.slips.as_ref().unwrap();
    let words = &studio.author.words;
    let asked: HashSet<u32> = ASKED
        .iter()
        .flat_map(|name| words.pairs(name))
        .flat_map(|(s, t)| [s, t])
        .map(|word| studio.vocabulary.single(word).unwrap())
        .collect();
    let mut dice = Dice::new(10, 10);
    let (mut tokens, mut slipped, mut seen) = (0, 0, HashSet::new());
    for kind in [Kind::Two, Kind::Three, Kind::Capital, Kind::Language] {
        for _ in 0..500 {
            let before = sentence(&studio, kind, &mut dice);
            let after = slips.slip(&before, &mut dice);
            let of = |list: &mut dyn Iterator<Item = u32>| list.filter(|t| asked.contains(t)).collect::<Vec<_>>();
            assert_eq!(of(&mut before.iter().copied()), of(&mut after.iter().map(|t| t.0)));
            tokens += before.iter().filter(|t| slips.is_word.contains(t)).count();
            slipped += after.iter().filter(|t| t.1).count();
            seen.extend(after.iter().filter(|t| t.1).map(|t| t.0));
        }
    }
    // 20 % for others, and before 80 % of the rest a fifteenth.
    let share = slipped as f32 / tokens as f32;
    assert!((0.23..0.28).contains(&share), "{slipped} slips among {tokens} words");
    assert!(seen.len() > 1000, "{} words come", seen.len());
}

#[test]
fn a_slip_makes_no_phrase_that_is_held_out() {
    let studio = Studio::open().unwrap();
    let windows = studio.windows(&recipe());
    let handed = studio.vocabulary.single("handed").unwrap();
    let slips = Slips {
        small: vec![handed],
        ..studio.windows(&recipe()).slips.unwrap()
    };
    let sentence = studio.vocabulary.encode(" John gave a ring to");
    let a = studio.vocabulary.single("a").unwrap();
    let mut dice = Dice::new(11, 11);
    let mut slipped = 0;
    for _ in 0..500 {
        let after: Vec<u32> = slips.slip(&sentence, &mut dice).iter().map(|t| t.0).collect();
        assert!(!after.windows(2).any(|two| two == [handed, a]));
        slipped += usize::from(after.contains(&handed));
    }
    assert!(slipped > 100);
    assert!(windows.slips.unwrap().held_out.len() >= 8);
}

#[test]
fn a_slip_is_read_and_not_foretold() {
    let studio = Studio::open().unwrap();
    let recipe = recipe();
    let windows: Windows<'_> = studio.windows(&recipe);
    let index: Vec<i32> = (0..studio.vocabulary.len() as i32).collect();
    let batch = Batch::draw(&windows, &recipe, &index, 1, &Device::flex());
    let [_, time] = batch.tokens.dims();
    let places: HashSet<usize> = batch.places.into_data().iter::<i64>().map(|p| p as usize).collect();
    // The batch's sentences come first, from the same dice.
    let mut dice = Dice::new(recipe.seed, 1);
    let mut slipped = 0;
    for row in 0..16 {
        let window = windows.text_and_slips(&mut dice);
        for at in 0..time {
            let (target, slip) = window[at + 1];
            let again = windows.held_out.values().any(|name| *name == target)
                && window[..=at].iter().any(|(token, _)| *token == target);
            assert_eq!(places.contains(&(row * time + at)), !slip && !again);
            slipped += usize::from(slip);
        }
    }
    assert!(slipped > 100, "{slipped}");
}

#[test]
fn odd_words_stand_for_names_beside_people() {
    let studio = Studio::open().unwrap();
    let (author, vocabulary) = (&studio.author, &studio.vocabulary);
    let manner = Manner {
        odd_names: 0.5,
        ..Manner::default()
    };
    let token = |word: &String| vocabulary.single(word).unwrap();
    let names = author.words.pairs("name_copying").iter().map(|pair| token(&pair.0));
    let names: HashSet<u32> = names.collect();
    let odd: HashSet<u32> = author.words.odd.iter().map(token).collect();
    assert!(odd.len() > 450 && odd.is_disjoint(&names), "{}", odd.len());
    let mut dice = Dice::new(12, 12);
    let (mut of, mut mixed, mut answers) = ([0; 2], 0, 0);
    for _ in 0..1000 {
        let text = author.sentence(Kind::Two, &manner, &mut dice).text;
        let tokens = vocabulary.encode(&format!(" {text}"));
        let twice = |token: &&u32| tokens.iter().filter(|t| t == token).count() >= 2;
        let people = names.iter().filter(twice).count();
        // A thing of the phrase may come twice as well.
        assert!(people + odd.iter().filter(twice).count() >= 2, "{text}");
        mixed += usize::from(people == 1);
        of[people.min(1)] += 1;
        let last = tokens[tokens.len() - 2];
        answers += usize::from(odd.contains(&last) && twice(&&last));
    }
    assert!((200..300).contains(&of[0]) && mixed > 400, "{of:?}, {mixed} mixed");
    assert!((400..550).contains(&answers), "{answers} of 1000 answers");
}
