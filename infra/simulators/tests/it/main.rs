//! The simulators as their clients see them: over HTTP, with the clock in the test's hand.

#[cfg(test)]
mod elevenlabs;
#[cfg(test)]
mod lies;
#[cfg(test)]
mod message_lies;
#[cfg(test)]
mod messaging;
#[cfg(test)]
mod meta;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod persistence;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod support;
#[cfg(test)]
mod whatsapp;
#[cfg(test)]
mod whatsapp_checks;
#[cfg(test)]
mod whatsapp_course;
