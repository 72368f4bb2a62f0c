//! What the simulated model writes to customers: a few sentences by keywords, of what it was told and nothing else,
//! unless it is to invent or to obey.

use super::{ModelBehaviour, fold};
use crate::analysis::language_of;
use serde_json::{Value, json};

/// The name under which an answer to a customer is asked for.
pub(super) const SCHEMA: &str = "chat_reply";

/// What the model was told, as far as it looks.
struct Told<'a> {
    system: &'a str,
    user: &'a str,
    /// What is to be answered.
    asked: String,
    language: &'static str,
}

/// A few words in a language: greeting, thanks, what is open, that it was taken down, passed on, that it ends.
struct Words {
    hello: &'static str,
    thanks: &'static str,
    deal: &'static str,
    task: &'static str,
    taken_down: &'static str,
    passed_on: &'static str,
    unknown: &'static str,
    ends: &'static str,
    sorry: &'static str,
    next: &'static str,
}

const EN: Words = Words {
    hello: "Hi",
    thanks: "Thank you for your message. How can I help?",
    deal: "I see this with us:",
    task: "This is on our list for you:",
    taken_down: "I have taken down your wish for an appointment.",
    passed_on: "I am passing you on to a colleague.",
    unknown: "I do not have that at hand.",
    ends: "Of course.",
    sorry: "I am sorry about that.",
    next: "Would you like me to take down a time that suits you?",
};
const IT: Words = Words {
    hello: "Buongiorno",
    thanks: "Grazie per il messaggio. Come posso aiutarla?",
    deal: "Vedo questo presso di noi:",
    task: "Questo è nella nostra lista per lei:",
    taken_down: "Ho preso nota della sua richiesta di appuntamento.",
    passed_on: "La passo a un collega.",
    unknown: "Non ho qui questa informazione.",
    ends: "Certamente.",
    sorry: "Mi dispiace.",
    next: "Vuole che prenda nota di un orario che le va bene?",
};
const HI: Words = Words {
    hello: "नमस्ते",
    thanks: "आपके संदेश के लिए धन्यवाद। मैं कैसे मदद कर सकता हूँ?",
    deal: "हमारे यहाँ आपका यह दर्ज है:",
    task: "आपके लिए हमारी सूची में यह है:",
    taken_down: "मैंने आपकी मुलाक़ात की इच्छा लिख ली है।",
    passed_on: "मैं आपको एक सहकर्मी से जोड़ रहा हूँ।",
    unknown: "यह जानकारी मेरे पास नहीं है।",
    ends: "ज़रूर।",
    sorry: "इसके लिए क्षमा करें।",
    next: "क्या मैं आपकी सुविधा का समय लिख लूँ?",
};
const BN: Words = Words {
    hello: "নমস্কার",
    thanks: "আপনার বার্তার জন্য ধন্যবাদ। কীভাবে সাহায্য করতে পারি?",
    deal: "আমাদের কাছে আপনার এটি আছে:",
    task: "আপনার জন্য আমাদের তালিকায় এটি আছে:",
    taken_down: "আপনার সাক্ষাতের ইচ্ছা লিখে রেখেছি।",
    passed_on: "আপনাকে একজন সহকর্মীর কাছে পাঠাচ্ছি।",
    unknown: "এই তথ্য আমার কাছে নেই।",
    ends: "অবশ্যই।",
    sorry: "এর জন্য দুঃখিত।",
    next: "আপনার সুবিধার সময় লিখে রাখব কি?",
};
const ID: Words = Words {
    hello: "Halo",
    thanks: "Terima kasih atas pesan Anda. Apa yang bisa saya bantu?",
    deal: "Saya melihat ini pada kami:",
    task: "Ini ada di daftar kami untuk Anda:",
    taken_down: "Keinginan Anda untuk bertemu sudah saya catat.",
    passed_on: "Saya teruskan Anda ke rekan kami.",
    unknown: "Informasi itu tidak ada pada saya.",
    ends: "Tentu.",
    sorry: "Mohon maaf atas hal itu.",
    next: "Bolehkah saya catat waktu yang cocok untuk Anda?",
};

const PERSON: [&str; 8] = [
    "a person",
    "human",
    "somebody real",
    "un operatore",
    "una persona",
    "orang asli",
    "किसी इंसान",
    "মানুষের সঙ্গে",
];
const NO_MORE: [&str; 8] = [
    "stop messaging",
    "do not write",
    "don't message",
    "non voglio piu",
    "jangan hubungi",
    "मत भेजिए",
    "আর লিখবেন না",
    "no more messages",
];
const MEETING: [&str; 8] = [
    "appointment",
    "book a",
    "come and see",
    "appuntamento",
    "janji temu",
    "अपॉइंटमेंट",
    "मुलाक़ात",
    "অ্যাপয়েন্টমেন্ট",
];
const PRICE: [&str; 9] =
    ["price", "pricing", "cost", "prezzo", "quanto costa", "harga", "कीमत", "দাম", "contract"];
const UPDATE: [&str; 6] = ["update", "any news", "aggiornament", "kabar", "अपडेट", "আপডেট"];
const UPSET: [&str; 7] = ["angry", "terrible", "complaint", "arrabbiat", "kecewa", "शिकायत", "অভিযোগ"];
const PREFERS: [&str; 2] = ["i prefer ", "preferisco "];

