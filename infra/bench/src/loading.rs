//! Records that are written past the product, so that a million clients do not take an hour: the same items that it would
//! write, by the store's own rules, in the embedded database at once.

use crate::Failure;
use crate::import::NAMES;
use crate::product::Product;
use domain::contact::{Channel, Consent, Contact, Details};
use domain::interaction::{Interaction, InteractionType};
use domain::practice::{Practice, PracticeStatus, PracticeType, examples};
use domain::{Author, ContactId, Email, Ids, Phone, TenantId};
use jiff::{Timestamp, ToSpan};
use store::Transaction;

/// How many leads are written together.
const TOGETHER: u32 = 5_000;

/// One client in so many has a practice and was spoken with, beginning with the second.
const WITH_PRACTICE: u32 = 10;
/// Over how many days from today on practices end.
const ENDS_WITHIN: u32 = 730;

/// Writes clients with what is theirs, and counts them all.
pub(crate) struct Loader {
    step: Transaction,
    ids: Ids,
    offered: Vec<PracticeType>,
    /// How many there are.
    leads: u32,
}

impl Loader {
    /// A loader for a product that has no leads.
    pub(crate) fn new(product: &Product) -> Result<Self, Failure> {
        let tenant: TenantId = "demo".parse()?;
        let ids = Ids::default();
        let now = product.runner.platform.now();
        let step = Transaction::new(tenant, "bench", &ids, now);
        Ok(Self { step, ids, offered: examples(now), leads: 0 })
    }

    /// Adds leads until there are so many.
    pub(crate) fn fill(&mut self, product: &Product, leads: u32) -> Result<(), Failure> {
        let (database, now) = (&product.runner.database, product.runner.platform.now());
        while self.leads < leads {
            let up_to = leads.min(self.leads + TOGETHER);
            for n in self.leads..up_to {
                let lead = self.lead(n, now)?;
                self.step.create(&lead)?;
                if n % WITH_PRACTICE == 1 {
                    self.step.create(&self.practice(n / WITH_PRACTICE, lead.id, now)?)?;
                    self.step.create(&self.talk(lead.id, now))?;
                }
            }
            database.load(self.step.take_items())?;
            self.leads = up_to;
        }
        database.load(self.step.counters())?;
        Ok(())
    }

    /// The lead that a row of the file of this number makes.
    fn lead(&self, n: u32, now: Timestamp) -> Result<Contact, Failure> {
        let (first, last) = NAMES[usize::try_from(n)? % NAMES.len()];
        let details = Details {
            first_name: first.to_owned(),
            last_name: format!("{last} {}", word(n)),
            phone: Some(Phone::try_from(format!("+919{:09}", 100_000_000 + n))?),
            email: Some(format!("lead{n}@example.com").parse()?),
            company: format!("Company {}", n % 1_000),
            source: "fair".to_owned(),
            tags: vec![format!("batch {}", n % 10)],
            ..Details::default()
        };
        let mut contact = Contact::new(self.ids.next(now), details, Author::Human, now);
        contact.created_on = Some(now.to_zoned(jiff::tz::TimeZone::UTC).date());
        let granted =
            Consent { granted: true, basis: "opt_in".to_owned(), source: "fair".to_owned(), at: Some(now) };
        contact.consent.insert(Channel::Voice, granted);
        Ok(contact)
    }
    /// The practice of this number: every third is worked on, each by one of four colleagues; the others are done and end
    /// some day.
    fn practice(&self, n: u32, client: ContactId, now: Timestamp) -> Result<Practice, Failure> {
        let kind = self.offered.get(usize::try_from(n)? % self.offered.len()).ok_or("nothing is offered")?;
        let mut practice = Practice::new(self.ids.next(now), client, kind, "bench".to_owned(), now);
        let colleague = ["antonello", "amanda", "krisna", "surya"][usize::try_from(n)? % 4];
        practice.assignee = Some(format!("{colleague}@balizero.com").parse::<Email>()?);
        if n.is_multiple_of(3) {
            practice.status = PracticeStatus::InProgress;
        } else {
            let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
            practice.status = PracticeStatus::Completed;
            practice.expiry_date = Some(today.checked_add(i64::from(n % ENDS_WITHIN).days())?);
        }
        Ok(practice)
    }

    fn talk(&self, client: ContactId, now: Timestamp) -> Interaction {
        let mut talk =
            Interaction::new(self.ids.next(now), client, InteractionType::Call, "bench".to_owned(), now);
        "Asked what is still missing".clone_into(&mut talk.summary);
        talk
    }
}

/// A word of its own for each number: its seven digits as letters.
fn word(n: u32) -> String {
    let letter = |digit: u8| char::from(digit - b'0' + b'a');
    format!("{n:07}").bytes().map(letter).collect()
}
