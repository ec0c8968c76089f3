//! Chance that is the same for the same seed.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// Of case `number` under a seed.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    /// In so many of a thousand cases.
    pub(crate) fn in_thousand(&mut self, of: usize) -> bool {
        self.below(1000) < of
    }

    /// One of some.
    pub(crate) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.pick::<&'a str>(of)
    }

    /// One of some, which are not none.
    #[expect(clippy::indexing_slicing, reason = "the index is below the length")]
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
