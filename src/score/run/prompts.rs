//! From a template and a relation to prompts of token ids.

use crate::error::{Error, Result};
use crate::relation::{Kept, Pair, check_pairs, select};
use crate::tokenizer::Tokenizer;
use std::collections::BTreeMap;

/// Where the source stands in a template.
pub const MARK: &str = "<X>";
/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 2_000;

/// Prompts of one length whose source stands at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Tokens of a prompt.
    pub t: usize,
    /// Position of the source's last token.
    pub source: usize,
    /// `[n, t]`
    pub ids: Vec<u32>,
    /// `[n]`
    pub targets: Vec<u32>,
    /// Which kept pair each prompt is of, `[n]`.
    pub pairs: Vec<usize>,
}

/// A template's prompts.
#[derive(Clone, Debug)]
pub struct Prompts {
    pub groups: Vec<Group>,
    pub kept: Vec<Kept>,
    /// source, target, why not
    pub dropped: Vec<(String, String, String)>,
}

impl Group {
    /// Number of prompts.
    pub fn n(&self) -> usize {
        self.targets.len()
    }

    /// Prompts `from..to`.
    pub fn part(&self, from: usize, to: usize) -> Group {
        Group {
            t: self.t,
            source: self.source,
            ids: self.ids[from * self.t..to * self.t].to_vec(),
            targets: self.targets[from..to].to_vec(),
            pairs: self.pairs[from..to].to_vec(),
        }
    }
}

/// Puts every pair's source into the template.
///
/// With `multi_token`, pairs whose source is several tokens (and whose target is one) are kept in
/// place of those whose source is one.
///
/// Errors: no `<X>` or more than one, a prompt longer than `n_ctx`, no usable pair.
pub fn prompts(
    template: &str,
    pairs: &[Pair],
    multi_token: bool,
    tokenizer: &Tokenizer,
    n_ctx: usize,
) -> Result<Prompts> {
    if template.len() > MAX_TEMPLATE {
        return Err(Error::RelationInvalid(format!(
            "A template is over {MAX_TEMPLATE} bytes long; shorten it."
        )));
    }
    let (before, after) = match template.matches(MARK).count() {
        1 => template.split_once(MARK).unwrap_or(("", "")),
        0 => {
            return Err(Error::RelationInvalid(format!(
                "The template {template:.80?} has no {MARK}. Write {MARK} where the source belongs."
            )));
        }
        n => {
            return Err(Error::RelationInvalid(format!(
                "The template {template:.80?} has {n} times {MARK}; the source can stand in one place only."
            )));
        }
    };
    let (kept, mut dropped) = candidates(pairs, multi_token, tokenizer)?;
    let prefix = tokenizer.encode(before.trim_end_matches(' '))?.len();
    let mut out = Prompts {
        groups: vec![],
        kept: vec![],
        dropped: vec![],
    };
    let mut groups: BTreeMap<(usize, usize), Group> = BTreeMap::new();
    for (pair, source) in kept {
        let ids = tokenizer.encode(&format!("{before}{}{after}", pair.source))?;
        if ids.get(prefix..prefix + source.len()) != Some(&source[..]) {
            let why = "in this template its source runs into the text around it";
            dropped.push((pair.source, pair.target, why.to_owned()));
            continue;
        }
        if ids.len() > n_ctx {
            return Err(Error::RelationInvalid(format!(
                "With {:.40?} the template becomes {} tokens, but the model's context has {n_ctx}. Shorten the template.",
                pair.source,
                ids.len()
            )));
        }
        let at = prefix + source.len() - 1;
        let group = groups.entry((ids.len(), at)).or_insert_with(|| Group {
            t: ids.len(),
            source: at,
            ids: vec![],
            targets: vec![],
            pairs: vec![],
        });
        group.ids.extend(ids);
        group.targets.push(pair.target_id);
        group.pairs.push(out.kept.len());
        out.kept.push(pair);
    }
    if out.kept.is_empty() {
        let why = dropped.first().map_or("no pair was given", |(_, _, why)| why);
        return Err(Error::RelationEmpty(format!(
            "No pair can be put into the template {template:.80?} (of the first pair: {why}). Leave a space before {MARK}, or choose other words."
        )));
    }
    out.groups = groups.into_values().collect();
    out.dropped = dropped;
    Ok(out)
}

type Candidates = (Vec<(Kept, Vec<u32>)>, Vec<(String, String, String)>);

/// Pairs with the tokens of their source.
fn candidates(pairs: &[Pair], multi_token: bool, tokenizer: &Tokenizer) -> Result<Candidates> {
    if !multi_token {
        let selection = select(pairs, tokenizer)?;
        let kept = selection.kept.into_iter().map(|k| {
            let id = k.source_id;
            (k, vec![id])
        });
        return Ok((kept.collect(), selection.dropped));
    }
    check_pairs(pairs)?;
    let (mut kept, mut dropped) = (vec![], vec![]);
    for (source, target) in pairs {
        let s = tokenizer.encode(&format!(" {source}"))?;
        let t = tokenizer.encode(&format!(" {target}"))?;
        let why = match (&s[..], &t[..]) {
            ([_, .., last], [target_id]) => {
                let pair = Kept {
                    source: source.clone(),
                    target: target.clone(),
                    source_id: *last,
                    target_id: *target_id,
                };
                kept.push((pair, s));
                continue;
            }
            (_, [_]) => "the source is one token".to_owned(),
            (_, t) => format!("the target is {} tokens", t.len()),
        };
        dropped.push((source.clone(), target.clone(), why));
    }
    Ok((kept, dropped))
}
