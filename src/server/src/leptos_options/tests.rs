use super::*;

#[test]
fn says_the_same_as_cargo_toml() {
    let ours: toml::Table = TEXT.parse().unwrap();
    let cargo: toml::Table = include_str!("../../../../Cargo.toml").parse().unwrap();
    let theirs = &cargo["workspace"]["metadata"]["leptos"].as_array().unwrap()[0];
    assert_eq!(&ours["package"]["metadata"]["leptos"], theirs);
}

#[test]
fn becomes_leptos_options() {
    let options = read().unwrap();
    assert_eq!(&*options.output_name, "tenantry");
    assert_eq!(&*options.site_pkg_dir, "pkg");
    assert_eq!(options.server_fn_prefix.as_deref(), Some("/_fn"));
}
