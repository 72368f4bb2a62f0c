//! Whose the messages of a change are.

use crate::lenient;
use serde_json::Value;

/// The `contacts` of a change.
pub(super) struct People {
    contacts: Vec<Contact>,
    /// All messages of the change come from the same person.
    one_sender: bool,
}

/// One of them.
pub(super) struct Contact {
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) parent_user_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
}

impl People {
    pub(super) fn of(value: &Value) -> Self {
        let same = |a: &Value, b: &Value| ["from", "from_user_id"].iter().all(|key| a[*key] == b[*key]);
        Self {
            contacts: lenient::list(&value["contacts"]).iter().map(Contact::of).collect(),
            one_sender: lenient::list(&value["messages"]).windows(2).all(|pair| same(&pair[0], &pair[1])),
        }
    }

    /// The contact of this user id, or else of this number.
    pub(super) fn find(&self, user_id: Option<&str>, number: Option<&str>) -> Option<&Contact> {
        let by_id = self.contacts.iter().find(|contact| same(contact.user_id.as_deref(), user_id));
        by_id.or_else(|| {
            let fits = |contact: &&Contact| contact.may_be(user_id) && same(contact.wa_id.as_deref(), number);
            self.contacts.iter().find(fits)
        })
    }

    /// The sender of a message. The number need not be the one at WhatsApp, so the only contact of the only sender
    /// is that person.
    pub(super) fn sender(&self, user_id: Option<&str>, number: Option<&str>) -> Option<&Contact> {
        let only = || match &self.contacts[..] {
            [contact] if self.one_sender && contact.may_be(user_id) => Some(contact),
            _ => None,
        };
        self.find(user_id, number).or_else(only)
    }
}

impl Contact {
    fn of(contact: &Value) -> Self {
        let profile = &contact["profile"];
        Self {
            wa_id: lenient::digits(&contact["wa_id"]),
            user_id: lenient::id(&contact["user_id"]),
            parent_user_id: lenient::id(&contact["parent_user_id"]),
            name: lenient::id(&profile["name"]),
            username: lenient::id(&profile["username"]),
        }
    }

    /// Nothing says that it is somebody else.
    fn may_be(&self, user_id: Option<&str>) -> bool {
        self.user_id.is_none() || user_id.is_none() || self.user_id.as_deref() == user_id
    }
}

fn same(known: Option<&str>, told: Option<&str>) -> bool {
    told.is_some() && known == told
}
