//! SSML as its authors write it, and as nobody should.

use std::fmt::Write as _;

use crate::text::{Error, FrontEnd, Sentence};
use crate::voice::config::{FrontendConfig, LexiconUse};

fn front_end() -> FrontEnd {
    let lexicon = LexiconUse::Cmudict;
    FrontEnd::new(&FrontendConfig {
        lexicon,
        ..FrontendConfig::default()
    })
    .expect("the published table")
}

fn sentences(document: &str) -> Vec<Sentence> {
    front_end().ssml(document).expect("a document").collect()
}

/// What is said, sentence by sentence, with the pauses in brackets.
fn said(content: &str) -> String {
    let mut said = String::new();
    for sentence in sentences(&format!("<speak>{content}</speak>")) {
        if let Some(pause) = sentence.pause {
            write!(said, "[{pause}] ").unwrap();
        }
        said += sentence.normalized.trim();
        said.push('|');
    }
    said
}

/// Text is spoken as plain text is, in spite of tags, comments and entities in it.
#[test]
fn text_is_text() {
    assert_eq!(
        said("Dr. Who paid $3.50. Why?"),
        "doctor who paid three dollars and fifty cents.|why?|"
    );
    assert_eq!(
        said("One <emphasis>big</emphasis> <!-- no --> dog."),
        "one big dog.|"
    );
    assert_eq!(
        said("Fish &amp; chips, &#65;&#x42;C &lt;"),
        said("Fish <![CDATA[&]]> chips, ABC <![CDATA[<]]>")
    );
    assert_eq!(
        said("A line\n\nis wrapped here."),
        "a line is wrapped here.|"
    );
    let whole = "<?xml version=\"1.0\"?>\n<!DOCTYPE speak>\n\
                 <ssml:speak version=\"1.1\" xml:lang=\"en-US\">Yes.</ssml:speak>\n";
    assert_eq!(sentences(whole)[0].normalized, "yes.");
    assert_eq!(
        said("Go. <metadata><x>hidden</x></metadata> Stop."),
        "go.|stop.|"
    );
}

/// Paragraphs and sentences end where their author says; breaks are pauses.
#[test]
fn structure_and_breaks() {
    assert_eq!(
        said("<p><s>One</s><s>two e.g. three</s></p><p>four</p>"),
        "one.|two for example three.|[0.7] four.|"
    );
    assert_eq!(
        said("One<break time=\"250ms\"/>two.<break strength='none'/> Three."),
        "one.|[0.25] two.|three.|"
    );
    assert_eq!(
        said("<break time='1s'/>One.<break time='1s'/><break time='1.5s'/>"),
        "[1] one.|[2.5] |"
    );
    assert_eq!(
        said("<p>One.</p><break time='2s'/><p>Two.</p>"),
        "one.|[2] two.|"
    );
    assert_eq!(
        said("One<break/>two<break strength='x-strong'/>three"),
        "one.|[0.4] two.|[1.2] three.|"
    );
    assert_eq!(said("One<break time='99999s'/>two"), "one.|[10] two.|");
    assert_eq!(said("One<break time='soon'/> two"), "one two.|");
}

/// What stands for something else is spoken in its place, and marked where the original stands.
#[test]
fn replacements() {
    let document = "<speak>The <sub alias=\"World Wide Web\">W3</sub> of \
                    <phoneme alphabet=\"x-arpabet\" ph=\"t ah0 m aa1 t ow0\">tomato</phoneme>.</speak>";
    let sentence = &sentences(document)[0];
    assert_eq!(
        sentence.normalized,
        "the world wide web of {T AH0 M AA1 T OW0}."
    );
    let words: Vec<_> = sentence
        .words
        .iter()
        .map(|word| &document[word.source.clone()])
        .collect();
    assert_eq!(words, ["The", "W3", "W3", "W3", "of", "tomato"]);
    assert_eq!(
        said("<phoneme alphabet='ipa' ph='x'>tomato</phoneme>"),
        "tomato.|"
    );
    assert_eq!(
        said("<phoneme alphabet='x-arpabet' ph='T QQ'>tomato</phoneme>"),
        "tomato.|"
    );
}

