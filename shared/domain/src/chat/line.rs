//! In which order our messages go.

use crate::MessageId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long a message that is on its way holds up those behind it: longer than a provider's answer takes.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(30);
/// How many are kept in line. Those of a conversation in which more wait go as they come.
const KEPT: usize = 50;

/// Our messages of one conversation that are to go, in the order in which they were written: queues keep none. Whether
/// one still waits is for its own record to say, so that a message which ended otherwise holds up nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    waiting: Vec<MessageId>,
    last: Option<(MessageId, Timestamp)>,
}

impl Line {
    /// Puts a message at the end.
    pub fn join(&mut self, id: MessageId) {
        self.waiting.push(id);
        if self.waiting.len() > KEPT {
            self.waiting.remove(0);
        }
    }

    /// Those that may have to go before this one, or to get there: whoever asks looks whether they do.
    pub fn ahead_of(&self, id: MessageId, now: Timestamp) -> Vec<MessageId> {
        let place = self.waiting.iter().position(|waiting| *waiting == id).unwrap_or_default();
        let going = self.last.filter(|(last, since)| *last != id && now < *since + ON_ITS_WAY);
        going.into_iter().map(|(last, _)| last).chain(self.waiting[..place].iter().copied()).collect()
    }

    /// Notes that a message goes now, before which nobody has to go any more.
    pub fn leave(&mut self, id: MessageId, now: Timestamp) {
        let place = self.waiting.iter().position(|waiting| *waiting == id);
        self.waiting.drain(..place.map_or(0, |place| place + 1));
        self.last = Some((id, now));
    }

    /// Puts a message back to where it was: the provider took no notice of it.
    pub fn come_back(&mut self, id: MessageId) {
        if !self.waiting.contains(&id) {
            self.waiting.insert(0, id);
        }
        self.last = self.last.filter(|(last, _)| *last != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;

    #[test]
    fn whoever_wrote_first_goes_first() {
        let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let ids = Ids::default();
        let conversation = ids.next(now);
        let [one, two, three] = [0; 3].map(|_| MessageId { conversation, ulid: ids.ulid(now) });
        let mut line = Line::default();
        for id in [one, two, three] {
            line.join(id);
        }
        assert_eq!(line.ahead_of(one, now), []);
        assert_eq!(line.ahead_of(three, now), [one, two]);
        line.leave(one, now);
        assert_eq!(line.ahead_of(two, now), [one], "it may not have got there yet");
        assert_eq!(line.ahead_of(one, now), []);
        let later = now + ON_ITS_WAY;
        assert_eq!(line.ahead_of(two, later), []);
        line.come_back(one);
        assert_eq!(line.ahead_of(three, now), [one, two]);
        // Whoever goes before the others does so because these go no more.
        line.leave(two, now);
        assert_eq!(line.ahead_of(three, later), []);
        line.leave(three, now);
        let mut full = Line::default();
        let many: Vec<MessageId> = (0..60).map(|_| MessageId { conversation, ulid: ids.ulid(now) }).collect();
        for id in &many {
            full.join(*id);
        }
        assert_eq!(full.ahead_of(many[59], now).len(), KEPT - 1);
        assert_eq!(full.ahead_of(many[3], now), [], "whoever is not in line waits for nobody");
    }
}
