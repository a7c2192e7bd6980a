//! Flags: those that all commands have, and those of `serve`, which are made from the list of
//! settings so that none is forgotten.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, FromArgMatches};

use crate::config::{Flags, SETTINGS, Setting};

/// Where the data and the settings are: the same for every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// The server's data folder [default: /var/lib/tenantry for root, else ~/.local/share/tenantry]; DATABASE_URL takes its place
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The file with settings [default: tenantry.toml in the data folder]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl From<&Common> for Flags {
    fn from(common: &Common) -> Self {
        let values = common.data_dir.iter().map(|dir| ("data_dir", dir.clone())).collect();
        Self {
            config: common.config.clone(),
            values,
        }
    }
}

/// All flags of `serve`.
#[derive(Debug, Clone)]
pub struct ServeFlags(pub Flags);

fn with_flags() -> impl Iterator<Item = (&'static Setting, &'static str)> {
    SETTINGS.iter().filter_map(|setting| Some((setting, setting.flag?)))
}

impl FromArgMatches for ServeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = with_flags()
            .filter_map(|(setting, _)| Some((setting.key, matches.get_one::<String>(setting.key)?.clone())))
            .collect();
        Ok(Self(Flags {
            config: matches.get_one::<PathBuf>("config").cloned(),
            values,
        }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ServeFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf));
        let command = command.arg(config.help("The file with settings [default: tenantry.toml in the data folder]"));
        with_flags().fold(command, |command, (setting, flag)| {
            let help = match setting.default {
                Some(default) => format!("{} [default: {default}]", setting.help),
                None => setting.help.to_owned(),
            };
            command.arg(Arg::new(setting.key).long(flag).value_name(setting.takes).help(help))
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}
