//! Reading: one record, some records, a list.

use crate::Store;
use crate::commit::classify;
use crate::entity::{Entity, Item, Stored};
use crate::error::{Error, Result};
use crate::item::{decode, key_attributes, text, text_in};
use crate::key::{Key, partition};
use crate::retry::{Fault, pause};
use crate::wire;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::TenantId;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::str::FromStr;

/// How often a read is tried.
const TRIES: u32 = 5;
/// How many items one batch may ask for (DynamoDB's own limit).
pub(crate) const BATCH: usize = 100;
/// How many batches are asked for at a time.
const BATCHES_SIDE_BY_SIDE: usize = 10;

/// How many rows one request may read for a page: beyond it the page stays short.
const BUDGET: usize = 500;

/// Which part of a list to read.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// How many records, at most 100; 50 if 0.
    pub limit: usize,
    /// Where the last page ended, as it said.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next part begins, if there may be more.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Listing<U> {
        Listing { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// A stretch of one partition, in the order of its sort keys.
pub(crate) struct Stretch {
    pub(crate) partition: String,
    /// What every sort key begins with.
    pub(crate) prefix: String,
    /// Only keys after this one.
    pub(crate) after: Option<String>,
    /// Only keys up to this one.
    pub(crate) up_to: Option<String>,
    pub(crate) limit: usize,
    pub(crate) backwards: bool,
}

impl Stretch {
    pub(crate) fn of(partition: String, limit: usize) -> Self {
        Self { partition, prefix: String::new(), after: None, up_to: None, limit, backwards: false }
    }

    /// What begins with `prefix` in a partition, of which [`Store::page_of`] reads a page.
    pub(crate) fn within(partition: String, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::of(partition, 0) }
    }

    /// A list from its beginning, of which [`Store::walk`] reads a page.
    pub(crate) fn of_list(tenant: &TenantId, list: &str) -> Self {
        Self::of(partition(tenant, format_args!("LIST#{list}")), 0)
    }
}

impl Store {
    /// One record.
    pub async fn get<E: Entity>(&self, tenant: &TenantId, id: &E::Id) -> Result<Option<Stored<E>>> {
        match self.item(&E::key_of(tenant, id)).await? {
            Some(item) => decode(item, self.clock.now()),
            None => Ok(None),
        }
    }

    /// The records of these ids that exist, in batches of a hundred side by side.
    pub async fn get_many<E: Entity>(
        &self,
        tenant: &TenantId,
        ids: impl IntoIterator<Item = &E::Id>,
    ) -> Result<Vec<Stored<E>>>
    where
        E::Id: 'static,
    {
        let mut keys: Vec<Key> = ids.into_iter().map(|id| E::key_of(tenant, id)).collect();
        keys.sort();
        keys.dedup();
        let now = self.clock.now();
        let items = self.batch(keys).await?;
        items.into_iter().filter_map(|item| decode(item, now).transpose()).collect()
    }

    /// One page of a list: a query for the places and a batch for the records. A record that is gone
    /// meanwhile is left out, so a page may be short.
    pub async fn list<E: Entity>(
        &self,
        tenant: &TenantId,
        list: &str,
        page: &Page,
    ) -> Result<Listing<Stored<E>>> {
        self.walk(Stretch::of_list(tenant, list), page, |_| true, |_: &E| true).await
    }

    /// One page of those records of a list that fit. `shows` judges a place in the list, `fits` a record. Where
    /// few fit, at most 500 places are looked at, and the page is short.
    pub(crate) async fn walk<E: Entity>(
        &self,
        mut stretch: Stretch,
        page: &Page,
        shows: impl Fn(&str) -> bool,
        fits: impl Fn(&E) -> bool,
    ) -> Result<Listing<Stored<E>>> {
        let limit = page.clamped();
        // A stretch may begin somewhere; a page of it, behind the one before.
        stretch.after = page.position()?.max(stretch.after);
        stretch.limit = limit;
        let (mut items, mut budget) = (Vec::new(), BUDGET);
        loop {
            let rows = self.stretch(&stretch).await?;
            let ended = rows.len() < stretch.limit;
            budget -= rows.len();
            let places: Vec<String> =
                rows.iter().filter_map(|row| text_in(row, "sk").map(str::to_owned)).collect();
            let mut records = self.standing_at(rows, &shows).await?;
            for (index, place) in places.iter().enumerate() {
                items.extend(records.remove(place).filter(|record| fits(record)));
                let is_last = ended && index + 1 == places.len();
                if items.len() == limit && !is_last {
                    return Ok(Listing { items, next: Some(cursor(place)) });
                }
            }
            let Some(last) = places.into_iter().next_back().filter(|_| !ended) else {
                return Ok(Listing { items, next: None });
            };
            if budget == 0 {
                return Ok(Listing { items, next: Some(cursor(&last)) });
            }
            stretch.limit = budget.min(BATCH);
            stretch.after = Some(last);
        }
    }

