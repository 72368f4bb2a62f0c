//! Context templates: what a business adds to, or says otherwise in, what its agents are told.

use super::values::sample;
use super::wording::Printer;
use super::{defused, key_of, tidy};
use crate::business::BusinessConfig;
use crate::contact::LeadStatus;
use crate::text::{self, folded, shortened};
use crate::{Invalid, TemplateId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A context template.
///
/// All templates whose conditions a call meets count, those of the highest priority first. A section replaces
/// the one of its title, whether that is printed by itself or comes from a template of lower priority; one that
/// prints nothing takes it away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContextTemplate {
    /// The record's id.
    pub id: TemplateId,
    /// What it says and when.
    #[serde(flatten)]
    pub wording: Wording,
    /// Counts from 1; each change makes the next.
    pub version: u32,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a template says, and when. Texts are templates of their own: `{{ first_name }}` and the like, `{% if … %}`,
/// `{% for … in … %}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Wording {
    /// What people call it, 100 characters at most.
    pub name: String,
    /// Which of several counts more: -1,000 to 1,000.
    pub priority: i32,
    /// Which calls it is for.
    pub conditions: Conditions,
    /// What it adds or says otherwise, 20 sections at most.
    pub sections: Vec<Section>,
    /// What the agent says first instead of its own words, 2,000 characters at most.
    pub first_message: Option<String>,
    /// What is added to the call's own instructions, 4,000 characters at most.
    pub instructions: String,
}

/// Which calls a template is for: those that meet each list that is not empty. Case does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Where the lead came from.
    pub source: Vec<String>,
    /// Where the lead stands.
    pub status: Vec<String>,
    /// What the call is for.
    pub objective: Vec<String>,
    /// The line of business.
    pub industry: Vec<String>,
}

/// A titled part of what an agent is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its title, 60 characters at most.
    pub title: String,
    /// What it says, 4,000 characters at most.
    pub body: String,
}

/// How long what a section prints may be, in characters; what all sections of templates print together, too.
pub(super) const BODY_MAX: usize = 4_000;
/// How long a printed first message may be, in characters.
pub(super) const FIRST_MESSAGE_MAX: usize = 1_000;
/// How long printed instructions may be, in characters.
pub(super) const INSTRUCTIONS_MAX: usize = 2_000;

/// What conditions are asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) source: &'a str,
    pub(super) status: Option<LeadStatus>,
    pub(super) objective: &'a str,
    pub(super) industry: &'a str,
}

impl Conditions {
    pub(super) fn fit(&self, subject: Subject<'_>) -> bool {
        let among = |asked: &[String], is: &str| {
            asked.is_empty() || asked.iter().any(|asked| folded(asked) == folded(is))
        };
        among(&self.source, subject.source)
            && among(&self.status, subject.status.map_or("", LeadStatus::as_str))
            && among(&self.objective, subject.objective)
            && among(&self.industry, subject.industry)
    }

    fn check(&mut self) -> Result<(), Invalid> {
        let lists = [
            ("source", &mut self.source),
            ("status", &mut self.status),
            ("objective", &mut self.objective),
            ("industry", &mut self.industry),
        ];
        for (name, list) in lists {
            if list.len() > 50 {
                return Err(Invalid::at(format!("/{name}"), "must have at most 50 entries"));
            }
            for (n, value) in list.iter_mut().enumerate() {
                *value = text::line(value, 200).map_err(|e| e.within(&format!("/{name}/{n}")))?;
            }
        }
        for (n, status) in self.status.iter().enumerate() {
            if !LeadStatus::ALL.iter().any(|known| known.as_str() == folded(status)) {
                let known = LeadStatus::ALL.map(LeadStatus::as_str).join(", ");
                return Err(Invalid::at(format!("/status/{n}"), format!("is not a status: {known} are")));
            }
        }
        Ok(())
    }
}

