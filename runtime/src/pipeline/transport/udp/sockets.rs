//! Counters that the kernel keeps of the datagram sockets on this host.
//!
//! Linux lists its sockets in two text tables. Where there are none, or they are too long to be read
//! on the I/O thread, nothing is known, and nothing fails.
//!
//! Source: <https://docs.kernel.org/networking/proc_net_tcp.html> for the columns before the last,
//! and `udp4_format_sock` of <https://github.com/torvalds/linux/blob/master/net/ipv4/udp.c>.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Sockets of IPv4, then those of IPv6, which may receive from IPv4 too.
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];

/// Longest table that is read, in bytes: 256 sockets of IPv4 or some 180 of IPv6, for which the kernel
/// takes less than half a millisecond. A longer one counts as none.
const MAX_TABLE_BYTES: u64 = 32 * 1024;

/// State of the sockets that receive at one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Bytes received and not yet read, as [`truesize`](super::truesize) counts them; those of the
    /// fullest socket where several share the address.
    pub(crate) queued_bytes: u64,
    /// Datagrams dropped since the sockets were opened, of any sender: the buffer was full.
    pub(crate) dropped: u64,
}

/// Precision of a match between a socket's local address and a destination; the kernel prefers the
/// greater one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// Bound to `::`, which receives from IPv4 as well unless the socket says otherwise.
    AnyFamily,
    /// Bound to the wildcard address of the destination's family.
    Wildcard,
    /// Bound to the address itself.
    Exact,
}

/// Reads the counters of the sockets that receive what is sent to `to`, an address of this host.
///
/// `None` if no such socket is listed: it belongs to another network namespace (a container), or
/// the table is missing or longer than 32 KiB. Blocks for the time the kernel takes to write the
/// table, usually 0.1 ms.
pub(crate) fn counters(to: SocketAddr) -> Option<Counters> {
    let to = SocketAddr::new(to.ip().to_canonical(), to.port());
    let tables = if to.is_ipv4() { &TABLES[..] } else { &TABLES[1..] };
    tables.iter().find_map(|path| counters_in(&read(path).ok()?, to))
}

/// Returns true if this kernel has such tables.
pub(crate) fn are_listed() -> bool {
    TABLES.iter().any(|path| fs::exists(path).unwrap_or(false))
}

fn read(path: &str) -> io::Result<String> {
    let mut table = String::new();
    File::open(path)?.take(MAX_TABLE_BYTES + 1).read_to_string(&mut table)?;
    if table.len() as u64 > MAX_TABLE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(table)
}

/// Sums up the sockets of a table that match the destination best.
fn counters_in(table: &str, to: SocketAddr) -> Option<Counters> {
    let mut best: Option<(Match, Counters)> = None;
    for (kind, counters) in table.lines().filter_map(|line| socket(line, to)) {
        match &mut best {
            Some((known, sum)) if *known == kind => {
                sum.queued_bytes = sum.queued_bytes.max(counters.queued_bytes);
                sum.dropped = sum.dropped.saturating_add(counters.dropped);
            }
            Some((known, _)) if *known > kind => {}
            _ => best = Some((kind, counters)),
        }
    }
    best.map(|(_, counters)| counters)
}

/// Reads a line, if its socket receives what is sent to `to`.
fn socket(line: &str, to: SocketAddr) -> Option<(Match, Counters)> {
    let columns: Vec<_> = line.split_ascii_whitespace().collect();
    let local = address(columns.get(1)?)?;
    // A connected socket receives from its peer alone.
    let is_connected = address(columns.get(2)?)?.port() != 0;
    if is_connected || local.port() != to.port() {
        return None;
    }
    let kind = match local.ip() {
        ip if ip == to.ip() => Match::Exact,
        ip if ip.is_unspecified() && ip.is_ipv4() == to.is_ipv4() => Match::Wildcard,
        ip if ip.is_unspecified() && ip.is_ipv6() => Match::AnyFamily,
        _ => return None,
    };
    let (_, queued) = columns.get(4)?.split_once(':')?;
    let queued_bytes = u64::from_str_radix(queued, 16).ok()?;
    Some((kind, Counters { queued_bytes, dropped: columns.last()?.parse().ok()? }))
}

