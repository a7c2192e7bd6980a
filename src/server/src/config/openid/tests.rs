use std::fs;

use secrecy::ExposeSecret;

use super::super::{Config, Environment, Flags};

fn load(dir: &std::path::Path, pairs: &[(&str, &str)]) -> Result<Config, String> {
    let mut environment: Environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    environment.insert("TENANTRY_DATA_DIR".to_owned(), dir.as_os_str().to_owned());
    Config::load(&environment, &Flags::default()).map_err(|error| error.to_string())
}

#[test]
fn providers_come_from_the_file_and_the_environment_field_by_field() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret"), "from a file\n").unwrap();
    let text = "public_url = \"https://tenantry.example.com\"\n\
                [openid.corp-login]\nissuer = \"https://login.example.com/realm\"\nclient_id = \"a\"\nlabel = \"Corporate login\"\n\
                client_secret = \"in the file\"\nscopes = [\"openid\", \"email\"]\n";
    fs::write(dir.path().join("tenantry.toml"), text).unwrap();
    let secret = dir.path().join("secret");
    let config = load(
        dir.path(),
        &[
            ("TENANTRY_OPENID_CORP_LOGIN_CLIENT_ID", "b"),
            ("TENANTRY_OPENID_DEV_ISSUER", "http://127.0.0.1:4000"),
            ("TENANTRY_OPENID_DEV_CLIENT_ID", "dev"),
            ("TENANTRY_OPENID_DEV_CLIENT_SECRET_FILE", secret.to_str().unwrap()),
        ],
    )
    .unwrap();
    let [corp, dev] = config.openid.as_slice() else {
        panic!("{:?}", config.openid)
    };
    assert_eq!(
        (corp.name.as_str(), corp.client_id.as_str(), corp.label.as_str()),
        ("corp-login", "b", "Corporate login")
    );
    assert_eq!(corp.scopes, ["email"]);
    assert_eq!((dev.name.as_str(), dev.label.as_str()), ("dev", "dev"));
    assert_eq!(dev.scopes, ["email", "profile"]);
    assert_eq!(dev.client_secret.as_ref().unwrap().expose_secret(), "from a file");
    let printed = format!("{:?} {config:?}", config.printed());
    assert!(printed.contains("openid.corp-login.client_secret") && printed.contains("https://login.example.com/realm"));
    assert!(!printed.contains("in the file") && !printed.contains("from a file"), "{printed}");
}

#[test]
fn what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let good = [
        ("TENANTRY_PUBLIC_URL", "https://tenantry.example.com"),
        ("TENANTRY_OPENID_X_ISSUER", "https://login.example.com"),
        ("TENANTRY_OPENID_X_CLIENT_ID", "a"),
    ];
    assert!(load(dir.path(), &good).is_ok());
    let fault = |name: &str, value: &str| {
        let mut pairs: Vec<_> = good.into_iter().filter(|(other, _)| *other != name).collect();
        pairs.push((name, value));
        load(dir.path(), &pairs).expect_err(name)
    };
    assert!(fault("TENANTRY_PUBLIC_URL", "").contains("public_url"));
    assert_eq!(fault("TENANTRY_OPENID_X_CLIENT_ID", ""), "openid.x.client_id: is not set");
    for issuer in [
        "http://login.example.com",
        "login.example.com",
        "https://user@login.example.com",
        "https://",
    ] {
        assert!(
            fault("TENANTRY_OPENID_X_ISSUER", issuer).starts_with("TENANTRY_OPENID_X_ISSUER: "),
            "{issuer}"
        );
    }
    assert!(fault("TENANTRY_OPENID_X_SECRET", "a").contains("unknown variable TENANTRY_OPENID_X_SECRET"));
    assert!(fault("TENANTRY_OPENID_X_CLIENT_SECRET_FILE", "/nowhere/at/all").contains("/nowhere/at/all"));
    fs::write(dir.path().join("tenantry.toml"), "[openid.Y]\nisuer = \"https://a.example\"\n").unwrap();
    let text = load(dir.path(), &good).unwrap_err();
    assert!(text.contains("openid.Y: unknown key \"isuer\" (did you mean issuer?)"), "{text}");
    fs::write(
        dir.path().join("tenantry.toml"),
        "[openid.Y]\nissuer = \"https://a.example\"\nclient_id = \"b\"\n",
    )
    .unwrap();
    assert!(load(dir.path(), &good).unwrap_err().contains("openid.Y: a name of lower-case letters"));
}
