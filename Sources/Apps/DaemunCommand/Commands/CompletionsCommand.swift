import ArgumentParser

/// `daemun completions`: what a shell needs to complete the commands.
struct CompletionsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print a shell's completion script.",
        discussion: """
            EXAMPLES
              daemun completions bash > /etc/bash_completion.d/daemun
              daemun completions zsh > ~/.zfunc/_daemun
              daemun completions fish > ~/.config/fish/completions/daemun.fish
            """
    )

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func report(_ style: TextStyle) -> Report {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        return Report(output: RootCommand.completionScript(for: shell) + "\n")
    }
}
