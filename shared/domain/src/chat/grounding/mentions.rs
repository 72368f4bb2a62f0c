//! Prices and times as they are mentioned in a text.

use super::terms::{Half, Term, terms_of};
use crate::phone::decimal_digit;
use crate::text::folded;
use jiff::civil::Date;
use jiff::{ToSpan, Zoned};

/// One mention. Numbers are in thousandths, so that they compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention {
    /// An amount of money, by each value that its spelling may have (4.500 is another number in Rome than in London), and
    /// its currency, if that is told.
    Amount(Vec<i64>, &'static str),
    /// A number that may be anything.
    Number(Vec<i64>),
    /// So many hundredths.
    Percent(i64),
    /// A day by month and day of the month, in each order that its spelling may have.
    Day(Vec<(i8, i8)>),
    /// A day of whatever month.
    DayOfMonth(i8),
    /// A day of the week, Monday being 0.
    Weekday(i8),
    /// A time of day in minutes, by both halves of the day where either may be meant.
    Clock(Vec<u32>),
    /// Within so many minutes.
    Within(i64),
}

/// From where on a number of whatever it may be is not said unless a record has it, in thousandths: below are numbers
/// of rooms, of people, of choices.
const TELLING: i64 = 100_000;

impl Mention {
    /// All the ways in which an instant may be mentioned.
    pub(super) fn of_instant(at: &Zoned) -> Vec<Self> {
        let clock = u32::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or_default();
        vec![Self::day(at.date()), Self::weekday(at.date()), Self::Clock(vec![clock])]
    }

    fn day(date: Date) -> Self {
        Self::Day(vec![(date.month(), date.day())])
    }

    fn weekday(date: Date) -> Self {
        Self::Weekday(date.weekday().to_monday_zero_offset())
    }

    /// Whether it claims anything: a small whole number of whatever it may be does not, nor does a year.
    pub(super) fn claims(&self) -> bool {
        let is_year = |value: i64| (1_900_000..=2_100_000).contains(&value);
        let is_small = |value: i64| value < TELLING && value % 1_000 == 0;
        match self {
            Self::Number(values) => !values.iter().any(|value| is_small(*value) || is_year(*value)),
            _ => true,
        }
    }

    /// Whether it is a number of whatever it may be.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is about time and not about money.
    pub(super) fn is_time(&self) -> bool {
        !matches!(self, Self::Amount(..) | Self::Number(_) | Self::Percent(_))
    }

    /// Whether both may mean the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let days = |one: &[(i8, i8)], day: i8| one.iter().any(|(_, other)| *other == day);
        match (self, other) {
            (Self::Amount(one, mine), Self::Amount(two, theirs)) => {
                (mine.is_empty() || theirs.is_empty() || mine == theirs) && meet(one, two)
            }
            // A record may leave the currency out, where the number is one that prices are made of.
            (Self::Number(one), Self::Amount(two, _)) => {
                one.iter().any(|value| *value >= TELLING && two.contains(value))
            }
            (Self::Amount(one, _) | Self::Number(one), Self::Number(two)) => meet(one, two),
            (Self::Day(one), Self::Day(two)) => meet(one, two),
            (Self::Day(one), Self::DayOfMonth(day)) | (Self::DayOfMonth(day), Self::Day(one)) => {
                days(one, *day)
            }
            (Self::Clock(one), Self::Clock(two)) => meet(one, two),
            _ => self == other,
        }
    }
}

fn meet<T: PartialEq>(one: &[T], two: &[T]) -> bool {
    one.iter().any(|value| two.contains(value))
}

/// A piece of a text: a number with what stands inside it, a word, or a mark.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(String),
    Word(String, &'static [Term]),
}

/// What a text mentions. Amounts are mentioned with their currency, with a word that multiplies, or in a sentence about
/// prices; days and times by every name that they have in five languages.
pub(super) fn mentions(text: &str, now: &Zoned) -> Vec<Mention> {
    let tokens = tokens(&folded(text));
    let about_prices = tokens.iter().any(|token| is(token, Term::PriceWord));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (before, rest) = (&tokens[..at], &tokens[at..]);
        let (mention, taken) = match &rest[0] {
            Token::Number(number) => of_number(number, before, &rest[1..], about_prices),
            Token::Word(_, terms) => (of_word(terms, before, &rest[1..], now), 1),
        };
        found.extend(mention);
        at += taken.max(1);
    }
    found
}

