//! Who asks: people, keys, the server itself, its command line, and where their requests came from.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_types::account::User;
use tenantry_types::audit::Door;
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::{ApiKeyId, TenantId, Timestamp, UserId};

use super::{Denied, KeyPass};
use crate::session::Held;

/// Where a request came from, for the record.
#[derive(Debug, Clone)]
pub struct Origin {
    pub door: Door,
    pub ip: Option<IpAddr>,
    /// Short words for the client, such as `Firefox on Linux`; may be empty.
    pub device: String,
    pub request_id: String,
}

impl Origin {
    /// The server itself, doing `what`.
    pub fn system(what: &str) -> Self {
        Self {
            door: Door::System,
            ip: None,
            device: String::new(),
            request_id: what.to_owned(),
        }
    }

    /// The command line.
    pub fn cli(command: &str) -> Self {
        Self {
            door: Door::Cli,
            ip: None,
            device: String::new(),
            request_id: command.to_owned(),
        }
    }
}

/// An authenticated person. Made by `Db::principal`, from what the database says now.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(super) user: Arc<User>,
    pub(super) origin: Arc<Origin>,
    pub(super) last_tenant: Option<TenantId>,
    /// None where nobody signed in, such as on the command line.
    pub(super) signed_in: Option<(Timestamp, SignInMethod)>,
    /// None for who came without a session.
    pub(super) session: Option<Arc<Held>>,
}

impl Principal {
    /// The same person, in the session that they came with.
    #[must_use]
    pub fn in_session(self, held: Held) -> Self {
        Self {
            signed_in: Some((held.how.at, held.how.method)),
            session: Some(held.into()),
            ..self
        }
    }

    /// The same person, who proved who they are at this time.
    #[must_use]
    pub fn signed_in_at(self, at: Timestamp, method: SignInMethod) -> Self {
        Self {
            signed_in: Some((at, method)),
            ..self
        }
    }

    /// When and how this person proved who they are, by a session or for tokens.
    pub fn signed_in(&self) -> Option<(Timestamp, SignInMethod)> {
        self.signed_in
    }

    /// The session that this person came with.
    pub fn session(&self) -> Option<&Held> {
        self.session.as_deref()
    }

    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn id(&self) -> UserId {
        self.user.id
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The tenant that this person was in last.
    pub fn last_tenant(&self) -> Option<TenantId> {
        self.last_tenant
    }

    pub fn actor(&self) -> Actor {
        Actor {
            who: Who::User {
                id: self.user.id,
                name: self.user.name.clone(),
            }
            .into(),
            origin: self.origin.clone(),
        }
    }

    /// Proof that this person runs the server.
    ///
    /// # Errors
    /// `Denied::NotOperator`: doors answer it like a thing that is not there.
    pub fn operator(&self) -> std::result::Result<Operator, Denied> {
        if self.user.is_operator {
            Ok(Operator { actor: self.actor() })
        } else {
            Err(Denied::NotOperator)
        }
    }
}

/// Who asks for something in a tenant: a person, or a key. What is about an account takes a
/// `Principal`, so that a key cannot even be passed to it.
#[derive(Debug, Clone)]
pub enum Asker {
    Person(Principal),
    Key(KeyPass),
}

impl Asker {
    /// The person who asks themselves. A key is none, whoever it belongs to.
    ///
    /// # Errors
    /// `Denied::NeedsPerson` for a key.
    pub fn person(&self) -> std::result::Result<&Principal, Denied> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Key(_) => Err(Denied::NeedsPerson),
        }
    }

    pub fn key(&self) -> Option<&KeyPass> {
        match self {
            Self::Person(_) => None,
            Self::Key(key) => Some(key),
        }
    }

    /// The person who asks, or whose key does; None for a key of a tenant.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Person(person) => Some(person.id()),
            Self::Key(key) => key.user(),
        }
    }

    /// Whether somebody asks who runs the server. Their keys do not: such powers are for people.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::Person(person) if person.user.is_operator)
    }

    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(person) => person.actor(),
            Self::Key(key) => Actor {
                who: Who::Key {
                    id: key.id(),
                    name: key.name().to_owned(),
                    user: key.user(),
                }
                .into(),
                origin: key.origin.clone(),
            },
        }
    }

    /// The id of the person or of the key.
    pub fn id_text(&self) -> String {
        match self {
            Self::Person(person) => person.id().to_string(),
            Self::Key(key) => key.id().to_string(),
        }
    }

    /// Proof that somebody runs the server.
    ///
    /// # Errors
    /// `Denied::NotOperator`, for keys as well.
    pub fn operator(&self) -> std::result::Result<Operator, Denied> {
        self.person().map_err(|_| Denied::NotOperator)?.operator()
    }
}

impl From<&Principal> for Asker {
    fn from(person: &Principal) -> Self {
        Self::Person(person.clone())
    }
}

impl From<&Asker> for Asker {
    fn from(asker: &Asker) -> Self {
        asker.clone()
    }
}

/// Who did something: a person, a key, or the server and its command line.
#[derive(Debug, Clone)]
pub struct Actor {
    who: Arc<Who>,
    origin: Arc<Origin>,
}

#[derive(Debug)]
enum Who {
    User {
        id: UserId,
        name: String,
    },
    Key {
        id: ApiKeyId,
        name: String,
        /// Whose key it is; None: the tenant's.
        user: Option<UserId>,
    },
    Anonymous,
    System,
}

impl Actor {
    /// Somebody who did not say who they are, or could not prove it.
    pub fn anonymous(origin: Origin) -> Self {
        Self {
            who: Who::Anonymous.into(),
            origin: origin.into(),
        }
    }

    /// The server itself, or its command line.
    pub fn system(origin: Origin) -> Self {
        Self {
            who: Who::System.into(),
            origin: origin.into(),
        }
    }

    /// A person who is just coming in: signs up, or accepts an invitation.
    pub fn newcomer(user: &User, origin: &Origin) -> Self {
        Self {
            who: Who::User {
                id: user.id,
                name: user.name.clone(),
            }
            .into(),
            origin: Arc::new(origin.clone()),
        }
    }

    pub fn kind(&self) -> &'static str {
        match *self.who {
            Who::User { .. } => "user",
            Who::Key { .. } => "key",
            Who::Anonymous => "anonymous",
            Who::System => "system",
        }
    }

    pub fn is_key(&self) -> bool {
        matches!(*self.who, Who::Key { .. })
    }

    /// The person, or the one whose key it is.
    pub fn user_id(&self) -> Option<UserId> {
        match *self.who {
            Who::User { id, .. } => Some(id),
            Who::Key { user, .. } => user,
            Who::Anonymous | Who::System => None,
        }
    }

    pub fn id_text(&self) -> Option<String> {
        match *self.who {
            Who::User { id, .. } => Some(id.to_string()),
            Who::Key { id, .. } => Some(id.to_string()),
            Who::Anonymous | Who::System => None,
        }
    }

    pub fn name(&self) -> &str {
        match &*self.who {
            Who::User { name, .. } | Who::Key { name, .. } => name,
            Who::Anonymous => "somebody",
            Who::System if self.origin.door == Door::Cli => "command line",
            Who::System => "Tenantry",
        }
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Proof that somebody runs the server: what operator use cases ask for.
#[derive(Debug, Clone)]
pub struct Operator {
    actor: Actor,
}

impl Operator {
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The command line acts as operator: who can run it can read the database.
    pub fn of_command_line(origin: Origin) -> Self {
        Self {
            actor: Actor::system(origin),
        }
    }
}