    /// The records that rows of a list stand for, by their places; one batch.
    async fn standing_at<E: Entity>(
        &self,
        rows: Vec<Item>,
        shows: impl Fn(&str) -> bool,
    ) -> Result<HashMap<String, Stored<E>>> {
        let shown = rows.iter().filter_map(|row| {
            let place = text_in(row, "sk").filter(|place| shows(place))?;
            let key = Key { pk: text_in(row, "at")?.to_owned(), sk: text_in(row, "at_sk")?.to_owned() };
            Some((key, place.to_owned()))
        });
        let mut places: HashMap<Key, String> = shown.collect();
        let now = self.clock.now();
        let mut records = HashMap::new();
        for item in self.batch(places.keys().cloned().collect()).await? {
            let key = Key {
                pk: text_in(&item, "pk").unwrap_or_default().to_owned(),
                sk: text_in(&item, "sk").unwrap_or_default().to_owned(),
            };
            if let (Some(place), Some(record)) = (places.remove(&key), decode(item, now)?) {
                records.insert(place, record);
            }
        }
        Ok(records)
    }

    /// Who has the value that is unique under `name`.
    pub(crate) async fn owner<I: FromStr>(
        &self,
        tenant: &TenantId,
        name: &str,
        value: &str,
    ) -> Result<Option<I>> {
        let key = Key::of(tenant, format_args!("U#{name}#{value}"), "0");
        let item = self.item(&key).await?;
        Ok(item.and_then(|item| text_in(&item, "owner")?.parse().ok()))
    }

    /// Who has each of these values that are unique under `name`; those that nobody has are left out.
    pub(crate) async fn owners<I: FromStr>(
        &self,
        tenant: &TenantId,
        name: &str,
        values: impl IntoIterator<Item = &str>,
    ) -> Result<HashMap<String, I>> {
        let begins = partition(tenant, format_args!("U#{name}#"));
        let mut keys: Vec<Key> = values
            .into_iter()
            .map(|value| Key { pk: format!("{begins}{value}"), sk: "0".to_owned() })
            .collect();
        keys.sort();
        keys.dedup();
        let items = self.batch(keys).await?;
        Ok(items
            .into_iter()
            .filter_map(|item| {
                let value = text_in(&item, "pk")?.strip_prefix(&begins)?.to_owned();
                Some((value, text_in(&item, "owner")?.parse().ok()?))
            })
            .collect())
    }

    /// One item.
    pub(crate) async fn item(&self, key: &Key) -> Result<Option<Item>> {
        let answer = self
            .patiently(|| {
                let request = self.client.get_item().table_name(&*self.table).consistent_read(true);
                wire::get(request.set_key(Some(key_attributes(key))))
            })
            .await?;
        Ok(answer.item)
    }

    /// The items that exist among these, in the order of the keys; batches side by side.
    pub(crate) async fn batch(&self, keys: Vec<Key>) -> Result<Vec<Item>> {
        let batches: Vec<_> = keys.chunks(BATCH).map(|keys| self.one_batch(keys)).collect();
        let batches: Vec<Vec<Item>> =
            stream::iter(batches).buffer_unordered(BATCHES_SIDE_BY_SIDE).try_collect().await?;
        let mut found: HashMap<(String, String), Item> = HashMap::new();
        for item in batches.into_iter().flatten() {
            if let (Some(pk), Some(sk)) = (text_in(&item, "pk"), text_in(&item, "sk")) {
                found.insert((pk.to_owned(), sk.to_owned()), item);
            }
        }
        Ok(keys.into_iter().filter_map(|key| found.remove(&(key.pk, key.sk))).collect())
    }