fn is(token: &Token, term: Term) -> bool {
    matches!(token, Token::Word(_, terms) if terms.contains(&term))
}

fn currency_of(token: Option<&Token>) -> Option<&'static str> {
    term(token, |term| match term {
        Term::Money(currency) => Some(*currency),
        _ => None,
    })
}

/// Whether a text names a sum in words: five hundred euros.
pub(super) fn speaks_of_money(text: &str) -> bool {
    let tokens = tokens(&folded(text));
    let in_words = tokens.iter().any(|token| is(token, Term::NumberWord))
        && !tokens.iter().any(|token| matches!(token, Token::Number(_)));
    in_words && tokens.iter().any(|token| currency_of(Some(token)).is_some() || is(token, Term::PriceWord))
}

fn term<T>(token: Option<&Token>, pick: impl Fn(&Term) -> Option<T>) -> Option<T> {
    match token {
        Some(Token::Word(_, terms)) => terms.iter().find_map(pick),
        _ => None,
    }
}

/// What a number mentions, with how many tokens it takes.
fn of_number(number: &str, before: &[Token], after: &[Token], about_prices: bool) -> (Vec<Mention>, usize) {
    let (last, next) = (before.last(), after.first());
    if let Some(days) = numeric_day(number) {
        return (vec![Mention::Day(days)], 1);
    }
    let month_of = |token: Option<&Token>| {
        term(token, |term| match term {
            Term::Month(month) => Some(*month),
            _ => None,
        })
    };
    // Either `12 June`, also as `12th June` and `12 of June`, or `June 12`.
    let skips = |token: &Token| matches!(token, Token::Word(word, _) if ["st", "nd", "rd", "th", "of", "di"].contains(&word.as_str()));
    let month_before = before.iter().rfind(|token| !matches!(token, Token::Word(mark, _) if mark == "."));
    let following = after.iter().position(|token| !skips(token)).filter(|skipped| *skipped <= 2).unwrap_or(0);
    if let Some(day) = number.parse::<i8>().ok().filter(|day| (1..=31).contains(day)) {
        if let Some(month) = month_of(after.get(following)) {
            return (vec![Mention::Day(vec![(month, day)])], following + 2);
        }
        if let Some(month) = month_of(month_before) {
            return (vec![Mention::Day(vec![(month, day)])], 1);
        }
    }
    if let Some(day) = number.parse::<i8>().ok().filter(|day| (1..=31).contains(day))
        && (next.is_some_and(|next| is(next, Term::AfterDay))
            || last.is_some_and(|last| is(last, Term::BeforeDay)))
    {
        return (vec![Mention::DayOfMonth(day)], 1);
    }
    if let Some(clock) = clock(number, last, next) {
        return (vec![Mention::Clock(clock)], 1);
    }
    if let Some(unit) = unit_of(next) {
        // `2 hours` is how long something takes; `within 2 hours` is when it is done.
        let is_deadline = is_within(before, after.get(1));
        let within =
            number.parse::<i64>().ok().and_then(|count| count.checked_mul(unit)).map(Mention::Within);
        return (within.filter(|_| is_deadline).into_iter().collect(), 2);
    }
    let values = values(number);
    if values.is_empty() {
        return (Vec::new(), 1);
    }
    if next.is_some_and(|next| is(next, Term::Percent)) {
        return (values.first().map(|value| Mention::Percent(*value)).into_iter().collect(), 2);
    }
    let multiplier = term(next, |term| match term {
        Term::Multiplier(by) => Some(*by),
        _ => None,
    });
    let money_after = if multiplier.is_some() { after.get(1) } else { next };
    // `Rs. 500`.
    let money_before = before.iter().rfind(|token| !matches!(token, Token::Word(mark, _) if mark == "."));
    let currencies = || [money_before, money_after].into_iter().filter_map(currency_of);
    let is_money = currencies().next().is_some();
    let currency = currencies().find(|currency| !currency.is_empty()).unwrap_or_default();
    // A row of digits, also one in groups, is a telephone number or a reference.
    let in_groups = [last, next].into_iter().flatten().any(|token| match token {
        Token::Number(_) => true,
        Token::Word(mark, _) => mark == "+",
    });
    let is_long = number.len() >= 7 && number.bytes().all(|byte| byte.is_ascii_digit()) && !about_prices;
    if (in_groups || is_long) && !is_money {
        return (Vec::new(), 1);
    }
    let is_price = about_prices && values.iter().all(|value| *value >= 10_000);
    let values: Vec<i64> =
        values.into_iter().map(|value| multiplied(value, multiplier.unwrap_or(1.0))).collect();
    let takes = 1 + usize::from(multiplier.is_some());
    if is_money || multiplier.is_some() || is_price {
        (vec![Mention::Amount(values, currency)], takes)
    } else {
        (vec![Mention::Number(values)], takes)
    }
}

