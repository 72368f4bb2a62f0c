//! Takes jobs from the outbox to their queues as soon as they are stored.
//!
//! - Trigger: the table's stream, inserted rows whose key begins with `sys#out#`.
//! - Jobs out: all kinds. Writes: deletes the rows of the messages that went.
//! - On failure the stream comes again from the first message that no queue took, so that later ones may go
//!   twice. What the stream gives up on, the tick sends.

use lambda::Item;
use operations::Platform;
use queues::Queues;
use store::Message;
use tracing::error;

/// Sends the messages among these items. Tells of each item, in their order, whether it is dealt with.
///
/// So is an item that is no message, and one that cannot be read: it would block all others behind it for
/// nothing. Its row stays, and the log says so.
pub async fn handle(platform: Platform, queues: Queues, items: Vec<Item>) -> Vec<bool> {
    let mut dealt_with = vec![true; items.len()];
    let (mut positions, mut messages) = (Vec::new(), Vec::new());
    for (position, item) in items.iter().enumerate() {
        match Message::from_item(item) {
            Ok(Some(message)) => {
                positions.push(position);
                messages.push(message);
            }
            Ok(None) => {}
            Err(failure) => error!("a message in the outbox cannot be sent: {failure}"),
        }
    }
    let accepted = queues.relay(&platform.store, &messages).await;
    for (position, accepted) in positions.into_iter().zip(accepted) {
        dealt_with[position] = accepted;
    }
    dealt_with
}
