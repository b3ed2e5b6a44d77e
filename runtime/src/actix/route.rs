//! The route of a request: the pattern of the resource that handled it.
//!
//! actix-web knows it once it has routed the request, but says it with the response alone: routing
//! panics where anything else holds the request.

use std::cell::{OnceCell, RefCell};

use actix_web::HttpRequest;
use actix_web::dev::ResourceMap;
use actix_web::http::StatusCode;
use rustc_hash::FxHashMap;

use super::resources::Node;

/// The routes of an application.
///
/// A request that ends without a response has the route that its path and its method lead to. Where
/// several resources match the path, a guard of each may refuse the request, and cannot be called from
/// outside of actix-web. So answers are remembered: a route that has answered the method takes it, and
/// those before it that match the same path have refused it. Of routes of which neither is known, the
/// one with the longest literal text counts: it would have no requests at all if an earlier one took
/// all that it matches.
#[derive(Debug)]
pub(super) struct Routes {
    map: ResourceMap,
    /// Read when it is needed.
    resources: OnceCell<Option<Node>>,
    /// Methods that each route has answered, each with the path of the first such request.
    answered: RefCell<FxHashMap<String, Vec<Answered>>>,
}

/// A method that a route has answered.
#[derive(Debug)]
struct Answered {
    method: &'static str,
    path: Box<str>,
}

/// Maximum length of a path that is remembered, in bytes.
const MAX_PATH_BYTES: usize = 1_024;

impl Routes {
    pub(super) fn new(map: ResourceMap) -> Self {
        Self { map, resources: OnceCell::new(), answered: RefCell::default() }
    }

    /// Returns the route of a request that has a response; of one that a middleware has answered
    /// before it was routed, and of one that no resource took, the route that it would have taken.
    pub(super) fn of_response(
        &self,
        method: &'static str,
        request: &HttpRequest,
        status: StatusCode,
    ) -> Option<String> {
        let path = request.match_info();
        if path.unprocessed().len() == path.as_str().len() {
            return self.find(method, request.path());
        }
        let route = request.match_pattern()?;
        // A resource that has no route for the method has not handled it.
        if path.unprocessed().is_empty() && status != StatusCode::METHOD_NOT_ALLOWED {
            self.note(method, &route, request.path());
        }
        Some(route)
    }

    /// Notes that a route handles a method. There are as many as the application has, with as many
    /// methods as are known.
    fn note(&self, method: &'static str, route: &str, path: &str) {
        let Ok(mut answered) = self.answered.try_borrow_mut() else { return };
        let new = || Answered { method, path: path.into() };
        match answered.get_mut(route) {
            Some(known) if known.iter().any(|it| it.method == method) => {}
            _ if path.len() > MAX_PATH_BYTES => {}
            Some(known) => known.push(new()),
            None => drop(answered.insert(route.to_owned(), vec![new()])),
        }
    }

    /// Returns the route that a path and a method lead to; see [`Routes`].
    pub(super) fn find(&self, method: &str, path: &str) -> Option<String> {
        let first = self.map.match_pattern(path);
        let resources = self.resources.get_or_init(|| Node::of(&self.map)).as_ref();
        let matching = resources.map(|it| it.matching(path)).unwrap_or_default();
        if first.as_ref().is_some_and(|first| !matching.contains(first)) {
            // Something was misread.
            return first;
        }
        let answered = self.answered.try_borrow();
        let path_of = |route: &str| {
            let known = answered.as_ref().ok()?.get(route)?;
            known.iter().find(|it| it.method == method).map(|it| &*it.path)
        };
        let has_refused = |route: &String, later: &[String]| {
            let mut paths = later.iter().filter_map(|route| path_of(route));
            paths.any(|path| resources.is_some_and(|it| it.matching(path).contains(route)))
        };
        let mut candidates = Vec::new();
        for (at, route) in matching.iter().enumerate() {
            let is_taken = path_of(route).is_some();
            if is_taken || !has_refused(route, &matching[at + 1..]) {
                candidates.push(route);
            }
            if is_taken {
                break;
            }
        }
        // Of several that are as long the first one counts.
        candidates.into_iter().rev().max_by_key(|route| literal_len(route)).cloned()
    }
}

/// Returns the length of a route's text outside of its parameters, in bytes.
fn literal_len(route: &str) -> usize {
    let mut depth = 0_usize;
    let is_literal = |byte: &u8| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    route.bytes().filter(is_literal).count()
}

/// Returns a route without the regular expressions of its parameters: `/{id}` for `/{id:[0-9]{1,9}}`.
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
    use actix_web::dev::ResourceDef;

    use super::*;

    fn routes(patterns: &[&str]) -> Routes {
        let mut map = ResourceMap::new(ResourceDef::prefix(""));
        for pattern in patterns {
            map.add(&mut ResourceDef::new(*pattern), None);
        }
        Routes::new(map)
    }

    #[test]
    fn a_route_that_only_one_resource_has_is_known_at_once() {
        let routes = routes(&["/users/{id}", "/purl/{key}"]);
        assert_eq!(routes.find("GET", "/users/7").as_deref(), Some("/users/{id}"));
        assert_eq!(routes.find("GET", "/nowhere"), None);
    }

    #[test]
    fn of_several_routes_the_most_literal_one_counts() {
        let routes = routes(&["/{tail:.*}", "/purl/{key}", "/purl/recommend", "/{a}/recommend"]);
        let found = |path| routes.find("POST", path);
        assert_eq!(found("/purl/recommend").as_deref(), Some("/purl/recommend"));
        assert_eq!(found("/purl/7").as_deref(), Some("/purl/{key}"));
        assert_eq!(found("/x/recommend").as_deref(), Some("/{a}/recommend"));
        assert_eq!(found("/x").as_deref(), Some("/{tail:.*}"));
    }

    #[test]
    fn a_route_that_has_answered_the_method_counts_more() {
        let routes = routes(&["/users/{id}", "/users/{name}", "/users/me"]);
        routes.note("GET", "/users/{id}", "/users/7");
        routes.note("POST", "/users/{name}", "/users/andrew");
        routes.note("POST", "/users/{name}", "/users/bayko");
        assert_eq!(routes.find("GET", "/users/me").as_deref(), Some("/users/{id}"));
        assert_eq!(routes.find("POST", "/users/me").as_deref(), Some("/users/{name}"));
        assert_eq!(routes.find("PUT", "/users/me").as_deref(), Some("/users/me"));
        assert_eq!(routes.find("PUT", "/users/7").as_deref(), Some("/users/{id}"));
    }

    #[test]
    fn a_literal_route_that_never_answered_keeps_its_requests() {
        let routes = routes(&["/users/me", "/users/{id}"]);
        routes.note("GET", "/users/{id}", "/users/7");
        assert_eq!(routes.find("GET", "/users/me").as_deref(), Some("/users/me"));
        routes.note("PUT", "/users/{id}", "/users/me");
        assert_eq!(routes.find("PUT", "/users/me").as_deref(), Some("/users/{id}"));
    }

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
