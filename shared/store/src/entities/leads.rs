//! The lists that leads stand in, and finding leads by them.

use super::campaign::{free_leads, waiting_leads};
use crate::Store;
use crate::entity::{Row, Stored, newest_first, oldest_first};
use crate::error::Result;
use crate::item::text_in;
use crate::read::{BATCH, Listing, Page, Stretch};
use domain::contact::{ClientStatus, Contact, LeadStatus};
use domain::{CampaignId, Email, TenantId, nationality, text};
use futures::future::try_join_all;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The list of all leads, newest first.
pub const LEADS: &str = "lead";

/// Of how many tags of a lead there is a list.
const TAGS: usize = 20;
/// By how many words of name and company a lead is found.
const WORDS: usize = 6;
/// How many characters of a word stand in a list, and of all of a lead's words.
const WORD_MAX: usize = 40;
const NAME_MAX: usize = 120;

/// Which leads are looked for: those that all given fields fit.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Where they stand.
    pub status: Option<LeadStatus>,
    /// The campaign they belong to.
    pub campaign: Option<CampaignId>,
    /// Who looks after them.
    pub assignee: Option<Email>,
    /// Where they came from, in any case.
    pub source: Option<String>,
    /// A label of theirs, in any case.
    pub tag: Option<String>,
    /// Where they stand as clients.
    pub client_status: Option<ClientStatus>,
    /// Of which nationality they are, as [`nationality::key`] has it.
    pub nationality: Option<String>,
    /// Beginnings of words of their name or company, folded.
    pub name: Vec<String>,
}

impl Store {
    /// The leads that fit, newest first; those that a name is looked for by are in the order of one of its words. One
    /// of the fields leads: its list is read, and the others are checked on the records.
    pub async fn leads(
        &self,
        tenant: &TenantId,
        filter: &LeadFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Contact>>> {
        let words = filter.telling_words();
        let Some(leading) = self.leading_word(tenant, &words, page).await? else {
            let list = Stretch::of_list(tenant, &filter.leading_list());
            return self.walk(list, page, |_| true, |contact| filter.fits(contact)).await;
        };
        let shows = |place: &str| is_place_of(place, leading, &words);
        self.walk(by_word(tenant, leading), page, shows, |contact| filter.fits(contact)).await
    }

    /// Which of these words of a name leads: on a later page the one that did; else, of several, one whose list is
    /// short, and of those the one that shows most of those who are looked for at its beginning.
    async fn leading_word<'a>(
        &self,
        tenant: &TenantId,
        words: &[&'a str],
        page: &Page,
    ) -> Result<Option<&'a str>> {
        let [_, _, ..] = words else { return Ok(words.first().copied()) };
        if let Some(place) = page.position()? {
            // None of them is the beginning of another, so that only one of them can stand there.
            return Ok(words.iter().find(|word| place.starts_with(**word)).or(words.first()).copied());
        }
        let beginnings = words.iter().map(|word| async {
            let rows = self.stretch(&Stretch { limit: BATCH, ..by_word(tenant, word) }).await?;
            let places = rows.iter().filter_map(|row| text_in(row, "sk"));
            let shown = places.filter(|place| is_place_of(place, word, words)).count();
            Ok((rows.len() == BATCH, Reverse(shown), rows.len(), *word))
        });
        let beginnings: Vec<_> = try_join_all(beginnings).await?;
        Ok(beginnings.into_iter().min().map(|(.., word)| word))
    }

    /// How many leads there are.
    pub async fn lead_counts(&self, tenant: &TenantId) -> Result<LeadCounts> {
        let counts = self.counts(tenant, STAT).await?;
        let count = |dimension: &str| counts.get(dimension).copied().unwrap_or_default();
        let group = |prefix: &str| {
            let own = counts.iter().filter_map(|(dimension, n)| Some((dimension.strip_prefix(prefix)?, *n)));
            own.map(|(value, n)| (value.to_owned(), n)).collect()
        };
        Ok(LeadCounts {
            total: count("all"),
            by_status: LeadStatus::ALL.map(|status| (status, count(&of_status(status)))).into(),
            by_client_status: ClientStatus::ALL.map(|status| (status, count(&as_client(status)))).into(),
            by_assignee: group("assignee#"),
            by_nationality: group("nationality#"),
        })
    }
}

/// How many leads there are, from counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadCounts {
    /// All of them.
    pub total: i64,
    /// Those in each status.
    pub by_status: BTreeMap<LeadStatus, i64>,
    /// Those in each status as clients.
    pub by_client_status: BTreeMap<ClientStatus, i64>,
    /// Those whom each member looks after, by e-mail address in lower case.
    pub by_assignee: BTreeMap<String, i64>,
    /// Those of each nationality, as [`nationality::key`] has it.
    pub by_nationality: BTreeMap<String, i64>,
}

/// The dimension under which leads of a status are counted.
fn of_status(status: LeadStatus) -> String {
    format!("status#{}", status.as_str())
}

/// The dimension under which leads are counted who stand so as clients.
fn as_client(status: ClientStatus) -> String {
    format!("client#{}", status.as_str())
}

impl LeadFilter {
    /// The list that is likely to be the shortest, where no name is looked for.
    fn leading_list(&self) -> String {
        let campaign = self.campaign.map(|campaign| list("campaign", campaign));
        let tag = || self.tag.as_ref().map(|tag| list("tag", text::folded(tag)));
        let assignee = || self.assignee.as_ref().map(|assignee| list("assignee", assignee.canonical()));
        let source = || self.source.as_ref().map(|source| list("source", text::folded(source)));
        let nationality = || self.nationality.as_ref().map(|key| list("nationality", key));
        let status = || self.status.map(|status| list("status", status.as_str()));
        let client = || self.client_status.map(|status| list("client", status.as_str()));
        campaign
            .or_else(tag)
            .or_else(assignee)
            .or_else(nationality)
            .or_else(source)
            .or_else(status)
            .or_else(client)
            .unwrap_or_else(|| LEADS.to_owned())
    }