/// Each way of reading that is offered.
#[test]
fn say_as() {
    for (way, text, words) in [
        ("characters' x='", "aB1.", "{EY1} {B IY1} one dot."),
        ("spell-out", "b c", "{B IY1}, {S IY1}."),
        ("cardinal", "1999", "one thousand nine hundred ninety-nine."),
        (
            "cardinal",
            "-1,234.5",
            "minus one thousand two hundred thirty-four point five.",
        ),
        ("ordinal", "3", "third."),
        ("ordinal", "21st", "twenty-first."),
        ("digits", "1999", "one nine nine nine."),
        (
            "telephone",
            "+1 (555) 0199",
            "plus one, five five five, zero one nine nine.",
        ),
        (
            "date' format='dmy",
            "3/4/2024",
            "april third, twenty twenty-four.",
        ),
        (
            "date' format='ymd",
            "2024-04-03",
            "april third, twenty twenty-four.",
        ),
        ("date' format='md", "4/3", "april third."),
        ("time", "2:30pm", "two thirty P M."),
        ("cardinal", "many", "many."),
        ("no such way", "12", "twelve."),
    ] {
        let said = said(&format!("<say-as interpret-as='{way}'>{text}</say-as>"));
        assert_eq!(said.trim_end_matches('|'), words, "{way}: {text}");
    }
}

/// Prosody holds for the words inside; a label is of the voice, a percentage of what is around it.
#[test]
fn prosody() {
    let sentence = &sentences(
        "<speak>One <prosody rate='fast' volume='-6dB'>two <prosody rate='50%' pitch='+12st'>three</prosody> four\
         </prosody> five.</speak>",
    )[0];
    let changes: Vec<_> = sentence
        .prosody
        .iter()
        .map(|(symbol, p)| (*symbol, p.rate, p.pitch))
        .collect();
    let at = |word: usize| sentence.words[word].symbols.start;
    assert_eq!(
        changes,
        [
            (at(1), 1.35, 1.0),
            (at(2), 0.675, 2.0),
            (at(3), 1.35, 1.0),
            (at(4), 1.0, 1.0)
        ]
    );
    assert!((sentence.prosody[0].1.volume - 0.501).abs() < 1e-3);
    let across = sentences("<speak><prosody pitch='high'>One. Two.</prosody> Three.</speak>");
    let pitches: Vec<_> = across
        .iter()
        .map(|s| s.prosody.first().map(|&(at, p)| (at, p.pitch)))
        .collect();
    assert_eq!(pitches, [Some((0, 1.15)), Some((0, 1.15)), None]);
    for odd in [
        "rate='NaN'",
        "rate='-300%'",
        "pitch='200Hz'",
        "volume='loudish'",
        "rate=''",
    ] {
        let sentence = &sentences(&format!("<speak><prosody {odd}>One.</prosody></speak>"))[0];
        assert!(sentence.prosody.is_empty(), "{odd}");
    }
    let far = &sentences(
        "<speak><prosody rate='100000%' pitch='-90st' volume='+90dB'>One.</prosody></speak>",
    )[0];
    let limits = far.prosody[0].1;
    assert_eq!((limits.rate, limits.pitch, limits.volume), (4.0, 0.5, 4.0));
}

/// Marks stand before the word that follows them, or in silence.
#[test]
fn marks() {
    let document = "<speak><mark name='a'/>One <mark name='b'/>two.<mark name='c'/> Three.<mark name='d'/>\
                    <break time='1s'/><mark name='e'/></speak>";
    let sentences = sentences(document);
    let marks: Vec<Vec<(&str, usize)>> = sentences
        .iter()
        .map(|s| {
            s.marks
                .iter()
                .map(|mark| (&*mark.name, mark.symbol))
                .collect()
        })
        .collect();
    let two = sentences[0].words[1].symbols.start;
    assert_eq!(
        marks,
        [
            vec![("a", 0), ("b", two)],
            vec![("c", 0)],
            vec![("d", 0)],
            vec![("e", 0)]
        ]
    );
    assert_eq!(sentences[2].pause, Some(0.0));
    assert_eq!(sentences[3].pause, Some(1.0));
    assert_eq!(
        &document[sentences[0].marks[1].source.clone()],
        "<mark name='b'/>"
    );
}

