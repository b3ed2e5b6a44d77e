//! The grammar of a database system's statements, by its name.

use super::commands::{self, Table};
use super::features::{self, Features};

/// The grammar that a statement is read by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect {
    /// A dialect of SQL, or another language with the same kinds of tokens.
    Sql(&'static Features),
    /// A command and its arguments.
    Commands(Table),
    /// JSON, or what a shell makes of it.
    Json,
    /// The system is not known.
    Unknown,
}

impl Dialect {
    /// Returns the dialect of a value of `db.system.name` or `db.system`, stable or deprecated.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>.
    pub(crate) fn of(system: &str) -> Self {
        match system {
            "redis" | "valkey" | "keydb" => Self::Commands(commands::REDIS),
            "memcached" => Self::Commands(commands::MEMCACHED),
            "mongodb" | "elasticsearch" | "opensearch" | "couchdb" | "instantdb" => Self::Json,
            _ => sql(system).map_or(Self::Unknown, Self::Sql),
        }
    }
}

fn sql(system: &str) -> Option<&'static Features> {
    Some(match system {
        "postgresql" | "postgres" | "cockroachdb" | "aws.redshift" | "redshift" | "edb"
        | "ibm.netezza" | "netezza" | "vertica" | "greenplum" | "yugabytedb" | "timescaledb"
        | "duckdb" => &features::POSTGRESQL,
        "mysql" | "mariadb" | "tidb" | "singlestore" => &features::MYSQL,
        "sqlite" => &features::SQLITE,
        "microsoft.sql_server" | "mssql" | "mssqlcompact" | "sqlserver" | "sybase" => {
            &features::SQL_SERVER
        }
        "oracle.db" | "oracle" => &features::ORACLE,
        "firebirdsql" | "firebird" | "interbase" => &features::FIREBIRD,
        "clickhouse" => &features::CLICKHOUSE,
        "snowflake" => &features::SNOWFLAKE,
        "bigquery" | "gcp.bigquery" => &features::BIGQUERY,
        "gcp.spanner" | "spanner" => &features::SPANNER,
        "hive" | "spark" | "databricks" | "impala" => &features::HIVE,
        "cassandra" => &features::CASSANDRA,
        "aws.dynamodb" | "dynamodb" => &features::DYNAMODB,
        "couchbase" => &features::COUCHBASE,
        "azure.cosmosdb" | "cosmosdb" => &features::COSMOSDB,
        "neo4j" => &features::CYPHER,
        "influxdb" => &features::INFLUXDB,
        "h2database" | "h2" | "hsqldb" => &features::H2,
        "ibm.db2" | "db2" | "derby" | "cloudscape" | "teradata" | "trino" | "presto" | "athena"
        | "sap.hana" | "hanadb" | "sap.maxdb" | "maxdb" | "softwareag.adabas" | "adabas"
        | "actian.ingres" | "ingres" | "progress" | "pervasive" | "filemaker" | "pointbase"
        | "firstsql" => &features::STANDARD,
        // Literals in double quotes, comments in braces, or nothing that one could look up.
        "other_sql" | "ibm.informix" | "informix" | "intersystems.cache" | "intersystems_cache"
        | "cache" | "coldfusion" | "geode" => &features::OTHER,
        _ => return None,
    })
}
