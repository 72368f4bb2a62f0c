//! Leads that come from files and go into them.

use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::{Key, partition, shard};
use crate::read::Stretch;
use domain::contact::Contact;
use domain::import::{Export, Import, Outcome, RowError};
use domain::{CampaignId, ContactId, Email, ExportId, ImportId, Phone, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// The list of all imports, newest first.
pub const IMPORTS: &str = "import";
/// The list of all exports, newest first.
pub const EXPORTS: &str = "export";

impl Entity for Import {
    const KIND: &'static str = "import";
    type Id = ImportId;

    fn key_of(tenant: &TenantId, id: &ImportId) -> Key {
        Key::of(tenant, format_args!("IMP#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        vec![Row::Listed { list: IMPORTS.to_owned(), sort: newest_first(self.created_at, self.id) }]
    }
}

impl Entity for Export {
    const KIND: &'static str = "export";
    type Id = ExportId;

    fn key_of(tenant: &TenantId, id: &ExportId) -> Key {
        Key::of(tenant, format_args!("EXP#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        vec![Row::Listed { list: EXPORTS.to_owned(), sort: newest_first(self.created_at, self.id) }]
    }
}

/// What one step of an import did, written with it: so each row is done once, and can be taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportStep {
    /// The import.
    pub import: ImportId,
    /// The first row of the step's leads.
    pub row: u32,
    /// The leads that it wrote.
    pub leads: Vec<ImportedLead>,
    /// The campaigns that it brought leads into, but for cancelled ones.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub campaigns: BTreeSet<CampaignId>,
    /// Until when it can be taken back.
    pub until: Timestamp,
}

/// What an import did to a lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedLead {
    /// The lead.
    pub lead: ContactId,
    /// The rows that name it, and what each did.
    pub rows: Vec<(u32, Outcome)>,
    /// The lead before; none if it was made.
    pub before: Option<Contact>,
    /// A digest of the lead as it was written.
    pub after: String,
    /// What became of it when the import was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// What became of a lead when its import was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undone {
    /// The import had made it, and it is gone.
    Removed,
    /// It is as it was before.
    Restored,
    /// Somebody changed it since, and it stays.
    Kept,
    /// Somebody deleted it since.
    Gone,
}

impl Entity for ImportStep {
    const KIND: &'static str = "import_step";
    type Id = (ImportId, u32);

    fn key_of(tenant: &TenantId, (import, row): &(ImportId, u32)) -> Key {
        Key::of(tenant, format_args!("IMP#{import}"), format!("C#{row:08}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.import, self.row))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// What is wrong with some of an import's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportErrors {
    /// The import.
    pub import: ImportId,
    /// Where the rows begin.
    pub row: u32,
    /// What is wrong, in the order of the rows.
    pub errors: Vec<RowError>,
    /// Until when it is shown.
    pub until: Timestamp,
}

impl Entity for ImportErrors {
    const KIND: &'static str = "import_errors";
    type Id = (ImportId, u32);

    fn key_of(tenant: &TenantId, (import, row): &(ImportId, u32)) -> Key {
        Key::of(tenant, format_args!("IMP#{import}"), format!("E#{row:08}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.import, self.row))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// Who has values that are unique among leads.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    /// By telephone number.
    pub phones: HashMap<Phone, ContactId>,
    /// By e-mail address in lower case.
    pub emails: HashMap<String, ContactId>,
}

/// How many items of an import are read at most to show its errors: each has one error or more.
const ERROR_ITEMS: usize = 1_000;

impl Store {
    /// What an import did with the rows from `first` to `last`, both included.
    pub async fn import_steps(
        &self,
        tenant: &TenantId,
        import: ImportId,
        first: u32,
        last: u32,
    ) -> Result<Vec<ImportStep>> {
        let rows = usize::try_from(last.saturating_sub(first)).unwrap_or_default() + 1;
        let mut stretch = Stretch::of(partition(tenant, format_args!("IMP#{import}")), rows);
        "C#".clone_into(&mut stretch.prefix);
        stretch.after = Some(format!("C#{:08}", first.saturating_sub(1)));
        stretch.up_to = Some(format!("C#{last:08}"));
        let steps = self.records(&stretch).await?;
        Ok(steps.into_iter().map(|step: Stored<ImportStep>| step.value).collect())
    }

    /// The last `limit` steps of an import before the row `below`, or the last of all, latest first.
    pub async fn last_import_steps(
        &self,
        tenant: &TenantId,
        import: ImportId,
        below: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Stored<ImportStep>>> {
        let mut stretch = Stretch::of(partition(tenant, format_args!("IMP#{import}")), limit);
        "C#".clone_into(&mut stretch.prefix);
        stretch.backwards = true;
        if let Some(below) = below {
            stretch.up_to = Some(format!("C#{:08}", below.saturating_sub(1)));
        }
        self.records(&stretch).await
    }

    /// What is wrong with an import's rows, in their order.
    pub async fn import_errors(&self, tenant: &TenantId, import: ImportId) -> Result<Vec<RowError>> {
        let mut stretch = Stretch::of(partition(tenant, format_args!("IMP#{import}")), ERROR_ITEMS);
        "E#".clone_into(&mut stretch.prefix);
        let items = self.records(&stretch).await?;
        Ok(items.into_iter().flat_map(|item: Stored<ImportErrors>| item.value.errors).collect())
    }

    /// Who has these telephone numbers and e-mail addresses.
    pub async fn lead_owners(
        &self,
        tenant: &TenantId,
        phones: impl IntoIterator<Item = &Phone>,
        emails: impl IntoIterator<Item = &Email>,
    ) -> Result<Owners> {
        let mut owners = Owners::default();
        let phones: Vec<Phone> = phones.into_iter().cloned().collect();
        let emails: Vec<String> = emails.into_iter().map(Email::canonical).collect();
        let of_phones = self.owners(tenant, super::contact::PHONE, phones.iter().map(Phone::as_str));
        let of_emails = self.owners(tenant, super::contact::EMAIL, emails.iter().map(String::as_str));
        let (of_phones, of_emails) = futures::try_join!(of_phones, of_emails)?;
        owners
            .phones
            .extend(phones.into_iter().filter_map(|p| Some((p.clone(), *of_phones.get(p.as_str())?))));
        owners.emails.extend(emails.into_iter().filter_map(|e| Some((e.clone(), *of_emails.get(&e)?))));
        Ok(owners)
    }
}

/// In which of the eight shards a lead is counted. Steps that count in different shards do not hold each other up.
pub fn counter_shard(tenant: &TenantId, lead: ContactId) -> u64 {
    shard(&Contact::key_of(tenant, &lead).pk, crate::entity::COUNTER_SHARDS)
}
