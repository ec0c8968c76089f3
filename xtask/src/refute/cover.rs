//! Rows that cover every pair of levels of any two factors, as far as the two can stand together.

use crate::random::Random;

/// What a row is made of: each factor has one of its levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    pub(super) name: &'static str,
    pub(super) levels: &'static [&'static str],
}

/// Levels of two factors that cannot stand together, by their names; after `but`, all others.
pub(super) type Clash = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

/// A level of each factor, by its place.
pub(super) type Row = Vec<usize>;

/// Which pairs there are, and which have been seen.
pub(super) struct Cover {
    factors: &'static [Factor],
    /// Where the levels of a factor begin among all levels.
    begins: Vec<usize>,
    levels: usize,
    /// By two levels among all.
    pairs: Vec<Pair>,
    /// Pairs that wait, in an order of chance.
    waiting: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pair {
    Impossible,
    Waiting,
    Seen,
}

/// How often a row is begun anew that cannot be finished.
const TRIES: usize = 200;

impl Cover {
    pub(super) fn new(factors: &'static [Factor], clashes: &[Clash], random: &mut Random) -> Self {
        let mut begins = Vec::new();
        let mut levels = 0;
        for factor in factors {
            begins.push(levels);
            levels += factor.levels.len();
        }
        let mut cover = Self {
            factors,
            begins,
            levels,
            pairs: vec![Pair::Waiting; levels * levels],
            waiting: Vec::new(),
        };
        for (one, these, other, those) in clashes {
            for a in cover.named(one, these) {
                for b in cover.named(other, those) {
                    cover.set(a, b, Pair::Impossible);
                }
            }
        }
        let owners = cover.owners();
        for (a, (owner, _)) in owners.iter().enumerate() {
            for (b, (other, _)) in owners.iter().enumerate() {
                if owner == other {
                    cover.set(a, b, Pair::Impossible);
                }
            }
        }
        while cover.rule_out(&owners) {}
        for (a, (owner, _)) in owners.iter().enumerate() {
            for (b, (other, _)) in owners.iter().enumerate() {
                if owner != other && a < b && cover.pair(a, b) == Pair::Waiting {
                    cover.waiting.push((a, b));
                }
            }
        }
        for at in (1..cover.waiting.len()).rev() {
            cover.waiting.swap(at, random.below(at + 1));
        }
        cover
    }

    /// Two levels cannot stand together where some factor has no level that fits both; whether there were
    /// such.
    fn rule_out(&mut self, owners: &[(usize, usize)]) -> bool {
        let mut found = Vec::new();
        for (a, (owner, _)) in owners.iter().enumerate() {
            for (b, (other, _)) in owners.iter().enumerate().skip(a + 1) {
                if self.pair(a, b) == Pair::Impossible {
                    continue;
                }
                let mut factors = self.factors.iter().zip(&self.begins).enumerate();
                let is_stuck = factors.any(|(place, (factor, begin))| {
                    place != *owner
                        && place != *other
                        && (*begin..begin + factor.levels.len()).all(|level| {
                            self.pair(a, level) == Pair::Impossible
                                || self.pair(b, level) == Pair::Impossible
                        })
                });
                if is_stuck {
                    found.push((a, b));
                }
            }
        }
        for (a, b) in &found {
            self.set(*a, *b, Pair::Impossible);
        }
        !found.is_empty()
    }

    /// The factor of every level, and its place there.
    fn owners(&self) -> Vec<(usize, usize)> {
        let all = self.factors.iter().enumerate();
        all.flat_map(|(factor, one)| (0..one.levels.len()).map(move |level| (factor, level)))
            .collect()
    }

    fn named(&self, name: &str, levels: &[&str]) -> Vec<usize> {
        let factors = self.factors.iter().zip(&self.begins);
        factors
            .filter(|(factor, _)| factor.name == name)
            .flat_map(|(factor, begin)| {
                let of = factor.levels.iter().enumerate();
                let is_meant = |level: &&str| match levels {
                    ["but", others @ ..] => !others.contains(level),
                    listed => listed.contains(level),
                };
                of.filter(move |(_, level)| is_meant(level))
                    .map(move |(place, _)| begin + place)
            })
            .collect()
    }

    fn pair(&self, a: usize, b: usize) -> Pair {
        let at = a * self.levels + b;
        self.pairs.get(at).copied().unwrap_or(Pair::Impossible)
    }

    fn set(&mut self, a: usize, b: usize, pair: Pair) {
        for at in [a * self.levels + b, b * self.levels + a] {
            if let Some(found) = self.pairs.get_mut(at) {
                *found = pair;
            }
        }
    }

