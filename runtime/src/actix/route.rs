//! The route of a request: the pattern of the resource that handled it.
//!
//! actix-web knows it once it has routed the request, but says it with the response alone: routing
//! panics where anything else holds the request.

use std::cell::{Cell, OnceCell, RefCell};

use actix_web::HttpRequest;
use actix_web::dev::ResourceMap;
use actix_web::http::StatusCode;
use rustc_hash::FxHashMap;

use super::resources::{Match, Node};

/// The routes of an application.
///
/// A request that ends without a response has the route that its path and its method lead to, if only
/// one can be meant. Where several resources match the path, a guard of each may refuse the request,
/// and cannot be called from outside of actix-web. So answers are remembered: a route that has answered
/// the method takes it, and those before it that match the same path have refused it. Where that is not
/// enough there is no route, rather than one that may be wrong.
///
/// Two things are not visible from outside. A route that takes and refuses the same method, because its
/// guard looks at other things, is recognized if both have been seen. Default services are assumed to
/// answer, so that a request which only one resource matches has the route of that resource.
#[derive(Debug)]
pub(super) struct Routes {
    map: ResourceMap,
    /// Read when it is needed.
    resources: OnceCell<Option<Node>>,
    /// Methods that each route has answered, each with the path of the first such request.
    answered: RefCell<FxHashMap<String, Vec<Answered>>>,
    /// Memory that these occupy.
    answered_bytes: Cell<usize>,
}

/// A method that a route has answered.
#[derive(Debug)]
struct Answered {
    method: &'static str,
    path: Box<str>,
}

/// Maximum length of a path that is remembered, in bytes.
const MAX_PATH_BYTES: usize = 1_024;

/// Memory of the routes, methods and paths that are remembered, in bytes; further ones are not. Each
/// thread of the server has its own.
const MAX_ANSWERED_BYTES: usize = 256 * 1024;

