//! A rate, as a flag or the configuration writes it.

use sagelock_domain::drive::Rate;

/// Reads requests a second, or `max`.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(Rate::PerSecond(number)),
        Ok(_) | Err(_) => Err("expected requests a second above 0, or `max`".to_owned()),
    }
}
