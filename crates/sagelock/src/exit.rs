//! Exit codes: a stable part of the interface.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings at or above `--fail-on`.
    Findings,
    /// The command line or the configuration is wrong.
    Usage,
    /// Not everything could be read.
    Incomplete,
    /// There are no credentials that work.
    Credentials,
    /// A fault of ours.
    Internal,
}

impl Exit {
    /// The code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Credentials => 4,
            Self::Internal => 5,
        }
    }

    /// The weightier of two: 5, 2, 4, 1, 3, 0.
    pub(crate) fn or(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Clean => 0,
            Self::Incomplete => 1,
            Self::Findings => 2,
            Self::Credentials => 3,
            Self::Usage => 4,
            Self::Internal => 5,
        };
        if weight(other) > weight(self) {
            other
        } else {
            self
        }
    }
}

/// A command that could not do its work: how it ends, and what is said about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            hint: None,
        }
    }

    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::new(Exit::Usage, error)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weightier_code_wins() {
        let order = [
            Exit::Internal,
            Exit::Usage,
            Exit::Credentials,
            Exit::Findings,
            Exit::Incomplete,
            Exit::Clean,
        ];
        for (index, heavy) in order.into_iter().enumerate() {
            for light in order.into_iter().skip(index) {
                assert_eq!(heavy.or(light), heavy);
                assert_eq!(light.or(heavy), heavy);
            }
        }
    }
}
