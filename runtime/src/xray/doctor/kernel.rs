//! What the kernel knows of the datagram sockets of this machine.
//!
//! In: the tables of Linux. Out: how many datagrams had no room before the daemon's socket.
//! Never: fails; where there are no such tables nothing is known.
//!
//! Source: <https://docs.kernel.org/networking/proc_net_tcp.html> for the columns before the last,
//! and `udp4_format_sock` of <https://github.com/torvalds/linux/blob/master/net/ipv4/udp.c>.

use std::fs;

const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];

/// How many datagrams had no room at the sockets that listen on a port, since they were opened;
/// `None` when there is no such socket, or no table.
pub(super) fn drops(port: u16) -> Option<u64> {
    let tables = TABLES.iter().filter_map(|table| fs::read_to_string(table).ok());
    tables.filter_map(|table| drops_in(&table, port)).reduce(|sum, drops| sum + drops)
}

/// Whether this kernel has such tables at all.
pub(super) fn is_known() -> bool {
    TABLES.iter().any(|table| fs::exists(table).unwrap_or(false))
}

fn drops_in(table: &str, port: u16) -> Option<u64> {
    let drops = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let (_, local_port) = columns.get(1)?.rsplit_once(':')?;
        let (_, remote_port) = columns.get(2)?.rsplit_once(':')?;
        let is_listening = u16::from_str_radix(local_port, 16).ok()? == port
            // A socket that sends to somebody has a peer.
            && u16::from_str_radix(remote_port, 16).ok()? == 0;
        is_listening.then(|| columns.last()?.parse::<u64>().ok()).flatten()
    };
    table.lines().filter_map(drops).reduce(|sum, drops| sum + drops)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1511: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21861 2 0000000000000000 7
 1512: 00000000:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21862 2 0000000000000000 2
 1513: 0100007F:07D0 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 21863 2 0000000000000000 5
 1600: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 17000 2 0000000000000000 0
";

    #[test]
    fn drops_are_those_of_the_sockets_that_listen_on_the_port() {
        for (port, expected) in [(2000, Some(9)), (53, Some(0)), (2001, None), (8080, None)] {
            assert_eq!(drops_in(TABLE, port), expected, "{port}");
        }
        assert_eq!(drops_in("garbage\n : : :\n", 2000), None);
    }
}
