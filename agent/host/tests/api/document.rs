//! The OpenAPI document says of every route what the table of routes does.

use std::collections::BTreeSet;

use heapbeacon_shared::api::{Body, Endpoint, PREFIX, Route};
use serde_json::Value;

use crate::support::target::Target;

#[test]
fn the_openapi_document_is_the_table_of_routes() {
    let agent = Target::take();
    let document = agent.get("/openapi.yaml");
    let document = String::from_utf8(document.unzipped()).expect("it is text");
    let document: Value = serde_saphyr::from_str(&document).expect("it is YAML");
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("it has paths") {
        let methods = methods.as_object().expect("they have methods");
        // What tools ask for has paths that these know, beside the API.
        let prefix = match methods.get("servers") {
            Some(servers) => servers[0]["url"].as_str().expect("it is text"),
            None => PREFIX,
        };
        let prefix = prefix.trim_end_matches('/');
        for method in methods.keys().filter(|key| *key != "servers") {
            documented.insert(format!("{method} {prefix}{path}"));
        }
    }
    for endpoint in &Route::ALL {
        let operation = operation(&document, endpoint);
        let name = format!("{} {}", method(endpoint), path(endpoint));
        assert!(documented.remove(&name), "{name} is missing");
        assert_eq!(query(&document, operation), endpoint.query, "{name}");
        let needs_tracing = operation["responses"].get("501").is_some();
        assert_eq!(needs_tracing, endpoint.needs_tracing, "{name}");
        let content = &operation["responses"]["200"]["content"];
        let answers = endpoint.answer.content_types().iter();
        let answers = answers.map(|mime| mime.split(';').next().unwrap_or(mime));
        assert_eq!(keys(content), answers.collect(), "{name}");
        check_body(&document, operation, endpoint);
    }
    assert!(documented.is_empty(), "no routes: {documented:?}");
}

/// Checks that a body is asked for where one is taken; one that says nothing may be left out.
fn check_body(document: &Value, operation: &Value, endpoint: &Endpoint) {
    let name = path(endpoint);
    let body = &operation["requestBody"];
    let schema = resolve(document, &body["content"]["application/json"]["schema"]);
    match endpoint.body {
        Body::None => assert!(keys(&schema["properties"]).is_empty(), "{name}"),
        Body::Unread | Body::Stream => {
            assert!(body["content"]["application/octet-stream"].is_object())
        }
        Body::Json(_) => assert!(!keys(&schema["properties"]).is_empty(), "{name}"),
    }
}

/// Returns what the document says of an endpoint.
fn operation<'d>(document: &'d Value, endpoint: &Endpoint) -> &'d Value {
    let path = path(endpoint);
    let path = path.strip_prefix(PREFIX).unwrap_or(&path);
    &document["paths"][path][method(endpoint)]
}

fn method(endpoint: &Endpoint) -> String {
    endpoint.method.to_string().to_lowercase()
}

/// Returns the path as the document writes it.
fn path(endpoint: &Endpoint) -> String {
    let parameter = match endpoint.route {
        Route::Record | Route::TryTrigger => "{index}",
        _ => "{name}",
    };
    endpoint.path.replace("{}", parameter)
}

/// Returns the names that the query may have.
fn query<'d>(document: &'d Value, operation: &'d Value) -> Vec<&'d str> {
    let parameters = operation["parameters"].as_array();
    let parameters = parameters.into_iter().flatten();
    let parameters = parameters.map(|parameter| resolve(document, parameter));
    let parameters = parameters.filter(|parameter| parameter["in"] == "query");
    parameters
        .map(|parameter| parameter["name"].as_str().expect("it has a name"))
        .collect()
}

/// Follows a reference, if it is one.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let pointer = reference.strip_prefix('#').expect("it is in this document");
    document.pointer(pointer).expect("it leads somewhere")
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let keys = value.as_object().into_iter().flatten();
    keys.map(|(key, _)| key.as_str()).collect()
}
