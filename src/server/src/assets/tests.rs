use axum::body::to_bytes;
use http::Request;
use http::header::ACCEPT_ENCODING;
use tower::ServiceExt;

use super::*;

fn site(name: &str) -> Option<&'static [u8]> {
    match name {
        "pkg/tenantry.js" => Some(b"let a = 1;"),
        "pkg/tenantry.js.br" => Some(b"brotli"),
        "pkg/tenantry.js.gz" => Some(b"gzip"),
        "pkg/tenantry.wasm" => Some(b"\0asm"),
        "pkg/split_more-0a1b2c3d.wasm" => Some(b"\0asm"),
        "pkg/tenantry.css" => Some(b"a{}"),
        "pkg/snippets/x/inline0.js" => Some(b"snippet"),
        _ => None,
    }
}

async fn fetch(path: &str, headers: &[(http::HeaderName, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let response = Assets::of(Files::Given(site))
        .router()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    (head.status, head.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

#[test]
fn names_carry_a_hash_of_the_content() {
    let assets = Assets::of(Files::Given(site));
    for (address, start, end) in [
        (&assets.js, "/pkg/tenantry-", ".js"),
        (&assets.wasm, "/pkg/tenantry_bg-", ".wasm"),
        (&assets.css, "/pkg/tenantry-", ".css"),
    ] {
        let hash = address.strip_prefix(start).unwrap().strip_suffix(end).unwrap();
        assert!(hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{address}");
    }
    assert_eq!(assets.other("nothing.svg"), "/nothing.svg");
}

#[tokio::test]
async fn the_best_compression_that_is_taken_is_sent() {
    let js = Assets::of(Files::Given(site)).js;
    for (accept, encoding, body) in [
        ("gzip, deflate, br", Some("br"), &b"brotli"[..]),
        ("gzip", Some("gzip"), b"gzip"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), b"gzip"),
        ("*", Some("br"), b"brotli"),
        ("identity", None, b"let a = 1;"),
    ] {
        let (status, headers, data) = fetch(&js, &[(ACCEPT_ENCODING, accept)]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers.get(CONTENT_ENCODING).map(|v| v.to_str().unwrap()), encoding, "{accept}");
        assert_eq!(data, body, "{accept}");
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(headers[VARY], "accept-encoding");
    }
    let (_, headers, _) = fetch(&Assets::of(Files::Given(site)).wasm, &[(ACCEPT_ENCODING, "br")]).await;
    assert_eq!(headers[CONTENT_TYPE], "application/wasm");
    assert_eq!(headers.get(CONTENT_ENCODING), None);
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let js = Assets::of(Files::Given(site)).js;
    let (_, headers, _) = fetch(&js, &[]).await;
    let tag = headers[ETAG].to_str().unwrap().to_owned();
    let (status, _, body) = fetch(&js, &[(IF_NONE_MATCH, &tag)]).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    let (status, _, _) = fetch(&js, &[(IF_NONE_MATCH, &tag), (ACCEPT_ENCODING, "br")]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn what_has_a_hash_in_its_name_is_kept_for_ever() {
    for (path, kept) in [("/pkg/split_more-0a1b2c3d.wasm", "immutable"), ("/pkg/tenantry.wasm", "no-cache")] {
        let (status, headers, _) = fetch(path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(headers[CACHE_CONTROL].to_str().unwrap().contains(kept), "{path}");
    }
}

#[tokio::test]
async fn only_files_of_the_site_are_served() {
    assert_eq!(fetch("/pkg/snippets/x/inline0.js", &[]).await.0, StatusCode::OK);
    for path in [
        "/pkg/tenantry.js.br",
        "/pkg/tenantry-00000000.js",
        "/pkg/../Cargo.toml",
        "/pkg/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg/",
        "/Cargo.toml",
    ] {
        assert_eq!(fetch(path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
