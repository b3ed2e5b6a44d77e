//! What the application sends along: names and values for every service down the line.
//!
//! In: keys and values of the application or of a caller. Out: the same, within the limits.
//! Never: grows beyond what every service is obliged to pass on.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::member::Member;

/// Services are obliged to pass on 64 members.
///
/// Source: <https://www.w3.org/TR/baggage/#limits>.
const MAX_MEMBERS: usize = 64;

/// Services are obliged to pass on 8192 bytes, encoded, commas included.
///
/// Source: <https://www.w3.org/TR/baggage/#limits>.
const MAX_BYTES: usize = 8192;

/// The most members of a caller that are looked at: an earlier version of the format allowed as many.
///
/// Source: <https://www.w3.org/TR/2022/WD-baggage-20220811/#limits>.
const MAX_EXAMINED: usize = 180;

/// The most bytes of a caller's headers that are looked at: white space may double a valid list.
const MAX_EXAMINED_BYTES: usize = 2 * MAX_BYTES;

/// Why a name and a value cannot travel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaggageError {
    /// The key has characters that cannot stand in the header.
    #[error(
        "baggage key {key:?}: expected ASCII letters, digits and !#$%&'*+-.^_`|~, at least one"
    )]
    Key {
        /// The key found.
        key: String,
    },
    /// There are as many members as may travel.
    #[error("baggage key {key:?}: there are {MAX_MEMBERS} members already, which is the limit")]
    Members {
        /// The key that found no place.
        key: String,
    },
    /// The header would become too long.
    #[error(
        "baggage key {key:?}: the header would have {bytes} bytes, expected at most {MAX_BYTES}"
    )]
    Bytes {
        /// The key that found no place.
        key: String,
        /// What the header would be long; of a very long value, its own length.
        bytes: usize,
    },
}

/// Names and values in the order they were added, of which at most 64, and 8192 bytes once encoded, are
/// sent on. Those that are [kept local](Baggage::keep_local) do not count.
///
/// Every service that handles the request can read them, so they are no place for secrets; and nothing
/// a caller sends is to be trusted.
///
/// ```
/// # fn main() -> Result<(), spanwright::propagate::BaggageError> {
/// let mut baggage = spanwright::propagate::Baggage::default();
/// baggage.insert("tenant", "Amélie & sons")?;
/// assert_eq!(baggage.get("tenant").as_deref(), Some("Amélie & sons"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage {
    members: Vec<Member>,
}

impl Baggage {
    /// The value of `key`; borrowed unless it had to be decoded. What is not UTF-8 in it reads as
    /// `U+FFFD`.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        self.find(key).map(Member::value)
    }

    /// The properties that came with `key`, as they stand in the header (`p;q=1`); empty when there
    /// are none.
    pub fn properties(&self, key: &str) -> Option<&str> {
        self.find(key).map(Member::properties)
    }

    /// Sets the value of `key`. A key that is there keeps its place and loses its properties.
    ///
    /// # Errors
    /// The key is not a token, or the limits would be exceeded; nothing is changed then.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), BaggageError> {
        if value.len() > MAX_BYTES {
            return Err(BaggageError::Bytes { key: key.to_owned(), bytes: value.len() });
        }
        let member =
            Member::new(key, value).ok_or_else(|| BaggageError::Key { key: key.to_owned() })?;
        self.put(member)
    }

    /// Returns the memory of the members, in bytes.
    pub(crate) fn weight_bytes(&self) -> usize {
        let texts_bytes: usize = self.members.iter().map(Member::text_capacity).sum();
        self.members.capacity() * size_of::<Member>() + texts_bytes
    }

    /// Takes `key` out; returns whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let position = self.members.iter().position(|member| member.key() == key);
        position.map(|index| self.members.remove(index)).is_some()
    }

    /// Keys and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.members.iter().map(|member| (member.key(), member.value()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Keeps the present members in this service: they can be read, are not sent on with calls, and do
    /// not count for the limits of those that are. For baggage of a caller that is not trusted; see
    /// [`Context::distrust_caller`](super::Context::distrust_caller). A member that is set again is sent.
    ///
    /// The same limits hold for all local members together; those that were added last are dropped beyond
    /// them.
    pub fn keep_local(&mut self) {
        self.members.iter_mut().for_each(Member::keep_local);
        let mut bytes = 0;
        let within_limits = self.members.iter().take(MAX_MEMBERS).take_while(|member| {
            bytes += member.text().len();
            bytes <= MAX_BYTES
        });
        self.members.truncate(within_limits.count());
    }

    /// The header value; empty when there is nothing to send.
    pub(super) fn to_text(&self) -> String {
        let sent = self.members.iter().filter(|member| !member.is_local());
        sent.map(Member::text).collect::<Vec<_>>().join(",")
    }

    /// Keys and values that are sent on, in their order.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let sent = self.members.iter().filter(|member| !member.is_local());
        sent.map(|member| (member.key(), member.value()))
    }

    fn find(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.key() == key)
    }

    fn put(&mut self, member: Member) -> Result<(), BaggageError> {
        let same = self.members.iter().position(|other| other.key() == member.key());
        let with_comma = |member: &Member| member.text().len() + 1;
        let others = self.members.iter().enumerate().filter(|(index, _)| Some(*index) != same);
        let sent = others.filter(|(_, other)| !other.is_local());
        let add = |(count, bytes), (_, other)| (count + 1, bytes + with_comma(other));
        let (count, bytes) = sent.fold((0, member.text().len()), add);
        let key = || member.key().to_owned();
        if bytes > MAX_BYTES {
            return Err(BaggageError::Bytes { key: key(), bytes });
        }
        if count == MAX_MEMBERS {
            return Err(BaggageError::Members { key: key() });
        }
        match same {
            Some(index) => self.members[index] = member,
            None => self.members.push(member),
        }
        Ok(())
    }
}

