//! The preset for Honeycomb: endpoint, headers, limits.
//!
//! Source: <https://docs.honeycomb.io/send-data/opentelemetry/>.

use super::endpoint::Endpoint;
use crate::export::Header;
use crate::secret::Secret;

/// Where spans go when only a key is given: the US instance. The EU has `api.eu1.honeycomb.io`.
///
/// Source: <https://docs.honeycomb.io/send-data/opentelemetry/#using-the-honeycomb-opentelemetry-endpoint>.
pub(super) const ENDPOINT: &str = "https://api.honeycomb.io";

/// The header that holds the key.
pub(super) const TEAM_HEADER: &str = "x-honeycomb-team";

/// The header that names the dataset, for classic keys only; newer ones take `service.name`.
const DATASET_HEADER: &str = "x-honeycomb-dataset";

/// The longest text field of an event, in bytes.
///
/// Source: <https://docs.honeycomb.io/api/events/>.
pub(super) const MAX_TEXT_BYTES: usize = 65_535;

/// Whether spans sent to the endpoint arrive at Honeycomb itself.
pub(super) fn is_at(endpoint: &Endpoint) -> bool {
    let host = endpoint.host();
    host == "honeycomb.io" || host.ends_with(".honeycomb.io")
}

/// The header that names the dataset.
pub(super) fn dataset_header(dataset: &str) -> Header {
    Header { name: DATASET_HEADER.into(), value: Secret::new(dataset) }
}

/// Whether the headers hold a classic key but no dataset, which such a key needs.
pub(super) fn lack_dataset(headers: &[Header]) -> bool {
    let find = |name| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    find(TEAM_HEADER).is_some_and(|team| is_classic(team.value.reveal()))
        && find(DATASET_HEADER).is_none()
}

/// Classic keys are 32 hexadecimal digits, or 64 characters from `hc?ic_` on.
///
/// Source: <https://docs.honeycomb.io/api/authentication>.
fn is_classic(key: &str) -> bool {
    let key = key.as_bytes();
    match key.len() {
        32 => key.iter().all(u8::is_ascii_hexdigit),
        64 => key.starts_with(b"hc") && key[3..].starts_with(b"ic_"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_keys_are_told_by_their_form() {
        for (key, expected) in [
            ("0123456789abcdef0123456789abcdef", true),
            ("hcaic_7890123456789012345678901234567890123456789012345678901234", true),
            ("hcaik_7890123456789012345678901234567890123456789012345678901234", false),
            ("0123456789abcdefghijkl", false),
            ("", false),
        ] {
            assert_eq!(is_classic(key), expected, "{key}");
        }
    }
}
