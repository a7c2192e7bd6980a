use super::{escape, prose, render};
use crate::document::build;

#[test]
fn text_is_escaped_and_backticks_are_code() {
    assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    assert_eq!(prose("take `a<b` or"), "take <code>a&lt;b</code> or");
}

#[test]
fn the_page_shows_everything_and_needs_nothing_from_elsewhere() {
    let page = render(build());
    for part in [
        "id=\"list_members\"",
        "members:invite",
        "id=\"schema-Problem\"",
        "id=\"problem-slug_taken\"",
        "/api/v1/organizations",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for part in [" style=", "<script", "<style", "src=", "onclick", "@import"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(!page.contains("href=\"http"));
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
}