/// Reads the headers of one request, up to the limits: a caller may send any number of members.
#[derive(Debug, Default)]
pub(super) struct Reader {
    baggage: Baggage,
    examined: usize,
    examined_bytes: usize,
}

impl Reader {
    /// Adds to what another format has read.
    pub(super) fn of(baggage: Baggage) -> Self {
        Self { baggage, ..Self::default() }
    }

    /// Adds one member, whose value is percent-encoded, if it keeps the rules and finds room.
    pub(super) fn read_member(&mut self, key: &str, value: &[u8]) {
        let bytes = key.len() + value.len();
        if self.is_full() || bytes > MAX_EXAMINED_BYTES - self.examined_bytes {
            return;
        }
        self.examined += 1;
        self.examined_bytes += bytes;
        // A caller's excess is not an error of this service.
        let _ = self.baggage.insert(key, &percent_decode(value).decode_utf8_lossy());
    }

    fn is_full(&self) -> bool {
        self.baggage.len() == MAX_MEMBERS || self.examined == MAX_EXAMINED
    }

    /// Adds the members of one header value; those that break the rules or find no place are left
    /// out, each as a whole. Of two with the same key the later one counts.
    pub(super) fn read(&mut self, header: &[u8]) {
        let limit = header.len().min(MAX_EXAMINED_BYTES - self.examined_bytes);
        self.examined_bytes += limit;
        let is_cut = limit < header.len();
        let mut members = header[..limit].split(|&byte| byte == b',').peekable();
        while let Some(text) = members.next() {
            if self.is_full() || is_cut && members.peek().is_none() {
                return;
            }
            self.examined += 1;
            if let Some(member) =
                Some(text).filter(|text| text.len() <= MAX_BYTES).and_then(Member::parse)
            {
                // A caller's excess is not an error of ours, and the format allows to drop it.
                let _ = self.baggage.put(member);
            }
        }
    }

