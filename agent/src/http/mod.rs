//! The HTTP API, the same on every board.
//!
//! ```text
//! serve ──► picoserve ──► Service                                                serve.rs, places.rs, connection.rs
//!                  ├──► Guard::admit            host name, origin, token         guard.rs
//!                  ├──► body::read              bounded, JSON only               body.rs, json.rs
//!                  ├──► handlers::answer        one thin function a route        handlers.rs
//!                  ├──► assets::answer          the dashboard's files            assets.rs
//!                  └──► Reply::write            the one place that sends         reply.rs
//!                          └──► pages, dump, capture: made a chunk at a time while they are sent
//! ```
//!
//! One service stands for every path, instead of picoserve's router of one handler a path: so each
//! refusal is `application/problem+json`, and the future of a server task stays small. What never
//! gets to the service, because it is no request or there is no place for it, is refused in the
//! same form by `serve`. Nothing here allocates.

#![allow(
    clippy::large_enum_variant,
    clippy::result_large_err,
    reason = "there is no heap to put the large ones on"
)]

mod accept;
mod assets;
mod body;
mod chunk;
mod connection;
mod dump;
mod guard;
mod handlers;
mod json;
mod pages;
mod places;
mod problem;
mod query;
mod reply;
mod serve;
#[cfg(test)]
mod tests;

pub use guard::Guard;
pub(crate) use places::Places;
pub use serve::serve;

use heapbeacon_shared::api;
use picoserve::ResponseSent;
use picoserve::io::Read;
use picoserve::request::{Path, Request, RequestParts};
use picoserve::response::{ResponseWriter, StatusCode};
use picoserve::routing::{MethodHandler, PathRouterService, RequestHandlerService, get_service};

use crate::agent::Agent;
use crate::platform::Platform;
use connection::Link;
use problem::Problem;
use reply::{Content, Reply};

/// Answers the requests of one connection.
struct Service<'c, P: Platform> {
    agent: &'static Agent<P>,
    link: &'c Link,
}

impl<P: Platform> Clone for Service<'_, P> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<P: Platform> PathRouterService for Service<'_, P> {
    async fn call_path_router_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        state: &(),
        parameters: (),
        _path: Path<'_>,
        request: Request<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        if request.parts.method() == "HEAD" {
            // picoserve's method router is what can leave the body of an answer out.
            let router = get_service(self.clone());
            router
                .call_method_handler(state, parameters, request, writer)
                .await
        } else {
            self.call_request_handler_service(state, parameters, request, writer)
                .await
        }
    }
}

impl<P: Platform> RequestHandlerService for Service<'_, P> {
    async fn call_request_handler_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        _state: &(),
        _parameters: (),
        mut request: Request<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let mut reply = self.reply(&mut request).await;
        let origin = self.agent.guard().reader(request.parts.headers());
        let readable = origin.map(|origin| ("Access-Control-Allow-Origin", origin));
        let extra = [
            Some(("Vary", "Origin")),
            Some(("X-Content-Type-Options", "nosniff")),
            readable,
        ];
        let connection = request.body_connection.finalize().await?;
        let sent = reply.write::<P, _, _>(extra, connection, writer).await?;
        self.link.end_answer();
        Ok(sent)
    }
}

impl<P: Platform> Service<'_, P> {
    /// Makes the answer to a request.
    async fn reply<R: Read>(&self, request: &mut Request<'_, R>) -> Reply {
        if !self.link.begin_answer() {
            // picoserve had these bytes in its buffer already: they are no request.
            return Reply::new(StatusCode::NO_CONTENT, Content::Nothing);
        }
        match self.answer(request).await {
            Ok(reply) => reply,
            Err(problem) => {
                if problem.ends_connection() {
                    self.link.make_last();
                }
                Reply::from(problem)
            }
        }
    }

    async fn answer<R: Read>(&self, request: &mut Request<'_, R>) -> Result<Reply, Problem> {
        let parts = request.parts;
        let length = body::length(parts.headers())?;
        self.agent.guard().admit(&parts)?;
        if guard::is_preflight(&parts) {
            return Ok(preflight());
        }
        let path = guard::path(&parts);
        let Some((route, parameter)) = api::find(path) else {
            return assets::answer(self.agent.assets(), &parts);
        };
        if parts.method() == "OPTIONS" {
            return Ok(options(route.method()));
        }
        check_method(route.method(), &parts)?;
        let body = match route.method() {
            api::Method::Get => body::Body::new(),
            api::Method::Post => {
                self.link.begin_body();
                let body = body::read(request, length).await;
                self.link.end_body();
                body?
            }
        };
        handlers::answer(self.agent, route, parameter, &parts, &body)
    }
}

fn check_method(method: api::Method, parts: &RequestParts<'_>) -> Result<(), Problem> {
    match (method, parts.method()) {
        (api::Method::Get, "GET" | "HEAD") | (api::Method::Post, "POST") => Ok(()),
        _ => Err(Problem::wrong_method(method)),
    }
}

fn options(method: api::Method) -> Reply {
    Reply::new(StatusCode::NO_CONTENT, Content::Nothing).with("Allow", problem::allowed(method))
}

/// What a page of an allowed origin may send (Fetch standard, "CORS protocol").
fn preflight() -> Reply {
    Reply::new(StatusCode::NO_CONTENT, Content::Nothing)
        .with("Access-Control-Allow-Methods", "GET, HEAD, POST")
        .with(
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type",
        )
        .with("Access-Control-Allow-Private-Network", "true")
        .with("Access-Control-Max-Age", "600")
}