/// Reads an address: words of 32 bits in the byte order of the host, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(index * 8)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";

    /// An address as the kernel writes it.
    fn written(address: &str) -> String {
        let address: SocketAddr = address.parse().expect("an address");
        let bytes = match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes(word.try_into().unwrap()));
        let words: Vec<_> = words.map(|word| format!("{word:08X}")).collect();
        format!("{}:{:04X}", words.concat(), address.port())
    }

    /// A table of sockets: local and remote address, bytes queued, datagrams dropped.
    fn table(sockets: &[(&str, &str, u64, u64)]) -> String {
        let line = |(local, remote, queued, dropped): &(&str, &str, u64, u64)| {
            let (local, remote) = (written(local), written(remote));
            format!(
                " 1511: {local} {remote} 07 00000000:{queued:08X} 00:00000000 00000000     0        0 21861 2 0000000000000000 {dropped}\n"
            )
        };
        HEAD.to_owned() + &sockets.iter().map(line).collect::<Vec<_>>().concat()
    }

    const NOBODY: &str = "0.0.0.0:0";
    const NOBODY_V6: &str = "[::]:0";

    fn found(sockets: &[(&str, &str, u64, u64)], to: &str) -> Option<(u64, u64)> {
        let to = to.parse().expect("an address");
        counters_in(&table(sockets), to).map(|it| (it.queued_bytes, it.dropped))
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_of_the_kernel_is_read() {
        let line = "  466: 0100007F:07D0 00000000:0000 07 00000000:00034D00 00:00000000 00000000  1000        0 99310 2 0000000000000000 947\n";
        let to = "127.0.0.1:2000".parse().unwrap();
        let expected = Counters { queued_bytes: 0x34d00, dropped: 947 };
        assert_eq!(counters_in(&format!("{HEAD}{line}"), to), Some(expected));
    }

    #[test]
    fn the_socket_bound_to_the_address_wins_over_wildcards() {
        let sockets = [
            ("0.0.0.0:2000", NOBODY, 1, 10),
            ("127.0.0.1:2000", NOBODY, 2, 20),
            ("127.0.0.2:2000", NOBODY, 4, 40),
            ("127.0.0.1:2001", NOBODY, 8, 80),
        ];
        assert_eq!(found(&sockets, "127.0.0.1:2000"), Some((2, 20)));
        assert_eq!(found(&sockets, "127.0.0.3:2000"), Some((1, 10)), "bound to every address");
        assert_eq!(found(&sockets, "127.0.0.1:2002"), None);
    }

    #[test]
    fn sockets_that_share_an_address_are_summed() {
        let sockets = [("127.0.0.1:2000", NOBODY, 700, 3), ("127.0.0.1:2000", NOBODY, 900, 4)];
        assert_eq!(found(&sockets, "127.0.0.1:2000"), Some((900, 7)));
    }

    #[test]
    fn connected_sockets_are_not_receivers() {
        let sockets = [("127.0.0.1:2000", "127.0.0.1:8080", 700, 3)];
        assert_eq!(found(&sockets, "127.0.0.1:2000"), None);
    }

    #[test]
    fn sockets_of_ipv6_receive_from_both_families() {
        let sockets = [("[::]:2000", NOBODY_V6, 1, 10), ("[::1]:2000", NOBODY_V6, 2, 20)];
        assert_eq!(found(&sockets, "[::1]:2000"), Some((2, 20)));
        assert_eq!(found(&sockets, "[fd00::7]:2000"), Some((1, 10)));
        assert_eq!(found(&sockets, "127.0.0.1:2000"), Some((1, 10)), "dual stack");
        let mapped = [("[::ffff:127.0.0.1]:2000", NOBODY_V6, 4, 40)];
        assert_eq!(found(&mapped, "127.0.0.1:2000"), Some((4, 40)));
    }

    #[test]
    fn text_that_is_no_table_has_no_counters() {
        let to = "127.0.0.1:2000".parse().unwrap();
        for text in ["", HEAD, "garbage\n : : :\n", "1: ü0000000:07D0 00000000:0000 07 0:0 0"] {
            assert_eq!(counters_in(text, to), None, "{text:?}");
        }
    }
}
