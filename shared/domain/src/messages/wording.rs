//! The wording of drafts in five languages. `{name}` is the lead's first name, `{appointment}` the business's word
//! for one. No sentence names a price or a time, and none promises anything.

use super::Occasion;

/// One language's wording.
#[derive(Debug)]
pub(super) struct Wording {
    /// ISO 639-1.
    pub(super) language: &'static str,
    pub(super) greeting: &'static str,
    pub(super) greeting_nameless: &'static str,
    pub(super) appointment: &'static str,
    interest: Words,
    information: Words,
    meeting: Words,
    unreached: Words,
}

/// What is written on one occasion.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
    /// For an SMS.
    pub(super) short: &'static str,
}

impl Wording {
    /// What is used where nothing else fits.
    pub(super) const ENGLISH: &'static Self = &EN;
    /// Every language.
    pub(super) const ALL: [&'static Self; 5] = [&EN, &IT, &HI, &BN, &ID];

    /// The wording of a language, given with or without region.
    pub(super) fn of(language: &str) -> Option<&'static Self> {
        let code = language.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|wording| wording.language == code)
    }

    pub(super) fn on(&self, occasion: Occasion) -> &Words {
        match occasion {
            Occasion::Interest => &self.interest,
            Occasion::Information => &self.information,
            Occasion::Appointment => &self.meeting,
            Occasion::Unreached => &self.unreached,
        }
    }
}

static EN: Wording = Wording {
    language: "en",
    greeting: "Hello {name},",
    greeting_nameless: "Hello,",
    appointment: "appointment",
    interest: Words {
        subject: "Thank you for the conversation",
        text: "thank you for speaking with us. We were glad to hear of your interest. If you have a question or would \
               like to go on, simply reply to this message.",
        short: "thank you for speaking with us. If you have a question, just reply.",
    },
    information: Words {
        subject: "The information you asked for",
        text: "thank you for speaking with us. We have noted that you would like more information. If there is \
               anything in particular that you want to know, simply reply to this message.",
        short: "we noted that you would like more information. Anything in particular? Just reply.",
    },
    meeting: Words {
        subject: "The {appointment} you asked for",
        text: "thank you for speaking with us. You asked for this: {appointment}. No time is fixed yet. Which days and \
               hours suit you?",
        short: "about your {appointment}: no time is fixed yet. Which days and hours suit you?",
    },
    unreached: Words {
        subject: "We tried to reach you",
        text: "we tried to reach you by telephone and did not get through. If you would like to talk, reply with a time \
               that suits you. If you would rather not hear from us, simply say so.",
        short: "we could not reach you by phone. Reply with a time that suits you, or STOP.",
    },
};

static IT: Wording = Wording {
    language: "it",
    greeting: "Buongiorno {name},",
    greeting_nameless: "Buongiorno,",
    appointment: "appuntamento",
    interest: Words {
        subject: "Grazie per la conversazione",
        text: "grazie per averci dedicato del tempo. Ci ha fatto piacere sapere del suo interesse. Se ha una domanda o \
               desidera proseguire, risponda pure a questo messaggio.",
        short: "grazie per il suo tempo. Se ha una domanda, risponda pure.",
    },
    information: Words {
        subject: "Le informazioni che ci ha chiesto",
        text: "grazie per averci dedicato del tempo. Abbiamo annotato che desidera altre informazioni. Se c'\u{e8} qualcosa \
               che vuole sapere in particolare, risponda pure a questo messaggio.",
        short: "abbiamo annotato che desidera altre informazioni. Qualcosa in particolare? Risponda pure.",
    },
    meeting: Words {
        subject: "La sua richiesta: {appointment}",
        text: "grazie per averci dedicato del tempo. Ci ha chiesto: {appointment}. L'orario non \u{e8} ancora fissato. Quali \
               giorni e quali ore le vanno bene?",
        short: "la sua richiesta: {appointment}. L'orario non \u{e8} ancora fissato: quando le va bene?",
    },
    unreached: Words {
        subject: "Abbiamo provato a chiamarla",
        text: "abbiamo provato a chiamarla senza riuscire a parlarle. Se desidera parlare con noi, risponda indicando un \
               orario che le va bene. Se preferisce non essere contattato, ce lo dica.",
        short: "non siamo riusciti a parlarle. Risponda con un orario che le va bene, oppure STOP.",
    },
};

