//! `sagelock completions`.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, print};
use crate::exit::{Exit, Failure};

/// `sagelock completions`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock completions bash \\\n    \
    > ~/.local/share/bash-completion/completions/sagelock\n  \
    sagelock completions zsh > ~/.zfunc/_sagelock           with ~/.zfunc in fpath\n  \
    sagelock completions fish > ~/.config/fish/completions/sagelock.fish\n  \
    sagelock completions elvish >> ~/.config/elvish/rc.elv\n  \
    sagelock completions powershell >> $PROFILE")]
pub(super) struct Command {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "sagelock", &mut script);
        print(|out| out.write_all(&script))?;
        Ok(Exit::Clean)
    }
}
