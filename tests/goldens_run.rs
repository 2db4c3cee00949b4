//! The running model on the CPU: the reference's numbers, and what else must hold.
#![cfg(feature = "run")]

mod support;

use headmap::Error;
use headmap::relation::Pair;
use headmap::score::SilentHost;
use headmap::score::run::{
    AblationAsk, AblationTask, DynamicAsk, PatternsAsk, PromptAsk, ablate, attention_scores, run_prompt, score_dynamic,
};
use pollster::block_on;
use support::running::Watch;
use support::{model, open, relation};

#[test]
fn tiny_weights_run_as_the_reference_says() {
    golden_runs!("tiny", |folder: &std::path::Path| open(folder).unwrap(), block_on);
}

#[test]
fn planted_weights_run_as_the_reference_says() {
    golden_runs!("planted", |folder: &std::path::Path| open(folder).unwrap(), block_on);
}

#[test]
fn weights_of_gpt2_smalls_shape_run_as_the_reference_says() {
    let model = open(&model("graded-small")).unwrap();
    support::running::running("graded-small", &model, |ask, m| {
        block_on(run_prompt(m, ask, &SilentHost)).unwrap()
    });
    support::running::dynamic("graded-small", &model, |ask, m| {
        block_on(score_dynamic(m, &ask(), &SilentHost)).unwrap()
    });
}

fn names(draws: usize, order: &[(usize, usize)]) -> AblationAsk {
    AblationAsk {
        order: order.to_vec(),
        tasks: vec![AblationTask {
            id: "names".into(),
            title: "Names".into(),
            template: " John-> John; Donna-> Donna; <X>->".into(),
            pairs: relation("name_copying", 1).pairs,
        }],
        draws,
        seed: 7,
    }
}

fn dynamic(pairs: Vec<Pair>, template: &str, multi_token: bool) -> DynamicAsk {
    DynamicAsk {
        name: "test".into(),
        pairs,
        templates: vec![template.into()],
        k: 1,
        multi_token,
    }
}

#[test]
fn the_planted_name_mover_carries_the_task_and_random_heads_do_not() {
    let model = open(&model("planted")).unwrap();
    let found = block_on(ablate(&model, &names(5, &[(0, 1)]), &SilentHost)).unwrap();
    let task = &found.tasks[0];
    assert_eq!(task.clean as usize, task.total);
    assert!(task.ranked[0] * 10 < task.clean, "{:?}", task.ranked);
    assert_eq!(task.random.len(), 5);
    for (heads, right) in found.random_heads.iter().zip(&task.random) {
        assert!(!heads.contains(&(0, 1)));
        assert!(right[0] * 2 > task.clean, "{heads:?}: {right:?}");
    }
    let again = block_on(ablate(&model, &names(5, &[(0, 1)]), &SilentHost)).unwrap();
    assert_eq!(again.random_heads, found.random_heads);
}

/// Thirty heads spread evenly over the layers of GPT-2 small; the model's heads for a task sit in later
/// layers, where a curve costs less.
#[test]
fn a_curve_costs_a_small_part_of_its_forward_passes() {
    let model = open(&model("graded-small")).unwrap();
    let order: Vec<_> = (0..30).map(|i| (i * 12 / 30, i * 5 % 12)).collect();
    let mut ask = names(0, &order);
    ask.tasks[0].pairs.truncate(4);
    let found = block_on(ablate(&model, &ask, &SilentHost)).unwrap();
    assert!(found.tasks[0].total >= 2);
    let (work, whole) = (found.multiply_adds, found.forward_passes_multiply_adds);
    println!("{work} of {whole}: 1 in {:.1}", whole as f64 / work as f64);
    assert!(
        work * 15 <= whole,
        "{work} of {whole}: 1 in {}",
        whole as f64 / work as f64
    );
}

