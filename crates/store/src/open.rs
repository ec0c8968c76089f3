//! A store is opened, brought to this release's schema, and closed.

use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions, Connection, Executor, Row};

use crate::change::Change;
use crate::error::{Family, StoreError, said};
use crate::place::{Mode, Place};
use crate::row::Ask;
use crate::sql;

/// How long we wait for another process that holds the store. Ours: a transaction of a run takes
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long we wait before we ask again for what SQLite does not wait for itself.
const PAUSE: Duration = Duration::from_millis(10);

/// How many others of this process we wait for, each as long as it may wait itself.
const TURNS: u32 = 6;

/// An open store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    /// The file, as errors name it.
    path: String,
    patience: Duration,
}

impl Store {
    /// Opens `sqlite:///absolute/path`, made with its folders where it is missing (0600, folders
    /// 0700), or `sqlite::memory:`, which is gone when it is closed or a write is abandoned
    /// half-way. An older schema is brought to this release's in one transaction.
    ///
    /// # Errors
    /// A store of a newer release and a file that is no store are refused and not touched; see
    /// [`StoreError`] for the others.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_within(url, PATIENCE).await
    }

    /// The same with another patience.
    pub(crate) async fn open_within(url: &str, patience: Duration) -> Result<Self, StoreError> {
        install_default_drivers();
        let mut place = Place::parse(url)?;
        let path = place.to_string();
        place.prepare()?;
        look(&place, patience).await?;
        let options = options(&place.driver_url(Mode::Write)?)
            .map_err(|error| said(error, &path, patience))?;
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(patience * TURNS)
            .after_connect(move |connection, _| Box::pin(settle(connection, patience)))
            .connect_with(options)
            .await
            .map_err(|error| said(error, &path, patience))?;
        let store = Self {
            pool,
            path,
            patience,
        };
        store.write_ahead().await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Closes the store and folds what was written ahead into the file. A store that is dropped
    /// loses nothing: the next that opens it does that. Whoever asks a closed one is refused.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Write-ahead mode stays with the file. SQLite does not wait for the lock that changing it
    /// takes, so two that open a new file at once must ask again; nothing else runs yet that the
    /// pause could hold up.
    async fn write_ahead(&self) -> Result<(), StoreError> {
        let began = Instant::now();
        loop {
            match self.connection().await?.execute(sql::SQLITE_WAL).await {
                Ok(_) => return Ok(()),
                Err(error)
                    if Family::of_error(&error) == Some(Family::Locked)
                        && began.elapsed() < self.patience =>
                {
                    thread::sleep(PAUSE);
                }
                Err(error) => return Err(self.said(error)),
            }
        }
    }

    /// Brings the schema to [`sql::VERSION`], all steps or none.
    async fn migrate(&self) -> Result<(), StoreError> {
        let found = version(&mut *self.connection().await?).await;
        if self.known(found)? == sql::VERSION {
            return Ok(());
        }
        let mut change = Change::begin_unversioned(self).await?;
        let result = self.step(&mut change).await;
        change.end(result).await
    }

    async fn step(&self, change: &mut Change) -> Result<(), StoreError> {
        // Again, now that nobody else can change it.
        let found = version(change.connection()).await;
        let found = self.known(found)?;
        let done = usize::try_from(found).unwrap_or(0);
        for step in sql::SQLITE_STEPS.iter().skip(done) {
            for text in *step {
                change.run(sqlx::query(*text)).await?;
            }
        }
        let write = if found == 0 {
            sql::VERSION_BEGIN
        } else {
            sql::VERSION_WRITE
        };
        change.run(sqlx::query(write).bind(sql::VERSION)).await?;
        Ok(())
    }

    /// A version that this release can go on from.
    pub(crate) fn known(&self, found: Result<Version, sqlx::Error>) -> Result<i64, StoreError> {
        match found {
            Ok(found) => found.known(&self.path),
            Err(error) => Err(self.said(error)),
        }
    }

    pub(crate) async fn connection(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.pool.acquire().await.map_err(|error| self.said(error))
    }

    /// Everything that is asked for, each row read by `read`.
    pub(crate) async fn all<T>(
        &self,
        ask: Ask<'_>,
        read: fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let mut connection = self.connection().await?;
        let rows = ask
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.said(error))?;
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| self.said(error))
    }

    pub(crate) fn said(&self, error: sqlx::Error) -> StoreError {
        said(error, &self.path, self.patience)
    }
}

/// Which schema was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// No table at all.
    Empty,
    /// Tables, and none of ours.
    Foreign,
    /// Ours.
    Ours(i64),
}

impl Version {
    fn known(self, path: &str) -> Result<i64, StoreError> {
        let path = path.to_owned();
        match self {
            Self::Empty => Ok(0),
            Self::Ours(found) if (1..=sql::VERSION).contains(&found) => Ok(found),
            Self::Ours(found) if found > sql::VERSION => Err(StoreError::Newer {
                path,
                found,
                known: sql::VERSION,
            }),
            Self::Foreign | Self::Ours(_) => Err(StoreError::NotADatabase { path }),
        }
    }
}

async fn version(connection: &mut AnyConnection) -> Result<Version, sqlx::Error> {
    let mut ours = false;
    let tables = sqlx::query(sql::SQLITE_TABLES)
        .fetch_all(&mut *connection)
        .await?;
    for table in &tables {
        ours |= table.try_get::<String, _>(0)? == "sagelock_schema";
    }
    match (tables.is_empty(), ours) {
        (true, _) => Ok(Version::Empty),
        (false, false) => Ok(Version::Foreign),
        (false, true) => {
            let row = sqlx::query(sql::VERSION_READ)
                .fetch_optional(connection)
                .await?;
            match row {
                Some(row) => row.try_get(0).map(Version::Ours),
                None => Ok(Version::Foreign),
            }
        }
    }
}

/// Looks at a file before anything could change it: a connection that may write would fold what
/// was written ahead into the file when it goes.
///
/// It also finds what keeps a connection from being made. The pool would try again until it is
/// tired and forget why.
async fn look(place: &Place, patience: Duration) -> Result<(), StoreError> {
    if *place == Place::Memory {
        return Ok(());
    }
    let path = place.to_string();
    let url = place.driver_url(Mode::Read)?;
    let found = async {
        let mut connection = options(&url)?.connect().await?;
        settle(&mut connection, patience).await?;
        let found = version(&mut connection).await;
        connection.close().await?;
        found
    };
    match found.await {
        Ok(found) => found.known(&path).map(drop),
        // A change that was cut off must be undone first, and only a writer can do that. It
        // looks at the version again.
        Err(error) if Family::of_error(&error) == Some(Family::Open) => Ok(()),
        Err(error) => Err(said(error, &path, patience)),
    }
}

fn options(url: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    AnyConnectOptions::from_str(url).map(ConnectOptions::disable_statement_logging)
}

/// What every connection is told before it is used.
async fn settle(connection: &mut AnyConnection, patience: Duration) -> Result<(), sqlx::Error> {
    let wait = sql::sqlite_wait(patience);
    connection.execute(AssertSqlSafe(wait)).await?;
    connection.execute(sql::SQLITE_DURABLE).await?;
    connection.execute(sql::SQLITE_FOREIGN_KEYS).await?;
    Ok(())
}