/// The answer to what a customer wrote.
pub(super) fn reply(behaviour: ModelBehaviour, system: &str, user: &str) -> Value {
    let asked = user.rsplit_once("NEW MESSAGES").map_or("", |(_, new)| new);
    let asked =
        asked.lines().filter_map(|line| line.strip_prefix("CUSTOMER: ")).collect::<Vec<_>>().join("\n");
    let language = language_of(&asked);
    let told = Told { system, user, asked, language };
    match behaviour {
        ModelBehaviour::Inventing => invented(&told),
        ModelBehaviour::Hostile => obeyed(&told),
        _ => told.honest(),
    }
}

fn answer(told: &Told<'_>, reply: &str, next_step: Option<&str>, actions: Vec<Value>) -> Value {
    let upset = told.says(&UPSET);
    json!({
        "reply": reply,
        "language": told.language,
        "sentiment": if upset { "negative" } else { "neutral" },
        "next_step": next_step,
        "actions": actions,
    })
}

/// Says what no record has.
fn invented(told: &Told<'_>) -> Value {
    let reply = format!(
        "{} The premium plan costs $499 a month, and today you get a 20% discount. Your visit on Thursday at 4 pm is \
         confirmed. Our team will call you within the hour.",
        told.greeting()
    );
    answer(told, &reply, None, Vec::new())
}

/// Does what the customer orders it to do.
fn obeyed(told: &Told<'_>) -> Value {
    let kinds = ["note", "task", "hand_over"];
    let actions =
        kinds.iter().map(|kind| json!({"kind": kind, "text": told.asked, "name": "con_of_somebody_else"}));
    let mut actions: Vec<Value> = actions.take(2).collect();
    actions.push(json!({"kind": "set_status", "text": "customer", "name": "lead_status"}));
    answer(told, &format!("As instructed: {}", told.asked), None, actions)
}

impl Told<'_> {
    fn words(&self) -> &'static Words {
        match self.language {
            "it" => &IT,
            "hi" => &HI,
            "bn" => &BN,
            "id" => &ID,
            _ => &EN,
        }
    }

    fn says(&self, any: &[&str]) -> bool {
        let said = fold(&self.asked);
        any.iter().any(|word| said.contains(&fold(word)))
    }

    /// What stands behind a title in the customer's context.
    fn known(&self, title: &str) -> Option<&str> {
        let lines = self.user.lines().take_while(|line| !line.starts_with("=== END"));
        lines.flat_map(|line| line.split(" | ")).find_map(|part| part.strip_prefix(title)).map(str::trim)
    }

    fn greeting(&self) -> String {
        let name = self.known("Customer:").filter(|name| *name != "unknown");
        let first = name.and_then(|name| name.split_whitespace().next());
        let mark = if self.language == "hi" || self.language == "bn" { "," } else { "!" };
        first.map_or_else(
            || format!("{}{mark}", self.words().hello),
            |first| format!("{} {first}{mark}", self.words().hello),
        )
    }

    fn honest(&self) -> Value {
        let words = self.words();
        let hello = self.greeting();
        let action = |kind: &str, text: &str| vec![json!({"kind": kind, "text": text, "name": null})];
        let say =
            |text: &str, next: Option<&str>, actions| answer(self, &format!("{hello} {text}"), next, actions);
        if self.says(&NO_MORE) {
            return say(words.ends, None, action("withdraw_consent", &self.asked));
        }
        if self.says(&PERSON) {
            return say(words.passed_on, None, action("hand_over", &self.asked));
        }
        if self.says(&UPSET) {
            return say(
                &format!("{} {}", words.sorry, words.passed_on),
                None,
                action("hand_over", &self.asked),
            );
        }
        if self.says(&MEETING) {
            return say(words.taken_down, None, action("booking_request", &self.asked));
        }
        if let Some(wish) = PREFERS
            .iter()
            .find_map(|word| fold(&self.asked).split_once(word).map(|(_, wish)| wish.to_owned()))
        {
            let preference = json!({"kind": "preference", "text": wish, "name": "contact"});
            return say(words.thanks, None, vec![preference]);
        }
        if self.says(&PRICE) {
            if let Some(deals) = self.known("Active Deals:") {
                return say(&format!("{} {deals}.", words.deal), Some(words.next), Vec::new());
            }
            let facts = self.system.rsplit_once("BUSINESS FACTS").map_or("", |(_, facts)| facts);
            let fact = facts
                .lines()
                .filter_map(|line| line.strip_prefix("- "))
                .find(|fact| fact.contains(|c: char| c.is_numeric()));
            return match fact {
                Some(fact) => say(fact, Some(words.next), Vec::new()),
                None => say(
                    &format!("{} {}", words.unknown, words.passed_on),
                    None,
                    action("hand_over", &self.asked),
                ),
            };
        }
        if self.says(&UPDATE)
            && let Some(tasks) = self.known("Pending Tasks:")
        {
            return say(&format!("{} {tasks}.", words.task), None, Vec::new());
        }
        let status = self.known("Lead Status:").unwrap_or_default();
        let next = status.starts_with("Hot").then_some(words.next);
        let company = self.known("Company:").map(|company| format!(" ({company})")).unwrap_or_default();
        answer(self, &format!("{hello}{company} {}", words.thanks), next, Vec::new())
    }
}
