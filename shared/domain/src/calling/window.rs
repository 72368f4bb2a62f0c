//! The hours in which a telephone may ring, by the callee's own clock.

use super::Policy;
use super::law::Law;
use crate::business::{Hours, TimeOfDay, Weekday};
use crate::contact::Contact;
use crate::zone::ZoneName;
use crate::{Country, Phone};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// When something opens and when it closes on one day.
pub(super) type Span = (TimeOfDay, TimeOfDay);

/// Where a person may be, as far as the hours depend on it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Every zone that the person may live in; none if nobody knows.
    pub zones: Vec<TimeZone>,
    /// Every country that their number may belong to.
    pub countries: Vec<Country>,
    pub(super) laws: Vec<Law>,
}

impl Place {
    /// Where a lead may be, and whose laws hold for a call to them under `policy`.
    pub fn of(contact: &Contact, policy: &Policy) -> Self {
        let phone = contact.details.phone.as_ref();
        Self {
            zones: contact.zones().iter().map(ZoneName::time_zone).collect(),
            countries: phone.map(Phone::countries).unwrap_or_default(),
            laws: policy.rules.preset.laws(phone),
        }
    }
}

/// The first instant from `from` at which the hours are open wherever the person may be; none if there is none
/// within a year and a little, or if nobody knows where that is.
pub fn next_open(place: &Place, policy: &Policy, from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    // Each round moves past at least one closing; more rounds than days means the zones never agree.
    for _ in 0..400 {
        let opens = place.zones.iter().map(|zone| open_in(zone, place, policy, at));
        let latest = opens.collect::<Option<Vec<_>>>()?.into_iter().max()?;
        if latest == at {
            return Some(at);
        }
        at = latest;
    }
    None
}

/// The first instant from `from` at which the hours are open in one zone.
fn open_in(zone: &TimeZone, place: &Place, policy: &Policy, from: Timestamp) -> Option<Timestamp> {
    let mut date = from.to_zoned(zone.clone()).date();
    for _ in 0..400 {
        if let Some((open, close)) = hours_on(date, place, policy) {
            let (start, end) = (instant(zone, date, open)?, instant(zone, date, close)?);
            if from < end {
                return Some(from.max(start));
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

/// The hours of one day in which a telephone may ring: the window within the business hours and within what the
/// law of the place permits; none on a holiday or a closed weekday.
fn hours_on(date: Date, place: &Place, policy: &Policy) -> Option<Span> {
    if policy.holidays.iter().any(|holiday| holiday.date == date && holiday.is_kept_in(&place.countries)) {
        return None;
    }
    let Hours { open, close } = policy.rules.window;
    let weekday = Weekday::of(date);
    let business = match policy.business_hours.get(&weekday) {
        Some(hours) => Some((hours.open, hours.close)),
        None if policy.business_hours.is_empty() => None,
        None => return None,
    };
    let spans = place.laws.iter().map(|law| law.hours(weekday)).chain(business);
    let (open, close) = spans.fold((open, close), |span, other| (span.0.max(other.0), span.1.min(other.1)));
    (open < close).then_some((open, close))
}

fn instant(zone: &TimeZone, date: Date, time: TimeOfDay) -> Option<Timestamp> {
    let minutes = i64::from(time.minutes());
    let (date, minutes) = if minutes == 1440 { (date.tomorrow().ok()?, 0) } else { (date, minutes) };
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Some(date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
}