impl Wording {
    /// Trims and checks it: its bounds, and each text against samples of what a call of this business has, one
    /// with everything and one with next to nothing.
    pub fn checked(mut self, config: &BusinessConfig) -> Result<Self, Invalid> {
        self.name = text::line(&self.name, 100).map_err(|e| e.within("/name"))?;
        if !(-1_000..=1_000).contains(&self.priority) {
            return Err(Invalid::at("/priority", "must be from -1000 to 1000"));
        }
        self.conditions.check().map_err(|e| e.within("/conditions"))?;
        self.first_message = self.first_message.filter(|message| !message.trim().is_empty());
        if self.sections.len() > 20 {
            return Err(Invalid::at("/sections", "must have at most 20 entries"));
        }
        let samples = [sample(config, true), sample(config, false)];
        let check = |source: &str, longest: usize, printed: usize| {
            text::prose(source, longest)?;
            samples.iter().try_for_each(|values| Printer::new(values).check(source, printed, values))?;
            Ok::<_, Invalid>(())
        };
        let mut titles = Vec::new();
        for (n, section) in self.sections.iter_mut().enumerate() {
            let at = |field: &str| format!("/sections/{n}{field}");
            section.title = text::line(&section.title, 60).map_err(|e| e.within(&at("/title")))?;
            let title = folded(&section.title);
            if section.title.contains(['{', '}']) || titles.contains(&title) {
                let message =
                    if titles.contains(&title) { "is the title of two sections" } else { "must be plain" };
                return Err(Invalid::at(at("/title"), message));
            }
            titles.push(title);
            check(&section.body, BODY_MAX, BODY_MAX).map_err(|e| e.within(&at("/body")))?;
        }
        if let Some(message) = &self.first_message {
            check(message, 2_000, FIRST_MESSAGE_MAX).map_err(|e| e.within("/first_message"))?;
        }
        check(&self.instructions, 4_000, INSTRUCTIONS_MAX).map_err(|e| e.within("/instructions"))?;
        if self.sections.is_empty() && self.first_message.is_none() && self.instructions.trim().is_empty() {
            return Err(Invalid::at("/sections", "must not be empty where the template says nothing else"));
        }
        Ok(self)
    }
}

/// The templates that a call meets, the one that counts most first.
pub(super) fn fitting<'a>(all: &'a [ContextTemplate], subject: Subject<'_>) -> Vec<&'a ContextTemplate> {
    let mut fitting: Vec<_> =
        all.iter().filter(|template| template.wording.conditions.fit(subject)).collect();
    fitting.sort_by_key(|template| (-template.wording.priority, template.id));
    fitting
}

/// What fitting templates say together.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Sections by folded title, in the order of the templates.
    pub(super) sections: Vec<(String, Section)>,
    pub(super) first_message: Option<String>,
    pub(super) instructions: Vec<String>,
    /// What could not be printed, by template.
    pub(super) faults: Vec<Vec<String>>,
}

/// Prints the templates. What cannot be printed is left out and noted: a call is not lost for its wording.
pub(super) fn say(templates: &[&ContextTemplate], printer: &Printer, config: &BusinessConfig) -> Said {
    let mut said = Said::default();
    let mut room = BODY_MAX;
    for template in templates {
        let wording = &template.wording;
        let mut faults = Vec::new();
        let mut print = |at: String, source: &str, max: usize| match printer.print(source, max) {
            Ok((text, _)) => Some(shortened(&defused(text.trim()), max)),
            Err(fault) => {
                faults.push(format!("{at}: {fault}"));
                None
            }
        };
        for (n, section) in wording.sections.iter().enumerate() {
            let key = key_of(&section.title, config);
            let title_len = section.title.chars().count() + 4;
            if said.sections.iter().any(|(other, _)| *other == key) || room <= title_len {
                continue;
            }
            if let Some(body) = print(format!("/sections/{n}/body"), &section.body, room - title_len) {
                room -= body.chars().count() + title_len;
                said.sections.push((key, Section { title: section.title.clone(), body }));
            }
        }
        if said.first_message.is_none()
            && let Some(source) = &wording.first_message
        {
            let message = print("/first_message".to_owned(), source, FIRST_MESSAGE_MAX);
            said.first_message = message.map(|message| tidy(&message)).filter(|text| !text.is_empty());
        }
        let instructions = print("/instructions".to_owned(), &wording.instructions, INSTRUCTIONS_MAX);
        said.instructions.extend(instructions.filter(|text| !text.is_empty()));
        said.faults.push(faults);
    }
    said
}
