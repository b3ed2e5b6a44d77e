//! The pattern of a resource, as spans tell it.
//!
//! In: the pattern as the application wrote it. Out: the same without regular expressions.
//! Never: looks at a path.

/// A route without the regular expressions of its parameters: `/{id}` for `/{id:[0-9]{1,9}}`.
pub(super) fn template(route: String) -> String {
    if !route.contains(':') {
        return route;
    }
    let mut depth = 0_usize;
    let mut is_pattern = false;
    let mut template = String::with_capacity(route.len());
    for char in route.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_pattern = depth > 0 && (is_pattern || char == ':');
        if !is_pattern {
            template.push(char);
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_told_without_its_regular_expressions() {
        for (route, expected) in [
            ("/users/{id}", "/users/{id}"),
            ("/@{handle:[^/]*}/x", "/@{handle}/x"),
            ("/{id:[0-9]{1,9}}/{part:(?:a|b)}", "/{id}/{part}"),
            ("/{tail:.*}", "/{tail}"),
            ("/{tail}*", "/{tail}*"),
            ("/time/12:30/{zone}", "/time/12:30/{zone}"),
            ("/a}:b/{c:d", "/a}:b/{c"),
            ("", ""),
        ] {
            assert_eq!(template(route.to_owned()), expected, "{route}");
        }
    }
}
