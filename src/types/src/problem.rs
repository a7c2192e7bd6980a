//! What can go wrong, as closed sets of codes. `ProblemCode` is the stable `code` of an RFC 9457
//! answer; `Fault` says what is wrong with one field. Both are closed enums without free text,
//! because server functions carry them through a redirect that anyone can forge.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// The stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode { $($name,)* }

        impl ProblemCode {
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$name,)*];

            pub const fn code(self) -> &'static str {
                match self { $(ProblemCode::$name => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$name => $status,)* }
            }

            /// One sentence for people.
            pub const fn title(self) -> &'static str {
                match self { $(ProblemCode::$name => $title,)* }
            }
        }
    };
}

codes! {
    BadJson = "bad_json", 400, "The body is not JSON that can be read.";
    BadRequest = "bad_request", 400, "The request cannot be read.";
    ContextConflict = "context_conflict", 400, "The request names more than one tenant or workspace.";
    Unauthenticated = "unauthenticated", 401, "Sign in first.";
    BadCredentials = "bad_credentials", 401, "The address or the password is wrong.";
    TotpRequired = "totp_required", 401, "Give the code that your app shows, or a recovery code.";
    TotpWrong = "totp_wrong", 401, "This code is not right, or was used already.";
    Forbidden = "forbidden", 403, "Your role does not allow this.";
    RoleTooHigh = "role_too_high", 403, "You cannot give, change or remove a role above your own.";
    PermissionTooHigh = "permission_too_high", 403, "You cannot give a permission that you do not have yourself.";
    OwnPermissions = "own_permissions", 403, "You cannot change your own permissions: somebody else has to.";
    TenantSuspended = "tenant_suspended", 403, "This tenant is suspended: nothing in it can be changed.";
    TenantInactive = "tenant_inactive", 403, "This tenant is deactivated.";
    WorkspaceArchived = "workspace_archived", 409, "This workspace is archived: restore it first.";
    RegistrationClosed = "registration_closed", 403, "This server takes no new accounts.";
    RegistrationByInvitation = "registration_by_invitation", 403, "This server takes new accounts by invitation only.";
    TenantCreationClosed = "tenant_creation_closed", 403, "Only an operator creates tenants on this server.";
    JoinByInvitation = "join_by_invitation", 403, "People join this tenant by invitation: invite them.";
    ForeignOrigin = "foreign_origin", 403, "The request comes from another site.";
    NeedsPerson = "needs_person", 403, "This is about a person and their account: a key cannot ask for it.";
    TotpRequiredByTenant = "totp_required_by_tenant", 403, "This tenant asks its members for one-time codes: turn them on in your account.";
    SignInAgain = "sign_in_again", 403, "This tenant asks you to sign in again.";
    SignInMethod = "sign_in_method", 403, "This tenant takes another way of signing in.";
    OpenidStale = "openid_stale", 403, "This sign-in was used, has expired or was begun in another browser: start again.";
    OpenidRefused = "openid_refused", 403, "The provider did not sign you in.";
    OpenidUnverified = "openid_unverified", 403, "The provider does not say that your address is verified, and without that it opens no account.";
    OpenidNoAccount = "openid_no_account", 403, "There is no account for you here, and this server makes none by this way.";
    OpenidLinkFirst = "openid_link_first", 409, "There is an account with your address, which is not verified here: sign in with its password and link the provider on the account page.";
    IdentityTaken = "identity_taken", 409, "This identity is linked to another account.";
    NotFresh = "not_fresh", 403, "This takes a sign-in of the last ten minutes: sign in again first.";
    LastWayIn = "last_way_in", 409, "This is the only way into your account: set a password first.";
    DomainTaken = "domain_taken", 409, "This domain is there already, or is another tenant's.";
    NotFound = "not_found", 404, "There is nothing here, or it is not yours.";
    ModelNotFound = "model_not_found", 404, "There is no such model, or you may not use it.";
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take this method.";
    EmailTaken = "email_taken", 409, "There is an account with this address already.";
    SlugTaken = "slug_taken", 409, "This slug is taken.";
    NameTaken = "name_taken", 409, "This name is taken.";
    AlreadyMember = "already_member", 409, "This person is a member already.";
    InvitationUsed = "invitation_used", 409, "This invitation was used already.";
    InvitationNotPending = "invitation_not_pending", 409, "This invitation is not waiting any more.";
    WrongAddress = "wrong_address", 409, "This invitation is for another address.";
    LastOwner = "last_owner", 409, "A tenant needs an owner: make somebody else owner first.";
    OwnerHasAll = "owner_has_all", 409, "An owner cannot be denied anything: change the role first.";
    LastOperator = "last_operator", 409, "A server needs an operator: make somebody else operator first.";
    NotDeactivated = "not_deactivated", 409, "Deactivate the tenant before you purge it.";
    SignInRequired = "sign_in_required", 409, "There is an account with this address: sign in with it.";
    SecretAlreadyShown = "secret_already_shown", 409, "The answer held a secret and was shown once.";
    KeyRevoked = "key_revoked", 409, "This key is revoked: make another.";
    KeyRotating = "key_rotating", 409, "The secret from before still works: wait for its end, or rotate without overlap.";
    RefreshRaced = "refresh_raced", 409, "This refresh token was used a moment ago: go on with the tokens of that answer.";
    InUse = "in_use", 409, "Something still uses this.";
    UpstreamUnreachable = "upstream_unreachable", 409, "The provider could not be reached or did not answer as expected.";
    RequestInFlight = "request_in_flight", 409, "A request with this idempotency key is still running.";
    NoMail = "no_mail", 409, "This server sends no mail: ask whoever runs it for a link.";
    AlreadyVerified = "already_verified", 409, "This address is verified already.";
    TotpOn = "totp_on", 409, "One-time codes are turned on already.";
    TotpOff = "totp_off", 409, "One-time codes are not turned on.";
    LinkNotValid = "link_not_valid", 410, "This link was used, has expired or is not complete: ask for a new one.";
    InvitationExpired = "invitation_expired", 410, "This invitation has expired.";
    InvitationRevoked = "invitation_revoked", 410, "This invitation was revoked.";
    TooLarge = "too_large", 413, "The body is too large.";
    UnsupportedMediaType = "unsupported_media_type", 415, "Send the body as application/json.";
    Invalid = "invalid", 422, "Some fields are not right.";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This idempotency key was used with another body.";
    QuotaExceeded = "quota_exceeded", 429, "This would exceed a quota of the tenant.";
    RateLimited = "rate_limited", 429, "Too many requests: try again later.";
    Internal = "internal", 500, "Something went wrong on our side.";
    Timeout = "timeout", 503, "This took longer than the database may take: try again soon.";
    ProviderUnavailable = "provider_unavailable", 503, "No provider of this model answers: try again soon.";
    OpenidUnreachable = "openid_unreachable", 503, "The provider cannot be reached or does not answer as it should: try again soon, or sign in another way.";
    Unavailable = "unavailable", 503, "A part that is needed for this is not available: try again soon.";
}

