//! The user that Postgres runs as. It refuses to run as root: then it becomes the machine's
//! `postgres`, else `nobody`. For everyone else it is the user who started Tenantry.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::process::Command;

/// A user, as far as it is needed for running a program as that user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// Whether we are root, and become this user for what Postgres does.
    pub switch: bool,
}

impl Account {
    /// The user for a data folder: who owns the database in it, when there is one already.
    pub fn choose(pgdata: &Path) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        if uid != 0 {
            let name = by(&passwd, |entry| entry.uid == uid).map_or_else(|| format!("uid {uid}"), |entry| entry.name);
            return Self {
                name,
                uid,
                gid,
                switch: false,
            };
        }
        let owner = fs::symlink_metadata(pgdata).ok().filter(|meta| meta.uid() != 0);
        if let Some(owner) = owner {
            let name = by(&passwd, |entry| entry.uid == owner.uid()).map_or_else(|| format!("uid {}", owner.uid()), |entry| entry.name);
            return Self {
                name,
                uid: owner.uid(),
                gid: owner.gid(),
                switch: true,
            };
        }
        let entry = by(&passwd, |entry| entry.name == "postgres").or_else(|| by(&passwd, |entry| entry.name == "nobody"));
        let Entry { name, uid, gid } = entry.unwrap_or_else(|| Entry {
            name: "nobody".to_owned(),
            uid: 65534,
            gid: 65534,
        });
        Self {
            name,
            uid,
            gid,
            switch: true,
        }
    }

    /// Lets a program run as this user, with nothing of our environment (it holds secrets, and
    /// `PG*` variables steer Postgres), and out of our process group: Ctrl-C in a terminal is for
    /// us, and we end Postgres after the last request.
    pub fn apply(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .process_group(0);
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// The first directory on the way to `path` that this user may not enter. `path` itself is not asked.
    pub fn closed_way<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        let mut way: Vec<&Path> = path.ancestors().skip(1).collect();
        way.reverse();
        way.into_iter().filter(|dir| !dir.as_os_str().is_empty()).find(|dir| !self.may_enter(dir))
    }

    pub fn may_enter(&self, dir: &Path) -> bool {
        let Ok(meta) = fs::metadata(dir) else { return true };
        let bit = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & bit != 0
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    uid: u32,
    gid: u32,
}

/// Reads lines of the form `name:password:uid:gid:...`; others are passed over.
fn by(passwd: &str, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let entry = Entry {
            name: fields.next()?.to_owned(),
            uid: fields.nth(1)?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        };
        wanted(&entry).then_some(entry)
    })
}

#[cfg(test)]
mod tests;
