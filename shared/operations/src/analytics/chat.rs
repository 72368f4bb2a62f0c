//! What chats came to, and how the bot is now.

use super::{PeriodView, Share, too_much, view};
use crate::context::Context;
use crate::error::Result;
use crate::{business_config, integrations};
use domain::Role;
use domain::chat::Happening;
use domain::period::Period;
use domain::statistics::Proportion;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{BotStatus, ChatFigures, Integration};
use utoipa::{IntoParams, ToSchema};

/// Which days to look at.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ChatScope {
    /// The first day, `YYYY-MM-DD`, by the business's own clock; 29 days before the last one if not given.
    #[param(value_type = Option<String>)]
    pub from: Option<Date>,
    /// The last day, at most 366 days from the first; today if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Date>,
}

/// What chats came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatAnalytics {
    /// The period.
    #[serde(flatten)]
    pub period: PeriodView,
    /// Messages that people wrote.
    pub messages: i64,
    /// Answers of the bot's.
    pub replies: i64,
    /// Messages that members wrote.
    pub member_messages: i64,
    /// Of people's messages, those of somebody of whom something was known.
    pub context_hit_rate: Share,
    /// Of the bot's answers, those that call the person by name.
    pub personalisation_rate: Share,
    /// Of the bot's answers, those that answer, and say more than that no answer could be made.
    pub success_rate: Share,
    /// Answers of which something was taken out, because no record backed it.
    pub corrected_replies: i64,
    /// How long people waited for an answer, from their message's arrival until WhatsApp took it.
    pub reply_time: ReplyTime,
    /// How often a person took a conversation over.
    pub handovers: i64,
    /// How often free text was refused, because the window was shut.
    pub window_refusals: i64,
    /// How often somebody wanted no more messages.
    pub opt_outs: i64,
    /// How often somebody wanted messages again.
    pub opt_ins: i64,
    /// Messages that did not get there.
    pub failed: i64,
    /// Messages that were held back, by reason.
    pub withheld: BTreeMap<String, i64>,
    /// People who became customers within 30 days of a chat.
    pub conversions: i64,
    /// What people thought of conversations.
    pub feedback: FeedbackFigures,
}

/// How long people waited. Times are counted in classes, so each is the upper bound of its class.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReplyTime {
    /// Half of them waited no longer, in milliseconds; null if nobody waited, or beyond half an hour.
    #[schema(required)]
    pub p50_ms: Option<i64>,
    /// 95 in 100 waited no longer.
    #[schema(required)]
    pub p95_ms: Option<i64>,
}

/// What people thought.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeedbackFigures {
    /// How many said so.
    pub count: i64,
    /// Their average, from 1 to 5; null if nobody did.
    #[schema(required)]
    pub average: Option<f64>,
    /// How many gave each rating.
    pub by_rating: BTreeMap<u8, i64>,
}

/// How the bot is now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotSummary {
    /// `running`; `off` where the business switched it off; `not_configured` without WhatsApp's credentials.
    pub status: &'static str,
    /// For how long it has been set up, in seconds.
    pub uptime: i64,
    /// Messages that people wrote today.
    pub messages_today: i64,
    /// Its answers of today.
    pub replies_today: i64,
    /// The share of these that say that no answer could be made, from 0 to 1.
    pub fallback_rate: f64,
    /// How many conversations wait for an answer of its.
    pub queue_depth: i64,
    /// What went wrong last; null if nothing did.
    #[schema(required)]
    pub last_error: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, required)]
    pub last_error_at: Option<Timestamp>,
}

/// What chats came to.
pub async fn chat(ctx: &Context, scope: &ChatScope) -> Result<ChatAnalytics> {
    ctx.require(Role::Viewer)?;
    let config = business_config::get(ctx).await?.value.config;
    let period = Period::new(scope.from, scope.to, config.day_of(ctx.now()))?;
    let figures =
        ctx.store().chat_figures(&ctx.tenant, period.from(), period.to()).await.map_err(too_much)?;
    let share = |part: i64, whole: i64| Share::of(Proportion::new(part, whole));
    let count: i64 = figures.ratings.values().sum();
    let total: i64 = figures.ratings.iter().map(|(rating, n)| i64::from(*rating) * n).sum();
    Ok(ChatAnalytics {
        period: view(period, &config),
        messages: figures.received,
        replies: figures.replies,
        member_messages: figures.by_members,
        context_hit_rate: share(figures.received_known, figures.received),
        personalisation_rate: share(figures.replies_named, figures.replies),
        success_rate: share(figures.replies - figures.fallbacks, figures.replies),
        corrected_replies: figures.reviewed,
        reply_time: ReplyTime { p50_ms: percentile(&figures, 50), p95_ms: percentile(&figures, 95) },
        handovers: figures.times(Happening::TakenOver),
        window_refusals: figures.times(Happening::WindowRefused),
        opt_outs: figures.times(Happening::OptedOut),
        opt_ins: figures.times(Happening::OptedIn),
        failed: figures.failed,
        withheld: figures.withheld,
        conversions: figures.conversions,
        feedback: FeedbackFigures { count, average: ratio(total, count), by_rating: figures.ratings },
    })
}

/// The upper bound of the class in which this percentile lies.
fn percentile(figures: &ChatFigures, percent: i64) -> Option<i64> {
    let total: i64 = figures.waits.values().sum();
    let mut so_far = 0;
    let class = figures.waits.iter().find(|(_, n)| {
        so_far += **n;
        so_far * 100 >= total * percent
    });
    class.map(|(bound, _)| *bound).filter(|bound| total > 0 && *bound < i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How the bot is now.
pub async fn bot(ctx: &Context) -> Result<BotSummary> {
    ctx.require(Role::Viewer)?;
    let provider = integrations::Provider::Whatsapp.as_str();
    let (settings, integration, trouble) = tokio::try_join!(
        business_config::get(ctx),
        async { Ok(ctx.store().get::<Integration>(&ctx.tenant, provider).await?) },
        async { Ok(ctx.store().get::<BotStatus>(&ctx.tenant, &()).await?) },
    )?;
    let config = &settings.config;
    let now = ctx.now();
    let (today, waiting) = ctx.store().chat_today(&ctx.tenant, config.day_of(now)).await?;
    let status = match (&integration, config.chat.enabled) {
        (None, _) => "not_configured",
        (Some(_), false) => "off",
        (Some(_), true) => "running",
    };
    Ok(BotSummary {
        status,
        uptime: integration.map_or(0, |set| now.duration_since(set.updated_at).as_secs().max(0)),
        messages_today: today.received,
        replies_today: today.replies,
        fallback_rate: ratio(today.fallbacks, today.replies).unwrap_or_default(),
        queue_depth: waiting,
        last_error: trouble.as_ref().map(|trouble| trouble.last_error.clone()),
        last_error_at: trouble.map(|trouble| trouble.at),
    })
}
