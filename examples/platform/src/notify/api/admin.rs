//! Jobs that could not be done, for operators.

use axum::extract::State;
use axum::http::StatusCode;
use ovasabi_core::repository::{Page, Uuid};
use ovasabi_core::worker::queue::{Job as _, JobRecord, JobState};
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http_api::{Json, Listed, PageQuery, ValidPath, ValidQuery};
use crate::millis::millis_of;
use crate::notify::Notify;
use crate::notify::jobs::Deliver;

const LIST: &str = "notify jobs";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Where they stand; `dead` unless told.
    #[serde(default)]
    #[param(inline, required = false)]
    state: Standing,
    /// The `next` of the page before; none for the first page.
    cursor: Option<String>,
    /// The most items of the page; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Ready,
    Running,
    Done,
    #[default]
    Dead,
}

/// A job as it stands in the table.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotifyJob {
    id: String,
    kind: String,
    attempts: u32,
    crashes: u32,
    /// When it is due, or was.
    run_at_ms: i64,
    /// What the last failed attempt said.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl From<JobRecord> for NotifyJob {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id.to_string(),
            kind: job.kind,
            attempts: job.attempts,
            crashes: job.crashes,
            run_at_ms: millis_of(job.run_at),
            last_error: job.last_error,
        }
    }
}

/// The jobs of the notify service, oldest first.
#[utoipa::path(
    get,
    path = "/v1/admin/notify-jobs",
    tag = "admin",
    operation_id = "list_notify_jobs",
    params(Wanted),
    responses((status = 200, description = "A page of jobs.", body = Listed<NotifyJob>))
)]
pub(super) async fn list(
    State(notify): State<Notify>,
    cx: Context,
    ValidQuery(wanted): ValidQuery<Wanted>,
) -> Result<Json<Listed<NotifyJob>>> {
    let request = PageQuery::new(wanted.cursor, wanted.limit).request()?;
    let after = request.cursor().map(|cursor| cursor.key::<Uuid>(LIST));
    let state = match wanted.state {
        Standing::Ready => JobState::Ready,
        Standing::Running => JobState::Running,
        Standing::Done => JobState::Done,
        Standing::Dead => JobState::Dead,
    };
    let jobs = notify
        .0
        .queue
        .list(&cx, state, after.transpose()?, request.rows())
        .await?;
    let page = Page::cut(jobs, &request, LIST, |last| last.id)?;
    Ok(Json(page.map(NotifyJob::from).into()))
}

/// A dead job is done again, as if it never had been.
#[utoipa::path(
    post,
    path = "/v1/admin/notify-jobs/{id}/retry",
    tag = "admin",
    operation_id = "retry_notify_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 204, description = "It is due now."))
)]
pub(super) async fn retry(
    State(notify): State<Notify>,
    cx: Context,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode> {
    let not_dead = || Error::new(Code::NotFound, "job.not_dead");
    let id: Uuid = id.parse().map_err(|_| not_dead())?;
    let queue = &notify.0.queue;
    let job = queue.find(&cx, id).await?;
    let job = job
        .filter(|job| job.state == JobState::Dead)
        .ok_or_else(not_dead)?;
    if job.kind == Deliver::KIND {
        let deliver: Deliver = serde_json::from_str(&job.payload).map_err(Error::internal)?;
        // Before the job is due: it must not find that all is over.
        notify.take_up_again(&cx, &deliver.delivery_id).await?;
    }
    queue.revive(&cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
