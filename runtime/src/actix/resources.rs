//! The resources of an application whose patterns match a path.
//!
//! actix-web tells the first one alone, which is not the one that handles the request where a guard
//! of the first one, such as that of its method, has refused it. So the resources are read from the
//! `Debug` form of the [`ResourceMap`], which has no other way to them. Where that form is not as
//! expected there are no resources, and the first one has to do.

use actix_web::dev::{ResourceDef, ResourceMap};

use crate::guard::guard;

/// A scope, or a resource in it.
#[derive(Debug)]
pub(super) struct Node {
    pattern: ResourceDef,
    /// The resources of a scope, in the order in which they are tried; `None` for a resource.
    children: Option<Vec<Self>>,
}

/// Part of an application that may handle a request, with its whole pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match {
    Resource(String),
    /// A scope without a resource for the path: its default service takes the request, if the scope has no
    /// guard that refuses it.
    Scope(String),
}

impl Match {
    /// Returns the pattern of a resource.
    pub(super) fn route(&self) -> Option<&str> {
        match self {
            Self::Resource(pattern) => Some(pattern),
            Self::Scope(_) => None,
        }
    }
}

impl Node {
    /// Reads the resources of an application.
    pub(super) fn of(map: &ResourceMap) -> Option<Self> {
        let text = format!("{map:?}");
        let value = Value::parse(&mut &*text)?;
        // A pattern that was misread may be malformed.
        guard("reading of the resources", || Self::read(&value)).flatten()
    }

    fn read(map: &Value<'_>) -> Option<Self> {
        let pattern = map.field("pattern")?;
        let patterns: Vec<_> = pattern.field("patterns")?.texts().collect();
        let pattern = match pattern.field("is_prefix")?.name {
            "true" => ResourceDef::prefix(patterns),
            _ => ResourceDef::new(patterns),
        };
        let nodes = map.field("nodes")?;
        let children = match nodes.name {
            "None" => None,
            _ => Some(
                nodes
                    .items
                    .first()?
                    .1
                    .items
                    .iter()
                    .map(|it| Self::read(&it.1))
                    .collect::<Option<_>>()?,
            ),
        };
        Some(Self { pattern, children })
    }

    /// Returns the resources that match a path, in the order in which they are tried.
    pub(super) fn matching(&self, path: &str) -> Vec<Match> {
        let mut found = Vec::new();
        self.collect(path, "", &mut found);
        found
    }

    fn collect(&self, path: &str, scope: &str, found: &mut Vec<Match>) {
        let Some(rest) = self.pattern.find_match(path).and_then(|end| path.get(end..)) else {
            return;
        };
        let pattern = format!("{scope}{}", self.pattern.pattern().unwrap_or_default());
        let Some(children) = &self.children else { return found.push(Match::Resource(pattern)) };
        let count = found.len();
        for child in children {
            child.collect(rest, &pattern, found);
        }
        if found.len() == count {
            found.push(Match::Scope(pattern));
        }
    }
}

/// A value in its derived `Debug` form.
#[derive(Debug, Default)]
struct Value<'a> {
    /// Name of a type or a variant, or a number.
    name: &'a str,
    text: Option<String>,
    /// Fields with their names, or elements.
    items: Vec<(&'a str, Self)>,
}

impl<'a> Value<'a> {
    fn field(&self, name: &str) -> Option<&Self> {
        self.items.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the texts in it, at any depth.
    fn texts(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let inner = self.items.iter().flat_map(|(_, value)| value.texts());
        Box::new(self.text.clone().into_iter().chain(inner))
    }

    fn parse(rest: &mut &'a str) -> Option<Self> {
        if let Some(quoted) = rest.strip_prefix('"') {
            *rest = quoted;
            return Some(Self { text: Some(text(rest)?), ..Self::default() });
        }
        let mut value = Self { name: word(rest), ..Self::default() };
        let opened = rest.trim_start();
        let Some(end) = opened.chars().next().and_then(closing) else {
            return (!value.name.is_empty()).then_some(value);
        };
        *rest = &opened[1..];
        loop {
            *rest = rest.trim_start_matches([' ', ',']);
            if let Some(behind) = rest.strip_prefix(end) {
                *rest = behind;
                return Some(value);
            }
            value.items.push(Self::item(rest)?);
        }
    }

    /// Parses `value`, or `field: value`; the keys of a map are values.
    fn item(rest: &mut &'a str) -> Option<(&'a str, Self)> {
        let first = Self::parse(rest)?;
        match rest.strip_prefix(": ") {
            Some(behind) => {
                *rest = behind;
                Some((first.name, Self::parse(rest)?))
            }
            None => Some(("", first)),
        }
    }
}

const fn closing(opening: char) -> Option<char> {
    match opening {
        '{' => Some('}'),
        '[' => Some(']'),
        '(' => Some(')'),
        _ => None,
    }
}

/// Takes a name or a number off the front.
fn word<'a>(rest: &mut &'a str) -> &'a str {
    let is_end = |char: char| !(char.is_alphanumeric() || matches!(char, '_' | '-' | '.'));
    let (word, behind) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
    *rest = behind;
    word
}

