use super::*;
use crate::Ids;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn campaign(weights: &[u32]) -> Campaign {
    let (ids, now) = (Ids::default(), Timestamp::UNIX_EPOCH);
    let agents = weights.iter().map(|weight| Variant { agent_id: ids.next(now), weight: *weight }).collect();
    Campaign {
        id: ids.next(now),
        terms: Terms { name: "Spring".to_owned(), agents, ..Terms::default() },
        status: CampaignStatus::Running,
        started_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn leads(n: usize) -> Vec<ContactId> {
    let ids = Ids::default();
    (0..n).map(|_| ids.next(Timestamp::UNIX_EPOCH)).collect()
}

#[test]
fn leads_are_shared_out_by_weight() {
    let campaign = campaign(&[1, 3]);
    let mut shares: BTreeMap<AgentId, usize> = BTreeMap::new();
    for lead in leads(8_000) {
        *shares.entry(campaign.drawn_for(lead).unwrap()).or_default() += 1;
    }
    let light = shares[&campaign.terms.agents[0].agent_id];
    // A quarter is 2,000; five standard deviations are 194.
    assert!((1_800..=2_200).contains(&light), "{light} of 8000");
    assert_eq!(Campaign { terms: Terms::default(), ..campaign }.drawn_for(leads(1)[0]), None);
}

#[test]
fn a_lead_keeps_its_agent_while_it_takes_part() {
    let campaign = campaign(&[1, 1_000]);
    let (light, heavy) = (campaign.terms.agents[0].agent_id, campaign.terms.agents[1].agent_id);
    let mut contact = crate::contact::tests::contact();
    contact.join(&campaign, Timestamp::UNIX_EPOCH);
    assert_eq!(contact.agent_id, campaign.drawn_for(contact.id));
    for has in [light, heavy] {
        contact.agent_id = Some(has);
        contact.join(&campaign, Timestamp::UNIX_EPOCH);
        assert_eq!(contact.agent_id, Some(has));
    }
    contact.agent_id = Some(Ids::default().next(Timestamp::UNIX_EPOCH));
    assert_eq!(campaign.agent_of(&contact), campaign.drawn_for(contact.id));
}

proptest! {
    #[test]
    fn a_leads_agent_stays_while_it_takes_part(weights in prop::collection::vec(1u32..50, 2..6), gone in 0usize..5) {
        let whole = campaign(&weights);
        let mut fewer = whole.clone();
        let removed = fewer.terms.agents.remove(gone % weights.len()).agent_id;
        for lead in leads(50) {
            let before = whole.drawn_for(lead).unwrap();
            if before != removed {
                prop_assert_eq!(fewer.drawn_for(lead).unwrap(), before);
            }
        }
    }
}

#[test]
fn a_campaigns_rules_replace_the_tenants_and_are_checked_like_them() {
    let tenant = CallingRules::default();
    let read = |json: serde_json::Value| serde_json::from_value::<RuleChanges>(json).unwrap();
    let changes = read(serde_json::json!({"window": {"open": "10:00", "close": "12:00"}, "max_attempts": 1}));
    let rules = changes.over(&tenant);
    assert_eq!((rules.max_attempts, rules.window.open.minutes()), (1, 600));
    assert_eq!(rules.retry_minutes, tenant.retry_minutes);
    let wrong = |json| {
        let terms = Terms { name: "x".to_owned(), rules: read(json), ..Terms::default() };
        terms.checked(&tenant).unwrap_err().pointer
    };
    assert_eq!(wrong(serde_json::json!({"max_attempts": 0})), "/rules/max_attempts");
    assert_eq!(wrong(serde_json::json!({"window": {"open": "12:00", "close": "10:00"}})), "/rules/window");
    let closed = serde_json::json!({"business_hours": {"mon": {"open": "12:00", "close": "10:00"}}});
    assert_eq!(wrong(closed), "/rules/business_hours/mon");
}
