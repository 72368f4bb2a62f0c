//! Having a model read a transcript.

mod prompt;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{agents, business_config, calls, integrations, leads, similarity, tasks};
use contracts::Job;
use domain::AttemptId;
use domain::analysis::{Analysis, Pieces, Reading, Said, split, spoken};
use domain::context::HistoryEntry;
use domain::score::Signal;
use domain::task::{Task, TaskPriority};
use futures::{StreamExt, stream};
use jiff::tz::TimeZone;
use llm::{Llm, LlmError};
use prompt::{INSTRUCTIONS, Setting};
use std::ops::Range;
use store::{AnalysisRecord, HistoryRecord, PieceRecord, Transcript};

/// How many pieces of one transcript are read side by side: with a bounded number of pieces and bounded time for each,
/// the longest transcript is read within one delivery of the job.
const SIDE_BY_SIDE: usize = 4;
/// Longest answer of a model, in tokens.
const ANSWER_MAX: u32 = 3_000;

/// Has the tenant's model read an attempt's transcript, once.
///
/// A model that fails is asked again with the job, until the job is given up. How often it failed is kept with the
/// call, and when it was the last time a person gets the transcript to read: nothing is ever made up.
pub async fn analyze(ctx: &Context, attempt: AttemptId) -> Result<()> {
    let Some(record) = ctx.store().call(&ctx.tenant, attempt.call).await? else { return Ok(()) };
    let call = record.call;
    let Some(transcript) = record.transcripts.into_iter().find(|transcript| transcript.attempt == attempt)
    else {
        return Ok(());
    };
    if call.analyzed_attempt >= Some(attempt.number) {
        return Ok(());
    }
    match read(ctx, &call, attempt, transcript).await {
        Ok(analysis) => keep(ctx, attempt, analysis).await,
        Err(error) => {
            // An outage of the table or the vault says nothing about the analysis.
            if matches!(error, Error::Model(_) | Error::NotConfigured(_) | Error::Invalid(_)) {
                note_failure(ctx, attempt, &error).await?;
            }
            Err(error)
        }
    }
}

/// Reads a transcript, in one piece or several.
async fn read(
    ctx: &Context,
    call: &domain::call::Call,
    attempt: AttemptId,
    transcript: Transcript,
) -> Result<Analysis> {
    let Transcript { turns, turns_left_out, notes, .. } = transcript;
    let mut analysis =
        Analysis { evaluation: notes.evaluation.clone(), ..Analysis::of_silence(attempt.number, ctx.now()) };
    let said = Said::of(turns.iter().map(|turn| (turn.role.as_str(), turn.message.as_str())));
    if !said.lead_spoke() {
        return Ok(analysis);
    }
    let (contact, settings, agent) =
        tokio::try_join!(leads::known(ctx, call.contact_id), business_config::get(ctx), async {
            match call.agent_id {
                Some(agent) => agents::existing(ctx, agent).await,
                None => Ok(None),
            }
        },)?;
    let setting = Setting {
        zone: contact.as_ref().map_or(TimeZone::UTC, |contact| contact.clock()),
        objective: &call.objective,
        industry: &settings.config.industry,
        asked: agent.map(|agent| agent.value.profile.data_collection).unwrap_or_default(),
        said,
        lines: turns.iter().map(|turn| spoken(&turn.role, &turn.message)).collect(),
    };
    let lengths: Vec<usize> = setting.lines.iter().map(|line| line.chars().count()).collect();
    let pieces = split(&lengths);
    let model = integrations::model(&ctx.platform, &ctx.tenant).await?;
    let read = read_pieces(ctx, &model, attempt, &setting, &pieces).await?;

    analysis.pieces = u32::try_from(read.len()).unwrap_or(u32::MAX);
    analysis.turns_left_out =
        turns_left_out.saturating_add(u32::try_from(pieces.left_out).unwrap_or(u32::MAX));
    for piece in &read {
        analysis.model.clone_from(&piece.model);
        analysis.input_tokens = analysis.input_tokens.saturating_add(piece.input_tokens);
        analysis.output_tokens = analysis.output_tokens.saturating_add(piece.output_tokens);
    }
    let whole = Reading::merged(read.into_iter().map(|piece| piece.reading).collect());
    analysis.reading = whole.with_notes(&notes, &setting.asked);
    Ok(analysis)
}