/// Whether what stands between these is a time within which something is to happen.
fn is_within(before: &[Token], after: Option<&Token>) -> bool {
    let skips_one = before.iter().rfind(|token| !is(token, Term::One));
    skips_one.is_some_and(|token| is(token, Term::Within))
        || after.is_some_and(|token| is(token, Term::WithinAfter))
}

/// What a word mentions.
fn of_word(terms: &[Term], before: &[Token], after: &[Token], now: &Zoned) -> Vec<Mention> {
    let one_before = before.last().is_some_and(|token| is(token, Term::One));
    let mut found = Vec::new();
    for term in terms {
        match term {
            Term::Weekday(weekday) => found.push(Mention::Weekday(*weekday)),
            // The day itself, by its date: so tomorrow agrees with the weekday and the date that a record has.
            Term::NearDay(days) => {
                let date = now.date().checked_add(i64::from(*days).days()).unwrap_or(now.date());
                found.push(Mention::day(date));
            }
            // `within the hour`; a number before it was looked at with the number.
            Term::Unit(minutes) if one_before && is_within(before, after.first()) => {
                found.push(Mention::Within(*minutes));
            }
            // `at four`, `चार बजे`.
            Term::HourWord(hour) => {
                let said_before = before.last().is_some_and(|token| is(token, Term::BeforeHour));
                let half = half_of(after.first());
                if said_before || half.is_some() {
                    let both = [hour * 60, (hour + 12) * 60].into_iter().filter(|minutes| *minutes < 24 * 60);
                    found.push(Mention::Clock(both.collect()));
                }
            }
            _ => {}
        }
    }
    found
}

/// A unit of time, in minutes.
fn unit_of(token: Option<&Token>) -> Option<i64> {
    term(token, |term| match term {
        Term::Unit(minutes) => Some(*minutes),
        _ => None,
    })
}

/// Which half of the day stands after the hour of a clock, if one does.
fn half_of(token: Option<&Token>) -> Option<Half> {
    term(token, |term| match term {
        Term::AfterHour(half) => Some(*half),
        _ => None,
    })
}

/// A time of day in minutes: `16:30`, `4.30 pm`, `4 pm`, `alle 16`, `4 बजे`.
fn clock(number: &str, before: Option<&Token>, after: Option<&Token>) -> Option<Vec<u32>> {
    let with_colon = number.contains(':');
    let (hour, minute) = match number.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?),
        Some(_) => return None,
        None => (number.parse::<u32>().ok()?, 0),
    };
    if hour > 24 || minute > 59 {
        return None;
    }
    let said_after = half_of(after);
    // `at 4` and `at 4 tomorrow`, but not `at 2 branches`.
    let ends = match after {
        None => true,
        Some(Token::Number(_)) => false,
        Some(Token::Word(word, terms)) => !terms.is_empty() || !word.starts_with(is_of_word),
    };
    let said_before = ends && before.is_some_and(|token| is(token, Term::BeforeHour));
    // `09:00` is in the morning; `9:00` may be either.
    let is_exact = with_colon && number.starts_with('0');
    let both = |hour: u32| {
        if hour < 12 && !is_exact {
            vec![hour * 60 + minute, (hour + 12) * 60 + minute]
        } else {
            vec![hour * 60 + minute]
        }
    };
    match said_after {
        Some(Half::First) if hour <= 12 => Some(vec![(hour % 12) * 60 + minute]),
        Some(Half::Second) if hour <= 12 => Some(vec![(hour % 12 + 12) * 60 + minute]),
        Some(_) => Some(both(hour)),
        None if with_colon || said_before && (number.len() <= 2 || number.contains('.')) => Some(both(hour)),
        None => None,
    }
}

