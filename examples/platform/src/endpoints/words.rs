//! What the same names mean in every operation: said once, and put in where a handler says nothing itself.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Type};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Response, Schema, Tag};

/// What the document says before its operations.
pub(super) const ABOUT: &str = "\
Members refer friends to campaigns of partners, and are paid into a wallet when a friend qualifies.

Users send `Authorization: Bearer` and the access token of `POST /v1/auth/login`; programs of partners send an API key in its place, and \
sign what they send. Amounts (`…_minor`) are whole minor units, times (`…_ms`) are milliseconds since 1970, UTC. Ids are opaque text. \
A list answers `items` and, if there is more, `next`: the `cursor` of the next page. What cannot be done is answered as \
`application/problem+json`, with a `reason` for programs. Things of others are 404.";

const TAGS: [(&str, &str); 7] = [
    (
        "accounts",
        "Who people are: registration, sessions, API keys.",
    ),
    (
        "campaigns",
        "What is paid for, by whom, and how much of it is left.",
    ),
    ("referrals", "From a code to a reward."),
    ("wallet", "Money: balances, entries, transfers."),
    ("notifications", "What people are told, as a list and live."),
    ("webhooks", "What partners' servers are told."),
    ("admin", "For those who look after the platform."),
];

const PARAMETERS: [(&str, &str); 5] = [
    ("slug", "The slug of the campaign."),
    (
        "code",
        "The code of the referral; small letters are taken for large ones.",
    ),
    (
        "idempotency-key",
        "Chosen by the caller, one for each thing to be done: sent again, the request is answered as it was the first time.",
    ),
    ("if-match", "The `ETag` that the change was made from."),
    (IF_NONE_MATCH, "The `ETag` of what the caller has."),
];

const IF_NONE_MATCH: &str = "if-none-match";

const HEADERS: [(&str, &str); 3] = [
    ("etag", "For `If-Match` and `If-None-Match`."),
    ("location", "The path of what was made."),
    (
        "idempotency-replayed",
        "`true`: this is the answer that was given the first time.",
    ),
];

pub(super) fn tags() -> Vec<Tag> {
    let tag = |(name, words)| {
        TagBuilder::new()
            .name(name)
            .description(Some(words))
            .build()
    };
    TAGS.map(tag).into()
}

/// Describes the parameters, the answers and their headers.
pub(super) fn describe(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let parameters = operation.parameters.get_or_insert_default();
    let is_known = |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.name.eq_ignore_ascii_case(IF_NONE_MATCH));
    if responses.contains_key("304") && !parameters.iter().any(is_known) {
        parameters.push(RefOr::T(if_none_match()));
    }
    for parameter in parameters.iter_mut() {
        if let RefOr::T(parameter) = parameter {
            fill(&mut parameter.description, &PARAMETERS, &parameter.name);
        }
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response {
            answer(status, response);
        }
    }
}

fn answer(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        let words = if status == "201" {
            "It is made."
        } else {
            "As it is now."
        };
        words.clone_into(&mut response.description);
    }
    for (name, header) in &mut response.headers {
        if let RefOr::T(header) = header {
            fill(&mut header.description, &HEADERS, name);
        }
    }
}

fn if_none_match() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(text))
        .build()
}

/// Says of every amount and every time what unit it has.
pub(super) fn units(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else {
        return;
    };
    match schema {
        Schema::Object(object) => {
            for (name, property) in &mut object.properties {
                if let RefOr::T(Schema::Object(property)) = property
                    && let Some(unit) = unit(name)
                {
                    property.description.get_or_insert_with(|| unit.to_owned());
                }
                units(property);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                units(items);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(units),
        Schema::OneOf(one) => one.items.iter_mut().for_each(units),
        _ => {}
    }
}

fn unit(name: &str) -> Option<&'static str> {
    let units = [
        ("_ms", "Milliseconds since 1970, UTC."),
        ("_minor", "In minor units, such as cents."),
    ];
    let found = units.into_iter().find(|(end, _)| name.ends_with(end));
    found.map(|(_, words)| words)
}

fn fill(description: &mut Option<String>, words: &[(&str, &str)], name: &str) {
    let found = words
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known));
    if let (None, Some((_, words))) = (&description, found) {
        *description = Some((*words).to_owned());
    }
}
