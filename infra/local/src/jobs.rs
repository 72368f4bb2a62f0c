//! Which function runs a job.

use contracts::{Envelope, Failure, Job};
use operations::Platform;

/// Runs a job in the function that the cloud would hand it to.
pub(crate) async fn run(platform: Platform, message: Envelope) -> Result<(), Failure> {
    match message.job {
        Job::PlanCalls => call_planner::handle(platform, message).await,
        Job::DialCall { .. } => call_dialer::handle(platform, message).await,
        Job::ReconcileCall { .. } => call_reconciler::handle(platform, message).await,
        Job::IngestConversation { .. } => conversation_ingest::handle(platform, message).await,
        Job::AnalyzeCall { .. } => call_analyzer::handle(platform, message).await,
        Job::PlanNextActions { .. } => next_action_generator::handle(platform, message).await,
        Job::SyncAgent { .. } => agent_sync::handle(platform, message).await,
        Job::RunCampaign { .. } => campaign_runner::handle(platform, message).await,
        Job::RunImport { .. } => import_worker::handle(platform, message).await,
        Job::RunExport { .. } => export_worker::handle(platform, message).await,
        Job::IngestMessages { .. } => message_ingest::handle(platform, message).await,
        Job::AnswerMessages { .. } => chat_responder::handle(platform, message).await,
        Job::SendMessage { .. } => message_sender::handle(platform, message).await,
        Job::EraseContact { .. } => erasure_worker::handle(platform, message).await,
        Job::MergeContacts { .. } => merge_worker::handle(platform, message).await,
        Job::CheckRenewals { .. } => renewal_checker::handle(platform, message).await,
        Job::ExtractConversation { .. } => crm_extractor::handle(platform, message).await,
    }
}