    pub(super) fn into_baggage(self) -> Baggage {
        self.baggage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(headers: &[&str]) -> Reader {
        let mut reader = Reader::default();
        for header in headers {
            reader.read(header.as_bytes());
        }
        reader
    }

    fn read(headers: &[&str]) -> Baggage {
        reader(headers).into_baggage()
    }

    #[test]
    fn a_header_of_any_length_is_read_to_its_limits() {
        let different: Vec<_> = (0..32_000).map(|index| format!("k{index}=v")).collect();
        for (header, expected) in [
            (different.join(","), 64),
            ("a=1,".repeat(32_000), 180),
            (",".repeat(32_000), 180),
            (format!("{},a=1", "x".repeat(1_000_000)), 0),
        ] {
            let reader = reader(&[&header, &header]);
            assert_eq!(reader.examined, expected);
            assert!(reader.examined_bytes <= 16_384);
        }
    }

    #[test]
    fn local_members_leave_all_room_to_those_of_the_service() {
        let header: Vec<_> = (0..64).map(|index| format!("k{index}={}", "x".repeat(100))).collect();
        let mut baggage = read(&[&header.join(",")]);
        assert!(matches!(baggage.insert("own", "v"), Err(BaggageError::Members { .. })));
        baggage.keep_local();
        for index in 0..63 {
            baggage.insert(&format!("own{index}"), &"y".repeat(100)).unwrap();
        }
        baggage.insert("k0", "own").unwrap();
        assert!(matches!(baggage.insert("k1", "own"), Err(BaggageError::Members { .. })));
        let sent = baggage.to_text();
        assert_eq!((sent.split(',').count(), sent.contains("k1=")), (64, false));
        assert_eq!(baggage.get("k1").map(|value| value.len()), Some(100));
    }

    #[test]
    fn local_members_are_bounded_however_often_others_become_local() {
        let mut baggage = Baggage::default();
        for round in 0..100 {
            for index in 0..16 {
                baggage.insert(&format!("k{round}.{index}"), &"x".repeat(500)).unwrap();
            }
            baggage.keep_local();
        }
        assert!(baggage.weight_bytes() <= 2 * MAX_BYTES, "{} bytes", baggage.weight_bytes());
        assert_eq!((baggage.len(), baggage.get("k0.0").is_some()), (16, true), "the oldest stay");
    }

    #[test]
    fn members_with_headers_of_their_own_are_read_to_the_limits() {
        for (key, value, examined) in
            [("k", "v", 64), ("", "v", 180), ("k", &*"v".repeat(9_000), 1)]
        {
            let mut reader = Reader::default();
            for index in 0..32_000 {
                let key = if key.is_empty() { String::new() } else { format!("{key}{index}") };
                reader.read_member(&key, value.as_bytes());
            }
            assert_eq!(reader.examined, examined);
            assert!(reader.examined_bytes <= MAX_EXAMINED_BYTES);
        }
    }

    #[test]
    fn local_members_are_read_and_not_sent() {
        let mut baggage = read(&["a=1,b=2"]);
        baggage.keep_local();
        baggage.insert("b", "3").unwrap();
        baggage.insert("c", "4").unwrap();
        assert_eq!(baggage.get("a").as_deref(), Some("1"));
        assert_eq!((baggage.to_text().as_str(), baggage.len()), ("b=3,c=4", 3));
    }

    #[test]
    fn keys_are_kept_in_order_and_changed_in_place() {
        let mut baggage = read(&["a=1,b=2;p", "c=3"]);
        baggage.insert("b", "4").unwrap();
        assert!(baggage.remove("a"));
        assert!(!baggage.remove("a"));
        baggage.insert("a", "5 6").unwrap();
        assert_eq!(baggage.to_text(), "b=4,c=3,a=5%206");
        assert_eq!(
            baggage.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>(),
            ["b:4", "c:3", "a:5 6"]
        );
        assert_eq!((baggage.len(), baggage.is_empty(), baggage.get("d")), (3, false, None));
    }

    #[test]
    fn properties_are_kept() {
        let baggage = read(&["a=1 ; p ; q = 2, b=3"]);
        assert_eq!(baggage.properties("a"), Some("p;q=2"));
        assert_eq!(baggage.properties("b"), Some(""));
        assert_eq!(baggage.properties("c"), None);
        assert_eq!(baggage.to_text(), "a=1;p;q=2,b=3");
    }

    #[test]
    fn invalid_members_are_skipped_and_a_later_duplicate_counts() {
        let baggage = read(&["a=1,,b, =2,c=\"3\",d=4;", "e=5,a=6"]);
        assert_eq!(baggage.to_text(), "a=6,e=5");
    }

    #[test]
    fn sixty_four_members_are_the_limit() {
        let header = (0..70).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
        let mut baggage = read(&[&header]);
        assert_eq!((baggage.len(), baggage.get("k63").is_some()), (64, true));
        assert_eq!(baggage.insert("k70", ""), Err(BaggageError::Members { key: "k70".into() }));
        assert_eq!(baggage.insert("k0", "w"), Ok(()));
    }

    #[test]
    fn eight_thousand_one_hundred_and_ninety_two_bytes_are_the_limit() {
        let mut baggage = Baggage::default();
        baggage.insert("a", &"x".repeat(8186)).unwrap();
        let too_long = Err(BaggageError::Bytes { key: "b".into(), bytes: 8193 });
        assert_eq!(baggage.insert("b", "12"), too_long);
        assert_eq!(baggage.insert("b", "1"), Ok(()));
        assert_eq!(baggage.to_text().len(), 8192);
        assert_eq!(baggage.insert("b", "12"), too_long);
        assert_eq!(baggage.get("b").as_deref(), Some("1"));
        assert_eq!(
            baggage.insert("c", &"y".repeat(9000)),
            Err(BaggageError::Bytes { key: "c".into(), bytes: 9000 })
        );
    }

    #[test]
    fn a_header_beyond_the_limit_loses_whole_members_and_keeps_the_others() {
        let long = "x".repeat(5000);
        let baggage = read(&[&format!("a={long},b={long},c=1"), &"d=".repeat(9000)]);
        assert_eq!(baggage.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_refusal_says_what_was_found_and_expected() {
        let error = Baggage::default().insert("a b", "1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "baggage key \"a b\": expected ASCII letters, digits and !#$%&'*+-.^_`|~, at least one"
        );
        assert!(Baggage::default().insert("", "1").is_err());
    }
}
