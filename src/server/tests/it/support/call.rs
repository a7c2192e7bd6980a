//! Requests to the router, as a browser or a script would make them, and what comes back.

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt;

use super::fixture::Person;
use super::server::Server;

/// A request that is being put together.
pub struct Call<'a> {
    server: &'a Server,
    request: http::request::Builder,
    body: Body,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Server {
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let peer: SocketAddr = ([127, 0, 0, 1], 40_000).into();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "tenantry.test")
            .extension(ConnectInfo(peer));
        Call {
            server: self,
            request,
            body: Body::empty(),
        }
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }
}

impl Call<'_> {
    /// With the session of this person.
    pub fn by(self, person: &Person) -> Self {
        let cookie = person.cookie.clone();
        self.header(COOKIE.as_str(), &cookie)
    }

    /// With this secret of an API key, or this access token.
    pub fn bearing(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Under another name of the server.
    pub fn host(mut self, name: &str) -> Self {
        if let Some(headers) = self.request.headers_mut() {
            headers.insert("host", name.parse().unwrap());
        }
        self
    }

    /// From another address than this machine's.
    pub fn from(mut self, ip: &str) -> Self {
        self.request = self.request.extension(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 40_000)));
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.header(CONTENT_TYPE, "application/json");
        self.body = Body::from(body.to_string());
        self
    }

    /// As a form without JavaScript; the values need no encoding but for blanks.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let text: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('@', "%40").replace(' ', "+")))
            .collect();
        self.request = self.request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.body = Body::from(text.join("&"));
        self
    }

    pub fn raw(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer as it comes.
    pub async fn open(self) -> axum::response::Response {
        let request = self.request.body(self.body).unwrap();
        self.server.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(self) -> Answer {
        let (head, body) = self.open().await.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text()))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json", "{}", self.text());
        self.json()["code"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a browser would send back of the cookie that was set.
    pub fn cookie(&self) -> Option<String> {
        let set = self.headers.get(SET_COOKIE)?.to_str().unwrap();
        Some(set.split(';').next().unwrap().to_owned())
    }
}