    /// Pairs that can stand together, and of these the ones that no row has had.
    pub(super) fn counts(&self) -> (usize, usize) {
        let of = |pair| self.pairs.iter().filter(|one| **one == pair).count() / 2;
        let waiting = of(Pair::Waiting);
        (waiting + of(Pair::Seen), waiting)
    }

    /// Some of the pairs that no row has had, by their names.
    pub(super) fn missing(&self, most: usize) -> Vec<String> {
        let owners = self.owners();
        let name = |level: usize| {
            let (factor, place) = owners.get(level).copied().unwrap_or_default();
            let factor = self.factors.get(factor)?;
            Some(format!("{}={}", factor.name, factor.levels.get(place)?))
        };
        let waiting = self.waiting.iter();
        waiting
            .filter(|(a, b)| self.pair(*a, *b) == Pair::Waiting)
            .filter_map(|(a, b)| Some(format!("{} {}", name(*a)?, name(*b)?)))
            .take(most)
            .collect()
    }

    /// Another row: it has a pair that no row had, where there is one, and as many others as may be.
    pub(super) fn row(&mut self, random: &mut Random) -> Row {
        while let Some((a, b)) = self.waiting.last().copied() {
            if self.pair(a, b) == Pair::Seen {
                self.waiting.pop();
                continue;
            }
            if let Some(row) = (0..TRIES).find_map(|_| self.with(&[a, b], random)) {
                self.saw(&row);
                return row;
            }
            // Told at the end: it stays unseen.
            self.waiting.pop();
            self.waiting.insert(0, (a, b));
            break;
        }
        loop {
            if let Some(row) = self.with(&[], random) {
                self.saw(&row);
                return row;
            }
        }
    }

    fn saw(&mut self, row: &Row) {
        let levels: Vec<usize> = row.iter().zip(&self.begins).map(|(a, b)| a + b).collect();
        for a in &levels {
            for b in &levels {
                if self.pair(*a, *b) == Pair::Waiting {
                    self.set(*a, *b, Pair::Seen);
                }
            }
        }
    }

    /// A row with some levels; `None` where chance led it to where no level is left.
    fn with(&self, given: &[usize], random: &mut Random) -> Option<Row> {
        let mut chosen: Vec<Option<usize>> = vec![None; self.factors.len()];
        let owners = self.owners();
        for level in given {
            let (factor, _) = owners.get(*level)?;
            *chosen.get_mut(*factor)? = Some(*level);
        }
        let mut order: Vec<usize> = (0..self.factors.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        for factor in order {
            if chosen.get(factor)?.is_some() {
                continue;
            }
            let (begin, all) = (self.begins.get(factor)?, self.factors.get(factor)?.levels);
            let first = random.below(all.len());
            let mut best: Option<(usize, usize)> = None;
            for offset in 0..all.len() {
                let level = begin + (first + offset) % all.len();
                let with = chosen.iter().flatten();
                let mut new = 0;
                let mut fits = true;
                for other in with {
                    match self.pair(level, *other) {
                        Pair::Impossible => fits = false,
                        Pair::Waiting => new += 1,
                        Pair::Seen => {}
                    }
                }
                if fits && best.is_none_or(|(_, most)| new > most) {
                    best = Some((level, new));
                }
            }
            *chosen.get_mut(factor)? = Some(best?.0);
        }
        let levels = chosen.into_iter().zip(&self.begins);
        levels.map(|(level, begin)| Some(level? - begin)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTORS: [Factor; 3] = [
        Factor {
            name: "a",
            levels: &["1", "2", "3"],
        },
        Factor {
            name: "b",
            levels: &["x", "y"],
        },
        Factor {
            name: "c",
            levels: &["p", "q"],
        },
    ];

    #[test]
    fn every_pair_that_can_be_is_covered_and_no_other() {
        let mut random = Random::new(1, 0);
        let clashes: [Clash; 1] = [("a", &["2"], "b", &["x"])];
        let mut cover = Cover::new(&FACTORS, &clashes, &mut random);
        assert_eq!(cover.counts(), (6 + 6 + 4 - 1, 15));
        for _ in 0..12 {
            let row = cover.row(&mut random);
            assert!(row.first() != Some(&1) || row.get(1) != Some(&0), "{row:?}");
        }
        assert_eq!(cover.counts(), (15, 0));
        assert!(cover.missing(9).is_empty());
        // Where `a` is 1 only `p` fits, and where `b` is x only `q`: the two cannot be together.
        let clashes: [Clash; 2] = [("a", &["1"], "c", &["q"]), ("b", &["x"], "c", &["p"])];
        let cover = Cover::new(&FACTORS, &clashes, &mut random);
        assert_eq!(cover.counts().0, (6 - 1) + (6 - 1) + (4 - 1));
    }
}
