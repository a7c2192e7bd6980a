use super::local;

#[test]
fn checklist_20_only_paths_of_this_server_are_followed() {
    for path in ["/", "/t/acme", "/t/acme/members?q=a%2F%2Fb#x", "/login?next=//elsewhere.example"] {
        assert_eq!(local(Some(path)), Some(path));
    }
    for elsewhere in [
        "",
        "t/acme",
        "//elsewhere.example",
        "///elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "https://elsewhere.example",
        "https:elsewhere.example",
        "javascript:alert(1)",
        " //elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "/t/acme\r\nlocation: //elsewhere.example",
    ] {
        assert_eq!(local(Some(elsewhere)), None, "{elsewhere:?}");
    }
    assert_eq!(local(None), None);
}
