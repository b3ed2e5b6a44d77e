//! The database: one door to SQLite or PostgreSQL.
//!
//! In: a [`Query`] with its values. Out: rows.
//! Every statement of the service passes [`Db::fetch_all`], so that is the place to observe them.
//! Never: decides anything about cruds, shows a driver's text to a caller of the service.

mod place;
mod query;
mod seed;

use std::{path::PathBuf, time::Duration};

use spanwright::{report_errors, traced};
use sqlx::{
    FromRow, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use self::place::Place;
pub use self::query::{Query, Value};
use crate::settings::Database;

const MAX_CONNECTIONS: u32 = 8;
/// A request waits this long for a free connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of connections. Clones share it.
#[derive(Clone, Debug)]
pub struct Db {
    pool: Pool,
    place: Place,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// What can go wrong at the database. The texts are for operators, not for callers of the service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder of the database file cannot be made.
    #[error("cannot make the data folder `{folder}`")]
    DataFolder {
        /// The folder that was asked for.
        folder: PathBuf,
        /// Why the system refused.
        source: std::io::Error,
    },
    /// The database cannot be opened or reached.
    #[error("cannot connect to {system}")]
    Connect {
        /// `sqlite` or `postgresql`.
        system: &'static str,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// The tables cannot be brought to the current version.
    #[error("cannot migrate the database")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("`{summary}` failed")]
    Query {
        /// [`Query::summary`] of the statement.
        summary: &'static str,
        /// What the driver says.
        source: sqlx::Error,
    },
}

impl Error {
    /// The database's own code for a failed statement, if it answered at all.
    fn code(&self) -> Option<String> {
        match self {
            Self::Query { source: sqlx::Error::Database(error), .. } => {
                error.code().map(Into::into)
            }
            _ => None,
        }
    }
}

/// A row type that both databases can fill.
pub trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// Runs one query on one kind of pool; the two drivers share no type that could do this.
macro_rules! fetch_all {
    ($pool:expr, $query:expr, $values:expr) => {{
        let mut statement = sqlx::query_as($query.text);
        for value in $values {
            statement = match value {
                Value::Text(text) => statement.bind(text.map(str::to_owned)),
                Value::Integer(integer) => statement.bind(*integer),
            };
        }
        statement.fetch_all($pool).await
    }};
}

impl Db {
    /// Opens the database, brings its tables to the current version and adds the sample rows.
    ///
    /// # Errors
    /// [`Error::DataFolder`], [`Error::Connect`], [`Error::Migrate`], or [`Error::Query`] from the sample rows.
    pub async fn open(database: &Database) -> Result<Self, Error> {
        let pool = match database {
            Database::Sqlite { options, is_in_memory: false } => open_file(options).await?,
            Database::Sqlite { options, is_in_memory: true } => open_memory(options).await?,
            Database::Postgres(options) => open_postgres(options).await?,
        };
        let db = Self { pool, place: Place::of(database) };
        let migrator = sqlx::migrate!("./migrations");
        match &db.pool {
            Pool::Sqlite(pool) => migrator.run(pool).await?,
            Pool::Postgres(pool) => migrator.run(pool).await?,
        }
        seed::plant(&db).await?;
        Ok(db)
    }

    /// The well-known name of the database: `sqlite` or `postgresql`.
    ///
    /// Source: `db.system.name` in <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>.
    pub fn system_name(&self) -> &'static str {
        self.place.system
    }

    /// Runs a statement and returns all its rows: a client span with the name of the statement.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/semconv/database/database-spans/>.
    ///
    /// # Errors
    /// [`Error::Query`], also when no connection becomes free in time.
    #[traced(
        "query",
        kind = "client",
        fields(
            db.system.name = self.place.system,
            db.namespace = self.place.namespace,
            server.address = self.place.address,
            server.port = self.place.port,
            db.operation.name = query.operation,
            db.collection.name = query.table,
            db.query.summary = query.summary,
            db.query.text = query.text,
        ),
        ok(fields(db.response.returned_rows = ok.len())),
        err(fields(db.response.status_code = err.code())),
    )]
    #[report_errors(custom(db.query.summary = query.summary))]
    pub async fn fetch_all<T: Record>(
        &self,
        query: &'static Query,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, Error> {
        spanwright::current().set_name(query.summary);
        let rows = match &self.pool {
            Pool::Sqlite(pool) => fetch_all!(pool, query, values),
            Pool::Postgres(pool) => fetch_all!(pool, query, values),
        };
        rows.map_err(|source| Error::Query { summary: query.summary, source })
    }

    /// Runs a statement that returns at most one row.
    ///
    /// # Errors
    /// As [`Db::fetch_all`].
    pub async fn fetch_optional<T: Record>(
        &self,
        query: &'static Query,
        values: &[Value<'_>],
    ) -> Result<Option<T>, Error> {
        Ok(self.fetch_all(query, values).await?.into_iter().next())
    }

    /// Runs a statement that returns no rows.
    ///
    /// # Errors
    /// As [`Db::fetch_all`].
    pub async fn execute(&self, query: &'static Query, values: &[Value<'_>]) -> Result<(), Error> {
        self.fetch_all::<()>(query, values).await.map(drop)
    }

    /// Closes all connections; later statements fail. Waits for those in use.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_file(options: &SqliteConnectOptions) -> Result<Pool, Error> {
    if let Some(folder) = options.get_filename().parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::DataFolder { folder: folder.to_owned(), source })?;
    }
    let options =
        options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    open_sqlite(SqlitePoolOptions::new().max_connections(MAX_CONNECTIONS), options).await
}

/// Opens one connection that is never closed: the rows live as long as it.
async fn open_memory(options: &SqliteConnectOptions) -> Result<Pool, Error> {
    let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    open_sqlite(one, options.clone()).await
}

async fn open_sqlite(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<Pool, Error> {
    let pool = pool.acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await;
    pool.map(Pool::Sqlite).map_err(|source| Error::Connect { system: "sqlite", source })
}

async fn open_postgres(options: &PgConnectOptions) -> Result<Pool, Error> {
    PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .map(Pool::Postgres)
        .map_err(|source| Error::Connect { system: "postgresql", source })
}
