//! The jobs that functions hand to each other. This is the only place where a message is defined.
//!
//! A job carries ids and nothing else: whoever runs it reads the present state, so a job that comes late,
//! twice or out of order can tell that it has nothing left to do.

use domain::{
    AgentId, AttemptId, CampaignId, ContactId, ConversationId, ExportId, ImportId, JobId, MergeId, MessageId,
    PracticeId, SavedConversationId, TenantId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One message: a job, whose it is, and what set it off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Version of this format.
    pub v: u8,
    /// The message's id.
    pub id: JobId,
    /// The tenant whose data the job is about.
    pub tenant: TenantId,
    /// The id of the request, webhook or timer that set this off, carried through every job that follows.
    pub correlation: String,
    /// What to do.
    pub job: Job,
}

impl Envelope {
    /// The version that this code writes and reads.
    pub const VERSION: u8 = 1;
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Job {
    /// Claim the ready calls of the tenant for which there are slots.
    PlanCalls,
    /// Dial one claimed attempt.
    DialCall {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Ask the provider what became of an attempt that nothing was heard of.
    ReconcileCall {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Take in a stored voice event.
    IngestConversation {
        /// The event's dedupe key.
        event: String,
    },
    /// Have a model read an attempt's transcript.
    AnalyzeCall {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Do what an analysed attempt asks for, or what follows from a last attempt without a talk.
    PlanNextActions {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Settle what became of an agent at the provider.
    SyncAgent {
        /// The agent.
        agent: AgentId,
    },
    /// Bring a campaign's leads and calls to where its status says.
    RunCampaign {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Go on with an import, or with taking it back.
    RunImport {
        /// The import.
        import: ImportId,
    },
    /// Go on with an export.
    RunExport {
        /// The export.
        export: ExportId,
    },
    /// Take in a stored event of a messaging provider.
    IngestMessages {
        /// The event's dedupe key.
        event: String,
    },
    /// Answer what a person wrote, if it is the bot's to answer.
    AnswerMessages {
        /// The conversation.
        conversation: ConversationId,
        /// The number of the message that this is about, so that of several pieces the last one is answered.
        up_to: u64,
    },
    /// Send a message that waits, or settle what became of one.
    SendMessage {
        /// The message.
        message: MessageId,
    },
    /// Read a saved conversation, if that is still to be done.
    ExtractConversation {
        /// The conversation.
        conversation: SavedConversationId,
    },
    /// Alert of a practice's end, if that is due; without one, look anew at all that are still valid, since the lead days
    /// have changed.
    CheckRenewals {
        /// The practice.
        practice: Option<PracticeId>,
        /// Of all of them, only those after this place in the list of ends.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        after: String,
    },
    /// Go on with making two records of one person one, or two again.
    MergeContacts {
        /// The merge.
        merge: MergeId,
    },
    /// Go on with removing all that is stored of a person.
    EraseContact {
        /// By which id they were known.
        contact: ContactId,
    },
}

/// How the jobs of one kind are queued and run. The template and the local runner are both held to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKind {
    /// The job's name, as in its message.
    pub name: &'static str,
    /// The function that runs it.
    pub function: &'static str,
    /// How long one delivery may take, in seconds; the queue hides a message for six times as long.
    pub timeout_secs: u32,
    /// How many deliveries a message has before it goes to the dead-letter queue.
    pub max_deliveries: u32,
}

/// Every kind of job.
pub const JOB_KINDS: [JobKind; 17] = [
    JobKind { name: "PlanCalls", function: "call-planner", timeout_secs: 30, max_deliveries: 5 },
    JobKind { name: "DialCall", function: "call-dialer", timeout_secs: 30, max_deliveries: 5 },
    JobKind { name: "ReconcileCall", function: "call-reconciler", timeout_secs: 60, max_deliveries: 8 },
    JobKind {
        name: "IngestConversation",
        function: "conversation-ingest",
        timeout_secs: 30,
        max_deliveries: 8,
    },
    JobKind { name: "AnalyzeCall", function: "call-analyzer", timeout_secs: 90, max_deliveries: 8 },
    JobKind {
        name: "PlanNextActions",
        function: "next-action-generator",
        timeout_secs: 30,
        max_deliveries: 5,
    },
    JobKind { name: "SyncAgent", function: "agent-sync", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "RunCampaign", function: "campaign-runner", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "RunImport", function: "import-worker", timeout_secs: 120, max_deliveries: 8 },
    JobKind { name: "RunExport", function: "export-worker", timeout_secs: 120, max_deliveries: 8 },
    JobKind { name: "IngestMessages", function: "message-ingest", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "AnswerMessages", function: "chat-responder", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "SendMessage", function: "message-sender", timeout_secs: 30, max_deliveries: 8 },
    JobKind { name: "ExtractConversation", function: "crm-extractor", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "CheckRenewals", function: "renewal-checker", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "MergeContacts", function: "merge-worker", timeout_secs: 60, max_deliveries: 8 },
    JobKind { name: "EraseContact", function: "erasure-worker", timeout_secs: 60, max_deliveries: 8 },
];

impl Job {
    /// How jobs like this one are queued and run.
    pub fn kind(&self) -> &'static JobKind {
        let index = match self {
            Self::PlanCalls => 0,
            Self::DialCall { .. } => 1,
            Self::ReconcileCall { .. } => 2,
            Self::IngestConversation { .. } => 3,
            Self::AnalyzeCall { .. } => 4,
            Self::PlanNextActions { .. } => 5,
            Self::SyncAgent { .. } => 6,
            Self::RunCampaign { .. } => 7,
            Self::RunImport { .. } => 8,
            Self::RunExport { .. } => 9,
            Self::IngestMessages { .. } => 10,
            Self::AnswerMessages { .. } => 11,
            Self::SendMessage { .. } => 12,
            Self::ExtractConversation { .. } => 13,
            Self::CheckRenewals { .. } => 14,
            Self::MergeContacts { .. } => 15,
            Self::EraseContact { .. } => 16,
        };
        &JOB_KINDS[index]
    }

    /// What the job is about: distinguishes it among the jobs of its kind and tenant.
    pub fn subject(&self) -> String {
        match self {
            Self::PlanCalls => String::new(),
            Self::DialCall { attempt }
            | Self::ReconcileCall { attempt }
            | Self::AnalyzeCall { attempt }
            | Self::PlanNextActions { attempt } => attempt.to_string(),
            Self::IngestConversation { event } | Self::IngestMessages { event } => event.clone(),
            Self::SyncAgent { agent } => agent.to_string(),
            Self::RunCampaign { campaign } => campaign.to_string(),
            Self::RunImport { import } => import.to_string(),
            Self::RunExport { export } => export.to_string(),
            Self::AnswerMessages { conversation, .. } => conversation.to_string(),
            Self::SendMessage { message } => message.to_string(),
            Self::ExtractConversation { conversation } => conversation.to_string(),
            Self::CheckRenewals { practice, after } => {
                practice.map_or_else(|| format!("all#{after}"), |practice| practice.to_string())
            }
            Self::MergeContacts { merge } => merge.to_string(),
            Self::EraseContact { contact } => contact.to_string(),
        }
    }
}

/// How a job can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may go well later: the message comes again, not before `after` if that is given.
    Retry {
        /// Why, without personal data.
        reason: String,
        /// How long to wait.
        after: Option<Duration>,
    },
    /// It will never go well: the message goes to the dead letters at once.
    Drop {
        /// Why, without personal data.
        reason: String,
    },
}

impl Failure {
    /// A failure that may pass.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None }
    }

    /// A failure that will not pass.
    pub fn drop(reason: impl Into<String>) -> Self {
        Self::Drop { reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::PrefixedId;
    use domain::{Clock, Ids};

    #[test]
    fn a_message_names_its_kind_and_reads_back() {
        let (ids, now) = (Ids::default(), Clock::default().now());
        let attempt = AttemptId { call: ids.next(now), number: 1 };
        let jobs = [
            Job::PlanCalls,
            Job::DialCall { attempt },
            Job::ReconcileCall { attempt },
            Job::IngestConversation { event: "x#y".to_owned() },
            Job::AnalyzeCall { attempt },
            Job::PlanNextActions { attempt },
            Job::SyncAgent { agent: AgentId::from_ulid(ids.ulid(now)) },
            Job::RunCampaign { campaign: CampaignId::from_ulid(ids.ulid(now)) },
            Job::RunImport { import: ids.next(now) },
            Job::RunExport { export: ids.next(now) },
            Job::IngestMessages { event: "x#y".to_owned() },
            Job::AnswerMessages { conversation: ids.next(now), up_to: 3 },
            Job::SendMessage { message: MessageId { conversation: ids.next(now), ulid: ids.ulid(now) } },
            Job::ExtractConversation { conversation: ids.next(now) },
            Job::CheckRenewals { practice: Some(ids.next(now)), after: String::new() },
            Job::CheckRenewals { practice: None, after: "x".to_owned() },
            Job::MergeContacts { merge: ids.next(now) },
            Job::EraseContact { contact: ids.next(now) },
        ];
        for job in jobs {
            let text = serde_json::to_value(&job).unwrap();
            assert_eq!(text["name"], job.kind().name);
            assert_eq!(serde_json::from_value::<Job>(text).unwrap(), job);
        }
    }
}
