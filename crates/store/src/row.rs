//! Values as the database has them.

use jiff::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row};

/// A statement with its values.
pub(crate) type Ask<'a> = Query<'a, Any, AnyArguments>;

/// A time as it is kept: microseconds since 1970. Finer parts are cut off.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The time in a column.
pub(crate) fn time(row: &AnyRow, column: usize) -> Result<Timestamp, sqlx::Error> {
    instant(row.try_get(column)?)
}

/// The time in a column that may be empty.
pub(crate) fn time_or_none(row: &AnyRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    let micros: Option<i64> = row.try_get(column)?;
    micros.map(instant).transpose()
}

fn instant(micros: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_microsecond(micros).map_err(|error| sqlx::Error::Decode(error.into()))
}
