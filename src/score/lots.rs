//! The pairs of a job, cut into queries by memory, and these into lots by the rivals that they share.

use crate::engine::Lot;
use std::collections::HashMap;
use std::ops::Range;

/// Floats of sources in a query, `[pairs, d_model]`: 8 MB. What the pairs of a query share is computed once.
const SOURCES: usize = 2 << 20;
/// Floats of head outputs of a lot, `[n_head, pairs, d_model]`: 16 MB.
const HEAD_OUTPUTS: usize = 4 << 20;
/// Most rivals looked at first.
const RIVALS: usize = 512;

/// Cuts the pairs of `relations` (their ranges; `targets` are those of all pairs) into queries: for each, its pairs and its
/// lots, counted from the query's first pair. What beats a target are mostly other targets of the same relation, so relations share
/// a lot while their rivals stay few.
pub(super) fn queries(
    targets: &[u32],
    relations: &[Range<usize>],
    n_head: usize,
    d: usize,
) -> Vec<(Range<usize>, Vec<Lot>)> {
    cut(
        targets,
        relations,
        (SOURCES / d).max(1),
        (HEAD_OUTPUTS / (n_head * d)).max(1),
    )
}

fn cut(targets: &[u32], relations: &[Range<usize>], query: usize, step: usize) -> Vec<(Range<usize>, Vec<Lot>)> {
    let mut queries: Vec<(Range<usize>, Vec<Lot>)> = vec![];
    for lot in lots(targets, relations, step.min(query)) {
        match queries.last_mut() {
            Some((pairs, lots)) if lot.pairs.end - pairs.start <= query => {
                pairs.end = lot.pairs.end;
                lots.push(lot);
            }
            _ => queries.push((lot.pairs.clone(), vec![lot])),
        }
    }
    for (pairs, lots) in &mut queries {
        for lot in lots {
            lot.pairs = lot.pairs.start - pairs.start..lot.pairs.end - pairs.start;
        }
    }
    queries
}

fn lots(targets: &[u32], relations: &[Range<usize>], step: usize) -> Vec<Lot> {
    let mut lots: Vec<Lot> = vec![];
    for relation in relations {
        let own = rivals(&targets[relation.clone()]);
        for start in relation.clone().step_by(step) {
            let part = start..(start + step).min(relation.end);
            if let Some(Lot { pairs, rivals: known }) = lots.last_mut() {
                let both = rivals(&[&known[..], &own[..]].concat());
                if part.end - pairs.start <= step && known.len() + own.len() <= RIVALS {
                    (pairs.end, *known) = (part.end, both);
                    continue;
                }
            }
            lots.push(Lot {
                pairs: part,
                rivals: own.clone(),
            });
        }
    }
    lots
}

/// The most frequent of `targets`, at most [`RIVALS`], by id.
fn rivals(targets: &[u32]) -> Vec<u32> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for target in targets {
        *counts.entry(*target).or_default() += 1;
    }
    let mut found: Vec<_> = counts.into_iter().collect();
    found.sort_unstable_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    found.truncate(RIVALS);
    let mut ids: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(relations: &[Vec<u32>]) -> (Vec<u32>, Vec<Range<usize>>) {
        let mut start = 0;
        let ranges = relations.iter().map(|r| {
            start += r.len();
            start - r.len()..start
        });
        let ranges = ranges.collect();
        (relations.concat(), ranges)
    }

    #[test]
    fn queries_and_their_lots_cover_all_pairs_once_and_know_their_own_rivals() {
        let many: Vec<Vec<u32>> = (0..20).map(|r| (r * 1000..r * 1000 + 130).collect()).collect();
        let few: Vec<Vec<u32>> = (0..9).map(|r| vec![r, r + 100]).collect();
        let large = vec![(0..2000).rev().collect::<Vec<u32>>()];
        for (relations, query, step) in [
            (&many, 2730, 455),
            (&many, 1000, 455),
            (&many, 100, 455),
            (&many, 2730, 7),
            (&few, 5, 455),
            (&large, 700, 300),
        ] {
            let (targets, ranges) = pairs(relations);
            let mut next = 0;
            for (pairs, lots) in cut(&targets, &ranges, query, step) {
                assert_eq!(pairs.start, next);
                assert!(!pairs.is_empty() && pairs.len() <= query);
                next = pairs.end;
                let mut inside = 0;
                for lot in lots {
                    assert_eq!(lot.pairs.start, inside);
                    assert!(lot.pairs.len() <= step && lot.rivals.len() <= RIVALS);
                    inside = lot.pairs.end;
                    if relations.iter().all(|r| r.len() <= RIVALS) {
                        let own = &targets[pairs.start + lot.pairs.start..pairs.start + lot.pairs.end];
                        assert!(own.iter().all(|t| lot.rivals.contains(t)));
                    }
                }
                assert_eq!(inside, pairs.len());
            }
            assert_eq!(next, targets.len());
        }
        let (targets, ranges) = pairs(&few);
        assert_eq!(cut(&targets, &ranges, 2730, 455)[0].1.len(), 1);
        let (targets, ranges) = pairs(&many);
        assert_eq!(cut(&targets, &ranges, 2730, 455).len(), 1);
    }

    #[test]
    fn the_most_frequent_targets_are_the_rivals() {
        let mut targets: Vec<u32> = (0..600).collect();
        targets.extend([599, 599, 7]);
        let found = rivals(&targets);
        assert_eq!(found.len(), RIVALS);
        assert!(found.contains(&599) && found.contains(&0) && !found.contains(&598));
    }
}
