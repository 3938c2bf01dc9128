//! The Prometheus page.

use std::sync::Arc;

use ovasabi_core::inspect::{Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_observe::Telemetry;
use tower::ServiceExt;

struct Door(Name, u64);

impl Inspect for Door {
    fn kind(&self) -> &'static str {
        "door"
    }
    fn name(&self) -> &Name {
        &self.0
    }
    fn snapshot(&self) -> Snapshot {
        Snapshot::new()
            .with_state("open", &["open", "shut"])
            .with(Metric::counter("door.knocks", "knocks", self.1).labels(&[("side", "in")]))
            .with(Metric::gauge("door.angle", "degrees", 1.5))
    }
}

fn page_with(doors: &[Arc<Inspected<Door>>]) -> String {
    let telemetry = Telemetry::builder("t").without_logs().install().unwrap();
    for door in doors {
        telemetry.registry().register(door).unwrap();
    }
    telemetry.prometheus_text()
}

#[test]
fn families_stand_together_and_labels_are_escaped() {
    let front = Arc::new(Inspected::new(Door("fr\"ont\n".to_owned().into(), 3)));
    let back = Arc::new(Inspected::new(Door("back".into(), 4)));
    let page = page_with(&[front, back]);
    let expected = "# HELP door_knocks_total knocks\n# TYPE door_knocks_total counter\n\
                    door_knocks_total{name=\"back\",side=\"in\"} 4\n\
                    door_knocks_total{name=\"fr\\\"ont\\n\",side=\"in\"} 3\n";
    assert!(page.contains(expected), "{page}");
}

#[test]
fn exactly_one_state_is_one() {
    let front = Arc::new(Inspected::new(Door("front".into(), 0)));
    let page = page_with(&[front]);
    assert!(page.contains("door_state{name=\"front\",state=\"open\"} 1\n"));
    assert!(page.contains("door_state{name=\"front\",state=\"shut\"} 0\n"));
}

#[tokio::test]
async fn the_service_answers_get_and_nothing_else() {
    let telemetry = Telemetry::builder("t").without_logs().install().unwrap();
    let answer = telemetry
        .metrics_service()
        .oneshot(http::Request::new(()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let post = http::Request::post("/metrics").body(()).unwrap();
    let refused = telemetry.metrics_service().oneshot(post).await.unwrap();
    assert_eq!(refused.status(), 405);
    // RFC 9110 §15.5.6: a 405 must say what is allowed.
    assert_eq!(refused.headers()["allow"], "GET, HEAD");
}
