//! No module of a crate depends on itself through others, but for the circles that are listed here, each
//! with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// The circles that stay: the crate, its modules in order, and why.
const KNOWN: &[(&str, &[&str], &str)] = &[
    (
        "aws",
        &["client", "member"],
        "a connection enters accounts, and an account is entered by a call of the connection",
    ),
    (
        "domain",
        &["call", "fact"],
        "a failed call becomes a gap, and a gap names its call",
    ),
    (
        "domain",
        &["collect", "recording"],
        "a collection remembers recorded answers, which are found by where they were asked",
    ),
    (
        "policy",
        &["decide", "evaluate", "request"],
        "a request brings the stack that decides it, and each part of it is evaluated for a request",
    ),
    (
        "sim",
        &[
            "account",
            "authority",
            "ec2",
            "estate",
            "fault",
            "iam",
            "kms",
            "organizations",
            "runtime",
            "s3",
            "sagemaker",
            "table",
            "tagging",
            "world",
        ],
        "each service acts on the world, which holds the state of all services and finds their operations in the table",
    ),
    (
        "store",
        &["change", "open"],
        "an opened store makes changes, and a change is made in an opened store",
    ),
];

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Says which modules stand in a circle that is not listed, and which listed circle is none any more.
pub(crate) fn check(files: &[PathBuf], wrong: &mut Vec<String>) {
    let mut crates: BTreeMap<String, Edges> = BTreeMap::new();
    for path in files {
        let Some((package, module)) = module_of(path) else {
            continue;
        };
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        let edges = crates.entry(package).or_default();
        let of_module = edges.entry(module.clone()).or_default();
        of_module.extend(names(&text).filter(|name| *name != module));
    }
    let found: BTreeSet<(String, Vec<String>)> = crates
        .iter()
        .flat_map(|(package, edges)| circles(edges).into_iter().map(|all| (package.clone(), all)))
        .collect();
    let known: BTreeSet<(String, Vec<String>)> = KNOWN
        .iter()
        .map(|(package, all, _)| {
            let all = all.iter().map(|one| (*one).to_owned());
            ((*package).to_owned(), all.collect())
        })
        .collect();
    for (package, all) in found.difference(&known) {
        let all = all.join(", ");
        wrong.push(format!("{package}: {all} depend on each other in a circle"));
    }
    for (package, all) in known.difference(&found) {
        let all = all.join(", ");
        wrong.push(format!(
            "{package}: {all} are no circle; take it off the list"
        ));
    }
}

/// The crate and the module in it that a file belongs to; tests aside.
fn module_of(path: &Path) -> Option<(String, String)> {
    let mut parts = path.iter().filter_map(|part| part.to_str());
    if parts.next()? != "crates" {
        return None;
    }
    let package = parts.next()?;
    if parts.next()? != "src" || path.extension()? != "rs" || path.ends_with("tests.rs") {
        return None;
    }
    let module = parts.next()?.trim_end_matches(".rs");
    let is_root = ["lib", "main"].contains(&module);
    (!is_root).then(|| (package.to_owned(), module.to_owned()))
}

/// The modules that a text names by `crate::`, outside of comments and tests.
fn names(text: &str) -> impl Iterator<Item = String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            rest.get(..end.unwrap_or(rest.len()))
                .unwrap_or_default()
                .to_owned()
        })
}

/// The groups of modules each of which comes to all others.
fn circles(edges: &Edges) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = edges
        .keys()
        .map(|from| (from, reach(edges, from)))
        .collect();
    let group = |from: &String| -> Vec<String> {
        let both = |to: &&&String| reached.get(**to).is_some_and(|back| back.contains(from));
        let there = reached.get(from).into_iter().flatten();
        there.filter(both).map(|to| (*to).clone()).collect()
    };
    edges
        .keys()
        .map(group)
        .filter(|group| group.len() > 1)
        .collect()
}

/// Everything that a module comes to.
fn reach<'e>(edges: &'e Edges, from: &'e String) -> BTreeSet<&'e String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(one) = open.pop() {
        for to in edges.get(one).into_iter().flatten() {
            if edges.contains_key(to) && seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_chains_are_none() {
        let edges = |all: &[(&str, &str)]| {
            let mut edges = Edges::new();
            for (from, to) in all {
                edges
                    .entry((*from).to_owned())
                    .or_default()
                    .insert((*to).to_owned());
                edges.entry((*to).to_owned()).or_default();
            }
            edges
        };
        let none = circles(&edges(&[("a", "b"), ("b", "c"), ("a", "c")]));
        assert!(none.is_empty(), "{none:?}");
        let found = circles(&edges(&[
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("c", "d"),
            ("e", "a"),
        ]));
        let expected = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
        assert_eq!(found, BTreeSet::from([expected]));
    }

    #[test]
    fn what_a_text_names_is_read_outside_of_comments_and_tests() {
        let text = "use crate::call::Op;\n/// [`x`](crate::fact)\nfn f() { crate::word::g() }\n#[cfg(test)]\nuse crate::rules;";
        let found: Vec<String> = names(text).collect();
        assert_eq!(found, ["call", "word"]);
    }
}
