//! What of two contacts is compared to find out whether they may be one person.

use super::Contact;
use crate::text;
use serde::{Deserialize, Serialize};

/// How many of a number's last digits are compared: without the country, and without what a country puts in front.
const DIGITS: usize = 8;
/// The shortest part before the `@` that says who somebody is.
const LOCAL_MIN: usize = 5;
/// Parts before the `@` that are an office and nobody's name.
const OFFICES: [&str; 12] = [
    "admin",
    "booking",
    "bookings",
    "contact",
    "enquiries",
    "hello",
    "inquiry",
    "office",
    "reception",
    "reservations",
    "sales",
    "support",
];

/// In what contacts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The last eight digits of their numbers.
    Phone,
    /// What stands before the `@` of their addresses, without dots and without what follows a `+`.
    Email,
    /// Their whole names, in whatever order, case and accents.
    Name,
}

impl Likeness {
    /// Every likeness.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Email, Self::Name];

    /// The likeness as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
        }
    }
}

impl Contact {
    /// What is compared of a contact, if there is enough of it.
    pub fn compared_by(&self, likeness: Likeness) -> Option<String> {
        match likeness {
            Likeness::Phone => {
                let digits = self.details.phone.as_ref()?.as_str().trim_start_matches('+');
                digits.get(digits.len().checked_sub(DIGITS)?..).map(str::to_owned)
            }
            Likeness::Email => {
                let address = self.details.email.as_ref()?.canonical();
                let local = address.split('@').next()?.split('+').next()?.replace('.', "");
                (local.len() >= LOCAL_MIN && !OFFICES.contains(&local.as_str())).then_some(local)
            }
            Likeness::Name => {
                let mut words = text::words(&self.name());
                words.sort();
                (words.len() > 1).then(|| words.join(" ").replace('#', " ").chars().take(120).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Details;
    use crate::id::PrefixedId;
    use crate::{Author, ContactId, Phone};
    use jiff::Timestamp;

    fn compared(details: Details) -> [Option<String>; 3] {
        let id = ContactId::from_ulid(ulid::Ulid::nil());
        let contact = Contact::new(id, details, Author::Human, Timestamp::UNIX_EPOCH);
        Likeness::ALL.map(|likeness| contact.compared_by(likeness))
    }

    fn person(first_name: &str, last_name: &str, email: &str, phone: &str) -> [Option<String>; 3] {
        compared(Details {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.parse().ok(),
            phone: Phone::try_from(phone.to_owned()).ok(),
            ..Details::default()
        })
    }

    #[test]
    fn one_persons_spellings_are_alike_and_offices_and_single_names_are_nobodys() {
        let one = person("Niccolò", "Rossi", "n.rossi+bali@example.com", "+393331234567");
        let other = person("rossi", "NICCOLO", "NRossi@work.example", "+62331234567");
        assert_eq!(one, ["31234567", "nrossi", "niccolo rossi"].map(|text| Some(text.to_owned())));
        assert_eq!(one, other);
        assert_eq!(
            person("Asha", "", "info.sales@example.com", ""),
            [None, Some("infosales".to_owned()), None]
        );
        assert_eq!(person("", "", "sales@example.com", ""), [None, None, None]);
    }
}
