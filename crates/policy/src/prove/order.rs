//! In which order keys are asked: those that statements ask together stand together. A diagram of
//! `a1 and b1, or a2 and b2, …` is small in that order, and of exponential size in `a1 a2 … b1 b2 …`.
//!
//! It is the heuristic FORCE (F. Aloul, I. Markov, K. Sakallah, "FORCE: a fast and easy-to-implement
//! variable-ordering heuristic", GLSVLSI 2003): every group has a centre, every member moves to the middle
//! of its groups' centres, until the groups get no tighter.

/// Rounds, at the most, for each doubling of the number of members.
const ROUNDS: usize = 6;

/// An order of `count` members, of which those of a group should stand together: the place of each.
pub(super) fn order(count: usize, groups: &[Vec<usize>]) -> Vec<usize> {
    let mut place: Vec<usize> = (0..count).collect();
    let mut best = (span(&place, groups), place.clone());
    let rounds = ROUNDS * (count.max(2).ilog2() as usize + 1);
    for _ in 0..rounds {
        place = moved(&place, groups);
        let tight = span(&place, groups);
        if tight >= best.0 {
            break;
        }
        best = (tight, place.clone());
    }
    best.1
}

/// How far the members of groups are apart, all together.
fn span(place: &[usize], groups: &[Vec<usize>]) -> usize {
    let of = |group: &Vec<usize>| {
        let places = group.iter().filter_map(|member| place.get(*member));
        let (first, last) = (places.clone().min(), places.max());
        first.zip(last).map_or(0, |(first, last)| last - first)
    };
    groups.iter().map(of).sum()
}

fn moved(place: &[usize], groups: &[Vec<usize>]) -> Vec<usize> {
    let mut pull: Vec<(u64, u64)> = vec![(0, 0); place.len()];
    for group in groups {
        let places = group.iter().filter_map(|member| place.get(*member));
        let sum: usize = places.sum();
        // In parts, so that nothing depends on how a machine rounds.
        let centre = (sum as u64 * 1_024) / group.len().max(1) as u64;
        for member in group {
            if let Some((all, groups)) = pull.get_mut(*member) {
                *all += centre;
                *groups += 1;
            }
        }
    }
    let mut members: Vec<(u64, usize, usize)> = place
        .iter()
        .zip(&pull)
        .enumerate()
        .map(|(member, (place, (all, groups)))| {
            let own = *place as u64 * 1_024;
            (all.checked_div(*groups).unwrap_or(own), *place, member)
        })
        .collect();
    members.sort_unstable();
    let mut moved = vec![0; place.len()];
    for (place, (_, _, member)) in members.into_iter().enumerate() {
        if let Some(one) = moved.get_mut(member) {
            *one = place;
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_together_stands_together() {
        // a0 … a13 all together, and each with its own b.
        let mut groups = vec![(0..14).collect::<Vec<usize>>()];
        groups.extend((0..14).map(|one| vec![one, one + 14]));
        let place = order(28, &groups);
        let mut seen = place.clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..28).collect::<Vec<usize>>());
        for one in 0..14 {
            let apart = place[one].abs_diff(place[one + 14]);
            assert!(apart <= 8, "{one}: {apart} apart in {place:?}");
        }
    }

    #[test]
    fn without_groups_nothing_moves() {
        assert_eq!(order(3, &[]), [0, 1, 2]);
        assert_eq!(order(0, &[]), Vec::<usize>::new());
    }
}
