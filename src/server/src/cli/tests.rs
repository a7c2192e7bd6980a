use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_setting_without_a_secret_that_has_a_name_of_ours_has_a_flag() {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    for setting in crate::config::SETTINGS.iter().filter(|setting| setting.flag.is_some()) {
        let flag = setting.flag.unwrap();
        assert_eq!(flag, setting.key.replace('_', "-"));
        assert!(serve.get_arguments().any(|arg| arg.get_long() == Some(flag)), "{flag}");
        let variable = format!("TENANTRY_{}", setting.key.to_uppercase());
        assert!(setting.env.contains(&variable.as_str()), "{variable}");
    }
}

#[test]
fn flags_reach_the_configuration() {
    let cli = Cli::try_parse_from(["tenantry", "serve", "--addr", "127.0.0.1:1", "--data-dir", "/x", "--config", "/y.toml"]).unwrap();
    let Command::Serve(flags) = cli.command else { panic!("not serve") };
    assert_eq!(flags.0.values.get("addr").map(String::as_str), Some("127.0.0.1:1"));
    assert_eq!(flags.0.values.get("data_dir").map(String::as_str), Some("/x"));
    assert_eq!(flags.0.config, Some("/y.toml".into()));
}

#[test]
fn wrong_use_is_refused() {
    for words in [
        &["tenantry"][..],
        &["tenantry", "serve", "--secret-key", "x"],
        &["tenantry", "members", "add", "--tenant", "x"],
        &["tenantry", "members", "add", "--tenant", "x", "--all-active", "--role", "king"],
        &["tenantry", "admin", "create", "nobody"],
        &[
            "tenantry",
            "import",
            "open-webui",
            "x.db",
            "--tenant-slug",
            "Not A Slug",
            "--tenant-name",
            "X",
        ],
    ] {
        assert_eq!(Cli::try_parse_from(words).unwrap_err().exit_code(), 2, "{words:?}");
    }
}
