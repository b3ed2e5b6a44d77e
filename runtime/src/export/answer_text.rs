//! Bodies of answers as one line of text for messages.

use std::borrow::Cow;

/// Maximum number of bytes of a body that are looked at.
const MAX_EXAMINED_BYTES: usize = 16 * 1_024;

/// Elements of a page whose content is not text.
const NOT_TEXT: [&str; 2] = ["script", "style"];

/// Returns a body as one line of at most `max_chars` characters, with `…` where it is cut; empty if it is
/// not text. Of a page, the title, or else the text without its markup.
pub(crate) fn line(body: &[u8], max_chars: usize) -> String {
    let body = &body[..body.len().min(MAX_EXAMINED_BYTES)];
    let text = String::from_utf8_lossy(body);
    let is_binary = |char: char| char.is_control() && !char.is_whitespace();
    if text.contains(is_binary) || text.starts_with(char::REPLACEMENT_CHARACTER) {
        return String::new();
    }
    let text = if text.trim_start().starts_with('<') { without_markup(&text) } else { text };
    cut(&one_line(&text), max_chars)
}

/// Returns a text with a blank for each run of white space.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    line
}

fn cut(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the title of a page, or else all of its text.
fn without_markup(page: &str) -> Cow<'static, str> {
    let (mut text, mut title) = (String::new(), None);
    let mut skipped: Option<&str> = None;
    for part in page.split('<') {
        let (tag, content) = part.split_once('>').unwrap_or((part, ""));
        let name = tag.split(|char: char| char.is_whitespace()).next().unwrap_or_default();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match skipped {
            Some(element)
                if !name.strip_prefix('/').is_some_and(|it| it.eq_ignore_ascii_case(element)) =>
            {
                continue;
            }
            _ => skipped = NOT_TEXT.into_iter().find(|element| is(element)),
        }
        if skipped.is_some() {
            continue;
        }
        if is("title") && !content.trim().is_empty() {
            title = title.or(Some(content));
        }
        text.push(' ');
        text.push_str(content);
    }
    Cow::Owned(title.map_or(text, str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_becomes_one_line_of_text() {
        for (body, expected) in [
            ("", ""),
            (" bad\r\n\trequest \n", "bad request"),
            (
                "<!DOCTYPE html>\n<html><head><title>502 Bad\nGateway</title><style>a{}</style></head>\
                 <body><h1>oops</h1></body></html>",
                "502 Bad Gateway",
            ),
            (
                "<html><script>if (a < b) { x = '<p>'; }</script><body class=\"a\">no <b>way</b></body>",
                "no way",
            ),
            (
                "<Error><Code>Denied</Code><Message>You may not</Message></Error>",
                "Denied You may not",
            ),
            ("<", ""),
            ("\u{1}\u{2}", ""),
            ("{\"a\":1}", "{\"a\":1}"),
        ] {
            assert_eq!(line(body.as_bytes(), 100), expected, "{body}");
        }
        assert_eq!(line(&[0xff, 0x00, 0x01], 100), "");
    }

    #[test]
    fn long_body_is_cut_with_a_mark() {
        assert_eq!(line("ü".repeat(10_000_000).as_bytes(), 3), "üüü…");
        assert_eq!(line("ü".repeat(3).as_bytes(), 3), "üüü");
    }
}
