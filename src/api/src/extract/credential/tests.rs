use http::HeaderValue;

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, HeaderValue::from_static(value));
    }
    map
}

fn read(pairs: &[(&'static str, &'static str)]) -> Result<String, ProblemCode> {
    credential(&headers(pairs)).map(|found| format!("{found:?}")).map_err(|e| e.0.code())
}

#[test]
fn a_key_comes_in_either_header() {
    for pairs in [
        [("authorization", "Bearer tnt_x")],
        [("authorization", "bearer   tnt_x ")],
        [("x-api-key", " tnt_x ")],
    ] {
        assert_eq!(read(&pairs).unwrap(), r#"Some(Key("tnt_x"))"#, "{pairs:?}");
    }
    assert_eq!(read(&[]).unwrap(), "None");
    assert_eq!(read(&[("authorization", "Bearer a.b.c")]).unwrap(), r#"Some(Token("a.b.c"))"#);
    for pairs in [
        [("authorization", "Basic tnt_x")],
        [("authorization", "tnt_x")],
        [("authorization", "")],
        [("x-api-key", "sk-1")],
        [("x-api-key", "Bearer tnt_x")],
    ] {
        assert_eq!(read(&pairs).unwrap(), "Some(Other)", "{pairs:?}");
    }
}

#[test]
fn two_credentials_are_one_too_many() {
    for pairs in [
        [("authorization", "Bearer tnt_x"), ("x-api-key", "tnt_x")],
        [("authorization", "Bearer tnt_x"), ("authorization", "Bearer tnt_x")],
        [("x-api-key", "tnt_x"), ("x-api-key", "")],
    ] {
        assert_eq!(read(&pairs), Err(ProblemCode::BadRequest), "{pairs:?}");
    }
}
