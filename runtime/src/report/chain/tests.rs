//! Errors of all sorts, taken apart.

use super::*;

/// An error with a message and a source.
#[derive(Debug)]
struct Outer(&'static str, Option<Box<dyn Error>>);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref()
    }
}

/// An error that does all that an error should not.
struct Hostile;

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("before")?;
        panic!("in `Display`")
    }
}

impl fmt::Debug for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in `Debug`")
    }
}

impl Error for Hostile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        panic!("in `source`")
    }
}

fn told(type_name: &'static str, error: &dyn Error) -> Vec<(Option<String>, String)> {
    let causes = causes(type_name, error).into_iter();
    causes.map(|cause| (cause.type_name.map(Cow::into_owned), cause.message)).collect()
}

#[test]
fn each_error_says_its_own_part() {
    let parse = "x".parse::<u8>().expect_err("`x` is no number");
    let middle = Outer("bad port: invalid digit found in string", Some(parse.into()));
    let error = Outer("no config: bad port: invalid digit found in string", Some(middle.into()));
    assert_eq!(
        told("app::Error", &error),
        [
            (Some("app::Error".into()), "no config".into()),
            (None, "bad port".into()),
            (
                Some("core::num::error::ParseIntError".into()),
                "invalid digit found in string".into()
            ),
        ]
    );
}

#[test]
fn a_message_that_only_looks_like_that_of_its_source_stays_whole() {
    let source = |text| Some(Box::new(Outer(text, None)) as Box<dyn Error>);
    for (text, from, expected) in [
        ("a: b", "c", "a: b"),
        ("a, b", "b", "a, b"),
        ("b", "b", "b"),
        ("a: ", "", "a: "),
        (": b", "b", ""),
    ] {
        assert_eq!(told("E", &Outer(text, source(from)))[0].1, expected, "{text}");
    }
}

/// An error that formats as any text.
struct Texts {
    debug: &'static str,
    display: &'static str,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.debug)
    }
}

impl fmt::Display for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display)
    }
}

impl Error for Texts {}

#[test]
fn no_text_of_an_error_becomes_the_name_of_its_type() {
    for debug in ["User1234 not found", "User1234", "User1234 { .. }", "User1234(7)", "Outer"] {
        let text = || Texts { debug, display: "failed" };
        for wrapper in ["anyhow::Error", "alloc::boxed::Box<dyn core::error::Error>"] {
            let wrapped = Outer("outer", Some(Box::new(text())));
            assert_eq!(told(wrapper, &text()), [(None, "failed".into())], "{debug}");
            let expected = [(None, "outer".into()), (None, "failed".into())];
            assert_eq!(told(wrapper, &wrapped), expected, "{debug}");
        }
    }
}

#[test]
fn the_language_s_own_errors_have_their_names_in_a_chain() {
    for (source, expected) in [
        (std::io::Error::from_raw_os_error(2).into(), Some("std::io::error::Error")),
        (fmt::Error.into(), Some("core::fmt::Error")),
        ("a text".into(), None),
        (Box::new(Outer("", None)) as Box<dyn Error>, None),
    ] {
        let chain = told("E", &Outer("", Some(source)));
        assert_eq!(chain[1].0.as_deref(), expected);
    }
}

#[test]
fn an_error_that_panics_costs_its_own_texts() {
    let error = Outer("outer", Some(Box::new(Hostile)));
    assert_eq!(told("E", &error), [(Some("E".into()), "outer".into()), (None, "before".into())],);
    assert_eq!(told("E", &Hostile), [(Some("E".into()), "before".into())]);
}

#[test]
fn a_ring_of_sources_ends() {
    #[derive(Debug)]
    struct Ring;
    impl fmt::Display for Ring {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("ring")
        }
    }
    impl Error for Ring {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Self)
        }
    }
    assert_eq!(causes("Ring", &Ring).len(), 1 + MAX_SOURCES);
}

#[test]
fn a_long_message_is_cut_between_two_characters() {
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("x")?;
            // Who does not stop when writing fails is never stopped.
            loop {
                f.write_str("ä")?;
            }
        }
    }
    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("Endless")?;
            }
        }
    }
    impl Error for Endless {}
    let found = told("anyhow::Error", &Endless);
    assert_eq!(found[0].1.len(), MAX_MESSAGE_BYTES - 1);
    assert_eq!(found[0].0, None);
}
