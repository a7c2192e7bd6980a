//! What a write answers: a closed code, the same in a sentence, and where to go next. The code also
//! travels in the address (`?done=`) for forms that are sent without JavaScript, hence no free text in it.
use serde::{Deserialize, Serialize};

macro_rules! outcomes {
    ($($name:ident = $word:literal, $text:literal;)*) => {
        /// Something that a form brought about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum What { $(#[serde(rename = $word)] $name,)* }

        impl What {
            pub const fn word(self) -> &'static str {
                match self { $(What::$name => $word,)* }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(What::$name),)* _ => None }
            }

            /// One sentence for people.
            pub const fn text(self) -> &'static str {
                match self { $(What::$name => $text,)* }
            }
        }
    };
}

outcomes! {
    SignedOut = "signed-out", "You are signed out.";
    AccountDeleted = "account-deleted", "Your account is deleted.";
    PasswordChanged = "password-changed", "Your password is changed. You are signed out everywhere else.";
    PasswordSet = "password-set", "Your new password is set. Sign in with it.";
    TotpOff = "totp-off", "One-time codes are turned off.";
    IdentityLinked = "identity-linked", "The identity is linked: it signs you in from now on.";
    IdentityUnlinked = "identity-unlinked", "The identity is taken from your account.";
    TotpReset = "totp-reset", "Their one-time codes are turned off, and they are signed out everywhere.";
    SignedOutEverywhere = "signed-out-everywhere", "They are signed out everywhere.";
    ResetSent = "reset-sent", "If there is an account with this address, a mail with a link is on its way.";
    SignUpAsked = "sign-up-asked", "A mail is on its way to your address. Its link finishes your account.";
    EmailVerified = "email-verified", "Your address is verified.";
    VerificationSent = "verification-sent", "A mail with a link is on its way.";
    SessionEnded = "session-ended", "The session is ended.";
    SessionsEnded = "sessions-ended", "You are signed out everywhere else.";
    ProfileSaved = "profile-saved", "Your profile is saved.";
    Joined = "joined", "You are a member now.";
    Left = "left", "You left the tenant.";
    TenantCreated = "tenant-created", "The tenant is created.";
    TenantSaved = "tenant-saved", "The settings are saved.";
    DomainsSaved = "domains-saved", "The domains are saved.";
    SignInPolicySaved = "sign-in-policy-saved", "What signing in takes is saved.";
    TenantSuspended = "tenant-suspended", "The tenant is suspended.";
    TenantActivated = "tenant-activated", "The tenant is active again.";
    TenantDeactivated = "tenant-deactivated", "The tenant is deactivated.";
    TenantPurged = "tenant-purged", "The tenant and all of its data are gone.";
    LimitsSaved = "limits-saved", "The limits are saved.";
    LimitsSavedOver = "limits-saved-over", "The limits are saved. The tenant uses more than they allow: see below.";
    PlanSet = "plan-set", "The plan is set.";
    StepsDismissed = "steps-dismissed", "The first steps are put away.";
    NotificationRead = "notification-read", "It is marked as read.";
    WorkspaceCreated = "workspace-created", "The workspace is created.";
    WorkspaceSaved = "workspace-saved", "The workspace is saved.";
    WorkspaceArchived = "workspace-archived", "The workspace is archived.";
    WorkspaceRestored = "workspace-restored", "The workspace is active again.";
    WorkspaceRoleSet = "workspace-role-set", "The role in the workspace is set.";
    WorkspaceRoleTaken = "workspace-role-taken", "The person is no longer in the workspace.";
    WorkspaceModelsSaved = "workspace-models-saved", "The models of the workspace are saved.";
    MembersAdded = "members-added", "The people are added.";
    MemberSaved = "member-saved", "The member is saved.";
    OverrideSaved = "override-saved", "The permission is saved.";
    MemberRemoved = "member-removed", "The member is removed.";
    MembersRemoved = "members-removed", "The members are removed.";
    MembersRemovedButSome = "members-removed-but-some", "Not all are removed: one does not remove oneself here, a tenant needs an owner, and a role above one's own is out of reach.";
    NobodyRemoved = "nobody-removed", "Nobody is removed: one does not remove oneself here, a tenant needs an owner, and a role above one's own is out of reach.";
    InvitationRevoked = "invitation-revoked", "The invitation is revoked; its link no longer works.";
    NotificationsSaved = "notifications-saved", "What is told is saved.";
    WebhookSaved = "webhook-saved", "The webhook is saved.";
    WebhookDeleted = "webhook-deleted", "The webhook is removed.";
    WebhookTook = "webhook-took", "The webhook took the test.";
    WebhookFailed = "webhook-failed", "The webhook did not take the test: the log of deliveries says why.";
    KeyRevoked = "key-revoked", "The key is revoked; it opens nothing any more.";
    ModelsSaved = "models-saved", "The models are saved.";
    ModelRulesSaved = "model-rules-saved", "The rules about models are saved.";
    AudienceSaved = "audience-saved", "Who may use the model is saved.";
    ProviderCreated = "provider-created", "The provider is created.";
    ProviderSaved = "provider-saved", "The provider is saved.";
    ProviderDeleted = "provider-deleted", "The provider is deleted.";
    ProviderAnswers = "provider-answers", "The provider answers.";
    ProviderFails = "provider-fails", "The provider does not answer as it should.";
    ProviderSynced = "provider-synced", "The provider's models are in the catalogue.";
    ModelCreated = "model-created", "The model is in the catalogue.";
    RoutesSaved = "routes-saved", "The routes of the model are saved.";
    ModelSaved = "model-saved", "The model is saved.";
    ModelDeleted = "model-deleted", "The model is deleted.";
    PlanCreated = "plan-created", "The plan is created.";
    PlanSaved = "plan-saved", "The plan is saved.";
    PlanSavedOver = "plan-saved-over", "The plan is saved. Some tenants are over its limits now.";
    PlanDeleted = "plan-deleted", "The plan is deleted.";
    UserSaved = "user-saved", "The account is saved.";
}

/// The answer of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub what: What,
    /// The same with names and numbers in it; only in answers to JavaScript.
    #[serde(default)]
    pub said: String,
    /// The page that shows the result, when it is not the one of the form.
    #[serde(default)]
    pub go: Option<String>,
    /// What the toast offers; only in answers to JavaScript.
    #[serde(default)]
    pub next: Option<Next>,
}

/// What one may want next: to take it back, or to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub label: String,
    /// The path of a server function, and its fields.
    pub function: String,
    pub fields: Vec<(String, String)>,
}

impl Done {
    /// Offers a call of a server function.
    #[cfg(feature = "ssr")]
    pub fn offer(mut self, label: &str, function: &str, fields: &[(&str, &str)]) -> Self {
        self.next = Some(Next {
            label: label.to_owned(),
            function: function.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        });
        self
    }

    pub fn text(&self) -> String {
        if self.said.is_empty() {
            self.what.text().to_owned()
        } else {
            self.said.clone()
        }
    }
}
