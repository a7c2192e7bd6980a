//! The built site: wasm, JavaScript, style sheet and the files of `public`. A release has them
//! inside; a debug build reads them from `target/site`, so that they can change while it runs.
//! The three big ones are served under names with a hash of their content, and may be kept for ever.

mod content_type;
mod negotiate;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::RustEmbed;

use negotiate::Encoding;

/// Files under names with a hash never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Files under names of their own: asked for again, and mostly answered with 304.
const ASK_AGAIN: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../target/site"]
#[allow_missing = true]
struct Site;

/// Where files come from.
#[derive(Clone, Copy)]
enum Files {
    Built,
    #[cfg(test)]
    Given(fn(&str) -> Option<&'static [u8]>),
}

/// The addresses of the built files.
#[derive(Clone)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
    files: Files,
    /// File names by the names under which they are served.
    hashed: Arc<BTreeMap<String, String>>,
}

struct File {
    data: Cow<'static, [u8]>,
    hash: String,
}

impl Files {
    fn get(self, name: &str) -> Option<File> {
        match self {
            Self::Built => {
                let file = Site::get(name)?;
                Some(File {
                    hash: hex(&file.metadata.sha256_hash()),
                    data: file.data,
                })
            }
            #[cfg(test)]
            Self::Given(get) => {
                use sha2::Digest;
                let data = get(name)?;
                Some(File {
                    hash: hex(&sha2::Sha256::digest(data).into()),
                    data: data.into(),
                })
            }
        }
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Assets {
    /// Reads what is there and names it.
    ///
    /// # Errors
    /// In a release: when it was built without a site.
    pub fn load() -> Result<Self, &'static str> {
        let this = Self::of(Files::Built);
        if this.hashed.len() < 3 && !cfg!(debug_assertions) {
            return Err("this program was built without the site: build it with `make build`");
        }
        Ok(this)
    }

    fn of(files: Files) -> Self {
        let mut hashed = BTreeMap::new();
        // The first of the names that is there; wasm-bindgen and cargo-leptos differ in one.
        let mut name = |served: &str, extension: &str, names: &[&str]| {
            let found = names.iter().find_map(|name| Some(((*name).to_owned(), files.get(name)?.hash)));
            match found {
                Some((file, hash)) => {
                    let address = format!("{served}-{}.{extension}", &hash[..8]);
                    hashed.insert(address.clone(), file);
                    format!("/pkg/{address}")
                }
                None => format!("/pkg/{served}.{extension}"),
            }
        };
        let js = name("tenantry", "js", &["pkg/tenantry.js"]);
        let css = name("tenantry", "css", &["pkg/tenantry.css"]);
        let wasm = name("tenantry_bg", "wasm", &["pkg/tenantry.wasm", "pkg/tenantry_bg.wasm"]);
        Self {
            js,
            wasm,
            css,
            files,
            hashed: Arc::new(hashed),
        }
    }

    /// The address of a file of `public`, by its name: with its hash, so that a new one is seen.
    pub fn other(&self, name: &str) -> String {
        match self.files.get(name) {
            Some(file) => format!("/{name}?v={}", &file.hash[..8]),
            None => format!("/{name}"),
        }
    }

    /// Serves all files: `/pkg/...`, and those of `public` under their own names.
    pub fn router(&self) -> Router {
        let mut router = Router::new().route("/pkg/{*path}", get(packaged));
        for name in Site::iter().filter(|name| !name.starts_with("pkg/") && !is_compressed(name)) {
            let name = name.into_owned();
            router = router.route(
                &format!("/{name}"),
                get(move |State(assets): State<Self>, headers: HeaderMap| async move { assets.serve(&name, ASK_AGAIN, &headers) }),
            );
        }
        router.with_state(self.clone())
    }

    fn serve(&self, name: &str, cache: &'static str, headers: &HeaderMap) -> Response {
        if is_compressed(name) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let Some(plain) = self.files.get(name) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let (encoding, data) = negotiate::accepted(headers)
            .into_iter()
            .find_map(|encoding| Some((Some(encoding), self.files.get(&format!("{name}.{}", encoding.extension()))?.data)))
            .unwrap_or((None, plain.data));
        // Compressed or not: other bytes, so another tag.
        let tag = format!("\"{}{}\"", plain.hash, encoding.map_or("", Encoding::tag));
        let mut response = Response::new(Body::empty());
        let answer = response.headers_mut();
        answer.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(value) = HeaderValue::from_str(&tag) {
            answer.insert(ETAG, value);
        }
        if negotiate::has_it(headers.get(IF_NONE_MATCH), &tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(content_type::of(name)));
        answer.insert(CONTENT_LENGTH, HeaderValue::from(data.len()));
        if let Some(encoding) = encoding {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        *response.body_mut() = match data {
            Cow::Borrowed(data) => Body::from(data),
            Cow::Owned(data) => Body::from(data),
        };
        response
    }
}

/// What lies beside a file for those who take it compressed.
fn is_compressed(name: &str) -> bool {
    name.ends_with(".br") || name.ends_with(".gz")
}

async fn packaged(State(assets): State<Assets>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    if let Some(name) = assets.hashed.get(&path) {
        // In a debug build the file may have changed since the name was made.
        let cache = if cfg!(debug_assertions) { ASK_AGAIN } else { FOR_EVER };
        return assets.serve(name, cache, &headers);
    }
    // The pieces of code that pages fetch have their hash in the names that the build gave them.
    let cache = if path.ends_with(".wasm") && path.contains('-') {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    assets.serve(&format!("pkg/{path}"), cache, &headers)
}

#[cfg(test)]
mod tests;
