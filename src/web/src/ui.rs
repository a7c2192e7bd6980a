//! The components of the console, native elements first: `<details>` and popovers for menus, panels
//! and confirmations, `<progress>` for meters, links for tabs and sorting. All of them work without
//! JavaScript. Colours and sizes are classes of `style/main.css`; no `style` attributes, as the
//! content security policy refuses them.
mod badge;
mod confirm;
mod copy;
mod field;
mod form;
mod icon;
mod list;
mod menu;
mod page;
mod problem;
mod time;
mod toast;

pub use badge::{Avatar, Badge, InvitationBadge, KeyBadge, RoleBadge, TenantBadge, Tone, UserBadge, WorkspaceBadge};
pub use confirm::{ConfirmName, Modal};
pub use copy::{CopyButton, IdText};
pub use field::{Check, Field, Hidden, MetadataField, Select, TextArea, choices};
pub use form::{ActForm, FormState, PlainForm, Submit};
pub use icon::Icon;
pub use list::{BulkBar, FilterSelect, Filters, Pager, SortHead, TickAll, count_words, counts_ticked, ticked};
pub use menu::{Menu, Panel};
pub use page::{Empty, PageHead, Section, Skeleton, Tabs, tenant_colour, waiting};
pub use problem::{Alert, Flash, ProblemView};
pub use time::When;
pub use toast::Toasts;
