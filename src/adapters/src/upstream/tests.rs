use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tenantry_domain::ports::{Call, ModelSource, SourceError, Upstream, Upstreams, Whose};
use tenantry_types::provider::{ProviderKind, UpstreamModel};
use tenantry_types::text::Secret;

use super::address::{AddressRule, Private};
use super::call::HttpUpstreams;
use super::listing::scaled;
use super::{HttpModelSource, LIMIT, address, listing};

/// A fake provider on a port of its own.
async fn fake_provider() -> u16 {
    let app = Router::new()
        .route(
            "/openai/v1/models",
            get(async || axum::Json(json!({"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}, {"id": "o3"}]}))),
        )
        .route("/openrouter/v1/models", get(async || axum::Json(openrouter())))
        .route("/locked/v1/models", get(locked))
        .route("/moved/v1/models", get(async || Redirect::temporary("/openai/v1/models")))
        .route("/page/v1/models", get(async || "<html>welcome</html>"))
        .route("/other/v1/models", get(async || axum::Json(json!({"data": [{"title": "no model"}]}))))
        .route("/empty/v1/models", get(async || axum::Json(json!({"data": []}))))
        .route("/large/v1/models", get(async || Body::from(vec![b' '; LIMIT + 1])))
        .route("/slow/v1/models", get(async || tokio::time::sleep(Duration::from_secs(30)).await));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

async fn locked(headers: HeaderMap) -> Response {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|v| v == value);
    if is("authorization", "Bearer sk-right") || is("api-key", "sk-right") {
        axum::Json(json!({"data": [{"id": "secret-model"}]})).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, "no such key: sk-wrong").into_response()
    }
}

fn openrouter() -> Value {
    json!({"data": [
        {"id": "openai/gpt-4o-mini", "name": "OpenAI: GPT-4o-mini", "context_length": 128000,
         "architecture": {"input_modalities": ["text", "image"]},
         "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0", "image": "0.000217", "input_cache_read": "0.000000075"}},
        {"id": "openrouter/auto", "name": "Auto Router", "context_length": 2000000, "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "perplexity/sonar", "pricing": {"prompt": "0.000001", "completion": "0.000001", "request": "0.005"}},
        {"id": "has a space"}, {"name": "no id"}, {"id": "openai/gpt-4o-mini", "name": "twice"},
    ]})
}

fn source() -> HttpModelSource {
    HttpModelSource::with_timeout(&Private::All, Duration::from_secs(2)).unwrap()
}

async fn list(path: &str, key: Option<&str>) -> Result<Vec<UpstreamModel>, SourceError> {
    let port = fake_provider().await;
    let key = key.map(Secret::new);
    source().list(of(&format!("http://127.0.0.1:{port}/{path}/v1"), key.as_ref())).await
}

/// A provider of the operator.
fn of<'a>(base_url: &'a str, api_key: Option<&'a Secret>) -> Upstream<'a> {
    Upstream {
        whose: Whose::Operators,
        kind: ProviderKind::Other,
        base_url,
        api_key,
        api_version: None,
    }
}

fn bare(name: &str) -> UpstreamModel {
    UpstreamModel {
        upstream_name: name.into(),
        display_name: None,
        context_length: None,
        modalities: Vec::new(),
        input_price: None,
        output_price: None,
        cached_input_price: None,
        request_price: None,
    }
}

#[tokio::test]
async fn reads_a_plain_list() {
    assert_eq!(list("openai", None).await.unwrap(), [bare("gpt-4o-mini"), bare("o3")]);
    assert_eq!(list("empty", None).await.unwrap(), []);
}

#[tokio::test]
async fn reads_prices_and_context_lengths() {
    let models = list("openrouter", None).await.unwrap();
    assert_eq!(models.len(), 3);
    let mini = UpstreamModel {
        display_name: Some("OpenAI: GPT-4o-mini".into()),
        context_length: Some(128_000),
        modalities: vec!["text".into(), "image".into()],
        input_price: Some(150_000),
        output_price: Some(600_000),
        cached_input_price: Some(75_000),
        request_price: Some(0),
        ..bare("openai/gpt-4o-mini")
    };
    assert_eq!(models[0], mini);
    assert_eq!(models[1].input_price, None, "-1 is unknown");
    assert_eq!(models[2].request_price, Some(5_000));
}

#[test]
fn reads_the_context_length_of_vllm() {
    let models = listing::read(br#"{"object":"list","data":[{"id":"llama","max_model_len":32768}]}"#).unwrap();
    assert_eq!(models[0].context_length, Some(32_768));
    let bare_list = listing::read(br#"[{"id":"llama"}]"#).unwrap();
    assert_eq!(bare_list[0].upstream_name, "llama");
}

#[tokio::test]
async fn sends_the_key_and_never_repeats_it() {
    let port = fake_provider().await;
    let base = format!("http://127.0.0.1:{port}/locked/v1");
    let (right, wrong, odd) = (Secret::new("sk-right\n"), Secret::new("sk-wrong"), Secret::new("sk\u{7}\r\nx"));
    let source = source();
    for kind in [ProviderKind::OpenAi, ProviderKind::Azure] {
        let with = |key| Upstream {
            kind,
            ..of(&base, Some(key))
        };
        assert_eq!(source.list(with(&right)).await.unwrap().len(), 1);
        let error = source.list(with(&wrong)).await.unwrap_err();
        assert_eq!(error, SourceError::Refused(401));
        assert!(!format!("{error} {error:?}").contains("sk-"));
    }
    assert_eq!(source.list(of(&base, Some(&odd))).await, Err(SourceError::BadKey));
}

#[tokio::test]
async fn says_what_is_wrong() {
    assert_eq!(list("nowhere", None).await, Err(SourceError::Refused(404)));
    assert_eq!(list("moved", None).await, Err(SourceError::Refused(307)), "redirects are not followed");
    assert_eq!(list("page", None).await, Err(SourceError::NotUnderstood));
    assert_eq!(list("other", None).await, Err(SourceError::NotUnderstood));
    assert_eq!(list("large", None).await, Err(SourceError::TooLarge));
    assert_eq!(list("slow", None).await, Err(SourceError::Timeout));
    assert_eq!(source().list(of("http://127.0.0.1:1/v1", None)).await, Err(SourceError::Unreachable));
    assert_eq!(
        source().list(of("http://no-such-host.invalid/v1", None)).await,
        Err(SourceError::Unreachable)
    );
}

#[tokio::test]
async fn refuses_addresses_of_metadata_services() {
    let source = source();
    for base in [
        "http://169.254.169.254/latest",
        "http://0xa9fea9fe/v1",
        "http://2852039166/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://[fe80::1]/v1",
        "http://[fd00:ec2::254]/v1",
        "http://0.0.0.0/v1",
        "http://224.0.0.1/v1",
    ] {
        assert_eq!(source.list(of(base, None)).await, Err(SourceError::Forbidden), "{base}");
    }
}

#[tokio::test]
async fn the_check_holds_for_names_too() {
    let port = fake_provider().await;
    let base = format!("http://localhost:{port}/openai/v1");
    assert!(source().list(of(&base, None)).await.is_ok());
    let strict = HttpModelSource::new(&Private::None).unwrap();
    assert_eq!(strict.list(of(&base, None)).await, Err(SourceError::Forbidden));
    assert_eq!(strict.list(of("http://10.0.0.1/v1", None)).await, Err(SourceError::Forbidden));
}

#[test]
fn the_rule_knows_its_addresses() {
    let open = AddressRule(Private::All);
    let strict = AddressRule(Private::None);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    for never in [
        "169.254.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "255.255.255.255",
        "239.1.1.1",
        "100.100.100.200",
        "::",
        "ff02::1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::a9fe:a9fe",
        "fd00:ec2::254",
    ] {
        assert!(!open.allows(ip(never)), "{never}");
    }
    for private in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fd12::1",
        "::ffff:127.0.0.1",
        "198.18.0.1",
        "192.0.0.8",
        "fec0::1",
        "64:ff9b:1::1",
    ] {
        assert!(open.allows(ip(private)), "{private}");
        assert!(!strict.allows(ip(private)), "{private}");
    }
    for public in ["1.1.1.1", "2606:4700::1111", "172.32.0.1"] {
        assert!(strict.allows(ip(public)), "{public}");
    }
}

#[test]
fn networks_that_are_named_are_open_and_no_others() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let named = Private::Only(["10.1.0.0/16", "fd12::/16", "169.254.0.0/16"].map(|n| n.parse().unwrap()).into());
    // Of the operator and of tenants alike.
    for rule in [AddressRule(named.clone()), AddressRule(named.for_tenants())] {
        for open in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd12::1", "1.1.1.1"] {
            assert!(rule.allows(ip(open)), "{open}");
        }
        for closed in ["10.2.0.1", "127.0.0.1", "192.168.1.1", "fd13::1", "::1", "169.254.169.254"] {
            assert!(!rule.allows(ip(closed)), "{closed}");
        }
    }
    // That the operator's own providers may be anywhere says nothing about those of tenants.
    let tenants = AddressRule(Private::All.for_tenants());
    for closed in ["10.1.2.3", "127.0.0.1", "::1", "fd12::1"] {
        assert!(!tenants.allows(ip(closed)), "{closed}");
    }
}

#[tokio::test]
async fn providers_of_tenants_do_not_reach_what_those_of_the_operator_do() {
    let port = fake_provider().await;
    for base in [format!("http://127.0.0.1:{port}/openai/v1"), format!("http://localhost:{port}/openai/v1")] {
        let theirs = Upstream {
            whose: Whose::Tenants,
            ..of(&base, None)
        };
        // The operator's connection, kept open, is not taken for the tenant's.
        assert!(source().list(of(&base, None)).await.is_ok());
        assert_eq!(source().list(theirs).await, Err(SourceError::Forbidden), "{base}");
        let call = Call {
            upstream: theirs,
            model: "m",
            path: "chat/completions",
            body: "{}".into(),
        };
        let refused = HttpUpstreams::new(&Private::All).unwrap().call(call).await.err();
        assert_eq!(refused, Some(tenantry_domain::ports::CallError::Forbidden), "{base}");
    }
}

#[tokio::test]
async fn azure_has_deployments_and_versions_in_its_addresses() {
    let at = |base, kind, version, deployment, path| {
        let upstream = Upstream {
            kind,
            api_version: version,
            ..of(base, None)
        };
        address(&upstream, deployment, path).unwrap().to_string()
    };
    let (azure, v) = (ProviderKind::Azure, Some("2024-10-21"));
    for base in ["https://acme.openai.azure.com", "https://acme.openai.azure.com/openai/"] {
        assert_eq!(
            at(base, azure, v, Some("gpt 4o/../x"), "chat/completions"),
            "https://acme.openai.azure.com/openai/deployments/gpt%204o%2F..%2Fx/chat/completions?api-version=2024-10-21"
        );
        assert_eq!(
            at(base, azure, v, None, "models"),
            "https://acme.openai.azure.com/openai/models?api-version=2024-10-21"
        );
    }
    // Its interface without versions is like everybody's; and a version is nobody else's.
    let plain = "https://acme.openai.azure.com/openai/v1";
    assert_eq!(at(plain, azure, None, Some("m"), "embeddings"), format!("{plain}/embeddings"));
    assert_eq!(
        at("https://api.example.com/v1", ProviderKind::OpenAi, v, Some("m"), "embeddings"),
        "https://api.example.com/v1/embeddings"
    );
}

#[test]
fn prices_are_exact() {
    assert_eq!(scaled("0.00000015", 12), Some(150_000));
    assert_eq!(scaled("0.000001", 12), Some(1_000_000));
    assert_eq!(scaled("1.5e-7", 12), Some(150_000));
    assert_eq!(scaled("1.5E-07", 12), Some(150_000));
    assert_eq!(scaled("0", 12), Some(0));
    assert_eq!(scaled(".5", 6), Some(500_000));
    assert_eq!(scaled("3", 6), Some(3_000_000));
    assert_eq!(scaled("0.0000000000004", 12), Some(0));
    assert_eq!(scaled("0.0000000000005", 12), Some(1));
    assert_eq!(scaled("0e99999", 12), Some(0));
    for unknown in [
        "",
        ".",
        "-1",
        "+1",
        "1e999999",
        "9223372036854775807",
        "NaN",
        "1,5",
        "0x10",
        "1e",
        "1.2.3",
    ] {
        assert_eq!(scaled(unknown, 12), None, "{unknown}");
    }
}
