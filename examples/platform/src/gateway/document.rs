//! The document of the API, for programs and for people.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use http::header;
use utoipa::openapi::OpenApi;

/// `/openapi.json`; with the feature `api-page` also `/docs`, a page to try it on.
pub(crate) fn routes(document: &OpenApi) -> anyhow::Result<Router> {
    let text = Bytes::from(document.to_pretty_json()?);
    let serve = async move || {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (kind, text.clone()).into_response()
    };
    let router = Router::new().route("/openapi.json", get(serve));
    #[cfg(feature = "api-page")]
    let router = {
        let config = utoipa_swagger_ui::Config::from("/openapi.json");
        router.merge(utoipa_swagger_ui::SwaggerUi::new("/docs").config(config))
    };
    Ok(router)
}
