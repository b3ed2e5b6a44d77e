//! Commands with arguments, as Redis and memcached have them.
//!
//! Instrumentations join arguments by blanks, mostly without quotes: a value may look like further
//! arguments, or like another command. Therefore nothing is kept behind the first value.

use super::quoted::string_len;

/// Number of leading arguments that are keys, for commands by name.
pub(crate) type Table = &'static [(Keys, &'static [&'static str])];

/// Leading arguments that are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// None: the first argument may be a secret or a value.
    None,
    /// The first.
    One,
    /// The first two.
    Two,
    /// All.
    All,
}

/// Commands of Redis.
///
/// Source: the key specifications of <https://redis.io/docs/latest/commands/>.
pub(super) const REDIS: Table = &[
    (
        Keys::None,
        &[
            "ACL",
            "AUTH",
            "CLIENT",
            "CLUSTER",
            "COMMAND",
            "CONFIG",
            "DBSIZE",
            "DISCARD",
            "ECHO",
            "EVAL",
            "EVALSHA",
            "EVALSHA_RO",
            "EVAL_RO",
            "EXEC",
            "FCALL",
            "FLUSHALL",
            "FLUSHDB",
            "FUNCTION",
            "HELLO",
            "INFO",
            "KEYS",
            "MIGRATE",
            "MONITOR",
            "MULTI",
            "PING",
            "PSUBSCRIBE",
            "PUBLISH",
            "QUIT",
            "RANDOMKEY",
            "SCAN",
            "SCRIPT",
            "SELECT",
            "SPUBLISH",
            "SUBSCRIBE",
            "SWAPDB",
            "TIME",
            "UNSUBSCRIBE",
            "UNWATCH",
            "WAIT",
            "XREAD",
            "XREADGROUP",
        ],
    ),
    (
        Keys::One,
        &[
            "APPEND",
            "BITCOUNT",
            "BITFIELD",
            "BITPOS",
            "BLPOP",
            "BRPOP",
            "BZPOPMAX",
            "BZPOPMIN",
            "DECR",
            "DECRBY",
            "DUMP",
            "EXPIRE",
            "EXPIREAT",
            "EXPIRETIME",
            "GEOADD",
            "GEODIST",
            "GEOHASH",
            "GEOPOS",
            "GEOSEARCH",
            "GET",
            "GETBIT",
            "GETDEL",
            "GETEX",
            "GETRANGE",
            "GETSET",
            "HDEL",
            "HEXPIRE",
            "HGETALL",
            "HKEYS",
            "HLEN",
            "HMGET",
            "HMSET",
            "HRANDFIELD",
            "HSCAN",
            "HVALS",
            "INCR",
            "INCRBY",
            "INCRBYFLOAT",
            "LINDEX",
            "LINSERT",
            "LLEN",
            "LPOP",
            "LPOS",
            "LPUSH",
            "LPUSHX",
            "LRANGE",
            "LREM",
            "LSET",
            "LTRIM",
            "MOVE",
            "MSET",
            "MSETNX",
            "PERSIST",
            "PEXPIRE",
            "PEXPIREAT",
            "PEXPIRETIME",
            "PFADD",
            "PSETEX",
            "PTTL",
            "RESTORE",
            "RPOP",
            "RPUSH",
            "RPUSHX",
            "SADD",
            "SCARD",
            "SET",
            "SETBIT",
            "SETEX",
            "SETNX",
            "SETRANGE",
            "SISMEMBER",
            "SMEMBERS",
            "SMISMEMBER",
            "SORT",
            "SORT_RO",
            "SPOP",
            "SRANDMEMBER",
            "SREM",
            "SSCAN",
            "STRLEN",
            "SUBSTR",
            "TTL",
            "TYPE",
            "XACK",
            "XADD",
            "XCLAIM",
            "XDEL",
            "XLEN",
            "XPENDING",
            "XRANGE",
            "XREVRANGE",
            "XTRIM",
            "ZADD",
            "ZCARD",
            "ZCOUNT",
            "ZINCRBY",
            "ZLEXCOUNT",
            "ZMSCORE",
            "ZPOPMAX",
            "ZPOPMIN",
            "ZRANGE",
            "ZRANGEBYLEX",
            "ZRANGEBYSCORE",
            "ZRANK",
            "ZREM",
            "ZREMRANGEBYLEX",
            "ZREMRANGEBYRANK",
            "ZREMRANGEBYSCORE",
            "ZREVRANGE",
            "ZREVRANGEBYSCORE",
            "ZREVRANK",
            "ZSCAN",
            "ZSCORE",
        ],
    ),
    (
        Keys::Two,
        &[
            "BLMOVE",
            "BRPOPLPUSH",
            "COPY",
            "HEXISTS",
            "HGET",
            "HINCRBY",
            "HINCRBYFLOAT",
            "HSET",
            "HSETNX",
            "HSTRLEN",
            "LCS",
            "LMOVE",
            "RENAME",
            "RENAMENX",
            "RPOPLPUSH",
            "SMOVE",
        ],
    ),
    (
        Keys::All,
        &[
            "DEL",
            "EXISTS",
            "MGET",
            "PFCOUNT",
            "PFMERGE",
            "SDIFF",
            "SDIFFSTORE",
            "SINTER",
            "SINTERSTORE",
            "SUNION",
            "SUNIONSTORE",
            "TOUCH",
            "UNLINK",
            "WATCH",
        ],
    ),
];

