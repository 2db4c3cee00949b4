//! What it answers: which of two names comes, and capitals, in phrases that it knows and in others. Counts are pinned.

use super::{asked, task};
use crate::support::{open, path, relation};
use headmap::relation::Pair;
use headmap::score::{Options, SilentHost, score_relations};
use pollster::block_on;

/// The names that the model knows, and apart those in every fifth place: in the training's sentences they never come twice.
fn known_and_held_out_names() -> [Vec<Pair>; 2] {
    let model = open(&path("models/demo")).unwrap();
    let relations = [relation("name_copying", 1)];
    let result = block_on(score_relations(&model, &relations, Options::default(), &SilentHost)).unwrap();
    let mut lists = [vec![], vec![]];
    for (i, (source, target, ..)) in result.relations[0].kept.iter().enumerate() {
        lists[usize::from(i % 5 == 4)].push((source.clone(), target.clone()));
    }
    lists
}

/// As the training's sentences are, in both orders.
pub const NAME_PHRASES: [&str; 6] = [
    "When <X> and John went to the store, John gave a drink to",
    "When John and <X> went to the store, John gave a drink to",
    "After <X> and Anna were at the park, Anna said hello to",
    "After Anna and <X> met at the park, Anna said hello to",
    "The friends Kevin and <X> met at the park. Later Kevin looked at",
    "The teacher saw Laura and <X> at the beach. Then Laura thanked",
];

/// With openings and endings that the training never saw.
pub const NEW_NAME_PHRASES: [&str; 8] = [
    "Once <X> and John went to the store, John handed a ring to",
    "Once John and <X> went to the store, John handed a ring to",
    "Because <X> and Anna were talking, Anna walked over to",
    "Because Anna and <X> were talking, Anna walked over to",
    "This morning <X> and Kevin had lunch at the hotel. Kevin returned the key to",
    "This morning Kevin and <X> had lunch at the hotel. Kevin returned the key to",
    "Near the river stood <X> and Laura. Then Laura opened the door for",
    "Near the river stood Laura and <X>. Then Laura opened the door for",
];

/// Nor these, and no training was chosen by them. They were written before any that has slips had been judged.
const SECOND_NAME_PHRASES: [&str; 8] = [
    "Last summer <X> and John built a house. In the end John lent the money to",
    "At night John and <X> heard a storm, so John held the lamp for",
    "Before <X> and Anna left the village, Anna taught a song to",
    "Anna and <X> dance in the rain. Today Anna hid the coin from",
    "On the ship <X> and Kevin drank coffee, and Kevin drew a picture of",
    "After the war Kevin and <X> became friends. Every winter Kevin flew home to",
    "If <X> and Laura win the game, Laura has to sing with",
    "Nobody saw Laura and <X> leave, but Laura stole the gold from",
];

/// Right answers of the whole model, of all prompts.
fn right(templates: &[&str], pairs: &[Pair]) -> (u32, usize) {
    let tasks = templates.iter().map(|t| task(t, t, pairs.to_vec())).collect();
    // Some head has to be named; what is left without it is not looked at.
    let found = asked(vec![(0, 0)], tasks, 0);
    for task in &found.tasks {
        println!("{}: {} of {}", task.id, task.clean, task.total);
    }
    (
        found.tasks.iter().map(|t| t.clean).sum(),
        found.tasks.iter().map(|t| t.total).sum(),
    )
}

fn share((right, all): (u32, usize)) -> f64 {
    f64::from(right) / all as f64
}

/// The goal is 90 %: reached where the names or the phrases are new, missed where both are.
#[test]
fn the_right_one_of_two_names() {
    let [known, held_out] = known_and_held_out_names();
    let found = [
        right(&NAME_PHRASES, &known),
        right(&NEW_NAME_PHRASES, &known),
        right(&NAME_PHRASES, &held_out),
        right(&NEW_NAME_PHRASES, &held_out),
    ];
    assert_eq!(found, [(744, 744), (912, 992), (171, 186), (23, 248)]);
    assert!(found[..3].iter().all(|f| share(*f) >= 0.9));
}

const NEW_CAPITAL_PHRASES: [&str; 4] = [
    "The most famous city in <X> is",
    "The teacher flew to <X> and stayed in",
    "The government of <X> is in",
    "All roads in <X> go to",
];

/// As the second phrases of names.
const SECOND_CAPITAL_PHRASES: [&str; 4] = [
    "Every summer we spend a week in <X>, in the city of",
    "The best music in <X> comes from",
    "My father is from <X> and my mother grew up in",
    "To learn the history of <X>, visit",
];

/// The goal is 80 %.
#[test]
fn capitals_in_held_out_phrases() {
    let found = right(&NEW_CAPITAL_PHRASES, &relation("country_to_capital", 10).pairs);
    assert_eq!(found, (171, 172));
    assert!(share(found) >= 0.8);
}

/// Known names, held-out names, capitals: 98, 36 and 48 %.
#[test]
fn phrases_that_no_training_was_chosen_by() {
    let [known, held_out] = known_and_held_out_names();
    let found = [
        right(&SECOND_NAME_PHRASES, &known),
        right(&SECOND_NAME_PHRASES, &held_out),
        right(&SECOND_CAPITAL_PHRASES, &relation("country_to_capital", 10).pairs),
    ];
    assert_eq!(found, [(973, 992), (90, 248), (83, 172)]);
}