static HI: Wording = Wording {
    language: "hi",
    greeting: "नमस्ते {name},",
    greeting_nameless: "नमस्ते,",
    appointment: "अपॉइंटमेंट",
    interest: Words {
        subject: "बातचीत के लिए धन्यवाद",
        text: "हमसे बात करने के लिए धन्यवाद। आपकी रुचि जानकर हमें खुशी हुई। कोई प्रश्न हो या आगे बढ़ना चाहें, तो इसी संदेश का उत्तर दीजिए।",
        short: "बात करने के लिए धन्यवाद। प्रश्न हो तो उत्तर दें।",
    },
    information: Words {
        subject: "आपकी माँगी हुई जानकारी",
        text: "हमसे बात करने के लिए धन्यवाद। हमने लिख लिया है कि आपको और जानकारी चाहिए। अगर कुछ खास जानना हो, तो इसी संदेश का उत्तर दीजिए।",
        short: "आपको और जानकारी चाहिए, यह हमने लिख लिया है। कुछ खास हो तो उत्तर दें।",
    },
    meeting: Words {
        subject: "आपका अनुरोध: {appointment}",
        text: "हमसे बात करने के लिए धन्यवाद। आपने यह माँगा था: {appointment}। समय अभी तय नहीं हुआ है। कौन-से दिन और समय आपके लिए ठीक रहेंगे?",
        short: "{appointment}: समय अभी तय नहीं है। कब ठीक रहेगा?",
    },
    unreached: Words {
        subject: "हमने आपको फ़ोन किया था",
        text: "हमने आपको फ़ोन किया, पर बात नहीं हो सकी। बात करना चाहें तो अपनी सुविधा का समय लिख दीजिए। हमसे संपर्क न चाहें तो बस बता दीजिए।",
        short: "फ़ोन पर बात नहीं हो सकी। अपना समय लिखें, या STOP।",
    },
};

static BN: Wording = Wording {
    language: "bn",
    greeting: "নমস্কার {name},",
    greeting_nameless: "নমস্কার,",
    appointment: "অ্যাপয়েন্টমেন্ট",
    interest: Words {
        subject: "কথা বলার জন্য ধন্যবাদ",
        text: "আমাদের সঙ্গে কথা বলার জন্য ধন্যবাদ। আপনার আগ্রহের কথা জেনে ভালো লাগল। কোনো প্রশ্ন থাকলে বা এগোতে চাইলে এই বার্তার উত্তর দিন।",
        short: "কথা বলার জন্য ধন্যবাদ। প্রশ্ন থাকলে উত্তর দিন।",
    },
    information: Words {
        subject: "আপনি যে তথ্য চেয়েছিলেন",
        text: "আমাদের সঙ্গে কথা বলার জন্য ধন্যবাদ। আপনি আরও তথ্য চান, তা আমরা লিখে রেখেছি। বিশেষ কিছু জানতে চাইলে এই বার্তার উত্তর দিন।",
        short: "আপনি আরও তথ্য চান, লিখে রেখেছি। বিশেষ কিছু থাকলে উত্তর দিন।",
    },
    meeting: Words {
        subject: "আপনার অনুরোধ: {appointment}",
        text: "আমাদের সঙ্গে কথা বলার জন্য ধন্যবাদ। আপনি চেয়েছিলেন: {appointment}। সময় এখনও ঠিক হয়নি। কোন দিন ও কোন সময় আপনার সুবিধা?",
        short: "{appointment}: সময় এখনও ঠিক হয়নি। কখন সুবিধা?",
    },
    unreached: Words {
        subject: "আমরা আপনাকে ফোন করেছিলাম",
        text: "আমরা আপনাকে ফোন করেছিলাম, কিন্তু কথা হয়নি। কথা বলতে চাইলে আপনার সুবিধার সময় লিখে জানান। যোগাযোগ না চাইলে শুধু জানিয়ে দিন।",
        short: "ফোনে কথা হয়নি। সুবিধার সময় লিখুন, বা STOP।",
    },
};

static ID: Wording = Wording {
    language: "id",
    greeting: "Halo {name},",
    greeting_nameless: "Halo,",
    appointment: "janji temu",
    interest: Words {
        subject: "Terima kasih atas percakapannya",
        text: "terima kasih sudah berbicara dengan kami. Kami senang mengetahui minat Anda. Jika ada pertanyaan atau \
               ingin melanjutkan, silakan balas pesan ini.",
        short: "terima kasih sudah berbicara dengan kami. Jika ada pertanyaan, silakan balas.",
    },
    information: Words {
        subject: "Informasi yang Anda minta",
        text: "terima kasih sudah berbicara dengan kami. Kami sudah mencatat bahwa Anda ingin informasi lebih lanjut. \
               Jika ada hal khusus yang ingin Anda ketahui, silakan balas pesan ini.",
        short: "kami catat bahwa Anda ingin informasi lebih lanjut. Ada hal khusus? Silakan balas.",
    },
    meeting: Words {
        subject: "Permintaan Anda: {appointment}",
        text: "terima kasih sudah berbicara dengan kami. Anda meminta: {appointment}. Waktunya belum ditentukan. Hari dan \
               jam berapa yang cocok untuk Anda?",
        short: "permintaan Anda: {appointment}. Waktunya belum ditentukan, kapan yang cocok?",
    },
    unreached: Words {
        subject: "Kami mencoba menghubungi Anda",
        text: "kami mencoba menelepon Anda tetapi belum tersambung. Jika ingin berbicara, balas dengan waktu yang cocok \
               untuk Anda. Jika tidak ingin dihubungi, cukup beri tahu kami.",
        short: "kami belum bisa tersambung lewat telepon. Balas dengan waktu yang cocok, atau STOP.",
    },
};