/// Takes a text and the quote behind it off the front; `None` where it has no end.
fn text(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => text.push(escaped(&mut chars)?),
            char => text.push(char),
        }
    }
    *rest = chars.as_str();
    Some(text)
}

/// Takes what follows a backslash.
fn escaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    match chars.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        'u' => {
            let (digits, behind) = chars.as_str().strip_prefix('{')?.split_once('}')?;
            let char = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            *chars = behind.chars();
            Some(char)
        }
        char => Some(char),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// A map as actix-web makes it, of patterns with the patterns of their own resources.
    fn map(scope: ResourceDef, patterns: &[&str], nested: Vec<ResourceMap>) -> ResourceMap {
        let mut map = ResourceMap::new(scope);
        for pattern in patterns {
            let mut resource = ResourceDef::new(*pattern);
            resource.set_name(format!("the \"{pattern}\""));
            map.add(&mut resource, None);
        }
        for (number, nested) in nested.into_iter().enumerate() {
            let mut pattern = ResourceDef::root_prefix(&format!("/{{scope{number}}}"));
            map.add(&mut pattern, Some(Rc::new(nested)));
        }
        map
    }

    #[test]
    fn all_resources_that_match_a_path_are_found_in_their_order() {
        let inner = map(
            ResourceDef::root_prefix("/{scope0}"),
            &["/purl/{key:[^\"]{1,9}}", "/purl/recommend", "/\\d", "/é\u{7f}", "/{tail:.*}"],
            Vec::new(),
        );
        let outer = map(ResourceDef::prefix(""), &["/v2/purl/recommend", "/{a}"], vec![inner]);
        let node = Node::of(&outer).expect("the map is in the form that is derived");
        for (path, expected) in [
            (
                "/v2/purl/recommend",
                &[
                    "/v2/purl/recommend",
                    "/{scope0}/purl/{key:[^\"]{1,9}}",
                    "/{scope0}/purl/recommend",
                    "/{scope0}/{tail:.*}",
                ][..],
            ),
            ("/x/\\d", &["/{scope0}/\\d", "/{scope0}/{tail:.*}"]),
            ("/x/é\u{7f}", &["/{scope0}/é\u{7f}", "/{scope0}/{tail:.*}"]),
            ("/x", &["/{a}"]),
            ("", &[]),
        ] {
            let found = node.matching(path);
            let routes: Vec<_> = found.iter().filter_map(Match::route).collect();
            assert_eq!(routes, expected, "{path}");
        }
    }

    #[test]
    fn a_scope_without_a_matching_resource_is_found() {
        let inner = map(ResourceDef::root_prefix("/{scope0}"), &["/a"], Vec::new());
        let outer = map(ResourceDef::prefix(""), &[], vec![inner]);
        let node = Node::of(&outer).expect("the map is in the form that is derived");
        assert_eq!(node.matching("/x/b"), [Match::Scope("/{scope0}".to_owned())]);
        assert_eq!(node.matching("/x/a"), [Match::Resource("/{scope0}/a".to_owned())]);
    }

    #[test]
    fn another_form_has_no_resources() {
        for text in
            ["", "ResourceMap", "ResourceMap {", "\"", "ResourceMap { nodes: None }", "[(\"\\"]
        {
            let node = Value::parse(&mut &*text).and_then(|value| Node::read(&value));
            assert!(node.is_none(), "{text}");
        }
    }
}
