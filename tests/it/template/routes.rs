//! Every request reaches the function that describes it.

use super::{Template, Trigger, target};
use std::collections::BTreeSet;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    function: String,
    /// Every method if none.
    method: Option<String>,
    /// Whatever no other route takes if none.
    path: Option<String>,
}

/// How well a route fits; the least fits best. The order is API Gateway's: a path in full before a greedy one,
/// and that before `$default`; words before variables; the method before any method.
type Fit = (u8, Vec<u8>, bool);

impl Route {
    fn fit(&self, method: &str, path: &str) -> Option<Fit> {
        let any = self.method.is_none();
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let Some(own) = &self.path else { return Some((2, Vec::new(), any)) };
        let mut words = path.split('/');
        let mut fit = Vec::new();
        for segment in own.split('/') {
            if segment.starts_with('{') && segment.ends_with("+}") {
                // The rest of the path, which is not nothing.
                return words.next().map(|_| (1, fit, any));
            }
            let word = words.next()?;
            match segment.strip_prefix('{') {
                Some(_) => fit.push(1),
                None if segment == word => fit.push(0),
                None => return None,
            }
        }
        words.next().is_none().then_some((0, fit, any))
    }
}

/// An operation that a function describes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Operation {
    function: String,
    method: String,
    path: String,
}

impl Operation {
    /// A path of which this one is the pattern.
    fn sample(&self) -> String {
        let sampled = |segment: &str| if segment.starts_with('{') { "x" } else { segment }.to_owned();
        self.path.split('/').map(sampled).collect::<Vec<_>>().join("/")
    }
}

fn routes() -> Vec<Route> {
    let template = Template::read();
    let mut routes = Vec::new();
    for function in template.functions() {
        for (_, event) in function.events().into_iter().filter(|(kind, _)| *kind == "HttpApi") {
            assert_eq!(target(&event["ApiId"]), "Api", "{}", function.name);
            let method = event["Method"].as_str().filter(|method| *method != "ANY").map(str::to_owned);
            assert!(method.iter().all(|method| METHODS.contains(&method.as_str())), "{event:?}");
            let path = event["Path"].as_str().filter(|path| *path != "$default").map(str::to_owned);
            routes.push(Route { function: function.name.clone(), method, path });
        }
    }
    routes
}

fn operations() -> BTreeSet<Operation> {
    let mut operations = BTreeSet::new();
    for (function, described) in local::describe() {
        let described = serde_json::to_value(described).unwrap();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for method in methods.as_object().into_iter().flat_map(serde_json::Map::keys) {
                let (function, path) = (function.to_owned(), path.clone());
                operations.insert(Operation { function, method: method.to_uppercase(), path });
            }
        }
    }
    operations
}

/// The route that API Gateway would choose; no two fit alike.
fn chosen<'a>(routes: &'a [Route], method: &str, path: &str) -> &'a Route {
    let mut fits: Vec<_> =
        routes.iter().filter_map(|route| Some((route.fit(method, path)?, route))).collect();
    fits.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(fits.len() < 2 || fits[0].0 < fits[1].0, "{method} {path}: {fits:?}");
    fits.first().unwrap_or_else(|| panic!("{method} {path} goes nowhere")).1
}

/// The function that API Gateway hands a request to, and the route by which it does.
pub(crate) fn choice(method: &str, path: &str) -> (String, String) {
    let routes = routes();
    let route = chosen(&routes, method, path);
    let key = match &route.path {
        Some(path) => format!("{} {path}", route.method.as_deref().unwrap_or("ANY")),
        None => "$default".to_owned(),
    };
    (route.function.clone(), key)
}

/// Whether the function describes an operation to which such a request belongs.
pub(crate) fn describes(function: &str, method: &str, path: &str) -> bool {
    let mut own = operations().into_iter().filter(|operation| operation.function == function);
    own.any(|operation| {
        let route = Route {
            function: operation.function,
            method: Some(operation.method),
            path: Some(operation.path),
        };
        route.fit(method, path).is_some()
    })
}

#[test]
fn every_operation_reaches_its_own_function() {
    let routes = routes();
    for operation in operations() {
        let route = chosen(&routes, &operation.method, &operation.sample());
        assert_eq!(route.function, operation.function, "{operation:?} goes by {route:?}");
    }
}

#[test]
fn no_route_leads_where_nothing_is_described() {
    let (routes, operations) = (routes(), operations());
    for route in routes.iter().filter(|route| route.path.is_some()) {
        let serves = operations.iter().any(|operation| {
            operation.function == route.function
                && chosen(&routes, &operation.method, &operation.sample()) == route
        });
        assert!(serves, "{route:?}");
    }
}

#[test]
fn the_functions_behind_the_api_are_those_that_describe_operations() {
    let described: BTreeSet<_> = operations().into_iter().map(|operation| operation.function).collect();
    let template = Template::read();
    let http = template.functions().into_iter().filter(|function| function.trigger() == Trigger::Http);
    let mut http: BTreeSet<_> = http.map(|function| function.name).collect();
    assert!(http.remove("not-found"));
    assert_eq!(described, http);
}

#[test]
fn what_is_no_route_reaches_not_found() {
    let routes = routes();
    let default: Vec<_> = routes.iter().filter(|route| route.path.is_none()).collect();
    assert_eq!(default, [&Route { function: "not-found".to_owned(), method: None, path: None }]);
    for method in METHODS {
        assert_eq!(chosen(&routes, method, "/nowhere"), default[0]);
        assert_eq!(chosen(&routes, method, "/nowhere/below"), default[0]);
    }
}

#[test]
fn a_method_that_nobody_takes_reaches_a_function_that_knows_the_path() {
    let (routes, operations) = (routes(), operations());
    for operation in &operations {
        for method in METHODS {
            let route = chosen(&routes, method, &operation.sample());
            let knows = |other: &Operation| other.function == route.function && other.path == operation.path;
            assert!(operations.iter().any(knows), "{method} {} goes by {route:?}", operation.path);
        }
    }
}

#[test]
fn a_page_elsewhere_may_use_what_the_api_takes() {
    let template = Template::read();
    let cors = &template.resource("AWS::Serverless::HttpApi", "Api")["CorsConfiguration"];
    assert_eq!(target(&cors["AllowOrigins"]), "AllowedOrigins");
    let allowed: BTreeSet<_> = super::targets(&cors["AllowMethods"]).into_iter().collect();
    let operations = operations();
    let used: BTreeSet<_> = operations.iter().map(|operation| operation.method.as_str()).collect();
    assert_eq!(allowed, used);
    // Whatever a description names as a header of the request, and what all requests may bear.
    let headers = super::targets(&cors["AllowHeaders"]);
    for header in ["authorization", "x-api-key", "content-type", "idempotency-key", "if-match"] {
        assert!(headers.contains(&header), "{header}");
    }
}