impl Routes {
    pub(super) fn new(map: ResourceMap) -> Self {
        Self {
            map,
            resources: OnceCell::new(),
            answered: RefCell::default(),
            answered_bytes: Cell::default(),
        }
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

    /// Remembers that a route handles a method, as far as there is room.
    fn note(&self, method: &'static str, route: &str, path: &str) {
        let Ok(mut answered) = self.answered.try_borrow_mut() else { return };
        let known = answered.get(route);
        if known.is_some_and(|known| known.iter().any(|it| it.method == method)) {
            return;
        }
        let of_route = if known.is_some() { 0 } else { size_of::<Vec<Answered>>() + route.len() };
        let bytes = self.answered_bytes.get() + of_route + size_of::<Answered>() + path.len();
        if path.len() > MAX_PATH_BYTES || bytes > MAX_ANSWERED_BYTES {
            return;
        }
        self.answered_bytes.set(bytes);
        answered.entry(route.to_owned()).or_default().push(Answered { method, path: path.into() });
    }

    /// Returns the route that a path and a method lead to, if that is certain; see [`Routes`].
    pub(super) fn find(&self, method: &str, path: &str) -> Option<String> {
        let answered = self.answered.try_borrow().ok()?;
        let path_of = |route: &str| {
            let known = answered.get(route)?;
            known.iter().find(|it| it.method == method).map(|it| &*it.path)
        };
        let first = self.map.match_pattern(path);
        let resources = self.resources.get_or_init(|| Node::of(&self.map)).as_ref();
        let matching = resources.map(|it| it.matching(path)).unwrap_or_default();
        let is_first = |it: &Match| it.route() == first.as_deref();
        if first.is_some() && !matching.iter().any(is_first) {
            // The resources were misread: only the first one is known.
            return first.filter(|route| path_of(route).is_some());
        }
        let has_refused = |earlier: &Match, later: &[Match]| {
            let mut paths = later.iter().filter_map(|it| path_of(it.route()?));
            paths.any(|path| resources.is_some_and(|it| it.matching(path).contains(earlier)))
        };
        let mut candidates = Vec::new();
        for (at, candidate) in matching.iter().enumerate() {
            let takes = candidate.route().and_then(path_of).is_some();
            match (takes, has_refused(candidate, &matching[at + 1..])) {
                (true, true) => return None,
                (true, false) if candidates.is_empty() => {
                    return candidate.route().map(str::to_owned);
                }
                (false, true) => {}
                (_, false) => candidates.push(candidate),
            }
        }
        let (first, others) = candidates.split_first()?;
        let is_certain = others.iter().all(|it| it.route().is_none());
        first.route().filter(|_| is_certain).map(str::to_owned)
    }
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
    fn the_only_matching_route_is_known_at_once() {
        let routes = routes(&["/users/{id}", "/purl/{key}"]);
        assert_eq!(routes.find("GET", "/users/7").as_deref(), Some("/users/{id}"));
        assert_eq!(routes.find("GET", "/nowhere"), None);
    }

    #[test]
    fn of_several_routes_without_an_answer_none_is_guessed() {
        let routes = routes(&["/purl/{key}", "/purl/recommend", "/x/{tail:.*}"]);
        assert_eq!(routes.find("POST", "/purl/recommend"), None);
        assert_eq!(routes.find("POST", "/purl/7").as_deref(), Some("/purl/{key}"));
        assert_eq!(routes.find("POST", "/x/y").as_deref(), Some("/x/{tail:.*}"));
    }

    #[test]
    fn a_route_that_has_answered_the_method_takes_it() {
        let routes = routes(&["/users/{id}", "/users/{name}", "/users/me"]);
        routes.note("GET", "/users/{id}", "/users/7");
        routes.note("POST", "/users/{name}", "/users/andrew");
        routes.note("POST", "/users/{name}", "/users/bayko");
        assert_eq!(routes.find("GET", "/users/me").as_deref(), Some("/users/{id}"));
        assert_eq!(routes.find("POST", "/users/me").as_deref(), Some("/users/{name}"));
        assert_eq!(routes.find("PUT", "/users/me"), None);
        assert_eq!(routes.find("PUT", "/users/7"), None);
    }

    #[test]
    fn answered_routes_are_remembered_up_to_a_number_of_bytes() {
        let routes = routes(&["/{tail:.*}"]);
        for number in 0..10_000 {
            routes.note("GET", &format!("/{number}/{{tail}}"), &"x".repeat(MAX_PATH_BYTES));
        }
        let answered = routes.answered.borrow();
        let of_one = |(route, known): (&String, &Vec<Answered>)| {
            route.len() + known.iter().map(|it| it.path.len()).sum::<usize>()
        };
        let bytes: usize = answered.iter().map(of_one).sum();
        assert!((MAX_ANSWERED_BYTES / 2..=MAX_ANSWERED_BYTES).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn a_route_is_passed_over_once_it_has_refused() {
        let routes = routes(&["/users/me", "/users/{id}"]);
        routes.note("GET", "/users/{id}", "/users/7");
        assert_eq!(routes.find("GET", "/users/me"), None);
        routes.note("PUT", "/users/{id}", "/users/me");
        assert_eq!(routes.find("PUT", "/users/me").as_deref(), Some("/users/{id}"));
    }

    #[test]
    fn a_route_that_takes_and_refuses_a_method_is_not_guessed() {
        let routes = routes(&["/pages/{page}", "/pages/home"]);
        routes.note("GET", "/pages/{page}", "/pages/7");
        assert_eq!(routes.find("GET", "/pages/home").as_deref(), Some("/pages/{page}"));
        routes.note("GET", "/pages/home", "/pages/home");
        assert_eq!(routes.find("GET", "/pages/home"), None);
        assert_eq!(routes.find("GET", "/pages/8").as_deref(), Some("/pages/{page}"));
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
