//! Leads are found by what is known of them, and counted where they stand.

use crate::story::lead_of;
use serde_json::json;
use testkit::{Client, TestApp};

/// What the list answers, page after page, as first names.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let leads = client.all(&format!("/leads?{query}")).await;
    leads.iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn leads_are_found_by_each_field_and_by_several() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let campaign = owner.post("/campaigns", json!({"name": "Fair"})).await.expect(201)["id"].clone();
    let campaign = campaign.as_str().unwrap();
    lead_of(owner, json!({"first_name": "A", "source": "Web  Form", "tags": ["VIP", "vip", "Roma"], "assignee": "Mira@Example.com"})).await;
    let b = lead_of(
        owner,
        json!({"first_name": "B", "source": "web form", "campaign_id": campaign, "status": "hot"}),
    )
    .await;
    lead_of(
        owner,
        json!({"first_name": "C", "tags": ["roma"], "campaign_id": campaign, "assignee": "mira@example.com"}),
    )
    .await;
    app.tenant("acme")
        .await
        .post("/leads", json!({"first_name": "Z", "source": "web form"}))
        .await
        .expect(201);
    for (query, expected) in [
        ("source=WEB%20form", vec!["B", "A"]),
        ("tag=ROMA", vec!["C", "A"]),
        ("tag=vip", vec!["A"]),
        ("assignee=MIRA@example.com", vec!["C", "A"]),
        (&format!("campaign_id={campaign}"), vec!["C", "B"]),
        (&format!("campaign_id={campaign}&status=hot"), vec!["B"]),
        ("assignee=mira@example.com&tag=roma&source=web%20form", vec!["A"]),
        ("status=new&limit=1", vec!["C", "A"]),
        ("source=web%20form&tag=roma&status=lost", vec![]),
    ] {
        assert_eq!(found(owner, query).await, expected, "{query}");
    }
    // What a lead loses, it is no longer found by.
    let change = json!({"source": "fair", "campaign_id": null, "status": "lost"});
    owner.patch(&format!("/leads/{b}"), change).await.expect(200);
    assert_eq!(found(owner, "source=web%20form").await, ["A"]);
    assert_eq!(found(owner, &format!("campaign_id={campaign}")).await, ["C"]);
    assert_eq!(found(owner, "source=fair&status=lost").await, ["B"]);
}

#[tokio::test]
async fn leads_are_found_by_name_number_and_address() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"default_country": "IN"})).await.expect(200);
    let arun = "\u{985}\u{9b0}\u{9c1}\u{9a3}";
    lead_of(
        owner,
        json!({"first_name": "Jos\u{e9}", "last_name": "O'Brien-D\u{ed}az", "email": "Jose@Example.com"}),
    )
    .await;
    lead_of(owner, json!({"first_name": "Anna", "last_name": "Annarelli", "company": "Annona S.p.A."})).await;
    lead_of(owner, json!({"first_name": arun, "phone": "+91 98765 43210", "status": "hot"})).await;
    lead_of(owner, json!({"first_name": "Anne", "company": "O'Brien Ltd"})).await;
    for (search, expected) in [
        ("jose", vec!["Jos\u{e9}"]),
        ("BRIEN", vec!["Anne", "Jos\u{e9}"]),
        ("jo%20brien", vec!["Jos\u{e9}"]),
        ("diaz%20o", vec!["Jos\u{e9}"]),
        ("ann", vec!["Anna", "Anne"]),
        ("anna%20anno", vec!["Anna"]),
        ("%E0%A6%85%E0%A6%B0", vec![arun]),
        ("nobody", vec![]),
        ("9876543210", vec![arun]),
        ("%2B91%2098765-43210", vec![arun]),
        ("919876543210@s.whatsapp.net", vec![arun]),
        ("JOSE@example.com", vec!["Jos\u{e9}"]),
        ("nobody@example.com", vec![]),
        // Parts of a number and of an address are words like others.
        ("987654", vec![]),
        ("12345678901234567890", vec![]),
        ("jose@", vec!["Jos\u{e9}"]),
    ] {
        for limit in [1, 50] {
            assert_eq!(found(owner, &format!("search={search}&limit={limit}")).await, expected, "{search}");
        }
    }
    assert_eq!(found(owner, "search=9876543210&status=new").await, Vec::<String>::new());
    assert_eq!(found(owner, "search=9876543210&status=hot").await, [arun]);
    for wrong in ["search=%23%23", "search=@", "assignee=nobody"] {
        let answer = owner.get(&format!("/leads?{wrong}")).await;
        assert_eq!(answer.problem(422), "invalid", "{wrong}");
    }
    let stranger = app.tenant("acme").await;
    assert_eq!(found(&stranger, "search=%2B919876543210").await, Vec::<String>::new());
    assert_eq!(found(&stranger, "search=anna").await, Vec::<String>::new());
}

#[tokio::test]
async fn of_several_words_any_may_lead_and_nobody_is_left_out() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    // More of each word than are looked at before one is chosen.
    let mut expected = Vec::new();
    for n in 0..105 {
        let (both, first) = (format!("Giulia{n:03}"), format!("Giulia{:03}", n + 500));
        lead_of(owner, json!({"first_name": both, "last_name": "Rossi"})).await;
        if n < 40 {
            lead_of(owner, json!({"first_name": first, "last_name": "Verdi"})).await;
        }
        expected.push(both);
    }
    lead_of(owner, json!({"first_name": "Rossana", "last_name": "Giuliani"})).await;
    expected.push("Rossana".to_owned());
    for (query, limit) in [("giulia%20ross", 7), ("ross%20giulia", 50), ("ros%20rossa%20giul", 1)] {
        let mut found = found(owner, &format!("search={query}&limit={limit}")).await;
        found.sort_unstable();
        if limit == 1 {
            assert_eq!(found, ["Rossana"], "{query}");
        } else {
            assert_eq!(found, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn the_pipeline_counts_every_status() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let first = lead_of(owner, json!({"first_name": "A"})).await;
    lead_of(owner, json!({"first_name": "B"})).await;
    lead_of(owner, json!({"first_name": "C", "status": "customer"})).await;
    owner.patch(&format!("/leads/{first}"), json!({"status": "hot"})).await.expect(200);
    let pipeline = owner.get("/leads/pipeline").await.expect(200);
    assert_eq!(pipeline["total"], 3);
    let counts: Vec<_> = pipeline["statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column["status"].as_str().unwrap(), column["count"].as_i64().unwrap()))
        .collect();
    let expected = [("new", 1), ("contacted", 0), ("qualified", 0), ("hot", 1), ("customer", 1), ("lost", 0)];
    assert_eq!(counts, expected);
}
