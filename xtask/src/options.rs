//! What several proofs share: options that are numbers, and work that two threads do.

use anyhow::{Context, Result, bail};

/// The numbers of options, in the order of their names; `None` where one is left out.
pub(crate) fn numbers<const N: usize>(
    words: &[&str],
    names: [&str; N],
) -> Result<[Option<u64>; N]> {
    let mut found = [None; N];
    for pair in words.chunks(2) {
        let place = names.iter().position(|name| pair.first() == Some(name));
        let (Some(slot), [name, number]) = (place.and_then(|place| found.get_mut(place)), pair)
        else {
            bail!(
                "no option `{}`; there are {}",
                pair.join(" "),
                names.join(", ")
            );
        };
        let number = number.parse();
        *slot = Some(number.with_context(|| format!("`{name}` is a number"))?);
    }
    Ok(found)
}

/// What two threads find: each is told which half is its own, 0 or 1.
pub(crate) fn by_two<T: Send>(half: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let half = &half;
        let threads = [0, 1].map(|first| scope.spawn(move || half(first)));
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(_) => bail!("a thread ended in a panic"),
        });
        results.collect()
    })
}