    /// The items that exist among these, a hundred at most, in any order.
    async fn one_batch(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut wanted: Vec<Item> = keys.iter().map(key_attributes).collect();
        for attempt in 0..TRIES {
            if wanted.is_empty() {
                break;
            }
            pause(attempt).await;
            let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true);
            let request = request.build().map_err(|e| Error::Unavailable(e.to_string()))?;
            let answer = self
                .patiently(|| {
                    wire::batch_get(self.client.batch_get_item().request_items(&*self.table, request.clone()))
                })
                .await?;
            items.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let left = answer.unprocessed_keys.unwrap_or_default().into_values().next();
            wanted = left.map(|left| left.keys).unwrap_or_default();
        }
        if wanted.is_empty() { Ok(items) } else { Err(Error::Throttled) }
    }

    /// The records of a stretch, at most its limit.
    pub(crate) async fn records<E: Entity>(&self, stretch: &Stretch) -> Result<Vec<Stored<E>>> {
        let now = self.clock.now();
        let items = self.stretch(stretch).await?.into_iter();
        items.filter_map(|item| decode(item, now).transpose()).collect()
    }

    /// One page of the records of a stretch.
    pub(crate) async fn page_of<E: Entity>(
        &self,
        stretch: Stretch,
        page: &Page,
    ) -> Result<Listing<Stored<E>>> {
        let now = self.clock.now();
        let Listing { items, next } = self.items_of(stretch, page).await?;
        let items = items.into_iter().filter_map(|item| decode(item, now).transpose());
        Ok(Listing { items: items.collect::<Result<_>>()?, next })
    }

    /// One page of the items of a stretch.
    pub(crate) async fn items_of(&self, mut stretch: Stretch, page: &Page) -> Result<Listing<Item>> {
        stretch.limit = page.clamped();
        stretch.after = page.position()?;
        if stretch.after.as_ref().is_some_and(|after| !after.starts_with(&stretch.prefix)) {
            return Err(Error::BadCursor);
        }
        let items = self.stretch(&stretch).await?;
        let last = items.last().filter(|_| items.len() == stretch.limit);
        let next = last.and_then(|last| text_in(last, "sk")).map(cursor);
        Ok(Listing { items, next })
    }

    /// The items of a stretch, at most its limit.
    pub(crate) async fn stretch(&self, stretch: &Stretch) -> Result<Vec<Item>> {
        let Stretch { partition, prefix, after, up_to, limit, backwards } = stretch;
        let mut condition = "pk = :pk".to_owned();
        let mut values = HashMap::from([(":pk".to_owned(), text(partition))]);
        // A key condition takes one test of the sort key, so the bounds become one range.
        let low = after.as_ref().filter(|after| *after >= prefix).unwrap_or(prefix).clone();
        if up_to.as_ref().is_some_and(|high| *high < low) || !low.starts_with(prefix.as_str()) {
            return Err(Error::BadCursor);
        }
        match (low.is_empty(), up_to) {
            (true, None) => {}
            (false, None) if after.is_none() => {
                condition.push_str(" AND begins_with(sk, :low)");
                values.insert(":low".to_owned(), text(low));
            }
            (_, up_to) => {
                condition.push_str(" AND sk BETWEEN :low AND :high");
                let high = up_to.clone().unwrap_or_else(|| format!("{prefix}\u{10FFFF}"));
                values.insert(":low".to_owned(), text(if low.is_empty() { " ".to_owned() } else { low }));
                values.insert(":high".to_owned(), text(high));
            }
        }
        let mut items: Vec<Item> = Vec::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        // One key more than asked for, because a range begins with the key that it is to come after.
        let wanted = limit + usize::from(after.is_some());
        loop {
            let page = i32::try_from(wanted - items.len()).unwrap_or(i32::MAX);
            let answer = self
                .patiently(|| {
                    let query = self
                        .client
                        .query()
                        .table_name(&*self.table)
                        .consistent_read(true)
                        .key_condition_expression(&condition)
                        .set_expression_attribute_values(Some(values.clone()))
                        .scan_index_forward(!backwards)
                        .limit(page)
                        .set_exclusive_start_key(start.clone());
                    wire::query(query)
                })
                .await?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() || items.len() >= wanted {
                break;
            }
        }
        if let Some(after) = after {
            items.retain(|item| text_in(item, "sk").is_some_and(|sk| sk > after.as_str()));
        }
        items.truncate(*limit);
        Ok(items)
    }

    /// Sends a request that is safe to repeat until it goes well, or will not.
    pub(crate) async fn patiently<T, E, F>(&self, send: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata,
    {
        let mut last = Error::Throttled;
        for attempt in 0..TRIES {
            pause(attempt).await;
            match send().await {
                Ok(answer) => return Ok(answer),
                Err(error) => match classify(&error) {
                    Fault::Passing(error) => last = error,
                    Fault::Final(error) => return Err(error),
                },
            }
        }
        Err(last)
    }
}

impl Page {
    /// How many records it may have: 50 where that is not said, 100 at most.
    pub fn clamped(&self) -> usize {
        if self.limit == 0 { 50 } else { self.limit.min(100) }
    }

    /// The sort key that the page comes after.
    pub(crate) fn position(&self) -> Result<Option<String>> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::BadCursor)?;
        if text.is_empty() || text.len() > 1_024 { Err(Error::BadCursor) } else { Ok(Some(text)) }
    }
}

/// The cursor after this place.
pub(crate) fn cursor(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}
