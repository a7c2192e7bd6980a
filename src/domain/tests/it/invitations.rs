use serde_json::json;
use tenantry_domain::{access, invitations, outbox, workspaces};
use tenantry_types::invitation::{Acceptance, InvitationStatus};
use tenantry_types::{PageQuery, ProblemCode, TenantRole, WorkspaceRole};

use crate::support::{PASSWORD, URL, code, ctx, invitation, origin, principal, token, world};

fn newcomer() -> Option<Acceptance> {
    Acceptance::parse(&json!({ "name": "Nina New", "password": PASSWORD })).unwrap()
}

#[tokio::test]
async fn a_newcomer_comes_in_with_role_and_workspaces() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let workspace = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    let body =
        json!({ "email": "Nina@New.example", "role": "viewer", "workspaces": [{ "workspace": workspace.workspace().id, "role": "reviewer" }] });
    let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(body), URL).await.unwrap();
    let token = token(made[0].link.as_deref().unwrap());
    let preview = invitations::preview(&w.app, &token).await.unwrap();
    assert_eq!(
        (preview.tenant_name.as_str(), preview.role, preview.invited_by.as_str()),
        ("Acme", TenantRole::Viewer, "Olga Owner")
    );
    let done = invitations::accept(&w.app, &origin(), &token, None, newcomer()).await.unwrap();
    assert!(
        !done.user.email_verified,
        "a link that was shown to somebody else proves nothing about the address"
    );
    let nina = principal(&w.app, &done.user).await;
    let ctx = ctx(&w.app, &nina, &w.a.slug).await;
    let there = access::workspace(&w.app, &ctx, "labelling").await.unwrap();
    assert_eq!(there.role(), Some(WorkspaceRole::Reviewer));
    assert_eq!(
        code(access::workspace(&w.app, &ctx, "default").await),
        ProblemCode::NotFound,
        "viewers enter only their own"
    );
    assert_eq!(
        workspaces::list(&w.app, ctx.grant().unwrap(), PageQuery::default(), None)
            .await
            .unwrap()
            .total,
        Some(1)
    );
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &token, None, newcomer()).await),
        ProblemCode::InvitationUsed
    );
}

#[tokio::test]
async fn sixteen_acceptances_of_one_link_make_one_member() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": "n@new.example" })), URL)
        .await
        .unwrap();
    let token = token(made[0].link.as_deref().unwrap());
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (app, token) = (w.app.clone(), token.clone());
            tokio::spawn(async move { invitations::accept(&app, &origin(), &token, None, newcomer()).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(
                matches!(error.code(), ProblemCode::SignInRequired | ProblemCode::InvitationUsed),
                "{error:?}"
            ),
        }
    }
    assert_eq!(done, 1);
    let mut conn = w.test.superuser().await.unwrap();
    let (joined,): (i64,) = sqlx::query_as(
        "select count(*) from audit_event e join audit_personal p using (tenant_id, seq) where e.action = 'member.joined' and e.changes ->> 'invitation' is not null and p.party = 'target' and p.name = 'Nina New'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(joined, 1);
}

#[tokio::test]
async fn the_address_decides_who_may_accept() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": "dev@b.example" })), URL)
        .await
        .unwrap();
    let token = token(made[0].link.as_deref().unwrap());
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &token, None, newcomer()).await),
        ProblemCode::SignInRequired
    );
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &token, Some(&w.b.viewer), None).await),
        ProblemCode::WrongAddress
    );
    let done = invitations::accept(&w.app, &origin(), &token, Some(&w.b.developer), None).await.unwrap();
    assert_eq!(done.tenant.slug.as_str(), w.a.slug);
    assert_eq!(
        code(invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": "dev@b.example" })), URL).await),
        ProblemCode::AlreadyMember
    );
}