/// A day in figures: `2024-06-15`, `15/06/2024`, `15.06.2024`, `15/6`; either order where both may be meant.
fn numeric_day(number: &str) -> Option<Vec<(i8, i8)>> {
    // At all hours.
    if number == "24/7" {
        return None;
    }
    let parts: Vec<&str> = number.split(['-', '/', '.']).collect();
    let small = |text: &str| text.parse::<i8>().ok();
    let days = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => vec![(small(month)?, small(day)?)],
        [one, two, year] if year.len() == 4 || number.contains('/') && year.len() == 2 => {
            vec![(small(two)?, small(one)?), (small(one)?, small(two)?)]
        }
        [one, two] if number.contains('/') => vec![(small(two)?, small(one)?), (small(one)?, small(two)?)],
        _ => return None,
    };
    let real: Vec<(i8, i8)> =
        days.into_iter().filter(|(month, day)| (1..=12).contains(month) && (1..=31).contains(day)).collect();
    Some(real).filter(|days| !days.is_empty())
}

/// The values that a number's spelling may have, in thousandths.
fn values(number: &str) -> Vec<i64> {
    let thousandths = |whole: &str, part: &str| -> Option<i64> {
        let whole: i64 = whole.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()?;
        let part: String = part.chars().filter(char::is_ascii_digit).chain("000".chars()).take(3).collect();
        whole.checked_mul(1000)?.checked_add(part.parse().ok()?)
    };
    let separators: Vec<(usize, char)> =
        number.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
    let Some(&(last, mark)) = separators.last() else { return thousandths(number, "").into_iter().collect() };
    let whole_only = thousandths(number, "");
    let with_part = thousandths(&number[..last], &number[last + 1..]);
    let of_one_kind = separators.iter().all(|(_, c)| *c == mark);
    let possible = match (of_one_kind, separators.len(), number.len() - last - 1) {
        (true, 1, 3) => vec![whole_only, with_part],
        (true, 1, _) | (false, ..) => vec![with_part],
        (true, ..) => vec![whole_only],
    };
    possible.into_iter().flatten().collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "an amount that is too large for either is no price"
)]
fn multiplied(value: i64, by: f64) -> i64 {
    (value as f64 * by).round() as i64
}

/// A folded text in its pieces.
fn tokens(text: &str) -> Vec<Token> {
    let digits: Vec<char> = text.chars().map(|c| decimal_digit(c).unwrap_or(c)).collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < digits.len() {
        let c = digits[at];
        let begin = at;
        if c.is_ascii_digit() {
            // A mark between two digits is part of the number.
            while at < digits.len() && is_of_number(&digits, at) {
                at += 1;
            }
            let number: String = digits[begin..at].iter().collect();
            // A hyphen or a stroke makes a day of figures, or stands between two numbers.
            if number.contains(['-', '/']) && numeric_day(&number).is_none() {
                tokens.extend(number.split(['-', '/']).map(|number| Token::Number(number.to_owned())));
            } else {
                tokens.push(Token::Number(number));
            }
        } else if is_of_word(c) {
            while at < digits.len() && (is_of_word(digits[at]) || is_inside(&digits, at)) {
                at += 1;
            }
            tokens.push(word(digits[begin..at].iter().collect()));
        } else {
            if !c.is_whitespace() {
                tokens.push(word(c.to_string()));
            }
            at += 1;
        }
    }
    tokens
}

fn word(word: String) -> Token {
    let terms = terms_of(&word);
    Token::Word(word, terms)
}

fn is_of_number(chars: &[char], at: usize) -> bool {
    let next_is_digit = chars.get(at + 1).is_some_and(char::is_ascii_digit);
    chars[at].is_ascii_digit() || matches!(chars[at], '.' | ',' | ':' | '/' | '-') && next_is_digit
}

/// Letters, and the vowel signs and the virama of Indic scripts.
fn is_of_word(c: char) -> bool {
    c.is_alphabetic()
        || ('\u{900}'..='\u{d7f}').contains(&c) && !matches!(c, '\u{964}' | '\u{965}') && !c.is_numeric()
}

/// A mark inside a word: `p.m`, `o'clock`.
fn is_inside(chars: &[char], at: usize) -> bool {
    matches!(chars[at], '.' | '\'' | '\u{2019}') && chars.get(at + 1).is_some_and(|next| is_of_word(*next))
}
