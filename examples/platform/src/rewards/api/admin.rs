//! What those see who look after the service.

use axum::extract::State;
use http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_core::repository::{Page, Uuid};
use ovasabi_core::worker::queue::{JobRecord, JobState};
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http_api::{Json, Listed, PageQuery, ValidPath, ValidQuery};
use crate::millis::millis_of;
use crate::rewards::repository::audit_log::{self, Deed};
use crate::rewards::{Audit, Rewards};

const JOBS: &str = "jobs of a state, oldest first";
const DEEDS: &str = "deeds, newest first";

/// Where a job stands.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
enum Standing {
    Ready,
    Running,
    Done,
    #[default]
    Dead,
}

/// Which jobs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsQuery {
    /// Where they stand; `dead` unless told.
    #[serde(default)]
    state: Standing,
    /// The `next` of the page before; none for the first page.
    cursor: Option<String>,
    /// The most items of the page; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A job of the rewards service. What it said when it failed stays in the logs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardsJob)]
pub(super) struct JobView {
    id: String,
    kind: String,
    state: Standing,
    /// When it is due, or was.
    run_at_ms: i64,
    attempts: u32,
    crashes: u32,
}

/// The jobs of the rewards service, oldest first.
#[utoipa::path(get, path = "/v1/admin/jobs", tag = "admin", operation_id = "list_rewards_jobs", params(JobsQuery),
    responses((status = 200, body = Listed<JobView>)))]
pub(super) async fn jobs(
    State(rewards): State<Rewards>,
    cx: Context,
    ValidQuery(query): ValidQuery<JobsQuery>,
) -> Result<Json<Listed<JobView>>> {
    let state = query.state;
    let request = PageQuery::new(query.cursor, query.limit).request()?;
    let after: Option<Uuid> = request.cursor().map(|at| at.key(JOBS)).transpose()?;
    let (wanted, rows) = (state.into(), request.rows());
    let found = rewards.queue().list(&cx, wanted, after, rows).await?;
    let page = Page::cut(found, &request, JOBS, |last| last.id)?;
    Ok(Json(page.map(|job| JobView::of(job, state)).into()))
}

/// A dead job is done again, as if it never had been.
#[utoipa::path(post, path = "/v1/admin/jobs/{id}/retry", tag = "admin", operation_id = "retry_rewards_job", params(("id" = String, Path, description = "The id of the job.")), responses(
    (status = 204, description = "It is due now."),
    (status = 409, description = "Another one of its kind waits for the same thing."),
))]
pub(super) async fn retry(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode> {
    let id = Uuid::parse_str(&id).map_err(|_| Error::new(Code::NotFound, "job.not_dead"))?;
    rewards.queue().revive(&cx, id).await?;
    let (actor, subject) = (caller.id(), id.to_string());
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            rewards
                .tx(&cx, &mut unit)
                .deed(actor, "job.retried", &subject, None)
                .await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an audit has found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditedLedger)]
pub(super) struct Audited {
    /// Whether all is well: every count of what is wrong is zero.
    holds: bool,
    #[serde(flatten)]
    audit: Audit,
}

/// Audits the ledger and the histories now, and says what is wrong.
#[utoipa::path(get, path = "/v1/admin/ledger-audit", tag = "admin", operation_id = "audit_ledger", responses((status = 200, body = Audited)))]
pub(super) async fn ledger_audit(
    State(rewards): State<Rewards>,
    cx: Context,
) -> Result<Json<Audited>> {
    let audit = rewards.audit(&cx).await?;
    let holds = audit.holds();
    Ok(Json(Audited { holds, audit }))
}

/// What partners, moderators and admins have done to campaigns, referrals and jobs; newest first.
#[utoipa::path(get, path = "/v1/admin/rewards-audit", tag = "admin", operation_id = "list_rewards_audit", params(PageQuery),
    responses((status = 200, body = Listed<Deed>)))]
pub(super) async fn rewards_audit(
    State(rewards): State<Rewards>,
    cx: Context,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<Deed>>> {
    let request = page.request()?;
    let before: Option<String> = request.cursor().map(|at| at.key(DEEDS)).transpose()?;
    let mut conn = rewards.db().read(&cx).await?;
    let found = audit_log::page(conn.connection(), before.as_deref(), request.rows()).await?;
    let page = Page::cut(found, &request, DEEDS, |last| last.id.clone())?;
    Ok(Json(page.into()))
}

impl From<Standing> for JobState {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ready => Self::Ready,
            Standing::Running => Self::Running,
            Standing::Done => Self::Done,
            Standing::Dead => Self::Dead,
        }
    }
}

impl JobView {
    fn of(job: JobRecord, state: Standing) -> Self {
        Self {
            id: job.id.to_string(),
            kind: job.kind,
            state,
            run_at_ms: millis_of(job.run_at),
            attempts: job.attempts,
            crashes: job.crashes,
        }
    }
}