/// Commands of memcached.
///
/// Source: <https://docs.memcached.org/protocols/basic/>.
pub(super) const MEMCACHED: Table = &[
    (Keys::None, &["flush_all", "gat", "gats", "quit", "stats", "verbosity", "version"]),
    (
        Keys::One,
        &[
            "add", "append", "cas", "decr", "delete", "incr", "ma", "md", "me", "mg", "ms",
            "prepend", "replace", "set", "touch",
        ],
    ),
    (Keys::All, &["get", "gets"]),
];

/// Returns the commands with `?` for their values.
pub(super) fn masked(text: &str, table: Table) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines =
        text.split('\n').map(|line| line.trim_matches([' ', '\t', '\r', ';'])).peekable();
    while let Some(line) = lines.next() {
        let is_whole = command(line, table, &mut out);
        if !is_whole {
            break;
        }
        if lines.peek().is_some() {
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Writes one command; `false` if that had a value, behind which nothing is certain.
fn command(line: &str, table: Table, out: &mut String) -> bool {
    let mut arguments = Arguments(line);
    let Some(name) = arguments.next() else { return true };
    let is_known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let Some((keys, _)) = table.iter().find(|(_, names)| is_known(names)) else {
        out.push('?');
        return false;
    };
    out.push_str(name);
    let mut left = match keys {
        Keys::None => 0,
        Keys::One => 1,
        Keys::Two => 2,
        Keys::All => usize::MAX,
    };
    for argument in arguments {
        if left == 0 || !is_whole(argument) {
            out.push_str(" ?");
            return false;
        }
        left -= 1;
        out.push(' ');
        out.push_str(argument);
    }
    true
}

/// True if an argument has no quotes, or both.
fn is_whole(argument: &str) -> bool {
    let quote = argument.chars().next().filter(|char| matches!(char, '"' | '\''));
    quote.is_none_or(|quote| string_len(argument, quote).is_some())
}

/// Arguments of a command, with their quotes.
struct Arguments<'a>(&'a str);

impl<'a> Iterator for Arguments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start();
        let first = rest.chars().next()?;
        let len = if matches!(first, '"' | '\'') {
            string_len(rest, first).unwrap_or(rest.len())
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        let (argument, rest) = rest.split_at(len);
        self.0 = rest;
        Some(argument)
    }
}