    /// The words of the name without those that begin another: who fits the other fits them.
    fn telling_words(&self) -> Vec<&str> {
        let mut words: Vec<&str> =
            self.name.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        // In order, a word is followed at once by those that it begins.
        let begins_next =
            |(n, word): (usize, &&str)| words.get(n + 1).is_some_and(|next| next.starts_with(*word));
        let telling = words.iter().enumerate().filter(|place| !begins_next(*place));
        telling.map(|(_, word)| *word).collect()
    }

    /// Whether a lead is among those that are looked for.
    pub fn fits(&self, contact: &Contact) -> bool {
        let details = &contact.details;
        let same = |asked: &String, is: &str| text::folded(asked) == text::folded(is);
        self.status.is_none_or(|status| status == contact.status)
            && self.campaign.is_none_or(|campaign| details.campaign_id == Some(campaign))
            && self.assignee.as_ref().is_none_or(|assignee| details.assignee.as_ref() == Some(assignee))
            && self.source.as_ref().is_none_or(|source| same(source, &details.source))
            && self.client_status.is_none_or(|status| status == contact.client_status)
            && (self.nationality.is_none() || self.nationality == nationality::key(&details.nationality))
            && self.tag.as_ref().is_none_or(|tag| details.tags.iter().any(|is| same(tag, is)))
            && (self.name.is_empty() || begin(&name(contact), &self.name))
    }
}

/// The rows of a lead in lists and counts.
pub(super) fn rows(contact: &Contact) -> Vec<Row> {
    let details = &contact.details;
    let sort = newest_first(contact.created_at, contact.id);
    let listed = |list: String| Row::Listed { list, sort: sort.clone() };
    let counted = |dimension: String| Row::Counted { stat: STAT, dimension };
    let mut rows = vec![
        listed(LEADS.to_owned()),
        listed(list("status", contact.status.as_str())),
        counted("all".to_owned()),
        counted(of_status(contact.status)),
        listed(list("client", contact.client_status.as_str())),
        counted(as_client(contact.client_status)),
    ];
    if let Some(nationality) = nationality::key(&details.nationality) {
        rows.push(listed(list("nationality", &nationality)));
        rows.push(counted(format!("nationality#{nationality}")));
    }
    rows.extend(details.campaign_id.map(|campaign| listed(list("campaign", campaign))));
    let oldest = oldest_first(contact.created_at, contact.id);
    if let Some(campaign) = details.campaign_id.filter(|campaign| contact.enrolled != Some(*campaign)) {
        rows.push(Row::Listed { list: waiting_leads(campaign), sort: oldest });
    } else if contact.is_free() {
        rows.push(Row::Listed { list: free_leads(&details.source), sort: oldest });
    }
    if let Some(assignee) = details.assignee.as_ref().map(Email::canonical) {
        rows.push(listed(list("assignee", &assignee)));
        rows.push(counted(format!("assignee#{assignee}")));
    }
    rows.extend(
        Some(text::folded(&details.source)).filter(|s| !s.is_empty()).map(|s| listed(list("source", s))),
    );
    let mut tags: Vec<String> = details.tags.iter().take(TAGS).map(|tag| text::folded(tag)).collect();
    tags.sort();
    tags.dedup();
    rows.extend(tags.into_iter().map(|tag| listed(list("tag", tag))));
    let name = name(contact);
    let full: String = name.join(" ").chars().take(NAME_MAX).collect();
    let mut words = name;
    words.truncate(WORDS);
    words.sort();
    words.dedup();
    rows.extend(words.into_iter().filter_map(|word| {
        let initial = word.chars().next()?;
        let word: String = word.chars().take(WORD_MAX).collect();
        Some(Row::Listed { list: list("name", initial), sort: format!("{word}#{full}#{}", contact.id) })
    }));
    rows
}

const STAT: &str = "lead";

fn list(by: &str, value: impl Display) -> String {
    format!("lead#{by}#{value}")
}

/// The words that a lead is found by.
fn name(contact: &Contact) -> Vec<String> {
    let details = &contact.details;
    text::words(&format!("{} {} {}", details.first_name, details.last_name, details.company))
}

/// The places of all that have a word of this beginning in their names.
fn by_word(tenant: &TenantId, word: &str) -> Stretch {
    let initial = word.chars().next().map(String::from).unwrap_or_default();
    Stretch { prefix: word.to_owned(), ..Stretch::of_list(tenant, &list("name", initial)) }
}

/// Whether each of `asked` is the beginning of one of the words.
fn begin(words: &[impl AsRef<str>], asked: &[impl AsRef<str>]) -> bool {
    asked.iter().all(|asked| words.iter().any(|word| word.as_ref().starts_with(asked.as_ref())))
}

/// Whether a place in a list of names, `<word>#<all words>#<id>`, is that of a lead who is looked for. A lead with
/// two words of the same beginning stands twice and is shown at the first.
fn is_place_of(place: &str, leading: &str, asked: &[&str]) -> bool {
    let mut parts = place.split('#');
    let (Some(word), Some(full)) = (parts.next(), parts.next()) else { return false };
    let words: Vec<&str> = full.split(' ').collect();
    let earlier =
        words.iter().take(WORDS).filter(|other| other.starts_with(leading)).any(|other| *other < word);
    !earlier && (full.chars().count() == NAME_MAX || begin(&words, asked))
}
