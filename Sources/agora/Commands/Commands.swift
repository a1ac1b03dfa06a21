import AgoraStore

/// All commands, in the order in which help lists them.
enum Commands {
  static let all: [Command] = [
    MigrateCommand.command,
    VerifyCommand.command, RunsCommand.command,
    RollbackCommand.command,
    RejectsCommand.list, RejectsCommand.show, RejectsCommand.retry, RejectsCommand.dismiss,
    RejectsCommand.export, ConflictsCommand.list, ConflictsCommand.resolve,
    ExplainCommand.command, ExportCommand.command,
    StoreCommand.info, StoreCommand.check, StoreCommand.backup, StoreCommand.compact,
    CallCommand.command, ToolsCommand.command, MCPCommand.command,
    CompatCommands.call, CompatCommands.log, CompatCommands.matrix, CompatCommands.differences,
    ReplayCommand.command,
    ShimCommands.install, ShimCommands.remove,
    SunsetCommands.status, SunsetCommands.set, SunsetCommands.schedule, SunsetCommands.exempt,
    SunsetCommands.acknowledge, SunsetCommands.advance, SunsetCommands.revert,
    ServeCommand.command, TokenCommands.create, TokenCommands.list, TokenCommands.revoke,
    SunsetSimulate.command, MonitorCommand.command,
    DemoCommand.command, CompletionsCommand.command,
  ]
}
