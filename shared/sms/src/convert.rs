//! Between our types and the service's JSON.

use crate::message::{Kind, TextMessage};
use crate::wire;

impl<'a> From<&'a TextMessage> for wire::SendTextMessage<'a> {
    fn from(message: &'a TextMessage) -> Self {
        let registered =
            [("IN_ENTITY_ID", &message.in_entity_id), ("IN_TEMPLATE_ID", &message.in_template_id)];
        let registered = registered.into_iter().filter(|_| message.is_to_india());
        Self {
            destination_phone_number: &message.to,
            origination_identity: &message.from,
            message_body: &message.body,
            message_type: match message.kind {
                Kind::Transactional => "TRANSACTIONAL",
                Kind::Promotional => "PROMOTIONAL",
            },
            context: message.context.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            destination_country_parameters: registered
                .filter_map(|(name, id)| Some((name, id.as_deref()?)))
                .collect(),
        }
    }
}
