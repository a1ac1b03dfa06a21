import AgoraStore
import CompatProxy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// The door that legacy agents find on their PATH: SpacetimeDB's command line, answered by a store of v5.

System.prepareProcess()
var words: [String]? = []
for index in 1..<max(1, Int(CommandLine.argc)) {
  guard let word = CommandLine.unsafeArgv[index], let text = String(validatingCString: word) else {
    // clap's words; Swift would silently mend the name of another agent.
    words = nil
    break
  }
  words?.append(text)
}
guard let words else {
  Talk.error("error: invalid UTF-8 was detected in one or more arguments\n")
  exit(2)
}
do throws(AgoraError) { _ = try Clock.ofEnvironment() } catch {
  Talk.error("error: \(Spacetime.text(error))\n")
  exit(2)
}
exit(Spacetime.run(words))