#[test]
fn taking_heads_from_a_prompt_is_taking_them_from_the_curve() {
    let model = open(&model("planted")).unwrap();
    let text = " John-> John; Donna-> Donna; Mary->";
    let prompt = |ablate: Vec<(usize, usize)>| {
        let ask = PromptAsk {
            text: text.into(),
            ablate,
            ..PromptAsk::default()
        };
        block_on(run_prompt(&model, &ask, &SilentHost)).unwrap()
    };
    let clean = prompt(vec![]);
    assert_eq!(clean.target.text, " Mary");
    let ablated = prompt(vec![(0, 1)]);
    assert_eq!(ablated.top[0].id, clean.top[0].id);
    let after = ablated.ablated_target.unwrap();
    assert!(after.probability < clean.target.probability);
    assert_eq!(after.id, clean.target.id);
    // The head with the largest part in the logit is the one that was planted.
    let largest = clean.attribution.iter().flatten().fold(f32::MIN, |m, v| m.max(*v));
    assert_eq!(clean.attribution[0][1], largest, "{:?}", clean.attribution);
}

#[test]
fn sources_of_several_tokens_make_prompts_of_several_lengths() {
    let model = open(&model("planted")).unwrap();
    let pairs: Vec<Pair> = [("Mary John", "Mary"), ("John", "John"), ("Mary and John", "John")]
        .map(|(s, t)| (s.to_owned(), t.to_owned()))
        .to_vec();
    let ask = dynamic(pairs, "The story of <X>", true);
    let found = block_on(score_dynamic(&model, &ask, &SilentHost)).unwrap();
    let template = &found.templates[0];
    assert_eq!((template.total, template.dropped.len()), (2, 1));
    assert_eq!(template.length, (5, 6));
    // The source's last token is the prompt's: then a head's value there is what it sees of itself.
    assert_eq!(
        template.kept[0].2,
        block_on(run_prompt(&model, &text(" John"), &SilentHost))
            .unwrap()
            .tokens[0]
            .id
    );
}

fn text(text: &str) -> PromptAsk {
    PromptAsk {
        text: text.into(),
        ..PromptAsk::default()
    }
}

#[test]
fn progress_ends_where_it_said_it_would() {
    let model = open(&model("planted")).unwrap();
    let watch = Watch::default();
    let ask = dynamic(relation("name_copying", 1).pairs, "The story of <X> contains", false);
    block_on(score_dynamic(&model, &ask, &watch)).unwrap();
    assert_eq!(watch.settled.get(), watch.planned.get());
    let watch = Watch::default();
    block_on(ablate(&model, &names(2, &[(3, 1), (1, 2), (0, 1)]), &watch)).unwrap();
    assert_eq!(watch.settled.get(), watch.planned.get());
    let watch = Watch::default();
    let ask = PromptAsk {
        ablate: vec![(0, 1)],
        ..text("When Mary and John went to the store")
    };
    block_on(run_prompt(&model, &ask, &watch)).unwrap();
    assert_eq!(watch.settled.get(), watch.planned.get());
    let watch = Watch::default();
    let ask = PatternsAsk {
        length: 5,
        sequences: 3,
        seed: 1,
    };
    block_on(attention_scores(&model, ask, &watch)).unwrap();
    assert_eq!(watch.settled.get(), watch.planned.get());
}