/// What is not followed is told.
#[test]
fn warnings() {
    let front_end = front_end();
    let document = "<speak><voice name='x'>Hi</voice> <break time='x'/><prosody pitch='9Hz'>you</prosody></speak>";
    let sentences = front_end.ssml(document).unwrap();
    let told = sentences.warnings().join("\n");
    assert!(
        told.contains("`voice`") && told.contains("break") && told.contains("9Hz"),
        "{told}"
    );
    assert_eq!(sentences.warnings().len(), 3);
    let many = front_end
        .ssml(&format!("<speak>{}</speak>", "<x/>".repeat(1000)))
        .unwrap();
    assert_eq!(many.warnings().len(), 16);
}

/// What is no SSML is refused, with the place.
#[test]
fn errors() {
    for (document, place, message) in [
        ("", 0, "no element"),
        ("Hello.", 0, "outside"),
        ("<p>Hello.</p>", 0, "one element `speak`"),
        ("<speak>Hello.", 13, "no end"),
        ("<speak><p>Hello.</speak>", 16, "expected"),
        ("<speak/><speak/>", 0, "one element `speak`"),
        (
            "<speak>a</speak><speak>b</speak>",
            16,
            "one element `speak`",
        ),
        ("<speak>a &nbsp; b</speak>", 9, "&nbsp;"),
        ("<speak>&#0;</speak>", 7, "not a character"),
        ("<speak>a & b</speak>", 9, ""),
        (
            "<speak><sub alias=x>y</sub></speak>",
            18,
            "must be enclosed",
        ),
        ("<speak><sub alias=>y</sub></speak>", 18, "value"),
        (
            "<!DOCTYPE x [<!ENTITY a 'b'>]><speak>&a;</speak>",
            37,
            "&a;",
        ),
    ] {
        match front_end().ssml(document) {
            Err(Error::Ssml { at, message: told }) => {
                assert!(told.contains(message), "{document}: {told}");
                assert_eq!(at, place, "{document}: {told}");
            }
            other => panic!("{document}: {other:?}"),
        }
    }
}

/// Depth and size have limits, and the work grows with the size alone.
#[test]
fn hostile_documents() {
    let front_end = front_end();
    let deep = format!("<speak>{}a{}</speak>", "<p>".repeat(64), "</p>".repeat(64));
    assert!(matches!(front_end.ssml(&deep), Err(Error::Ssml { .. })));
    let large = format!("<speak>{}</speak>", " ".repeat(super::MAX_BYTES));
    assert!(matches!(front_end.ssml(&large), Err(Error::Ssml { .. })));
    let say = "<say-as interpret-as='characters'>";
    let nested = format!(
        "<speak>{}ab{}</speak>",
        say.repeat(60),
        "</say-as>".repeat(60)
    );
    let text: String = front_end
        .ssml(&nested)
        .unwrap()
        .map(|s| s.normalized)
        .collect();
    assert_eq!(text, "{EY1} {B IY1}.");
    let attributes = " a='x'".repeat(100_000);
    assert_eq!(
        front_end
            .ssml(&format!("<speak{attributes}>a</speak>"))
            .unwrap()
            .count(),
        1
    );
    let marks = format!("<speak>{}</speak>", "<mark name='m'/>a ".repeat(20_000));
    let begun = std::time::Instant::now();
    let found: usize = front_end.ssml(&marks).unwrap().map(|s| s.marks.len()).sum();
    assert_eq!(found, 20_000);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
