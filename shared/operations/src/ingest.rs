//! Taking in what the voice provider told: a conversation that ended, a call that never began.

use crate::calls;
use crate::context::Context;
use crate::dialing::{self, Extra};
use crate::error::Result;
use crate::inbound;
use crate::raw_events;
use crate::voice_events::ELEVENLABS;
use contracts::Job;
use domain::AttemptId;
use domain::analysis::{Evaluation, ProviderNotes, Verdict};
use domain::call::{Call, CallStatus, Ending};
use domain::calling::Reason;
use elevenlabs::webhook::{Event, EventBody, FailureReason};
use elevenlabs::{Conversation, ConversationStatus, Role, Turn};
use jiff::SignedDuration;
use store::{Stored, Transcript, TranscriptTurn};

/// How an event was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// It brought an attempt forward.
    News,
    /// It was known, or is about nothing of ours.
    Nothing,
    /// It is about a conversation that nobody knows yet; the dialer may be about to store it.
    NotYetKnown,
}

/// How long an event waits for its call to become known: the dialer stores a conversation's id within
/// seconds, and the reconciler finds what it did not.
const WAITS: SignedDuration = SignedDuration::from_mins(10);

/// Takes in a stored event.
pub async fn ingest(ctx: &Context, event: &str) -> Result<Ingested> {
    let Some(raw) = raw_events::load(ctx, ELEVENLABS, event).await? else { return Ok(Ingested::Nothing) };
    let Ok(parsed) = Event::parse(&raw.body) else { return Ok(Ingested::Nothing) };
    match parsed.body {
        EventBody::Conversation(conversation) => {
            let carried = attempt_of(&conversation);
            // What comes back without our mark may still be of a conversation that we know.
            let attempt = match carried {
                None => attempt_of_conversation(ctx, &conversation.conversation_id).await?,
                carried => carried,
            };
            match attempt {
                Some(attempt) => conversation_ended(ctx, attempt, &conversation).await,
                None => inbound::take_in(ctx, &conversation).await,
            }
        }
        EventBody::InitiationFailure { conversation_id, reason, .. } => {
            match attempt_of_conversation(ctx, &conversation_id).await? {
                Some(attempt) => never_began(ctx, attempt, conversation_id, &reason).await,
                None if ctx.now().duration_since(raw.received_at) < WAITS => Ok(Ingested::NotYetKnown),
                None => Ok(Ingested::Nothing),
            }
        }
        EventBody::MachineDetection { conversation_id, user_id, is_machine: Some(true) } => {
            let carried = user_id.and_then(|id| id.parse().ok());
            let attempt = match carried {
                None => attempt_of_conversation(ctx, &conversation_id).await?,
                carried => carried,
            };
            match attempt {
                Some(attempt) => machine_answered(ctx, attempt).await,
                None if ctx.now().duration_since(raw.received_at) < WAITS => Ok(Ingested::NotYetKnown),
                None => Ok(Ingested::Nothing),
            }
        }
        EventBody::MachineDetection { .. } | EventBody::Other => Ok(Ingested::Nothing),
    }
}

/// The attempt that a conversation carries for us.
fn attempt_of(conversation: &Conversation) -> Option<AttemptId> {
    conversation.user_id.as_deref()?.parse().ok()
}

async fn attempt_of_conversation(ctx: &Context, conversation: &str) -> Result<Option<AttemptId>> {
    let Some(id) = ctx.store().call_of_conversation(&ctx.tenant, conversation).await? else {
        return Ok(None);
    };
    let call = calls::find(ctx, id).await?;
    let attempt =
        call.attempts.iter().find(|attempt| attempt.conversation_id.as_deref() == Some(conversation));
    Ok(attempt.map(|attempt| AttemptId { call: id, number: attempt.number }))
}

/// Ends an attempt with what was said in it, and has it read.
pub(crate) async fn conversation_ended(
    ctx: &Context,
    attempt: AttemptId,
    conversation: &Conversation,
) -> Result<Ingested> {
    if !conversation.status.is_final() {
        return Ok(Ingested::Nothing);
    }
    // A call that does not exist is of another installation on the same account.
    let Some(call) = calls::existing(ctx, attempt.call).await? else { return Ok(Ingested::Nothing) };
    let machine = call.attempt(attempt.number).is_some_and(|attempt| attempt.machine);
    let ending = ending_of(conversation, machine);
    let mut extras = vec![Extra::Transcript(transcript(attempt, conversation))];
    if ending.status == CallStatus::Completed {
        extras.push(Extra::Job(Job::AnalyzeCall { attempt }));
    }
    end(ctx, Some(call), attempt, ending, &extras).await
}

/// How a finished conversation ended; `machine_heard`: the carrier heard a machine pick up.
pub(crate) fn ending_of(conversation: &Conversation, machine_heard: bool) -> Ending {
    let status = status_of(conversation, machine_heard);
    let reason = match status {
        CallStatus::Voicemail => Some(Reason::Voicemail),
        CallStatus::NoAnswer => Some(Reason::NoAnswer),
        CallStatus::Busy => Some(Reason::Busy),
        CallStatus::Failed => Some(Reason::ProviderFailed),
        _ => None,
    };
    Ending {
        status,
        reason,
        confirmed: true,
        is_over: true,
        conversation_id: Some(conversation.conversation_id.clone()).filter(|id| !id.is_empty()),
        duration_secs: conversation.metadata.call_duration_secs.and_then(|secs| u64::try_from(secs).ok()),
        cost_credits: conversation.metadata.cost,
    }
}

