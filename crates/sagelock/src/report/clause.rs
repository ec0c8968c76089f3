//! A clause of a standard, in the two parts that formats for machines have fields for.

/// The standards that rules name, as they name them.
const STANDARDS: [&str; 8] = [
    "CIS AWS Foundations v5",
    "CIS Controls v8",
    "GDPR",
    "HIPAA",
    "ISO 27001:2022",
    "NIST 800-53 r5",
    "PCI DSS 4.0",
    "SOC 2",
];

/// The standard of a clause, and what it requires; of a standard that is not known here, the whole
/// clause is the requirement.
pub(super) fn parts(clause: &str) -> (Option<&'static str>, &str) {
    for standard in STANDARDS {
        let rest = clause.strip_prefix(standard);
        if let Some(requirement) = rest.and_then(|rest| rest.strip_prefix(' ')) {
            return (Some(standard), requirement);
        }
    }
    (None, clause)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sagelock_domain::rules::RULES;

    use super::*;

    #[test]
    fn every_clause_of_a_rule_has_its_standard() {
        let mut named = BTreeSet::new();
        for clause in RULES.iter().flat_map(|rule| rule.compliance) {
            let (standard, requirement) = parts(clause);
            assert!(standard.is_some() && !requirement.is_empty(), "{clause}");
            named.extend(standard);
        }
        assert_eq!(
            named.len(),
            STANDARDS.len(),
            "only what is named: {named:?}"
        );
        assert_eq!(parts("HIPAA 164.312"), (Some("HIPAA"), "164.312"));
        assert_eq!(parts("HIPAAX 1"), (None, "HIPAAX 1"));
    }
}
