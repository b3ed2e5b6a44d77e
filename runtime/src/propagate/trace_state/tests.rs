//! The list rules, point by point.

use super::*;

fn join(headers: &[&str]) -> Option<String> {
    let mut list = List::default();
    for header in headers {
        list.add(header.as_bytes());
    }
    list.into_text()
}

#[test]
fn white_space_and_empty_members_are_tolerated_and_not_passed_on() {
    for (headers, expected) in [
        (&["a=1"][..], Some("a=1")),
        (&["a=1 \t , \tb=2,c=3"], Some("a=1,b=2,c=3")),
        (&["\t a=1 \t"], Some("a=1")),
        (&["", "a=1", " ", ",,b=2,"], Some("a=1,b=2")),
        (&["a=  1"], Some("a=  1")),
        (&[""], None),
        (&[" \t, ,"], None),
        (&[], None),
    ] {
        assert_eq!(join(headers).as_deref(), expected, "{headers:?}");
    }
}

#[test]
fn a_duplicated_key_passes_through() {
    assert_eq!(join(&["a=1,a=1", "a=2"]).as_deref(), Some("a=1,a=1,a=2"));
}

#[test]
fn one_invalid_member_discards_the_whole_list() {
    let all_keys = "0a-z_*/@@tenant@system@";
    let all_values = "foo= !\"#$%&'()*+-./0189:;<>?@AZ[\\]^_`az{|}~";
    for (header, is_valid) in [
        (format!("{all_keys}=1").as_str(), true),
        (all_values, true),
        ("ok=1,foo@=1", true),
        ("ok=1,foo@@bar=1,a@b@c=2", true),
        ("ok=1,@foo=1", false),
        ("ok=1,_foo=1", false),
        ("ok=1,foo =1", false),
        ("ok=1,FOO=1", false),
        ("ok=1,foo.bar=1", false),
        ("ok=1,foo", false),
        ("ok=1,=1", false),
        ("ok=1,foo=", false),
        ("ok=1,foo=bar=baz", false),
        ("ok=1,foo=a\tb", false),
        ("ok=1,foo=é", false),
        ("ok=1,foo=\x7f", false),
    ] {
        assert_eq!(join(&[header]).is_some(), is_valid, "{header}");
    }
}

#[test]
fn keys_values_and_lists_have_limits() {
    let key = |length| format!("foo=1,{}=1", "z".repeat(length));
    let value = |length| format!("foo=1,a={}", "~".repeat(length));
    let members = |count| vec!["a=1"; count].join(",");
    for (header, is_valid) in [
        (key(256), true),
        (key(257), false),
        (format!("{}@{}=1", "t".repeat(242), "v".repeat(13)), true),
        (value(256), true),
        (value(257), false),
        (members(32), true),
        (members(33), false),
        (format!("{},,", members(32)), true),
    ] {
        assert_eq!(join(&[&header]).is_some(), is_valid, "{header}");
    }
    assert_eq!(join(&[&members(20), &members(13)]), None);
}

#[test]
fn a_list_of_any_length_is_given_up_after_64_members() {
    for header in [",".repeat(32_000), "a=1,".repeat(32_000), " ,a=1".repeat(32_000)] {
        let mut list = List::default();
        for _ in 0..3 {
            list.add(header.as_bytes());
        }
        assert!(list.examined <= 64, "{}", list.examined);
        assert_eq!(list.into_text(), None);
    }
}
