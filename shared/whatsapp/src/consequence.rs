//! What an error code of the Graph API asks for.

use provider::ProviderError;

/// What to do about an error code, of a refused request and of a `failed` status alike.
///
/// After Meta's page `whatsapp/support/error-codes`. Its titles are to be dropped, so only the code counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// The token, a permission, the registration or the bill: nothing is sent until somebody mends it.
    Alarm,
    /// The app, the account or the number sends too much: the same again, later.
    BackOff,
    /// 131056: too much to this one person. The n-th repetition waits 4^n seconds.
    WaitForPair,
    /// A fault of the service that passes: the same again.
    Retry,
    /// The request is wrong, and will be wrong again.
    NoRetry,
    /// 131026: this person cannot be reached here: no WhatsApp, an old one, or its terms not accepted.
    Undeliverable,
    /// 131047: the last word of this person is older than 24 hours, so that only a template may be sent.
    WindowClosed,
    /// Policy or spam: stop sending from this number, and let somebody look.
    Stop,
    /// Meta holds this marketing message back from this person: not again within 24 hours.
    Withheld,
    /// 131050: this person wants no marketing.
    OptedOut,
    /// 131062: this message needs the phone number instead of the user id.
    UsePhone,
    /// The template is missing, paused or disabled, or its parameters do not fit.
    FixTemplate,
    /// A code that is not known here. Whether it passes is not known either.
    Unknown,
}

impl Consequence {
    /// What this code of the Graph API asks for.
    pub fn of(code: i64) -> Self {
        match code {
            0 | 3 | 10 | 190 | 200..=299 | 131_042 | 133_010 => Self::Alarm,
            4 | 80_007 | 130_429 => Self::BackOff,
            131_056 => Self::WaitForPair,
            1 | 2 | 131_000 | 131_016 | 131_057 => Self::Retry,
            100 | 131_005 | 131_008 | 131_009 | 131_021 | 131_051..=131_053 => Self::NoRetry,
            131_026 => Self::Undeliverable,
            131_047 => Self::WindowClosed,
            368 | 131_031 | 131_048 => Self::Stop,
            130_472 | 131_049 => Self::Withheld,
            131_050 => Self::OptedOut,
            131_062 => Self::UsePhone,
            132_000..=132_099 => Self::FixTemplate,
            _ => Self::Unknown,
        }
    }

    /// What this error of the client asks for; `None` if it is not the Graph API that speaks (a timeout, a broken
    /// answer, a proxy in between), so that the error's own `is_retryable` and `effect_unknown` decide.
    pub fn of_error(error: &ProviderError) -> Option<Self> {
        match error {
            ProviderError::RateLimited { .. } => Some(Self::BackOff),
            error => graph_code(error).map(Self::of),
        }
    }
}

/// The Graph API's code in an error of this crate. [`ProviderError::RateLimited`] has lost it.
pub fn graph_code(error: &ProviderError) -> Option<i64> {
    match error {
        ProviderError::Rejected { code, .. } => code.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_list_has_its_consequence() {
        let expected: [(Consequence, &[i64]); 12] = [
            (Consequence::Alarm, &[0, 190, 3, 10, 200, 250, 299, 131_042, 133_010]),
            (Consequence::BackOff, &[4, 80_007, 130_429]),
            (Consequence::WaitForPair, &[131_056]),
            (Consequence::Retry, &[131_000, 131_016, 131_057, 2, 1]),
            (Consequence::NoRetry, &[100, 131_005, 131_008, 131_009, 131_021, 131_051, 131_052, 131_053]),
            (Consequence::Undeliverable, &[131_026]),
            (Consequence::WindowClosed, &[131_047]),
            (Consequence::Stop, &[131_048, 368, 131_031]),
            (Consequence::Withheld, &[131_049, 130_472]),
            (Consequence::OptedOut, &[131_050]),
            (Consequence::UsePhone, &[131_062]),
            (Consequence::FixTemplate, &[132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016]),
        ];
        for (consequence, codes) in expected {
            for code in codes {
                assert_eq!(Consequence::of(*code), consequence, "{code}");
            }
        }
        for code in [-1, 5, 199, 300, 131_055, 999_999, i64::MIN, i64::MAX] {
            assert_eq!(Consequence::of(code), Consequence::Unknown, "{code}");
        }
    }

    #[test]
    fn only_the_graph_api_speaks_in_codes() {
        let rejected = |code: &str| ProviderError::Rejected {
            status: 400,
            code: code.to_owned(),
            message: String::new(),
        };
        assert_eq!(graph_code(&rejected("131047")), Some(131_047));
        assert_eq!(Consequence::of_error(&rejected("131047")), Some(Consequence::WindowClosed));
        for error in [rejected("unspecified"), ProviderError::unsent("invalid_url"), ProviderError::Timeout] {
            assert_eq!((graph_code(&error), Consequence::of_error(&error)), (None, None), "{error:?}");
        }
        let limited = ProviderError::RateLimited { after: None };
        assert_eq!(Consequence::of_error(&limited), Some(Consequence::BackOff));
    }
}