/// The readings of all pieces, in order. Those that an earlier delivery of the job paid for are not asked for again;
/// those that go well are kept even where another fails.
async fn read_pieces(
    ctx: &Context,
    model: &Llm,
    attempt: AttemptId,
    setting: &Setting<'_>,
    pieces: &Pieces,
) -> Result<Vec<PieceRecord>> {
    let parts: Vec<(u32, Range<usize>)> = (0..).zip(pieces.turns.iter().cloned()).collect();
    let several = parts.len() > 1;
    let kept = if several {
        let ids: Vec<_> = parts.iter().map(|(part, _)| (attempt, *part)).collect();
        ctx.store().get_many::<PieceRecord>(&ctx.tenant, &ids).await?
    } else {
        Vec::new()
    };
    let of = parts.len();
    let mut reads = Vec::new();
    for (piece, range) in parts {
        let turns = u32::try_from(range.len()).unwrap_or(u32::MAX);
        let known = kept.iter().find(|known| known.piece == piece && known.turns == turns);
        let known = known.map(|known| known.value.clone());
        reads.push(async move {
            if let Some(known) = known {
                return Ok(known);
            }
            let user = setting.prompt(ctx.now(), range, piece + 1, of);
            let record = PieceRecord { piece, turns, ..ask(ctx, model, attempt, setting, user).await? };
            if several {
                let mut step = ctx.step();
                step.put(&record)?;
                ctx.store().commit(step).await?;
            }
            Ok(record)
        });
    }
    let read: Vec<Result<PieceRecord>> = stream::iter(reads).buffered(SIDE_BY_SIDE).collect().await;
    read.into_iter().collect()
}

/// Asks the model once, and holds its answer to what was said.
async fn ask(
    ctx: &Context,
    model: &Llm,
    attempt: AttemptId,
    setting: &Setting<'_>,
    user: String,
) -> Result<PieceRecord> {
    let completion = model
        .complete_json(&llm::Request {
            system: INSTRUCTIONS.to_owned(),
            user,
            schema_name: "call_analysis",
            schema: Reading::schema(&setting.asked),
            max_output_tokens: ANSWER_MAX,
        })
        .await?;
    let reading = Reading::of(completion.json).ok_or(LlmError::NotJson)?;
    Ok(PieceRecord {
        attempt,
        piece: 0,
        turns: 0,
        reading: reading.held_to(&setting.said, &setting.zone, &setting.asked),
        model: domain::text::tidied(&completion.model, 100),
        input_tokens: completion.input_tokens,
        output_tokens: completion.output_tokens,
        at: ctx.now(),
    })
}

/// Stores an analysis with what follows from it, unless there is one.
async fn keep(ctx: &Context, attempt: AttemptId, analysis: Analysis) -> Result<()> {
    let meaning = similarity::meaning_of(ctx, &analysis.reading.summary).await;
    crate::error::retrying!(
        async {
            let old = calls::find(ctx, attempt.call).await?;
            if old.analyzed_attempt >= Some(attempt.number) {
                return Ok(());
            }
            let mut call = old.value.clone();
            call.analysis_failure = None;
            call.keep_reading(analysis.summed_up());
            let ended_at =
                call.attempt(attempt.number).and_then(|attempt| attempt.ended_at).unwrap_or(analysis.at);
            let entry = HistoryEntry {
                at: ended_at,
                summary: analysis.reading.summary.clone(),
                outcome: analysis.reading.outcome.as_str().to_owned(),
            };
            let signal = Some(Signal::of(&analysis.reading, analysis.at));
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            step.put(&AnalysisRecord { call: call.id, analysis: analysis.clone() })?;
            similarity::remember(&mut step, call.contact_id, attempt, &entry, meaning.as_ref())?;
            step.put(&HistoryRecord { contact: call.contact_id, attempt, entry, signal })?;
            step.enqueue(Job::PlanNextActions { attempt });
            ctx.changed(&mut step, "call", call.id, "analyzed")?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// Keeps with the call that its analysis failed; the last time, a person gets to read the transcript.
async fn note_failure(ctx: &Context, attempt: AttemptId, error: &Error) -> Result<()> {
    let (reason, is_final) = match error {
        Error::Model(error) => (error.reason(), *error == LlmError::Refused),
        Error::NotConfigured(_) => ("not_configured", false),
        _ => ("failed", true),
    };
    let most = Job::AnalyzeCall { attempt }.kind().max_deliveries;
    crate::error::retrying!(
        async {
            let old = calls::find(ctx, attempt.call).await?;
            if old.analyzed_attempt >= Some(attempt.number) {
                return Ok(());
            }
            let mut call = old.value.clone();
            let given_up = call.analysis_failed(attempt.number, reason, is_final, most, ctx.now());
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            if given_up {
                let detail =
                    format!("No model could read attempt {} of call {} ({reason}).", attempt.number, call.id);
                let title = "Read this call's transcript";
                let task =
                    tasks::for_contact(ctx, call.contact_id, title, &detail, None, TaskPriority::Medium);
                let task = Task { call_id: Some(call.id), ..task };
                step.create(&task)?;
                ctx.changed(&mut step, "task", task.id, "created")?;
                ctx.changed(&mut step, "call", call.id, "analysis_failed")?;
            }
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}
