//! What garde's rules say to those who sent a value.

use std::borrow::Cow;
use std::fmt::Display;

use garde::i18n::{I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl};
use garde::rules::ip::IpKind;
use garde::{Report, Validate};

/// What stands between the name of a rule and its text: garde hands out one string, and we need both.
const SEPARATOR: char = '\u{1f}';

/// Asks the rules of a value, in our words.
pub(super) fn broken_rules<T: Validate + ?Sized>(
    value: &T,
    context: &T::Context,
) -> Option<Report> {
    garde::i18n::with_i18n(Words, || value.validate_with(context)).err()
}

/// The name of the rule and its text; rules of one's own have no name.
pub(super) fn split(message: &str) -> (&'static str, &str) {
    let Some((name, text)) = message.split_once(SEPARATOR) else {
        return ("custom", message);
    };
    (
        NAMES
            .into_iter()
            .find(|known| *known == name)
            .unwrap_or("custom"),
        text,
    )
}

const NAMES: [&str; 15] = [
    "alphanumeric",
    "ascii",
    "contains",
    "credit_card",
    "email",
    "ip",
    "length",
    "matches",
    "pattern",
    "phone_number",
    "prefix",
    "range",
    "required",
    "suffix",
    "url",
];

struct Words;

fn say(rule: &str, text: impl Display) -> Cow<'static, str> {
    Cow::Owned(format!("{rule}{SEPARATOR}{text}"))
}

impl I18n for Words {
    fn length_lower_than(&self, min: usize) -> Cow<'static, str> {
        say("length", format_args!("must be at least {min} long"))
    }

    fn length_greater_than(&self, max: usize) -> Cow<'static, str> {
        say("length", format_args!("must be at most {max} long"))
    }

    fn range_lower_than(&self, min: &dyn Display) -> Cow<'static, str> {
        say("range", format_args!("must be at least {min}"))
    }

    fn range_greater_than(&self, max: &dyn Display) -> Cow<'static, str> {
        say("range", format_args!("must be at most {max}"))
    }

    fn credit_card_invalid(&self, reason: InvalidCreditCard) -> Cow<'static, str> {
        say(
            "credit_card",
            format_args!("must be a credit card number: {reason}"),
        )
    }

    fn pattern_no_match(&self, pattern: &dyn Display) -> Cow<'static, str> {
        say("pattern", format_args!("must match the pattern {pattern}"))
    }

    fn contains_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        say("contains", format_args!("must contain `{pattern}`"))
    }

    fn url_invalid(&self, reason: InvalidUrl) -> Cow<'static, str> {
        say("url", format_args!("must be a URL: {reason}"))
    }

    fn prefix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        say("prefix", format_args!("must begin with `{pattern}`"))
    }

    fn suffix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        say("suffix", format_args!("must end with `{pattern}`"))
    }

    fn phone_number_invalid(&self, reason: InvalidPhoneNumber) -> Cow<'static, str> {
        say(
            "phone_number",
            format_args!("must be a phone number: {reason}"),
        )
    }

    fn ip_invalid(&self, kind: IpKind) -> Cow<'static, str> {
        say("ip", format_args!("must be an {kind} address"))
    }

    fn matches_field_mismatch(&self, field: &dyn Display) -> Cow<'static, str> {
        say("matches", format_args!("must be the same as `{field}`"))
    }

    fn email_invalid(&self, reason: InvalidEmail) -> Cow<'static, str> {
        say("email", format_args!("must be an e-mail address: {reason}"))
    }

    fn ascii_invalid(&self) -> Cow<'static, str> {
        say("ascii", "must be ASCII")
    }

    fn alphanumeric_invalid(&self) -> Cow<'static, str> {
        say("alphanumeric", "must be letters and digits")
    }

    fn required_not_set(&self) -> Cow<'static, str> {
        say("required", "is required")
    }
}
