//! The rate of one account, region and operation.

use std::time::Duration;

/// A token bucket that learns from being told to slow down.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Requests a second at the most.
    ceiling: f64,
    /// Requests a second for now.
    rate: f64,
    tokens: f64,
    at: Duration,
    slowed: Option<Duration>,
}

/// The slowest we get, in requests a second.
const RATE_MIN: f64 = 0.2;
/// Of the ceiling, what comes back with each second without a throttle: from half to the whole
/// takes a minute and forty seconds.
const RECOVERY_PER_SECOND: f64 = 0.005;
/// Throttles within this time of one another count once: they answer one burst.
const SLOWED_ONCE: Duration = Duration::from_secs(1);
/// What may go at once after a pause, in seconds of the rate.
const BURST_SECONDS: f64 = 0.5;

impl Bucket {
    pub(super) fn new(ceiling: f64) -> Self {
        Self {
            ceiling,
            rate: ceiling,
            tokens: 1.0,
            at: Duration::ZERO,
            slowed: None,
        }
    }

    /// Takes a token, if there is one now.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        if self.ceiling.is_infinite() && self.slowed.is_none() {
            return true;
        }
        self.refill(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        if self.rate < self.ceiling {
            let ceiling = if self.ceiling.is_finite() {
                self.ceiling
            } else {
                1000.0
            };
            self.rate = (self.rate + ceiling * RECOVERY_PER_SECOND * seconds).min(self.ceiling);
        }
        let burst = (self.rate * BURST_SECONDS).max(1.0);
        self.tokens = (self.tokens + self.rate * seconds).min(burst);
    }

    /// AWS asked for less: half of what we did.
    pub(super) fn slow_down(&mut self, now: Duration) {
        if self
            .slowed
            .is_some_and(|before| now.saturating_sub(before) < SLOWED_ONCE)
        {
            return;
        }
        self.refill(now);
        self.slowed = Some(now);
        let rate = if self.rate.is_finite() {
            self.rate
        } else {
            200.0
        };
        self.rate = (rate / 2.0).max(RATE_MIN);
        self.tokens = self.tokens.min(1.0);
    }

    /// When the next token will be there.
    pub(super) fn ready_at(&self, now: Duration) -> Duration {
        let missing = (1.0 - self.tokens).max(0.0);
        let since = now.saturating_sub(self.at).as_secs_f64();
        let seconds = (missing / self.rate - since).max(0.0);
        now + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_hours(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens a bucket gives in each of some seconds, asked every 10 ms.
    fn taken(bucket: &mut Bucket, from: u64, seconds: u64) -> u32 {
        let mut count = 0;
        for tick in from * 100..(from + seconds) * 100 {
            while bucket.take(Duration::from_millis(tick * 10)) {
                count += 1;
            }
        }
        count
    }

    #[test]
    fn a_bucket_keeps_its_rate() {
        let mut bucket = Bucket::new(10.0);
        let count = taken(&mut bucket, 0, 60);
        assert!((598..=605).contains(&count), "{count} in a minute");
    }

    #[test]
    fn a_throttle_halves_the_rate_and_it_comes_back_slowly() {
        let mut bucket = Bucket::new(10.0);
        taken(&mut bucket, 0, 10);
        bucket.slow_down(Duration::from_secs(10));
        bucket.slow_down(Duration::from_millis(10_500));
        let after = taken(&mut bucket, 10, 10);
        assert!(
            (50..=56).contains(&after),
            "{after} in the ten seconds after it"
        );
        let later = taken(&mut bucket, 200, 10);
        assert!((98..=106).contains(&later), "{later} three minutes later");
    }

    #[test]
    fn a_rate_without_limit_still_obeys_a_throttle() {
        let mut bucket = Bucket::new(f64::INFINITY);
        assert!(
            (0..10_000).all(|_| bucket.take(Duration::ZERO)),
            "unlimited"
        );
        bucket.slow_down(Duration::from_secs(1));
        let after = taken(&mut bucket, 1, 1);
        assert!(after < 200, "{after} in the second after a throttle");
    }
}