/// Notes that a machine picked up. The attempt goes on until its end is told: the agent may be leaving a message.
async fn machine_answered(ctx: &Context, attempt: AttemptId) -> Result<Ingested> {
    crate::error::retrying!(
        async {
            let Some(old) = calls::existing(ctx, attempt.call).await? else { return Ok(Ingested::Nothing) };
            let mut call = old.value.clone();
            if call.machine_answered(attempt.number, ctx.now()).is_none() {
                return Ok(Ingested::Nothing);
            }
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            ctx.store().commit(step).await?;
            Ok(Ingested::News)
        }
        .await
    )
}

async fn never_began(
    ctx: &Context,
    attempt: AttemptId,
    conversation_id: String,
    reason: &FailureReason,
) -> Result<Ingested> {
    let (status, reason) = match reason {
        FailureReason::Busy => (CallStatus::Busy, Reason::Busy),
        FailureReason::NoAnswer => (CallStatus::NoAnswer, Reason::NoAnswer),
        _ => (CallStatus::Failed, Reason::ProviderFailed),
    };
    let ending =
        Ending { conversation_id: Some(conversation_id), ..Ending::without_talk(status, reason, true) };
    end(ctx, None, attempt, ending, &[]).await
}

async fn end(
    ctx: &Context,
    known: Option<Stored<Call>>,
    attempt: AttemptId,
    ending: Ending,
    extras: &[Extra],
) -> Result<Ingested> {
    match dialing::end(ctx, known, attempt, ending, extras).await {
        Ok(true) => Ok(Ingested::News),
        // A call that does not exist is of another installation on the same account.
        Ok(false) | Err(crate::Error::NotFound(_)) => Ok(Ingested::Nothing),
        Err(e) => Err(e),
    }
}

/// So many times at most a machine says something. Where the carrier took a person for a machine, who then talked
/// more than that, it was a talk.
const MACHINE_TURNS: usize = 2;

/// What a finished conversation says about its attempt; `machine_heard`: the carrier heard a machine pick up.
fn status_of(conversation: &Conversation, machine_heard: bool) -> CallStatus {
    let machine = |text: &str| {
        let text = text.to_lowercase();
        text.contains("voicemail") || text.contains("answering machine")
    };
    let detected =
        conversation.transcript.iter().flat_map(|turn| &turn.tool_calls).any(|call| machine(&call.tool_name));
    let hung_up_on_machine = conversation.metadata.termination_reason.as_deref().is_some_and(machine);
    let is_spoken = |turn: &&Turn| turn.role == Role::User && turn.message.is_some();
    let spoken = conversation.transcript.iter().filter(is_spoken).count();
    if detected || hung_up_on_machine || (machine_heard && spoken <= MACHINE_TURNS) {
        CallStatus::Voicemail
    } else if conversation.status == ConversationStatus::Failed && spoken == 0 {
        unreached(conversation)
    } else {
        CallStatus::Completed
    }
}

/// How an attempt that came to no talk ended, where all that tells it is the conversation: the event that names the
/// reason was lost.
fn unreached(conversation: &Conversation) -> CallStatus {
    let metadata = &conversation.metadata;
    let error = metadata.error.as_ref().and_then(|error| error.reason.as_deref());
    let words = [error, metadata.termination_reason.as_deref()].into_iter().flatten();
    let said = words.map(|words| words.to_lowercase().replace(['-', '_'], " ")).collect::<Vec<_>>().join(" ");
    if said.contains("no answer") {
        CallStatus::NoAnswer
    } else if said.contains("busy") {
        CallStatus::Busy
    } else {
        CallStatus::Failed
    }
}

/// Longest turn that is kept, in characters.
const TURN_MAX: usize = 20_000;

pub(crate) fn transcript(attempt: AttemptId, conversation: &Conversation) -> Transcript {
    let turns = conversation.transcript.iter().filter_map(|turn| {
        let message = turn.message.as_deref().filter(|message| !message.trim().is_empty())?;
        Some(TranscriptTurn {
            role: turn.role.as_str().to_owned(),
            message: domain::text::shortened(message, TURN_MAX),
            at_secs: turn.time_in_call_secs.and_then(|secs| u64::try_from(secs).ok()).unwrap_or_default(),
        })
    });
    Transcript { attempt, turns: turns.collect(), turns_left_out: 0, notes: notes(conversation) }.fitted()
}

/// What the provider's own model noted about a conversation.
fn notes(conversation: &Conversation) -> ProviderNotes {
    let analysis = conversation.analysis.clone().unwrap_or_default();
    let evaluation = analysis.evaluation_criteria_results.into_iter().map(|(id, evaluation)| {
        let result = match evaluation.result {
            elevenlabs::Verdict::Success => Verdict::Success,
            elevenlabs::Verdict::Failure => Verdict::Failure,
            _ => Verdict::Unknown,
        };
        (id, Evaluation { result, rationale: evaluation.rationale.unwrap_or_default() })
    });
    ProviderNotes {
        collected: analysis.data_collection_results,
        evaluation: evaluation.collect(),
        language: conversation.metadata.main_language.clone().unwrap_or_default(),
    }
    .bounded()
}
