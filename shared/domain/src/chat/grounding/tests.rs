//! What a model may say, and what it may not.

use super::*;
use proptest::prelude::*;

/// Saturday, 21 November 2026, 10:00 in India.
fn ground() -> Ground {
    let now = "2026-11-21T10:00:00+05:30[Asia/Kolkata]".parse().unwrap();
    let mut ground = Ground::new(now);
    ground.fact("Active Deals: Enterprise License (USD 50,000 - proposal)");
    ground.fact("A site visit costs ₹1,500.");
    ground.fact("A home visit costs 700 BDT, or Rp 25.000.");
    ground.record("Deposit paid: 45000");
    ground.opens("monday 09:00 - 18:00");
    ground
}

fn kinds(reply: &str, ground: &Ground) -> Vec<ClaimKind> {
    review(reply, ground).claims.into_iter().map(|claim| claim.kind).collect()
}

#[test]
fn a_price_that_a_record_has_may_be_said_in_any_spelling() {
    let ground = ground();
    for reply in [
        "Your proposal is for USD 50,000.",
        "We have your deposit of $45,000.",
        "It stands at $50k, as discussed.",
        "Il prezzo è 50.000 dollari.",
        "A visit costs 1500 rupees.",
        "साइट विज़िट का शुल्क ₹१,५०० है।",
        "সাইট ভিজিটের খরচ ৭০০ টাকা।",
        "Biaya kunjungan Rp 25.000.",
    ] {
        assert_eq!(kinds(reply, &ground), [], "{reply}");
    }
}

#[test]
fn a_price_that_nobody_named_is_not_said() {
    let ground = ground();
    for reply in [
        "It is only $499.",
        "The price is 4500.",
        "Costa 1.200 euro.",
        "कीमत 20 लाख है।",
        "দাম ২০ লাখ টাকা।",
        "Harganya 3 juta rupiah.",
        "You get 20% off.",
        "It's 499 per month.",
        "Only 9.99 a day.",
        "It is five hundred dollars.",
        "Sono cinquecento euro.",
        "पाँच सौ रुपये लगेंगे।",
        "It costs €50,000.",
        "It is $100.",
    ] {
        assert_eq!(kinds(reply, &ground), [ClaimKind::Price], "{reply}");
    }
}

#[test]
fn a_time_is_said_only_where_a_record_has_it() {
    let mut ground = ground();
    ground.moment("2026-11-22T10:30:00Z".parse().unwrap());
    for reply in [
        "We speak tomorrow at 4 pm.",
        "Your call is on Sunday at 16:00.",
        "Ci sentiamo domenica alle 16.",
        "22 November suits us.",
        "कल 4 बजे बात होगी।",
        "আগামীকাল ৪টায় কথা হবে।",
        "Besok pukul 16.00.",
        "On Monday we open at 9:00.",
    ] {
        assert_eq!(kinds(reply, &ground), [], "{reply}");
    }
    for reply in [
        "We speak on Tuesday.",
        "See you at 11 am.",
        "Ci vediamo il 3 dicembre.",
        "परसों मिलते हैं।",
        "মঙ্গলবার দেখা হবে।",
        "Kami buka hari Kamis.",
        "It will be ready within 2 hours.",
        "They answer within the hour.",
        "Delivery is on 2026-12-24.",
        "Your visit is Monday at 9:00.",
        "We open at 21:00.",
        "See you at five.",
        "पाँच बजे मिलते हैं।",
        "It is on the 20th.",
        "Ready in 2 months.",
        "Pronto tra 2 ore.",
        "Come on Mondays.",
        "See you on Dec. 15.",
    ] {
        assert_eq!(kinds(reply, &ground), [ClaimKind::Date], "{reply}");
    }
}

#[test]
fn their_own_wish_may_be_asked_about_and_taken_down() {
    let mut ground = ground();
    ground.said("Can I come Thursday at 3 pm?");
    assert_eq!(kinds("Does Thursday at 3 pm suit you?", &ground), []);
    assert_eq!(kinds("Thursday at 3 pm it is.", &ground), [ClaimKind::Date]);
    ground.takes_request = true;
    assert_eq!(kinds("I have noted that you would like Thursday at 15:00.", &ground), []);
    for claimed in
        ["Your visit on Thursday is confirmed.", "Your visit is confirmed, ok?", "Appointment confirmed."]
    {
        assert_eq!(kinds(claimed, &ground), [ClaimKind::Promise], "{claimed}");
    }
    assert_eq!(kinds("You wrote of room 305.", &ground), [ClaimKind::Price]);
    ground.said("I liked room 305");
    assert_eq!(kinds("You wrote of room 305.", &ground), []);
    ground.said("Is it 400 euro?");
    assert_eq!(kinds("Yes, 400 euro.", &ground), [ClaimKind::Price]);
}

#[test]
fn a_promise_needs_somebody_who_keeps_it() {
    let mut ground = ground();
    for reply in [
        "Our team will call you.",
        "La richiameremo presto.",
        "हम आपको कॉल करेंगे।",
        "আমরা ফোন করব।",
        "Kami akan menghubungi Anda.",
    ] {
        assert_eq!(kinds(reply, &ground), [ClaimKind::Promise], "{reply}");
    }
    ground.follow_up = true;
    assert_eq!(kinds("Our team will call you.", &ground), []);
    for reply in
        ["You get a discount.", "Delivery is free of charge.", "We guarantee it.", "Lo sconto è per lei."]
    {
        assert_eq!(kinds(reply, &ground), [ClaimKind::Promise], "{reply}");
    }
    ground.record("Notes: asked for a discount");
    assert_eq!(kinds("You get a discount.", &ground), [ClaimKind::Promise], "asking gives nothing");
    ground.fact("Delivery is free of charge.");
    assert_eq!(kinds("Yes, delivery is free of charge.", &ground), []);
}

#[test]
fn what_claims_nothing_stays() {
    let ground = ground();
    for reply in [
        "Hi Asha! How can I help you today?",
        "We are there for you 24/7.",
        "Please tell me your budget and the number of rooms.",
        "We have 3 plans and 2 branches.",
        "May I ask which of the two you prefer?",
        "Feel free to ask anything.",
        "নমস্কার আশা! আপনাকে কীভাবে সাহায্য করতে পারি?",
        "Buongiorno! Posso aiutarla?",
        "Call us on +91 98765 43210.",
        "For prices call +91 98765 43210.",
        "What time of the day suits you?",
        "Just a minute, please.",
        "How many days a week do you train?",
        "Bring sun cream to the meeting.",
        "Shall I put down two hours for you?",
        "Is Thursday at 4 pm good for you?",
        "A visit takes 2 hours.",
        "In 2026 we moved.",
        "好",
    ] {
        assert_eq!(kinds(reply, &ground), [], "{reply}");
    }
}

#[test]
fn only_the_sentence_goes() {
    let reviewed = review("Hi Asha! The plan is Rs. 999 a month. Would you like a demo?", &ground());
    assert_eq!(reviewed.text, "Hi Asha! Would you like a demo?");
    assert_eq!(reviewed.claims.len(), 1);
    assert_eq!(reviewed.claims[0].sentence, "The plan is Rs. 999 a month.");
    assert_eq!(review("It is $5.", &ground()).text, "");
}

proptest! {
    #[test]
    fn whatever_is_written_nothing_is_added(reply in "\\PC{0,200}") {
        let reviewed = review(&reply, &ground());
        let mut letters = reply.chars();
        prop_assert!(reviewed.text.chars().all(|c| letters.any(|other| other == c)));
    }
}
