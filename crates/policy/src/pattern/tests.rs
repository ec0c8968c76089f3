//! Patterns and texts.

use super::*;

const ALL: Syntax = Syntax {
    wildcards: true,
    variables: true,
};

/// The same by the definition, for small texts.
fn by_definition(pieces: &[Piece], text: &str) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Piece::Run, more)) => (0..=text.len())
            .filter_map(|at| text.get(at..))
            .any(|rest| by_definition(more, rest)),
        Some((Piece::One, more)) => text
            .chars()
            .next()
            .is_some_and(|c| by_definition(more, &text[c.len_utf8()..])),
        Some((Piece::Text(literal), more)) => text
            .strip_prefix(&**literal)
            .is_some_and(|rest| by_definition(more, rest)),
        Some((Piece::Variable(_), _)) => false,
    }
}

proptest::proptest! {
    #[test]
    fn it_matches_what_the_definition_says(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
        let pattern = Pattern::read(&pattern, ALL);
        let pieces = pattern.fixed().expect("no variables");
        proptest::prop_assert_eq!(matches(pieces, &text), by_definition(pieces, &text));
    }
}

proptest::proptest! {
    #[test]
    fn what_it_matches_it_may_match_after_any_beginning(
        pattern in "[ab*?é]{0,5}",
        begin in "[abé]{0,4}",
        end in "[abé]{0,4}",
    ) {
        let pattern = Pattern::read(&pattern, ALL);
        let pieces = pattern.fixed().expect("no variables");
        if matches(pieces, &format!("{begin}{end}")) {
            proptest::prop_assert!(pattern.may_match_after(&begin));
        }
    }
}

#[test]
fn what_is_of_another_service_matches_nothing_of_this_one() {
    let may = |text: &str| Pattern::read(text, ALL).may_match_after("kms:");
    for text in [
        "*",
        "k*",
        "kms:*",
        "kms:decrypt",
        "k?s:decrypt",
        "????*",
        "kms:",
        "${a}",
    ] {
        assert!(may(text), "{text}");
    }
    for text in ["s3:*", "k", "kms", "kmsx:*", "???", "km?x*", "", "s3:kms:*"] {
        assert!(!may(text), "{text}");
    }
}

#[test]
fn many_stars_are_no_trouble() {
    let pattern = Pattern::read(&"*x".repeat(2_000), ALL);
    let pieces = pattern.fixed().expect("no variables");
    assert!(!matches(pieces, &"x".repeat(1_999)));
    assert!(matches(
        pieces,
        &"xy".repeat(2_000).replace("yx", "x").replace('y', "")
    ));
}

#[test]
fn variables_are_read() {
    let cases = [
        ("${aws:username}", Some(("aws:username", None))),
        (
            "${aws:PrincipalTag/Team}",
            Some(("aws:principaltag/team", None)),
        ),
        (
            "${aws:username, 'nobody'}",
            Some(("aws:username", Some("nobody"))),
        ),
        ("${aws:username,'x'}", Some(("aws:username", Some("x")))),
        ("${*}", None),
        ("${}", None),
        ("${open", None),
        ("${key, bare}", None),
    ];
    for (text, expected) in cases {
        let pattern = Pattern::read(text, ALL);
        let found = match pattern.pieces() {
            [Piece::Variable(variable)] => Some((&*variable.key, variable.default.as_deref())),
            _ => None,
        };
        assert_eq!(found, expected, "{text}");
    }
    let star = Pattern::read("${*}${?}${$}", ALL);
    assert_eq!(star.pieces(), [Piece::Text("*?$".into())]);
}

/// A wildcard inside a segment of an ARN matches no colon; at the end of one, and in the last, it does.
#[test]
fn a_wildcard_inside_a_segment_stays_there() {
    let cases = [
        ("a:b:c*d:e:f:g", "a:b:cd:e:f:g", true),
        ("a:b:c*d:e:f:g", "a:b:cxyzd:e:f:g", true),
        ("a:b:c*d:e:f:g", "a:b:cx:yd:e:f:g", false),
        ("a:b:c?d:e:f:g", "a:b:cxd:e:f:g", true),
        ("a:b:c?d:e:f:g", "a:b:c:d:e:f:g", false),
        ("a:b:c*:e:f:g", "a:b:cx:y:e:f:g", true),
        ("a:b:c:d:e:g*h", "a:b:c:d:e:g:x:h", true),
        ("a:b:c:d:e:g?h", "a:b:c:d:e:g:h", true),
        ("a:b:c:d:e*f:g", "a:b:c:d:ex:yf:g", false),
        ("a:b:c:d:e*f:g", "a:b:c:d:exyf:g", true),
        ("a:b:c:d:e:f:g*h", "a:b:c:d:e:f:gx:yh", true),
    ];
    for (pattern, text, matches) in cases {
        let read = Pattern::read(pattern, ALL);
        let pieces = read.fixed().expect("no variables");
        assert_eq!(
            matches_in_segments(pieces, text),
            matches,
            "{pattern} {text}"
        );
        let inside = pattern.split(':').take(5).any(|segment| {
            let end = segment.trim_end_matches('*');
            end.contains('*') || segment.contains('?')
        });
        assert_eq!(has_inner_wildcard(pieces), inside, "{pattern}");
    }
}

#[test]
fn a_variable_is_early_before_the_fifth_colon() {
    let cases = [
        ("arn:aws:kms:eu:1:key/${aws:username}", false),
        ("arn:aws:kms:eu:${aws:PrincipalAccount}:key/a", true),
        ("${aws:PrincipalTag/arn}", true),
        ("arn:aws:kms:eu:1:key/a", false),
        ("*", false),
    ];
    for (pattern, is_early) in cases {
        let read = Pattern::read(pattern, ALL);
        assert_eq!(read.has_early_variable(), is_early, "{pattern}");
    }
}
