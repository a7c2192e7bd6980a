use bytes::Bytes;
use tenantry_domain::gateway::Operation;

use super::Wire;

fn read(text: &str) -> Wire {
    Wire::read(&Bytes::copy_from_slice(text.as_bytes())).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

fn written(text: &str, external: Option<&str>) -> String {
    let wire = read(text);
    String::from_utf8(wire.written("up/stream", external, wire.streams).to_vec()).unwrap()
}

#[test]
fn everything_else_passes_as_it_was_written() {
    let body = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"\\u00e9 \\\"model\\\":\\\"x\\\"\"}],\n \"model\":\"a/b\", \"temperature\": 1.50, \"new_field\":{\"model\":\"inner\",\"user\":1e400} }";
    assert_eq!(written(body, None), body.replace("\"a/b\"", "\"up/stream\""));
}

#[test]
fn the_user_is_the_external_id_when_there_is_one() {
    assert_eq!(
        written(r#"{"user":"someone","model":"m"}"#, Some("a \"quoted\" id")),
        r#"{"user":"a \"quoted\" id","model":"up/stream"}"#
    );
    assert_eq!(
        written(r#"{"model":"m","user":null}"#, Some("id")),
        r#"{"model":"up/stream","user":"id"}"#
    );
    assert_eq!(written(r#"{"model":"m"}"#, Some("id")), r#"{"user":"id","model":"up/stream"}"#);
    assert_eq!(
        written(r#"{"user":"someone","model":"m"}"#, None),
        r#"{"user":"someone","model":"up/stream"}"#
    );
}

#[test]
fn a_stream_is_asked_for_its_usage() {
    let usage = r#""include_usage":true"#;
    for (given, wanted) in [
        (
            String::new(),
            format!(r#"{{"stream_options":{{{usage}}},"model":"up/stream","stream":true}}"#),
        ),
        (
            r#","stream_options":{}"#.to_owned(),
            format!(r#"{{"model":"up/stream","stream":true,"stream_options":{{{usage}}}}}"#),
        ),
        (
            r#","stream_options":null"#.to_owned(),
            format!(r#"{{"model":"up/stream","stream":true,"stream_options":{{{usage}}}}}"#),
        ),
        (
            r#","stream_options":{ "x":1}"#.to_owned(),
            format!(r#"{{"model":"up/stream","stream":true,"stream_options":{{{usage}, "x":1}}}}"#),
        ),
        (
            r#","stream_options":{"include_usage":false}"#.to_owned(),
            format!(r#"{{"model":"up/stream","stream":true,"stream_options":{{{usage}}}}}"#),
        ),
    ] {
        let body = format!(r#"{{"model":"m","stream":true{given}}}"#);
        assert_eq!(written(&body, None), wanted, "{body}");
        assert!(!read(&body).wants_usage);
        serde_json::from_str::<serde_json::Value>(&wanted).unwrap();
    }
    let asked = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
    assert!(read(asked).wants_usage);
    assert_eq!(written(asked, None), asked.replace("\"m\"", "\"up/stream\""));
    let plain = r#"{"model":"m","stream":false}"#;
    assert_eq!(written(plain, None), plain.replace("\"m\"", "\"up/stream\""));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (body, says) in [
        ("", "object"),
        ("[1]", "object"),
        ("\"model\"", "object"),
        ("{\"model\":\"a\"", "cannot be read"),
        ("{\"messages\":[]}", "Name a model"),
        ("{\"model\":3}", "must be text"),
        ("{\"model\":null}", "must be text"),
        ("{\"model\":\"a\",\"model\":\"b\"}", "duplicate field"),
        ("{\"model\":\"a\",\"mod\\u0065l\":\"b\"}", "duplicate field"),
        ("{\"model\":\"a\",\"user\":\"x\",\"user\":\"y\"}", "duplicate field"),
        ("{\"model\":\"a\",\"stream\":1}", "true or false"),
        ("{\"model\":\"a\",\"stream\":true,\"stream_options\":[true]}", "must be an object"),
        (
            "{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_usage\":1}}",
            "must be an object",
        ),
    ] {
        let error = Wire::read(&Bytes::copy_from_slice(body.as_bytes()))
            .err()
            .unwrap_or_else(|| panic!("{body}"));
        assert!(format!("{error:?}").contains(says), "{body}: {error:?}");
    }
    assert!(Wire::read(&Bytes::from_static(b"{\"model\":\"\xff\"}")).is_err());
}

#[test]
fn an_image_is_not_counted_by_its_bytes() {
    let image = "A".repeat(400_000);
    let body = format!(r#"{{"model":"m","max_tokens":10,"n":2,"messages":[{{"url":"data:image/png;base64,{image}"}}]}}"#);
    let estimate = read(&body).estimate(Operation::Chat);
    assert!((1000..1100).contains(&estimate.tokens_in), "{estimate:?}");
    assert_eq!(estimate.tokens_out, 20);
    assert_eq!(read(&body).estimate(Operation::Embeddings).tokens_out, 0);
}
