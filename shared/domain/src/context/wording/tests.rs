use super::*;
use proptest::prelude::*;
use serde_json::json;

fn values() -> Json {
    json!({
        "first_name": "\u{986}\u{9b6}\u{9be}",
        "lead": {"tags": ["vip", "warm"], "company": "", "score": 40, "preferences": {"time": "morning"}, "custom_fields": {}},
        "history": [{"summary": "One."}, {"summary": "Two."}],
    })
}

fn print(source: &str) -> Result<String, String> {
    Printer::new(&values()).print(source, 1_000).map(|(text, _)| text).map_err(|fault| fault.to_string())
}

fn check(source: &str) -> Result<(), String> {
    Printer::new(&values()).check(source, 100, &values()).map_err(|fault| fault.to_string())
}

#[test]
fn values_are_printed_asked_and_walked() {
    assert_eq!(print("Hi {{ first_name }}!").unwrap(), "Hi \u{986}\u{9b6}\u{9be}!");
    assert_eq!(print("{{first_name}}{# a note {{ no }} #}.").unwrap(), "\u{986}\u{9b6}\u{9be}.");
    let source = "{% for entry in history %}{{ loop.index }}: {{ entry.summary }} {% endfor %}";
    assert_eq!(print(source).unwrap(), "1: One. 2: Two. ");
    assert_eq!(print("{{ lead.tags|join(' & ')|upper }}").unwrap(), "VIP & WARM");
    assert_eq!(print("{{ lead.company|default('no company') }}").unwrap(), "no company");
    assert_eq!(print("{{ lead.preferences.day|default('any day') }}").unwrap(), "any day");
    assert_eq!(
        print("{% if lead.score >= 40 and lead.tags is not empty %}hot{% else %}cold{% endif %}").unwrap(),
        "hot"
    );
    assert_eq!(print("{{ history|length }}{{ (lead.tags|first)|capitalize }}").unwrap(), "2Vip");
    assert_eq!(print("{{ '}}' }}{{ \"%} {\" }} { % }").unwrap(), "}}%} { { % }");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (source, fault) in [
        ("a\n{{ first_nam }}", "line 2: first_nam is not a value that a call has"),
        ("{{ lead.scores }}", "line 1: lead.scores is not a value that a call has"),
        ("{{ first_name.x }}", "line 1: first_name.x is not a value that a call has"),
        ("\n\n{% if lead.score %}{{ nobody }}{% endif %}", "line 3: nobody is not a value that a call has"),
        (
            "{% if false %}{{ system__time }}{% endif %}",
            "line 1: system__time is not a value that a call has",
        ),
        ("{{ first_name|shout }}", "line 1: shout is not a filter here: "),
        ("{% if lead is odd %}x{% endif %}", "line 1: odd is not a test here: "),
        ("{{ range(9) }}", "line 1: range is not a function: there are none"),
        ("{{ first_name.upper() }}", "line 1: upper is not a function: there are none"),
        ("{% set a = 1 %}", "line 1: set is not a tag here: "),
        ("{% macro a() %}{% endmacro %}", "line 1: macro is not a tag here: "),
        ("{% include 'x' %}", "line 1: include is not a tag here: "),
        ("{%- raw %}{{ a }}{% endraw %}", "line 1: raw is not a tag here: "),
        ("{% for a in history recursive %}{% endfor %}", "line 1: recursive is not used here"),
        ("{{ 'x' * 9999 }}", "line 1: * is not used here: "),
        ("{{ first_name ~ first_name }}", "line 1: ~ is not used here: "),
        ("{{ first_name", "line 1: a brace does not close"),
        ("{{ 'x }}", "line 1: a text does not end"),
        ("{# x", "line 1: a comment does not end"),
    ] {
        let found = check(source).unwrap_err();
        assert!(found.starts_with(fault), "{source}: {found}");
    }
    assert!(check("{% for a in history %}").unwrap_err().starts_with("line 1: "));
    assert!(check("{{ }}").is_err() && check("{% if %}{% endif %}").is_err());
    let long = "x".repeat(101);
    assert_eq!(check(&long).unwrap_err(), "prints more than 100 characters");
}

#[test]
fn a_template_cannot_go_on_for_ever_nor_print_without_end() {
    let nested = "{% for a in history %}".repeat(20) + &"{% endfor %}".repeat(20);
    assert_eq!(print(&nested).unwrap_err(), "line 1: takes too many steps");
    let loud = "{% for a in history %}".repeat(9) + "\u{0986}\u{0986}\u{0986}" + &"{% endfor %}".repeat(9);
    let (text, is_cut) = Printer::new(&values()).print(&loud, 50).unwrap();
    assert_eq!((text.chars().count(), is_cut), (50, true));
}

proptest! {
    /// Whatever is written, saving and printing it ends, and what is saved prints what fits.
    #[test]
    fn no_template_harms(source in r#"([{}%#|'"a-z _.*+~()\[\]0-9\n\u{0986}-]|first_name|lead\.tags|\{% for x in history %\}|\{% endfor %\}|\{% if |\{\{ | \}\}){0,40}"#) {
        let printer = Printer::new(&values());
        if printer.check(&source, 200, &values()).is_ok() {
            prop_assert!(printer.print(&source, 200).unwrap().0.chars().count() <= 200);
        }
    }
}
