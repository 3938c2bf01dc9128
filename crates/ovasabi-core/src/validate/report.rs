//! What garde found, as an error of ours.

use garde::{Report, Validate};

use super::words::{broken_rules, split};
use crate::{Code, Error, Result};

/// Checks a value against its own rules.
///
/// ```
/// use garde::Validate;
///
/// #[derive(Validate)]
/// struct Transfer {
///     #[garde(range(min = 1))]
///     amount: u64,
/// }
///
/// let error = ovasabi_core::validate::check(&Transfer { amount: 0 }).unwrap_err();
/// assert_eq!(error.violations()[0].field, "amount");
/// ```
///
/// # Errors
/// `InvalidArgument` (422) with reason `validation.failed` and one violation for each field that breaks a
/// rule.
pub fn check<T>(value: &T) -> Result<()>
where
    T: Validate + ?Sized,
    T::Context: Default,
{
    value
        .validate_with(&T::Context::default())
        .map_err(Error::from)
}

/// Checks a value against rules that need a context.
///
/// # Errors
/// As [`check`].
pub fn check_with<T: Validate + ?Sized>(value: &T, context: &T::Context) -> Result<()> {
    broken_rules(value, context).map_or(Ok(()), |report| Err(report.into()))
}

/// One violation for each field, its texts joined: all of them are public.
///
/// For reports that are made elsewhere, in words of one's own; each rule is then named `custom`.
impl From<Report> for Error {
    fn from(report: Report) -> Self {
        error_of(FieldRule::of_report(Some(&report)))
    }
}

/// One field with the rule that it breaks.
#[derive(Clone, Debug)]
pub(super) struct FieldRule {
    pub(super) field: String,
    rule: &'static str,
    detail: String,
}

impl FieldRule {
    pub(super) fn new(field: String, rule: &'static str, detail: String) -> Self {
        Self {
            field,
            rule,
            detail,
        }
    }

    pub(super) fn of_report(report: Option<&Report>) -> Vec<Self> {
        let found = report.into_iter().flat_map(Report::iter);
        found
            .map(|(path, error)| {
                let (rule, text) = split(error.message());
                Self::new(path.to_string(), rule, text.to_owned())
            })
            .collect()
    }
}

/// More would not help anybody, and a list of a million elements can break a million rules.
const MOST: usize = 100;

/// One violation for each field, by name.
pub(super) fn error_of(mut found: Vec<FieldRule>) -> Error {
    // Stable, so that the texts of one field stay in the order of its rules.
    found.sort_by(|one, other| one.field.cmp(&other.field));
    found.dedup_by(|later, first| {
        let is_same = later.field == first.field;
        if is_same {
            first.detail.push_str("; ");
            first.detail.push_str(&later.detail);
        }
        is_same
    });
    let count = found.len();
    let detail = match count {
        1 => "1 field is not valid".to_owned(),
        _ => format!("{count} fields are not valid"),
    };
    let mut error = Error::new(Code::InvalidArgument, "validation.failed").detail(detail);
    for FieldRule {
        field,
        rule,
        detail,
    } in found.into_iter().take(MOST)
    {
        error = error.violation(field, rule, detail);
    }
    if count > MOST {
        error = error.metadata("violations_left_out", count - MOST);
    }
    error
}
