//! What became of messages of ours, as WhatsApp tells it: in any order, more than once, and late.

use super::ingest::Scene;
use crate::context::Context;
use crate::error::Result;
use crate::messages::{self, Outcome};
use domain::chat::{Fault, Message, MessageStatus, Place};
use domain::{MessageId, text};
use store::Stored;
use whatsapp::Consequence;
use whatsapp::webhook::{DeliveryStatus, GraphError, Status};

/// Moves a message on to where a status says that it stands. Its id travels with it, so that one whose sending was
/// never answered is found, and settled.
pub(super) async fn take_in(scene: &Scene<'_>, status: &Status) -> Result<()> {
    let ctx = scene.ctx;
    let Some(old) = message(ctx, status).await? else { return Ok(()) };
    let mut step = ctx.step();
    scene.trace(&mut step, old.contact_id)?;
    ctx.store().commit(step).await?;
    let at = status.at.filter(|at| *at <= ctx.now()).unwrap_or_else(|| ctx.now());
    let fault = status.errors.first();
    let place = match status.status {
        DeliveryStatus::Sent => Place::at(MessageStatus::Sent, at),
        DeliveryStatus::Delivered => Place::at(MessageStatus::Delivered, at),
        DeliveryStatus::Read => Place::at(MessageStatus::Read, at),
        DeliveryStatus::Failed => {
            let consequence = fault.map_or(Consequence::Unknown, GraphError::consequence);
            let place = Place::because(MessageStatus::Failed, at, messages::reason_of(consequence));
            let outcome = Outcome::Failed { place: Place { fault: fault.map(told), ..place }, consequence };
            return messages::conclude(ctx, old, outcome, Some(&status.message_id), scene.config).await;
        }
        DeliveryStatus::Other(_) => return Ok(()),
    };
    messages::conclude(ctx, old, Outcome::Stands(place), Some(&status.message_id), scene.config).await
}

async fn message(ctx: &Context, status: &Status) -> Result<Option<Stored<Message>>> {
    let carried = status.callback_data.as_deref().and_then(|data| data.parse::<MessageId>().ok());
    let id = match carried {
        Some(id) => Some(id),
        None => {
            let known = ctx.store().messages_known_as(&ctx.tenant, [status.message_id.as_str()]).await?;
            known.into_values().next()
        }
    };
    match id {
        Some(id) => Ok(ctx.store().get::<Message>(&ctx.tenant, &id).await?),
        None => Ok(None),
    }
}

fn told(error: &GraphError) -> Fault {
    let said = error.details.as_ref().or(error.message.as_ref()).or(error.title.as_ref());
    Fault { code: error.code.to_string(), detail: text::tidied(said.map_or("", String::as_str), 200) }
}
