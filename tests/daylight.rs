//! Whom one may call just now: a deployed stack has the world's own clock.

use jiff::Timestamp;

/// A country's mobile numbers, and where they are.
#[derive(Debug, Clone, Copy)]
pub struct Callee {
    /// ISO 3166-1.
    pub country: &'static str,
    /// IANA.
    pub zone: &'static str,
    /// A number but for its last two digits.
    prefix: &'static str,
}

/// Between them it is always day somewhere.
const PLACES: [Callee; 4] = [
    Callee { country: "IN", zone: "Asia/Kolkata", prefix: "+9198765432" },
    Callee { country: "IT", zone: "Europe/Rome", prefix: "+3934712345" },
    Callee { country: "PE", zone: "America/Lima", prefix: "+519876543" },
    Callee { country: "NZ", zone: "Pacific/Auckland", prefix: "+642123456" },
];
/// The middle of the hours at which one may call, as minutes of the day.
const MIDDLE: i32 = 14 * 60 + 30;

impl Callee {
    /// Where it is nearest to the middle of the hours at which one may call.
    pub fn of_the_day(now: Timestamp) -> Self {
        let from_middle = |place: &Callee| {
            let there = now.in_tz(place.zone).unwrap();
            (i32::from(there.hour()) * 60 + i32::from(there.minute()) - MIDDLE).abs()
        };
        PLACES.into_iter().min_by_key(from_middle).unwrap()
    }

    /// A number that ends in these two digits, which tell how its simulated callee behaves.
    pub fn number(&self, ending: u8) -> String {
        format!("{}{ending:02}", self.prefix)
    }
}
