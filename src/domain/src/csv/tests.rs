use super::*;

#[test]
fn cells_are_quoted_and_never_formulas() {
    let text = |text: &str| {
        let mut out = String::new();
        cell(&mut out, text);
        out
    };
    assert_eq!(text("Ada"), "Ada");
    assert_eq!(text(r#"Ada "the first", Countess"#), r#""Ada ""the first"", Countess""#);
    assert_eq!(text("two\nlines"), "\"two\nlines\"");
    for start in ["=", "+", "-", "@", "\t"] {
        assert_eq!(text(&format!("{start}1")), format!("'{start}1"));
    }
    assert_eq!(text("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
    assert_eq!(text("\r=1"), "\"'\r=1\"");
    assert_eq!(text("a=1"), "a=1");
}