/// The model's tensors are kept, or its blocks are read by every pass: what is announced is what is read.
#[test]
fn bytes_end_where_they_were_announced() {
    let mut ask = names(0, &[(3, 1)]);
    ask.tasks.push(AblationTask {
        template: "The story of <X> contains".into(),
        ..names(0, &[]).tasks.remove(0)
    });
    for (budget, kept) in [(u64::MAX, true), (0, false)] {
        let mut model = open(&support::model("planted")).unwrap();
        model.block_budget = budget;
        let read = |job: &dyn Fn(&Watch)| {
            let watch = Watch::default();
            job(&watch);
            assert_eq!(watch.read_bytes.get(), watch.planned_bytes.get(), "kept: {kept}");
            watch.read_bytes.get()
        };
        let first = read(&|w| drop(block_on(ablate(&model, &ask, w)).unwrap()));
        let again = read(&|w| drop(block_on(ablate(&model, &ask, w)).unwrap()));
        let prompt = read(&|w| drop(block_on(run_prompt(&model, &text("When Mary"), w)).unwrap()));
        let attention = PatternsAsk {
            length: 5,
            sequences: 3,
            seed: 1,
        };
        let patterns = read(&|w| drop(block_on(attention_scores(&model, attention, w)).unwrap()));
        if kept {
            assert!(first > 0);
            assert_eq!((again, prompt, patterns), (0, 0, 0));
        } else {
            // Two tasks are two passes.
            assert_eq!((again, patterns), (2 * prompt, prompt));
            assert!(first > again);
        }
    }
}

#[test]
fn a_cancelled_run_leaves_the_next_one_right() {
    let model = open(&model("planted")).unwrap();
    let ask = names(2, &[(0, 1), (2, 3)]);
    let wanted = block_on(ablate(&model, &ask, &SilentHost)).unwrap().tasks[0]
        .ranked
        .clone();
    for stop in [0, 1, 5, 40, 100] {
        let fresh = open(&support::model("planted")).unwrap();
        let watch = Watch::default();
        watch.stop_after.set(Some(stop));
        let stopped = block_on(ablate(&fresh, &ask, &watch));
        assert!(matches!(stopped, Err(Error::Cancelled)), "{stop}");
        let next = block_on(ablate(&fresh, &ask, &SilentHost)).unwrap();
        assert_eq!(next.tasks[0].ranked, wanted);
    }
}

#[test]
fn attention_scores_are_shares() {
    let model = open(&model("planted")).unwrap();
    let ask = PatternsAsk {
        length: 20,
        sequences: 2,
        seed: 3,
    };
    let found = block_on(attention_scores(&model, ask, &SilentHost)).unwrap();
    for scores in [&found.previous_token, &found.duplicate_token, &found.induction] {
        assert_eq!((scores.len(), scores[0].len()), (4, 4));
        assert!(scores.iter().flatten().all(|v| (0.0..=1.0).contains(v)));
        assert!(scores.iter().flatten().any(|v| *v > 0.0));
    }
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    let model = open(&model("planted")).unwrap();
    let pairs = || vec![("Mary".to_owned(), "Mary".to_owned())];
    let refused = |ask: DynamicAsk, what: &str| {
        let e = block_on(score_dynamic(&model, &ask, &SilentHost)).unwrap_err();
        assert!(e.to_string().contains(what), "{e}");
    };
    refused(dynamic(pairs(), "no mark", false), "has no <X>");
    refused(dynamic(pairs(), "<X> and <X>", false), "2 times");
    refused(dynamic(pairs(), "<X> is", false), "Leave a space");
    refused(dynamic(pairs(), &"the ".repeat(400), false), "<X>");
    refused(
        dynamic(pairs(), &format!("{} <X>", " the".repeat(200)), false),
        "context",
    );
    let refused = |ask: PromptAsk, what: &str| {
        let e = block_on(run_prompt(&model, &ask, &SilentHost)).unwrap_err();
        assert!(e.to_string().contains(what), "{e}");
    };
    refused(text(""), "empty");
    refused(text(&" the".repeat(2000)), "context");
    refused(
        PromptAsk {
            target: Some(1_000_000),
            ..text(" Mary")
        },
        "no token",
    );
    for ask in [
        names(1, &[(4, 0)]),
        names(1, &[(0, 4)]),
        names(1, &[]),
        names(1, &[(0, 0), (0, 0)]),
    ] {
        assert!(block_on(ablate(&model, &ask, &SilentHost)).is_err());
    }
    let ask = PatternsAsk {
        length: 600,
        sequences: 1,
        seed: 1,
    };
    assert!(block_on(attention_scores(&model, ask, &SilentHost)).is_err());
}
