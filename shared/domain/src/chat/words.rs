//! What is said in fixed wording, in the languages that we have words in.

/// An occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// They will get no more messages.
    Stopped,
    /// They get messages again.
    Started,
    /// No answer could be made.
    Fallback,
    /// What they asked was passed on to a person, because nothing here answers it.
    PassedOn,
}

/// How an occasion is worded in a language, given with or without region; in English where we have no words in it.
pub fn phrase(phrase: Phrase, language: &str) -> &'static str {
    let code = language.split(['-', '_']).next().unwrap_or_default();
    let [stopped, started, fallback, passed_on] = match code {
        "hi" => HI,
        "bn" => BN,
        "it" => IT,
        "id" => ID,
        _ => EN,
    };
    match phrase {
        Phrase::Stopped => stopped,
        Phrase::Started => started,
        Phrase::Fallback => fallback,
        Phrase::PassedOn => passed_on,
    }
}

const EN: [&str; 4] = [
    "You will get no more messages from us. Write START if you want to hear from us again.",
    "You will get messages from us again. Write STOP at any time to end them.",
    "Thank you for your message. I cannot answer it right now, so I have passed it on to a colleague.",
    "I do not have a reliable answer to that here, so I have passed your question on to a colleague.",
];

const HI: [&str; 4] = [
    "अब आपको हमारी ओर से कोई संदेश नहीं आएगा। फिर से संदेश पाने के लिए START लिखें।",
    "अब आपको हमारे संदेश फिर से मिलेंगे। इन्हें रोकने के लिए कभी भी STOP लिखें।",
    "आपके संदेश के लिए धन्यवाद। मैं अभी इसका उत्तर नहीं दे सकता, इसलिए मैंने इसे एक सहकर्मी को भेज दिया है।",
    "इसका पक्का उत्तर मेरे पास यहाँ नहीं है, इसलिए मैंने आपका प्रश्न एक सहकर्मी को भेज दिया है।",
];

const BN: [&str; 4] = [
    "আপনি আমাদের কাছ থেকে আর কোনো বার্তা পাবেন না। আবার বার্তা পেতে START লিখুন।",
    "আপনি আবার আমাদের বার্তা পাবেন। বন্ধ করতে যেকোনো সময় STOP লিখুন।",
    "আপনার বার্তার জন্য ধন্যবাদ। এই মুহূর্তে উত্তর দিতে পারছি না, তাই এটি একজন সহকর্মীকে জানিয়েছি।",
    "এর নির্ভরযোগ্য উত্তর আমার কাছে নেই, তাই আপনার প্রশ্নটি একজন সহকর্মীকে জানিয়েছি।",
];

const IT: [&str; 4] = [
    "Non riceverà più messaggi da noi. Scriva START se desidera riceverli di nuovo.",
    "Riceverà di nuovo i nostri messaggi. Scriva STOP in qualsiasi momento per non riceverne più.",
    "Grazie per il messaggio. In questo momento non posso rispondere, perciò l'ho passato a un collega.",
    "Non ho qui una risposta sicura, perciò ho passato la sua domanda a un collega.",
];

const ID: [&str; 4] = [
    "Anda tidak akan menerima pesan lagi dari kami. Tulis START jika ingin menerimanya kembali.",
    "Anda akan menerima pesan kami lagi. Tulis STOP kapan saja untuk menghentikannya.",
    "Terima kasih atas pesan Anda. Saya belum bisa menjawabnya sekarang, jadi sudah saya teruskan ke rekan kami.",
    "Saya tidak punya jawaban yang pasti di sini, jadi pertanyaan Anda sudah saya teruskan ke rekan kami.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_with_and_without_region() {
        assert_eq!(phrase(Phrase::Stopped, "it-IT"), IT[0]);
        assert_eq!(phrase(Phrase::Fallback, "bn"), BN[2]);
        assert_eq!(phrase(Phrase::PassedOn, "fr"), EN[3]);
    }
}