/// A closed set of words that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    TenantRole,
    WorkspaceRole,
    Audience,
    AccessMode,
    TenantStatus,
    WorkspaceStatus,
    SettingSource,
    UserStatus,
    ProviderKind,
    NewModels,
    NewModelPolicy,
    DecidedBy,
    MembersJoin,
    InvitationStatus,
    QuotaResource,
    MemberSort,
    Effect,
    Permission,
    SignInMethod,
    AuditOutcome,
    AuditDoor,
    KeyOwner,
    KeyStatus,
    BudgetPeriod,
    Scope,
    Suspicion,
    JoinRole,
    UsageGroup,
    AlertKind,
    DeliveryState,
}

impl Choice {
    pub const fn words(self) -> &'static str {
        match self {
            Self::TenantRole => "owner, admin, developer, viewer",
            Self::WorkspaceRole => "admin, reviewer, annotator, viewer",
            Self::Audience => "tenant, workspaces",
            Self::AccessMode => "inherit, restrict",
            Self::TenantStatus => "active, suspended, inactive",
            Self::SettingSource => "default, tenant, workspace",
            Self::WorkspaceStatus => "active, archived",
            Self::UserStatus => "active, disabled",
            Self::ProviderKind => "openai, openrouter, azure, vllm, ollama, other",
            Self::NewModels => "inactive, active",
            Self::NewModelPolicy => "off, on",
            Self::DecidedBy => "model, rule, new",
            Self::MembersJoin => "invitation, direct",
            Self::InvitationStatus => "pending, accepted, expired, revoked",
            Self::QuotaResource => {
                "members, documents, storage_mb, api_calls_per_hour, processing_jobs, vector_collections, tokens_per_day, spend_per_month, concurrent_requests"
            }
            Self::Effect => "grant, deny",
            Self::Permission => "the permissions of the matrix",
            Self::SignInMethod => "password, oidc",
            Self::JoinRole => "developer, viewer",
            Self::UsageGroup => "day, hour, model, user, key, workspace",
            Self::AlertKind => {
                "job_completed, job_failed, quota_warning, quota_exceeded, key_expiring, refusals, security, provider_down, webhook_off"
            }
            Self::DeliveryState => "waiting, delivered, failed",
            Self::AuditOutcome => "ok, denied, failed",
            Self::AuditDoor => "web, api, cli, system",
            Self::KeyOwner => "user, tenant",
            Self::KeyStatus => "active, expired, revoked",
            Self::BudgetPeriod => "day, month",
            Self::Scope => "the permissions, such as members:read and gateway:use; none that makes keys",
            Self::Suspicion => "denied_burst, tenants_probed, log_ins_failed, new_place",
            Self::MemberSort => "name, email, role, joined_at, last_active_at, each with - before it for descending",
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Required,
    ExpectedText,
    ExpectedNumber,
    ExpectedBool,
    ExpectedList,
    ExpectedObject,
    TooShort { min: u32 },
    TooLong { max: u32 },
    OutOfRange { min: i64, max: i64 },
    TooMany { max: u32 },
    NotAnEmail,
    NotASlug,
    NotAnId,
    NotAUrl,
    NotAVersion,
    NotAPattern,
    NotAModelRef,
    OnlyOfAzure,
    UrlForbidden,
    NotOneOf { of: Choice },
    ControlCharacters,
    CommonPassword,
    Reserved,
    UnknownField,
    ReadOnly,
    NoSuchThing,
    NotActive,
    MemberAlready,
    DoesNotMatch,
    NotAnAmount,
    Twice,
    NotPerWorkspace,
    OperatorsOnly,
    NotATime,
    InThePast,
    NotHeld,
    NotADomain,
}

impl Fault {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::ExpectedText => "expected_text",
            Self::ExpectedNumber => "expected_number",
            Self::ExpectedBool => "expected_bool",
            Self::ExpectedList => "expected_list",
            Self::ExpectedObject => "expected_object",
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::OutOfRange { .. } => "out_of_range",
            Self::TooMany { .. } => "too_many",
            Self::NotAnEmail => "not_an_email",
            Self::NotASlug => "not_a_slug",
            Self::NotAnId => "not_an_id",
            Self::NotAUrl => "not_a_url",
            Self::NotAVersion => "not_a_version",
            Self::NotAPattern => "not_a_pattern",
            Self::NotAModelRef => "not_a_model_ref",
            Self::OnlyOfAzure => "only_of_azure",
            Self::UrlForbidden => "url_forbidden",
            Self::NotOneOf { .. } => "not_one_of",
            Self::ControlCharacters => "control_characters",
            Self::CommonPassword => "common_password",
            Self::Reserved => "reserved",
            Self::UnknownField => "unknown_field",
            Self::ReadOnly => "read_only",
            Self::NoSuchThing => "no_such_thing",
            Self::MemberAlready => "member_already",
            Self::NotActive => "not_active",
            Self::DoesNotMatch => "does_not_match",
            Self::NotAnAmount => "not_an_amount",
            Self::Twice => "twice",
            Self::NotPerWorkspace => "not_per_workspace",
            Self::OperatorsOnly => "operators_only",
            Self::NotATime => "not_a_time",
            Self::InThePast => "in_the_past",
            Self::NotHeld => "not_held",
            Self::NotADomain => "not_a_domain",
        }
    }

    /// One sentence that says what would be right.
    pub fn message(self) -> String {
        match self {
            Self::Required => "Fill this in.".into(),
            Self::ExpectedText => "Must be text.".into(),
            Self::ExpectedNumber => "Must be a whole number.".into(),
            Self::ExpectedBool => "Must be true or false.".into(),
            Self::ExpectedList => "Must be a list.".into(),
            Self::ExpectedObject => "Must be an object.".into(),
            Self::TooShort { min } => format!("Must have at least {min} characters."),
            Self::TooLong { max } => format!("Must have at most {max} characters."),
            Self::OutOfRange { min, max: i64::MAX } => format!("Must be {min} or more."),
            Self::OutOfRange { min, max } => format!("Must be between {min} and {max}."),
            Self::TooMany { max } => format!("At most {max} are taken at once."),
            Self::NotAnEmail => "Must be an email address, such as ada@example.com.".into(),
            Self::NotASlug => "Must be lower-case letters, digits and single hyphens, such as acme-labs.".into(),
            Self::NotAnId => "Must be an id of this kind.".into(),
            Self::NotAUrl => "Must be an http or https URL, such as https://api.example.com/v1.".into(),
            Self::NotAVersion => "Must be a version of Azure's interface, such as 2024-10-21.".into(),
            Self::NotAPattern => "Must be how names begin and a star, such as openai/*, or a star alone for all.".into(),
            Self::NotAModelRef => "Must be the id of a model, or how names begin and a star, such as openai/*.".into(),
            Self::OnlyOfAzure => "Only a provider of the kind azure has this.".into(),
            Self::UrlForbidden => "This address is not allowed: it leads to the server itself or into its own network.".into(),
            Self::NotOneOf { of } => format!("Must be one of: {}.", of.words()),
            Self::ControlCharacters => "Must not hold control characters.".into(),
            Self::CommonPassword => "This password is too easily guessed: choose another.".into(),
            Self::Reserved => "This word is reserved: choose another.".into(),
            Self::UnknownField => "There is no such field.".into(),
            Self::ReadOnly => "This field cannot be written.".into(),
            Self::NoSuchThing => "There is no such thing here.".into(),
            Self::MemberAlready => "Is a member already.".into(),
            Self::NotActive => "This is not active and cannot be enabled.".into(),
            Self::DoesNotMatch => "Does not match.".into(),
            Self::NotAnAmount => "Must be an amount in US dollars, such as 0.15.".into(),
            Self::Twice => "Is there twice.".into(),
            Self::NotPerWorkspace => "This permission is one of the whole tenant: name no workspace.".into(),
            Self::OperatorsOnly => "Only operators of the server have this: it cannot be granted.".into(),
            Self::NotATime => "Must be a time, such as 2026-12-31T00:00:00Z.".into(),
            Self::InThePast => "Must lie ahead.".into(),
            Self::NotHeld => "You do not have this permission yourself.".into(),
            Self::NotADomain => "Must be the part of an address behind the @, such as example.com.".into(),
        }
    }
}

/// What is wrong with which field. `field` is the path in the body: `workspaces[0].role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub fault: Fault,
}

impl FieldError {
    pub fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self { field: field.into(), fault }
    }
}

/// An RFC 9457 answer, as the JSON API sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable URI for the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    pub detail: String,
    /// The template of the route, never the path itself: paths can hold tokens.
    pub instance: String,
    pub code: ProblemCode,
    #[serde(default)]
    pub errors: Vec<ProblemField>,
    pub request_id: String,
}

/// One fault of one field, as the JSON API sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemField {
    pub field: String,
    pub code: String,
    pub message: String,
}

impl From<FieldError> for ProblemField {
    fn from(error: FieldError) -> Self {
        Self {
            field: error.field,
            code: error.fault.code().into(),
            message: error.fault.message(),
        }
    }
}