#[tokio::test]
async fn revoked_expired_and_replaced_links_do_not_open() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let invite = async |email: &str| {
        let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": email })), URL)
            .await
            .unwrap()
            .remove(0);
        (made.id, token(made.link.as_deref().unwrap()))
    };
    let (id, link) = invite("r@new.example").await;
    invitations::revoke(&w.app, owner.grant().unwrap(), id).await.unwrap();
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &link, None, newcomer()).await),
        ProblemCode::InvitationRevoked
    );
    assert_eq!(
        code(invitations::revoke(&w.app, owner.grant().unwrap(), id).await),
        ProblemCode::InvitationNotPending
    );

    let (id, link) = invite("e@new.example").await;
    let mut conn = w.test.superuser().await.unwrap();
    sqlx::query("update invitation set expires_at = now() - interval '1 second' where email = 'e@new.example'")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &link, None, newcomer()).await),
        ProblemCode::InvitationExpired
    );
    let expired = invitations::list(&w.app, owner.grant().unwrap(), PageQuery::default(), Some(InvitationStatus::Expired))
        .await
        .unwrap();
    assert_eq!(expired.total, Some(1));
    let renewed = invitations::resend(&w.app, owner.grant().unwrap(), id, URL).await.unwrap();
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &link, None, newcomer()).await),
        ProblemCode::NotFound,
        "the old link is gone"
    );
    invitations::accept(&w.app, &origin(), &token(renewed.link.as_deref().unwrap()), None, newcomer())
        .await
        .unwrap();

    let (_, first) = invite("twice@new.example").await;
    let (_, second) = invite("twice@new.example").await;
    assert_eq!(
        code(invitations::accept(&w.app, &origin(), &first, None, newcomer()).await),
        ProblemCode::InvitationRevoked
    );
    invitations::accept(&w.app, &origin(), &second, None, newcomer()).await.unwrap();
    assert_eq!(code(invitations::preview(&w.app, "nonsense").await), ProblemCode::NotFound);
}

#[tokio::test]
async fn a_pasted_list_is_taken_or_refused_as_a_whole() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let bad = invitation(json!({ "email": "one@new.example\ndev@a.example, two@new.example" }));
    let error = invitations::create(&w.app, owner.grant().unwrap(), bad, URL)
        .await
        .expect_err("one is a member");
    assert_eq!(error.fields()[0].field, "email[1]");
    let pending = async || {
        invitations::list(&w.app, owner.grant().unwrap(), PageQuery::default(), Some(InvitationStatus::Pending))
            .await
            .unwrap()
            .total
    };
    assert_eq!(pending().await, Some(0), "nothing half-written");
    invitations::create(
        &w.app,
        owner.grant().unwrap(),
        invitation(json!({ "email": "one@new.example\n two@new.example" })),
        URL,
    )
    .await
    .unwrap();
    assert_eq!(pending().await, Some(2));
}

#[tokio::test]
async fn links_are_mailed_and_leave_nothing_behind() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    outbox::work(&w.app).await.unwrap();
    w.postbox.0.lock().unwrap().clear();
    let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": "m@new.example" })), URL)
        .await
        .unwrap();
    let link = made[0].link.clone().unwrap();
    let mut conn = w.test.superuser().await.unwrap();
    let (payload,): (Vec<u8>,) = sqlx::query_as("select payload_sealed from outbox where done_at is null")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&payload).contains("invite"), "the link is sealed");
    assert_eq!(outbox::work(&w.app).await.unwrap(), 1);
    let mails = w.postbox.0.lock().unwrap().clone();
    assert!(mails[0].text.contains(&link));
    let (left,): (i64,) = sqlx::query_as("select count(*) from outbox where payload_sealed is not null")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_mail_that_cannot_be_opened_holds_up_no_other() {
    let w = world().await;
    outbox::work(&w.app).await.unwrap();
    w.postbox.0.lock().unwrap().clear();
    for (team, address) in [(&w.a, "broken@new.example"), (&w.a, "next@new.example"), (&w.b, "other@new.example")] {
        let owner = ctx(&w.app, &team.owner, &team.slug).await;
        invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": address })), URL)
            .await
            .unwrap();
    }
    let mut conn = w.test.superuser().await.unwrap();
    sqlx::query("update outbox set payload_sealed = '\\x00' where id = (select min(id::text)::uuid from outbox where done_at is null)")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(outbox::work(&w.app).await.unwrap(), 2);
    assert_eq!(outbox::work(&w.app).await.unwrap(), 0, "it is given up, not tried for ever");
}
